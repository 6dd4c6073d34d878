"""The exit statuses of the command, and which error leads to which."""

from __future__ import annotations

from upnp_trio.errors import InvalidCall, UnknownDevice, UnknownService, UpnpError

__all__ = ["DONE", "FAILED", "INTERRUPTED", "NOTHING_FOUND", "UPNP_ERROR", "WRONG_USAGE", "status_of"]

DONE = 0
FAILED = 1
WRONG_USAGE = 2
#: no device was found, or none answered
NOTHING_FOUND = 3
#: the device answered a call with a UPnP error
UPNP_ERROR = 4
#: a signal came before the result, as shells have it: 128 and the number of SIGINT
INTERRUPTED = 130


def status_of(error: Exception) -> int:
    """The exit status after *error*."""
    match error:
        case UpnpError():
            return UPNP_ERROR
        case UnknownDevice():
            return NOTHING_FOUND
        case InvalidCall() | UnknownService():  # words that name nothing of the device
            return WRONG_USAGE
        case _:
            return FAILED
