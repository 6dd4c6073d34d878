"""Why an eventing request is refused: the status of the response, and a reason that is counted."""

from __future__ import annotations

from upnp_trio.errors import UpnpTrioError

__all__ = ["EventingRefused", "refusal_in_words"]


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


_WORDS = {
    400: "it takes the request for malformed",
    401: "it wants a password",
    403: "it does not allow this host to subscribe",
    404: "there is nothing at its eventSubURL",
    405: "its eventSubURL takes no subscriptions",
    412: "it does not accept our delivery URL, or does not know the subscription",
    500: "it has failed",
    501: "it has no events",
    503: "it has no place for another subscription; try again later",
}


def refusal_in_words(status: int) -> str:
    """Why a device refuses a SUBSCRIBE with this HTTP *status*, for a person."""
    if 300 <= status < 400:
        return "it redirects to another URL, which is not followed"
    return _WORDS.get(status, "it gives no reason that UDA 2.0 §4.1.2 knows")
