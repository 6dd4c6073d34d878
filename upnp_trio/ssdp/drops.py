"""Why a received datagram is not answered, or is left out of the cache of devices; also the labels of the counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from upnp_trio.ssdp.messages import Message

__all__ = [
    "LATE",
    "MALFORMED",
    "NOTHING_MATCHES",
    "NOT_A_SEARCH",
    "NOT_ITS_OWN",
    "NO_MX",
    "OFF_LINK",
    "OVER_BUDGET",
    "RECEIVED_ELSEWHERE",
    "REPEATED",
    "TOO_LONG",
    "TOO_MANY_PENDING",
    "TOO_MANY_TYPES",
    "Drop",
]

OFF_LINK = "off link"
MALFORMED = "malformed"
NOT_A_SEARCH = "not a search"
NO_MX = "no MX"
RECEIVED_ELSEWHERE = "received on another interface"
REPEATED = "repeated"
OVER_BUDGET = "over budget"
NOTHING_MATCHES = "nothing matches"
TOO_MANY_PENDING = "too many pending"

# Of the cache of devices.
TOO_LONG = "too long"
TOO_MANY_TYPES = "too many types of one device"
NOT_ITS_OWN = "byebye of another address"
LATE = "from before the reboot"


class Drop(NamedTuple):  # not attrs.frozen, which takes longer to make, and most datagrams are dropped
    """A datagram that is not answered."""

    reason: str
    #: the message in it, if it was read and is one
    message: Message | None = None
    #: what is wrong with a malformed one
    flaw: str = ""
