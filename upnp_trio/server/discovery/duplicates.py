"""Searches whose answers are still pending: the same search from the same port is not answered twice meanwhile.

Control points repeat each search, because datagrams get lost. Where two of our interfaces are on one link, both
receive it.
"""

from __future__ import annotations

import attrs

from upnp_trio.network.endpoint import Address, Endpoint
from upnp_trio.server.discovery.due_queue import DueQueue

__all__ = ["DuplicateSearches"]

# Searches that are remembered: as many as there can be answers on their way, for a device that answers each with one;
# 12 MiB at most. Bounded, as a stranger may ask for anything in any name.
MAX_REMEMBERED = 32_768
# Within so long after one of our interfaces has received a search, the others have received it, too.
RECEIVED_SECONDS = 0.25


@attrs.define(eq=False, repr=False)
class DuplicateSearches:
    """Remembers, within bounds, what was asked and is being answered; times are on trio's clock, in seconds."""

    #: by searcher and target: who answers, when it was asked, and when its last answer leaves
    _asked: dict[tuple[Address, str], tuple[Endpoint, float, float]] = attrs.field(factory=dict)
    _over: DueQueue[tuple[Address, str]] = attrs.field(factory=lambda: DueQueue(RECEIVED_SECONDS))

    def why(self, peer: Address, search_target: str, endpoint: Endpoint, now: float, mx: int) -> str | None:
        """Why a search that *endpoint* has received is to be left alone; ``None`` if it is to be answered."""
        known = self._asked.get((peer, search_target))
        if known is None:
            return None
        first, asked, last_leaves = known
        if first is not endpoint and now < asked + RECEIVED_SECONDS:
            return "received on another interface"
        # who wants it sooner than it was promised is answered again
        return "repeated" if now < last_leaves <= now + mx else None

    def note(self, peer: Address, search_target: str, endpoint: Endpoint, now: float, last_leaves: float) -> None:
        """Remember that *endpoint* is answering what it received just *now*."""
        for key in self._over.take(now):
            if key in self._asked and self._asked[key][2] <= now:  # not asked again since
                del self._asked[key]
        if len(self._asked) >= MAX_REMEMBERED:
            self.clear()
        key = peer, search_target
        self._asked[key] = endpoint, now, last_leaves
        self._over.put(max(last_leaves, now + RECEIVED_SECONDS), key)

    def clear(self) -> None:
        """Forget everything."""
        self._asked.clear()
        self._over.clear()
