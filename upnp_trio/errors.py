"""The errors of this package, divided by the party that can mend them: you, the peer, or the host."""

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
    """The base class of every error that this package raises on purpose."""


class DescriptionError(UpnpTrioError):
    """You described a device that UDA does not allow, or a device file cannot be read."""


class MalformedMessage(UpnpTrioError):
    """A peer sent bytes that are not the message they claim to be."""


class NetworkError(UpnpTrioError):
    """This host lacks something that serving needs: an interface, an address or a port."""


class PortTaken(NetworkError):
    """Another program uses a port that serving needs, and does not share it."""


class UdnTaken(NetworkError):
    """Another program on this host serves a device with this UDN."""


class DeviceFailed(UpnpTrioError):
    """A task of this package failed while a device was served. That is a bug here; its traceback is the ``__cause__``.

    The body of ``async with serve_device(...)`` was cancelled and byebye was sent before this was raised.
    """
