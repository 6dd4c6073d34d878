"""Why an eventing request is refused: the status of the response, and a reason that is counted."""

from __future__ import annotations

from upnp_trio.errors import UpnpTrioError

__all__ = ["EventingRefused"]


class EventingRefused(UpnpTrioError):
    """An eventing request cannot be fulfilled; *status* is that of the response (UDA 2.0 §4.1.2 to §4.1.4, §4.3.2).

    *reason* is one of a few fixed texts, for counters. It contains nothing of the request.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.status}: {self.reason}"
