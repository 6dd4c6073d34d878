"""Values of many peers that wait for one reader, so that no peer takes the room of the others (H17)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

__all__ = ["SharedValues"]

T = TypeVar("T")


@attrs.define(eq=False)
class _Place(Generic[T]):
    """Where a value waits."""

    value: T
    peer: str
    #: whether it has given way
    is_lost: bool = False


@attrs.define(eq=False, repr=False)
class SharedValues(Generic[T]):
    """A queue of *limit* values; when it is full, the newest value of the peer that has the most there gives way."""

    limit: int
    #: the peer that a value is of
    peer: Callable[[T], str]
    #: in the order in which they came; lost ones are passed over later, as to take them out takes long
    _waiting: deque[_Place[T]] = attrs.field(factory=deque)
    #: the values of each peer that are not lost
    _of_peer: dict[str, deque[_Place[T]]] = attrs.field(factory=dict)
    _size: int = 0

    def put(self, value: T) -> bool:
        """Add *value*; returns whether there was room for it and all others."""
        peer = self.peer(value)
        is_full = self._size >= self.limit
        if is_full and not self._make_room(peer):
            return False
        place = _Place(value, peer)
        self._waiting.append(place)
        self._of_peer.setdefault(peer, deque()).append(place)
        self._size += 1
        return not is_full

    def take(self) -> T | None:
        """The next value; ``None`` if there is none."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.is_lost:
                self._of_peer[place.peer].popleft()
                self._count_down(place.peer)
                return place.value
        return None

    def _make_room(self, peer: str) -> bool:
        """Drop a value of another peer than *peer*, unless *peer* has its share."""
        peers = len(self._of_peer) + (peer not in self._of_peer)
        if (len(self._of_peer.get(peer, ())) + 1) * peers > self.limit:
            return False
        greatest = max(self._of_peer, key=lambda other: len(self._of_peer[other]))
        self._of_peer[greatest].pop().is_lost = True
        self._count_down(greatest)
        if len(self._waiting) >= 2 * self.limit:
            self._waiting = deque(place for place in self._waiting if not place.is_lost)
        return True

    def _count_down(self, peer: str) -> None:
        self._size -= 1
        if not self._of_peer[peer]:
            del self._of_peer[peer]
