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
    weight: int
    #: whether it has given way
    is_lost: bool = False


@attrs.define(eq=False, repr=False)
class SharedValues(Generic[T]):
    """A queue with room for *limit*; when it is full, the newest values of the peer that has most of it give way."""

    limit: int
    #: the peer that a value is of
    peer: Callable[[T], str]
    #: how much of the room a value takes
    weight: Callable[[T], int] = lambda value: 1
    #: in the order in which they came; lost ones are passed over later, as to take them out takes long
    _waiting: deque[_Place[T]] = attrs.field(factory=deque)
    #: the values of each peer that are not lost, and how much room they take
    _of_peer: dict[str, deque[_Place[T]]] = attrs.field(factory=dict)
    _taken: dict[str, int] = attrs.field(factory=dict)
    _size: int = 0

    def put(self, value: T) -> int:
        """Add *value*; returns how many values there was no room for, this one or those that gave way to it."""
        peer, weight = self.peer(value), self.weight(value)
        lost = 0
        while self._size + weight > self.limit:
            lost += 1
            if not self._make_room(peer, weight):
                return lost
        place = _Place(value, peer, weight)
        self._waiting.append(place)
        self._of_peer.setdefault(peer, deque()).append(place)
        self._taken[peer] = self._taken.get(peer, 0) + weight
        self._size += weight
        return lost

    def take(self) -> T | None:
        """The next value; ``None`` if there is none."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.is_lost:
                self._of_peer[place.peer].popleft()
                self._count_down(place)
                return place.value
        return None

    def _make_room(self, peer: str, weight: int) -> bool:
        """Drop a value of another peer than *peer*, unless *peer* would have more than its share."""
        peers = len(self._of_peer) + (peer not in self._of_peer)
        if (self._taken.get(peer, 0) + weight) * peers > self.limit:
            return False
        place = self._of_peer[max(self._taken, key=self._taken.__getitem__)].pop()
        place.is_lost = True
        self._count_down(place)
        if len(self._waiting) >= 2 * self.limit:
            self._waiting = deque(place for place in self._waiting if not place.is_lost)
        return True

    def _count_down(self, place: _Place[T]) -> None:
        self._size -= place.weight
        self._taken[place.peer] -= place.weight
        if not self._of_peer[place.peer]:
            del self._of_peer[place.peer], self._taken[place.peer]
