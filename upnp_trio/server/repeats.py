"""Searches that are being answered already: whoever asks again from the same port meanwhile is not answered twice.

Control points repeat each search, as datagrams get lost; and where two of our interfaces are on one link, both hear it.
"""

from __future__ import annotations

import attrs

from upnp_trio.network.multicast import Address, Endpoint

__all__ = ["Repeats"]

# Searches that are remembered: as many as there can be answers on their way, for a device that answers each with one;
# 8 MiB at most. Bounded, as a stranger may ask for anything in any name.
MAX_REMEMBERED = 32_768


@attrs.define(eq=False)
class Repeats:
    """Remembers, within bounds, what was asked and is being answered; times are on trio's clock, in seconds."""

    #: by searcher and target: who answers, when its last answer leaves, and when MX is over
    _asked: dict[tuple[Address, str], tuple[Endpoint, float, float]] = attrs.field(factory=dict)

    def why(self, peer: Address, search_target: str, endpoint: Endpoint, now: float, mx: int) -> str | None:
        """Why a search that *endpoint* has heard is to be left alone; ``None`` if it is to be answered."""
        known = self._asked.get((peer, search_target))
        if known is None:
            return None
        first, last_leaves, mx_ends = known
        if first is not endpoint and now < mx_ends:
            return "heard on another interface"
        # who wants it sooner than it was promised is answered again
        return "repeated" if now < last_leaves <= now + mx else None

    def note(self, peer: Address, search_target: str, endpoint: Endpoint, last_leaves: float, mx_ends: float) -> None:
        """Remember that *endpoint* is answering."""
        if len(self._asked) >= MAX_REMEMBERED:
            self._asked.clear()
        self._asked[peer, search_target] = endpoint, last_leaves, mx_ends

    def clear(self) -> None:
        """Forget everything."""
        self._asked.clear()
