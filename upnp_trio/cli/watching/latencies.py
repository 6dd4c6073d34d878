"""How late the answers to our own searches are, against MX (UDA 2.0 §1.3.3)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.latency import quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Latencies"]

# Enough for quantiles of some searches of a full network.
MAX_LATENCIES = 2_000


@attrs.define(eq=False, repr=False)
class Latencies:
    """The latencies of the latest answers, and counts of all."""

    answers: int = 0
    late: int = 0
    worst: float = 0.0
    _latest: deque[float] = attrs.field(factory=lambda: deque(maxlen=MAX_LATENCIES))

    def note(self, latency: float, late_by: float) -> None:
        """Count an answer."""
        self.answers += 1
        self.late += late_by > 0
        self.worst = max(self.worst, latency)
        self._latest.append(latency)

    def quantile(self, part: float) -> float | None:
        """The latency that *part* of the latest answers did not exceed; ``None`` without answers."""
        ordered = sorted(self._latest)
        return quantile(ordered, part) if ordered else None

    def histogram(self, end: float, bars: int) -> Sequence[int]:
        """How many of the latest answers fall into each of *bars* equal parts of 0 to *end* seconds.

        What is later counts in the last part.
        """
        counts = [0] * bars
        for latency in self._latest:
            counts[min(int(latency / end * bars), bars - 1)] += 1
        return counts

    def copy(self) -> Latencies:
        """The same, which does not change with this."""
        return Latencies(self.answers, self.late, self.worst, self._latest.copy())
