"""A queue of items that fall due, in ticks: the items that are due within one tick are taken together.

A heap would compare each item with others. Here an item costs one append, a fifth of the time with 15,000 items
(`python -m benchmarks.fast_paths`), and one wake-up serves a whole tick.
"""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DueQueue"]

T = TypeVar("T")


@attrs.define(eq=False, repr=False)
class DueQueue(Generic[T]):
    """Holds items until their ticks; times are monotonic, in seconds."""

    tick_seconds: float
    _items: dict[int, list[T]] = attrs.field(factory=dict)
    #: a heap of the ticks that have items
    _ticks: list[int] = attrs.field(factory=list)
    _size: int = 0

    def __len__(self) -> int:
        return self._size

    def put(self, due: float, item: T) -> None:
        """Make *item* due at the first tick that is not before *due*."""
        tick = math.ceil(due / self.tick_seconds)
        items = self._items.get(tick)
        if items is None:
            self._items[tick] = [item]
            heapq.heappush(self._ticks, tick)
        else:
            items.append(item)
        self._size += 1

    def next_due(self) -> float | None:
        """Return when there is something to take; ``None`` when the queue is empty."""
        return self._ticks[0] * self.tick_seconds if self._ticks else None

    def take(self, now: float) -> list[T]:
        """Remove and return the items of the ticks up to *now*, the earliest first."""
        taken: list[T] = []
        while self._ticks and self._ticks[0] * self.tick_seconds <= now:
            taken += self._items.pop(heapq.heappop(self._ticks))
        self._size -= len(taken)
        return taken

    def revise(self, revised: Callable[[T], T | None]) -> None:
        """Replace each item by what *revised* returns for it; ``None`` removes it."""
        for tick, items in self._items.items():
            self._items[tick] = [kept for item in items if (kept := revised(item)) is not None]
        self._size = sum(map(len, self._items.values()))
