"""How many GETs of ours may run at once, so that no device keeps the others waiting (H11, H17)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["MAX_FETCHES", "MAX_FETCHES_OF_ONE_PEER", "FetchSlots"]

# H11. Each may hold a body of its bound in memory.
MAX_FETCHES = 8
# A device that answers slowly holds so many of them, and the others are free.
MAX_FETCHES_OF_ONE_PEER = 2


@attrs.define(eq=False)
class _PeerSlots:
    limiter: trio.Semaphore = attrs.field(factory=lambda: trio.Semaphore(MAX_FETCHES_OF_ONE_PEER))
    users: int = 0


@attrs.define(eq=False, repr=False)
class FetchSlots:
    """Slots for all peers, of which each peer has a few. Those that wait get one in their order."""

    _all: trio.Semaphore = attrs.field(factory=lambda: trio.Semaphore(MAX_FETCHES))
    _peers: dict[str, _PeerSlots] = attrs.field(factory=dict)

    @asynccontextmanager
    async def slot(self, peer: str) -> AsyncIterator[None]:
        """Wait for a slot of *peer*, and hold it during the body."""
        of_peer = self._peers.setdefault(peer, _PeerSlots())
        of_peer.users += 1
        try:
            # first the peer's own, so that what waits for it does not take a slot of the others
            async with of_peer.limiter, self._all:
                yield
        finally:
            of_peer.users -= 1
            if not of_peer.users:
                del self._peers[peer]
