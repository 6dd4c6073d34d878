"""SUBSCRIBE and UNSUBSCRIBE as values (UDA 2.0 §4.1.2 to §4.1.4).

The errors are those of UDA's tables 4-4, 4-6 and 4-8: 400 for a SID together with NT or CALLBACK, 412 for all else
that is missing or wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from upnp_trio.eventing.callbacks import NO_CALLBACK, read_callbacks
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.model.literal_url import IpAddress, LiteralUrl, unmapped

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "DEFAULT_SECONDS",
    "MAX_SECONDS",
    "MIN_SECONDS",
    "NOTIFICATION_TYPE",
    "Renew",
    "Subscribe",
    "SubscriptionRequest",
    "Unsubscribe",
    "read_subscription_request",
    "subscription_headers",
]

NOTIFICATION_TYPE = "upnp:event"
# Durations of a subscription. UDA 2.0 §4.1.2 suggests at least 1800 seconds; longer ones of subscribers that have
# gone would hold their places, and shorter ones than a minute would be little but renewals.
MIN_SECONDS = 60
MAX_SECONDS = 1800
DEFAULT_SECONDS = 1800

SID_AND_MORE = "SID together with NT or CALLBACK"
NO_SID = "SID is missing or empty"
WRONG_NT = "NT is missing or not upnp:event"
OFF_LINK = "the subscriber is not on the link"

_TIMEOUT = re.compile(r"second-([0-9]{1,9})", re.IGNORECASE | re.ASCII)


@attrs.frozen(kw_only=True)
class Subscribe:
    """A request for a new subscription."""

    #: where the request comes from, and where its events go
    subscriber: IpAddress
    #: in the order in which they are tried
    callbacks: tuple[LiteralUrl, ...]
    #: the duration to be granted
    seconds: int = DEFAULT_SECONDS
    #: the evented variables that the subscriber wants, for ACCEPTED-STATEVAR; ``None`` means all
    variables: tuple[str, ...] | None = None


@attrs.frozen(kw_only=True)
class Renew:
    """A request to keep a subscription for longer."""

    sid: str
    #: the duration to be granted, from now on
    seconds: int = DEFAULT_SECONDS


@attrs.frozen(kw_only=True)
class Unsubscribe:
    """A request to end a subscription."""

    sid: str


SubscriptionRequest = Subscribe | Renew | Unsubscribe


def read_subscription_request(
    method: str,
    headers: Mapping[str, str],
    *,
    subscriber: IpAddress,
    is_on_link: bool,
    evented: Collection[str],
) -> SubscriptionRequest:
    """What a SUBSCRIBE or UNSUBSCRIBE (*method*) asks for.

    *headers* has lower-case names. *subscriber* is the address at the other end of the connection, with its zone if it
    is link-local, and *is_on_link* says whether it is in a network of the interface that the request came in on.
    *evented* are the names of the service's evented variables. Raises `EventingRefused`.
    """
    if method == "UNSUBSCRIBE":
        return Unsubscribe(sid=_sid(headers))
    if method != "SUBSCRIBE":
        raise ValueError(f"{method!r} is neither SUBSCRIBE nor UNSUBSCRIBE")
    seconds = _seconds(headers.get("timeout", ""))
    if "sid" in headers:
        return Renew(sid=_sid(headers), seconds=seconds)
    if headers.get("nt", "").strip() != NOTIFICATION_TYPE:
        raise EventingRefused(412, WRONG_NT)
    if "callback" not in headers:
        raise EventingRefused(412, NO_CALLBACK)
    if not is_on_link:  # UDA 2.0 §4.1.1, in its edition of April 2020
        raise EventingRefused(412, OFF_LINK)
    return Subscribe(
        subscriber=unmapped(subscriber),
        callbacks=read_callbacks(headers["callback"], subscriber),
        seconds=seconds,
        variables=_variables(headers.get("statevar"), evented),
    )


def subscription_headers(sid: str, seconds: int, variables: tuple[str, ...] | None) -> tuple[tuple[str, str], ...]:
    """The headers of the response to a SUBSCRIBE that succeeded, beside those of every response."""
    headers = (("SID", sid), ("TIMEOUT", f"Second-{seconds}"))
    return headers if variables is None else (*headers, ("ACCEPTED-STATEVAR", ",".join(variables)))


def _sid(headers: Mapping[str, str]) -> str:
    sid = headers.get("sid")
    if sid is not None and ("nt" in headers or "callback" in headers):
        raise EventingRefused(400, SID_AND_MORE)
    if sid is None or not sid.strip():
        raise EventingRefused(412, NO_SID)
    return sid.strip()


def _seconds(timeout: str) -> int:
    # "Second-infinite" and "infinite" of UDA 1.0 count as no TIMEOUT (UDA 2.0 §4.1.1), and so does what is unreadable.
    match = _TIMEOUT.fullmatch(timeout.strip())
    return min(max(int(match[1]), MIN_SECONDS), MAX_SECONDS) if match else DEFAULT_SECONDS


def _variables(statevar: str | None, evented: Collection[str]) -> tuple[str, ...] | None:
    """The names in STATEVAR that are evented, each once; ``None``, for all, if there is none.

    A name that is not ASCII counts as unknown, as no header field can carry it back.

    A list of unknown names only counts as no list. A subscription to nothing would have an initial event without a
    variable, and devices before UDA 2.0, which ignore STATEVAR, send everything, too. Without ACCEPTED-STATEVAR in the
    response, the subscriber knows.
    """
    if statevar is None:
        return None
    known = [name for text in statevar.split(",") if (name := text.strip()).isascii() and name in evented]
    return tuple(dict.fromkeys(known)) or None
