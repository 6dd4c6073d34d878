"""What happens to a served device: numbers for all of it, and an event for what a person may want to see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import attrs

__all__ = [
    "Announced",
    "Event",
    "EventHandler",
    "NetworkChanged",
    "RequestAnswered",
    "SearchAnswered",
    "Stats",
    "ignore_events",
]


@attrs.frozen(kw_only=True)
class SearchAnswered:
    """A search that we have answers for; *peer* is the searcher's address."""

    interface: str
    peer: str
    search_target: str
    answers: int
    user_agent: str | None


@attrs.frozen(kw_only=True)
class RequestAnswered:
    """An HTTP request that was answered with *status*; texts are as the peer wrote them."""

    peer: str
    method: str
    target: str
    status: int
    user_agent: str | None


@attrs.frozen(kw_only=True)
class Announced:
    """A whole set of announcements left on *interface*; *kind* is ``alive`` or ``byebye``."""

    interface: str
    kind: str
    messages: int


@attrs.frozen(kw_only=True)
class NetworkChanged:
    """Interfaces or addresses came, went or changed; *served* has all that are served now, as name and address."""

    served: tuple[tuple[str, str], ...]
    boot_id: int


Event = SearchAnswered | RequestAnswered | Announced | NetworkChanged
EventHandler = Callable[[Event], None]


def ignore_events(event: Event) -> None:
    """The event handler of those who do not want to know."""


@attrs.define(eq=False)
class Stats:
    """How often each thing happened since the device was started."""

    #: datagrams that were heard, of whatever kind
    datagrams: int = 0
    #: searches that could be read
    searches: int = 0
    #: answers that were sent
    answers: int = 0
    #: ssdp:alive messages that were sent
    announcements: int = 0
    #: how often somebody else announced or revoked a device of ours
    conflicts: int = 0
    #: HTTP requests that were answered, by status
    requests: Counter[int] = attrs.field(factory=Counter)
    #: HTTP requests and connections that were refused, by reason
    refused: Counter[str] = attrs.field(factory=Counter)
    #: datagrams that were heard and not answered, by reason
    dropped: Counter[str] = attrs.field(factory=Counter)
    #: what could not be sent, by the system's reason
    send_errors: Counter[str] = attrs.field(factory=Counter)
