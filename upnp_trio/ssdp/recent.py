"""A mapping of recent entries, bounded in age and in number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Recent"]

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps an entry for at least *seconds*, or until *most* newer ones have come; holds at most twice *most*.

    Entries are dropped by the generation, not one by one: when the young generation is full or old enough, it takes
    the place of the old one. So an entry costs one assignment, and nothing has to be removed.
    """

    def __init__(self, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._young_until = 0.0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: K) -> V | None:
        """Return the newest value for *key*, which may be older than *seconds*; ``None`` if there is none."""
        value = self._young.get(key)
        return self._old.get(key) if value is None else value

    def put(self, key: K, value: V, now: float) -> None:
        """Set the value for *key*; *now* is monotonic, in seconds."""
        if now >= self._young_until or len(self._young) >= self._most:
            self._old, self._young = self._young, {}
            self._young_until = now + self._seconds
        self._young[key] = value

    def revise(self, revised: Callable[[V], V | None]) -> None:
        """Replace each value by what *revised* returns for it; ``None`` drops the entry."""
        for generation in (self._young, self._old):
            kept = [(key, new) for key, value in generation.items() if (new := revised(value)) is not None]
            generation.clear()
            generation.update(kept)

    def clear(self) -> None:
        """Drop all entries."""
        self._young.clear()
        self._old.clear()
