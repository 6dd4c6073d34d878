"""What can go wrong, split by who can do something about it."""

from __future__ import annotations

__all__ = [
    "DescriptionError",
    "DeviceFailed",
    "MalformedMessage",
    "NetworkError",
    "PortTaken",
    "UdnTaken",
    "UpnpTrioError",
]


class UpnpTrioError(Exception):
    """The base of every error this package raises on purpose."""


class DescriptionError(UpnpTrioError):
    """You described a device that UDA does not allow, or a device file that cannot be read."""


class MalformedMessage(UpnpTrioError):
    """A peer sent bytes that are not the message they claim to be."""


class NetworkError(UpnpTrioError):
    """This host does not give what serving needs: an interface, an address, a port."""


class PortTaken(NetworkError):
    """A port that serving needs is held by another program that does not share it."""


class UdnTaken(NetworkError):
    """Another program on this host serves a device with this UDN."""


class DeviceFailed(UpnpTrioError):
    """A task of ours failed while a device was served: a bug here, its traceback is the ``__cause__``.

    The body of ``async with serve_device(...)`` was cancelled and byebye was sent before this left.
    """
