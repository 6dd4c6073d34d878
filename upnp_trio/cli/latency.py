"""The arithmetic of latencies: quantiles, a summary, and a histogram. ``benchmarks/`` uses the same quantile.

It knows no unit: what comes back has that of the latencies.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import count
from typing import TYPE_CHECKING, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T", int, float)

__all__ = ["Bin", "Latencies", "histogram", "quantile"]

# Enough for a shape, and few enough for a small window.
MOST_BINS = 12
# What is beyond is in one open bin, or a single late answer would squeeze all others into the first bin.
BINNED_SHARE = 0.95


def quantile(values: Sequence[T], share: float) -> T:
    """The smallest of the sorted *values* that at least *share* of them do not exceed (nearest rank)."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


@attrs.frozen
class Latencies:
    """Latencies of answers, at least one, in a summary."""

    least: float
    mean: float
    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Latencies:
        """The summary of *values* in any order."""
        ordered = sorted(values)
        return cls(
            least=ordered[0],
            mean=math.fsum(ordered) / len(ordered),
            p50=quantile(ordered, 0.5),
            p99=quantile(ordered, 0.99),
            most=ordered[-1],
        )

    def as_tuple(self) -> tuple[float, ...]:
        """All five, in the order in which they are shown."""
        return self.least, self.mean, self.p50, self.p99, self.most


@attrs.frozen
class Bin:
    """The number of values from *start* up to, but not including, *end*; without *end*, all from *start* on."""

    start: int
    end: int | None
    count: int


def histogram(values: Sequence[int]) -> tuple[Bin, ...]:
    """How *values*, at least one of 0 or more, are spread: even bins with round bounds, then one for all beyond.

    There are at most `MOST_BINS` even bins, and fewer for few values, of which most bins would have none.
    """
    ordered = sorted(values)
    most_bins = min(MOST_BINS, math.ceil(2 * math.sqrt(len(ordered))))
    least, most = ordered[0], quantile(ordered, BINNED_SHARE)
    step = next(step for step in _round_steps() if most // step - least // step < most_bins)
    bounds = range(least // step * step, most + step + 1, step)
    places = [bisect_left(ordered, bound) for bound in bounds]
    bins = [
        Bin(start, start + step, after - before)
        for start, before, after in zip(bounds, places, places[1:], strict=False)
    ]
    beyond = len(ordered) - places[-1]
    return tuple([*bins, Bin(bounds[-1], None, beyond)] if beyond else bins)


def _round_steps() -> Iterator[int]:
    for power in count():
        yield from (10**power, 2 * 10**power, 5 * 10**power)
