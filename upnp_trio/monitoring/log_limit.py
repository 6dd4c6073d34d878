"""A limit on what peers can make us log: forged addresses must not fill the log."""

from __future__ import annotations

import math
from collections import Counter

import attrs

__all__ = ["LogLimit"]

# Each source causes at most one line of a kind in this time.
LOG_INTERVAL_SECONDS = 3600.0
# At most this many sources of a kind are logged in that time, and kept here, however many addresses are forged.
MAX_SOURCES = 64


@attrs.define(eq=False, repr=False)
class LogLimit:
    """Keeps which kinds of lines were logged for which sources; times are on trio's clock, in seconds."""

    _logged: dict[tuple[str, str], float] = attrs.field(factory=dict)

    def is_news(self, kind: str, source: str, now: float) -> bool:
        """Whether to log a line of *kind* about *source* now. If so, the next one is due in an hour."""
        if now < self._logged.get((kind, source), -math.inf) + LOG_INTERVAL_SECONDS:
            return False
        self._logged = {known: time for known, time in self._logged.items() if now < time + LOG_INTERVAL_SECONDS}
        sources = Counter(kind for kind, _ in self._logged)
        if sources[kind] >= MAX_SOURCES:
            return False
        self._logged[kind, source] = now
        return True
