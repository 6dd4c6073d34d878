"""The errors of this package, divided by the party that can mend them: you, the peer, or the host."""

from __future__ import annotations

__all__ = [
    "CodeFailed",
    "ControlPointFailed",
    "DescriptionError",
    "DeviceFailed",
    "HandlerFailed",
    "InvalidCall",
    "MalformedMessage",
    "NetworkError",
    "PortTaken",
    "RequestFailed",
    "UdnTaken",
    "UnknownDevice",
    "UnknownService",
    "UnsafeUrl",
    "UpnpError",
    "UpnpTrioError",
]


# The texts of UDA 2.0 §3.2.5, table 3-3, and those that other standards have added for all services.
STANDARD_ERRORS = {
    401: "Invalid Action",
    402: "Invalid Args",
    404: "Invalid Var",
    501: "Action Failed",
    600: "Argument Value Invalid",
    601: "Argument Value Out of Range",
    602: "Optional Action Not Implemented",
    603: "Out of Memory",
    604: "Human Intervention Required",
    605: "String Argument Too Long",
    606: "Action not authorized",
    607: "Signature Failure",
    608: "Signature Missing",
    609: "Not Encrypted",
    610: "Invalid Sequence",
    611: "Invalid Control URLs",
    612: "No Such Session",
}


class UpnpTrioError(Exception):
    """The base class of every error that this package raises on purpose."""


class DescriptionError(UpnpTrioError):
    """You described a device that UDA does not allow, or a device file cannot be read."""


class CodeFailed(DescriptionError):
    """Python code that you named raised an exception, the ``__cause__``, while it was imported or called."""


class MalformedMessage(UpnpTrioError):
    """A peer sent bytes that are not the message they claim to be."""


class NetworkError(UpnpTrioError):
    """This host lacks something that serving needs: an interface, an address or a port."""


class PortTaken(NetworkError):
    """Another program uses a port that serving needs, and does not share it."""


class UdnTaken(NetworkError):
    """Another program on this host serves a device with this UDN."""


class UnknownDevice(UpnpTrioError):
    """No device with this UDN has announced itself or answered a search."""


class UnknownService(UpnpTrioError):
    """The device has no such service, or more than one; the message names those that it has."""


class InvalidCall(UpnpTrioError):
    """You called an action that the service does not have, or with arguments that it cannot have; nothing was sent."""


class UnsafeUrl(UpnpTrioError):
    """A URL that a stranger gave leads to where no device is: another link, this host, a name, a metadata service."""


class RequestFailed(NetworkError):
    """A device did not answer a request, or not with what was asked for; *status* is that of HTTP, if there is one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class UpnpError(UpnpTrioError):
    """A control call failed: a UPnP error with its *code* and *description* (UDA 2.0 §3.2.5).

    A handler of an action raises it, and the caller gets it as a SOAP fault. The codes 401 to 499, 501 and 600 to 699
    are UDA's, those from 700 to 799 are defined by the standard of a service, and vendors have those from 800 to 899.
    """

    def __init__(self, code: int, description: str | None = None) -> None:
        if not isinstance(code, int) or not isinstance(description, str | None):
            raise TypeError(f"a UPnP error has a number and a text, not {code!r} and {description!r}")
        self.code = code
        #: what a person reads; by default UDA's text for the code, if UDA has one
        self.description = STANDARD_ERRORS.get(code, "Action Failed") if description is None else description
        super().__init__(code, self.description)

    def __str__(self) -> str:
        return f"UPnP error {self.code}: {self.description}"


class HandlerFailed(UpnpTrioError):
    """`ServiceHandler.run_while_served` of your service raised an exception, which is the ``__cause__``.

    The body of ``async with serve_device(...)`` was cancelled and byebye was sent before this was raised.
    """


class DeviceFailed(UpnpTrioError):
    """A task of this package failed while a device was served. That is a bug here; its traceback is the ``__cause__``.

    The body of ``async with serve_device(...)`` was cancelled and byebye was sent before this was raised.
    """


class ControlPointFailed(UpnpTrioError):
    """A task of this package failed while a control point was open. That is a bug here, with its traceback as cause.

    The body of ``async with open_control_point(...)`` was cancelled before this was raised.
    """
