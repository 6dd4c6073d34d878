"""What is worth a line in the log: who forges addresses must not fill it, so most is counted and little is said."""

from __future__ import annotations

import math
from collections import Counter

import attrs

__all__ = ["LogLimit"]

# One line of a kind for each source in an hour.
LOG_INTERVAL_SECONDS = 3600.0
# And no more sources than this in memory, nor in the log, whatever addresses are forged.
MAX_SOURCES = 64


@attrs.define(eq=False, repr=False)
class LogLimit:
    """Remembers, within bounds, what was already said of whom; times are on trio's clock, in seconds."""

    _said: dict[tuple[str, str], float] = attrs.field(factory=dict)

    def is_news(self, kind: str, source: str, now: float) -> bool:
        """Whether *kind* of *source* is to be said now; then it is not for an hour."""
        if now < self._said.get((kind, source), -math.inf) + LOG_INTERVAL_SECONDS:
            return False
        self._said = {known: time for known, time in self._said.items() if now < time + LOG_INTERVAL_SECONDS}
        said = Counter(kind for kind, _ in self._said)
        if said[kind] >= MAX_SOURCES:
            return False
        self._said[kind, source] = now
        return True
