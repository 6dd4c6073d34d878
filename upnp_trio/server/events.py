"""What happens to a served device that a person may want to see."""

from __future__ import annotations

from collections.abc import Callable

import attrs

__all__ = [
    "Announced",
    "Event",
    "EventHandler",
    "NetworkChanged",
    "RequestAnswered",
    "SearchAnswered",
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
