"""Searches whose answers are still pending: the same search from the same port is not answered twice meanwhile.

Control points repeat each search because datagrams get lost. Where two of our interfaces are on one link, both receive
each search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from upnp_trio.ssdp.drops import RECEIVED_ELSEWHERE, REPEATED
from upnp_trio.ssdp.parsing import MAX_MX_SECONDS
from upnp_trio.ssdp.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["DuplicateSearches"]

# Pending searches that are known at the most, twice this number: hundreds a second with the longest MX, far above any
# real network; 3 MiB. Bounded because other hosts choose what they search for, and can forge their addresses.
MAX_SEARCHES = 2048
# Within this time after one of our interfaces has received a search, the others have received it, too.
RECEIVED_SECONDS = 0.25

S = TypeVar("S")


class DuplicateSearches(Generic[S]):
    """Knows the searches that are being answered, by which sender, and until when.

    A sender is whatever stands for the address that answers. Times are monotonic, in seconds.
    """

    def __init__(self) -> None:
        #: by source and target: the sender that answers, when the search was received, and when its last answer leaves
        self._pending: Recent[tuple[Hashable, str], tuple[S, float, float]] = Recent(MAX_MX_SECONDS, MAX_SEARCHES)

    def __len__(self) -> int:
        return len(self._pending)

    def reason_to_drop(self, peer: Hashable, search_target: str, sender: S, now: float, mx: int) -> str | None:
        """Return why a search that *sender* would answer is a duplicate, or ``None`` if it is to be answered."""
        pending = self._pending.get((peer, search_target))
        if pending is None:
            return None
        first, received, last_leaves = pending
        if first is not sender and now < received + RECEIVED_SECONDS:
            return RECEIVED_ELSEWHERE
        # A searcher that will wait less than before is answered again, within its new MX.
        return REPEATED if now < last_leaves <= now + mx else None

    def note(self, peer: Hashable, search_target: str, sender: S, now: float, last_leaves: float) -> None:
        """Note that *sender* answers a search received *now*, and that its last answer leaves at *last_leaves*."""
        self._pending.put((peer, search_target), (sender, now, last_leaves), now)

    def move(self, successor: Callable[[S], S | None]) -> None:
        """Replace each sender by its *successor*. Without one, its answers are no longer pending."""

        def moved(pending: tuple[S, float, float]) -> tuple[S, float, float] | None:
            sender, received, last_leaves = pending
            new = successor(sender)
            return None if new is None else (new, received, last_leaves)

        self._pending.revise(moved)

    def clear(self) -> None:
        """Let no search count as pending."""
        self._pending.clear()
