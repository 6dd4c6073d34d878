"""Why a request of ours failed, in words: what happened, and what may help."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from upnp_trio.model.printable import printable
from upnp_trio.network.system_errors import LOCAL_NETWORK_CURE

if TYPE_CHECKING:
    from upnp_trio.http.answer_reader import HttpAnswer

__all__ = [
    "NOT_HTTP",
    "NO_ANSWER",
    "TOO_LONG",
    "TRY_AGAIN",
    "cannot_connect",
    "encoded",
    "no_answer_in_time",
    "not_connected_in_time",
    "shown",
    "unwanted_status",
]

# What a device says is shown to a person, who needs enough of it to know it again.
MAX_SHOWN_CHARACTERS = 200

NOT_HTTP = "the device breaks the rules of HTTP, so it cannot be read"
TOO_LONG = "a longer one is read only with a higher limit"
TRY_AGAIN = "try again, or search for the device again"
NO_ANSWER = f"the connection ended before an answer; {TRY_AGAIN}"

_GONE = "the device may be off, or have another address now; search for it again"
_CURES = {
    errno.ECONNREFUSED: "nothing listens there; the device may have restarted on another port, so search for it again",
    errno.EMFILE: "this process has too many files open; raise its limit (ulimit -n)",
    errno.ENFILE: "this host has too many files open; close other programs",
    errno.ENOBUFS: "this host has no memory for more connections; try again later",
    errno.ENOMEM: "this host has no memory for more connections; try again later",
    errno.EADDRNOTAVAIL: "this host no longer has the address that faces the device; search for the device again",
    errno.EACCES: "a firewall or a sandbox of this host forbids it",
    errno.EPERM: "a firewall or a sandbox of this host forbids it",
    errno.EHOSTUNREACH: f"{_GONE}, or {LOCAL_NETWORK_CURE}" if LOCAL_NETWORK_CURE else _GONE,
}


def shown(text: str) -> str:
    """*text* of a stranger, as an error message may hold it."""
    return printable(text, MAX_SHOWN_CHARACTERS)


def cannot_connect(error: OSError) -> str:
    """What it means that a connection could not be opened."""
    return f"cannot connect: {error.strerror or error}; {_CURES.get(error.errno or 0, _GONE)}"


def not_connected_in_time(seconds: float) -> str:
    """What it means that no connection was open in time."""
    return f"cannot connect within {seconds:g} s; {_GONE}"


def no_answer_in_time(seconds: float) -> str:
    """What it means that the answer was not whole in time."""
    return f"no answer within {seconds:g} s, or not all of it; the device may be busy, so try again or give it longer"


def unwanted_status(answer: HttpAnswer) -> str:
    """What it means that *answer* has another status than 200."""
    status = f"the device answered with status {answer.status} {shown(answer.reason)}".rstrip()
    if 300 <= answer.status < 400:
        target = shown(answer.headers.get("location", "")) or "nowhere"
        return f"{status} and sends us to {target}; redirects are not followed, so ask for that URL itself"
    if answer.status >= 500:
        return f"{status}; it may be busy, so try again later"
    return status


def encoded(answer: HttpAnswer, coding: str) -> str:
    """What it means that the body has a *coding*."""
    status = f"the device answered with status {answer.status} {shown(answer.reason)}".rstrip()
    return f"{status}, and with the content coding {shown(coding)}, which was not asked for and is not read"
