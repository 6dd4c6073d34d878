"""The requests within a web server of the program that wait for a handler or for a change, within bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs
import trio

__all__ = ["WaitingRequests"]

T = TypeVar("T")

# In all and of one peer: as many as our own server has connections.
MAX_WAITING_REQUESTS = 256
MAX_WAITING_REQUESTS_OF_ONE_PEER = 64

TOO_MANY_WAITING = "too many requests that wait"
TOO_MANY_WAITING_OF_ONE_PEER = "too many requests that wait of one peer"


@attrs.define(eq=False, repr=False)
class WaitingRequests:
    """Runs what makes the responses; *count_refusal* is called with the reason why one is not made."""

    count_refusal: Callable[[str], object]
    #: the longest waiting first, with their peers; ``None`` if another request has taken the place
    _waiting: dict[trio.CancelScope, str | None] = attrs.field(factory=dict)
    _per_peer: Counter[str] = attrs.field(factory=Counter)
    _fewer: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, peer: str, respond: Callable[[], Awaitable[T]]) -> T | None:
        """What *respond* returns; ``None`` if there is no room for it, or if it loses its place."""
        if (reason := self._make_room(peer)) is not None:
            self.count_refusal(reason)
            await trio.lowlevel.checkpoint()
            return None
        scope = trio.CancelScope()
        self._waiting[scope] = peer
        self._per_peer[peer] += 1
        try:
            with scope:
                return await respond()
        finally:
            if self._waiting.pop(scope) is not None:
                self._count_out(peer)
            self._fewer.unpark_all()
        return None

    async def end(self, grace: float) -> None:
        """Let all that wait finish within *grace* seconds, however this task is cancelled."""
        for scope in self._waiting:
            scope.deadline = trio.current_time() + grace
        with trio.CancelScope(shield=True):
            while self._waiting:
                await self._fewer.park()

    def _make_room(self, peer: str) -> str | None:
        """Why no further request of *peer* can wait, or ``None``.

        If all places are taken, the longest waiting request of the peer that has the most loses its own, as with the
        connections of our own server. So a few hosts cannot keep all others from calling and subscribing.
        """
        if self._per_peer[peer] >= MAX_WAITING_REQUESTS_OF_ONE_PEER:
            return TOO_MANY_WAITING_OF_ONE_PEER
        if self._per_peer.total() < MAX_WAITING_REQUESTS:
            return None
        ((heaviest, most),) = self._per_peer.most_common(1)
        if most <= self._per_peer[peer]:
            return TOO_MANY_WAITING
        displaced = next(scope for scope, each in self._waiting.items() if each == heaviest)
        self._waiting[displaced] = None
        self._count_out(heaviest)
        self.count_refusal(TOO_MANY_WAITING)
        displaced.cancel(reason=TOO_MANY_WAITING)
        return None

    def _count_out(self, peer: str) -> None:
        self._per_peer[peer] -= 1
        if not self._per_peer[peer]:
            del self._per_peer[peer]
