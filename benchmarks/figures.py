"""Arithmetic: quantiles, and how far delays are from an even spread."""

from collections.abc import Sequence

from upnp_trio.cli.latency import quantile

__all__ = ["QUANTILE_SHARES", "greatest_lag", "kolmogorov_distance", "quantile", "quantiles_ms"]

# Steps of one percent and the tails: enough to draw a distribution without all of its samples.
QUANTILE_SHARES = (0.001, *(step / 100 for step in range(1, 100)), 0.999, 1.0)


def quantiles_ms(delays_ns: Sequence[int]) -> list[float]:
    """The delays at `QUANTILE_SHARES` in ms; no delays give an empty list."""
    ordered = sorted(delays_ns)
    return [float(f"{quantile(ordered, share) / 1e6:.4g}") for share in QUANTILE_SHARES] if ordered else []


def kolmogorov_distance(values: Sequence[float], first: float, last: float) -> float:
    """The greatest difference between the distribution of the sorted `values` and the even one from first to last."""
    count, greatest = len(values), 0.0
    for index, value in enumerate(values):
        even = min(1.0, max(0.0, (value - first) / (last - first)))
        greatest = max(greatest, even - index / count, (index + 1) / count - even)
    return greatest


def greatest_lag(values: Sequence[float], first: float, last: float) -> float:
    """By how much the sorted `values` are later than an even spread from first to last, at the worst percentile."""
    return max(quantile(values, percent / 100) - (first + (last - first) * percent / 100) for percent in range(1, 100))
