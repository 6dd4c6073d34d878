"""Latencies as people read them: in milliseconds, as a table, and as a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.latency import histogram
from upnp_trio.cli.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bars", "in_ms", "milliseconds"]

# Enough to compare two bars.
BAR_COLUMNS = 40
# Unicode's block elements: an eighth of a column to seven eighths.
_EIGHTHS: tuple[str, ...] = ("", *"▏▎▍▌▋▊▉")


def milliseconds(seconds: float) -> str:
    """*seconds* as milliseconds, with three digits that count where there are three."""
    value = seconds * 1000
    decimals = next((digits for digits, below in ((3, 1), (2, 10), (1, 100)) if round(value, digits) < below), 0)
    return f"{value:.{decimals}f}"


def in_ms(seconds: float) -> float:
    """*seconds* as milliseconds, to the microsecond, for JSON."""
    return round(seconds * 1000, 3)


def bars(latencies: Sequence[float], *, is_unicode: bool) -> str:
    """The histogram of *latencies*, at least one, in seconds: one bin on each line, in milliseconds."""
    bins = histogram([round(latency * 1e6) for latency in latencies])
    most = max(each.count for each in bins)
    decimals = _decimals([bound for each in bins for bound in (each.start, each.end) if bound is not None])
    dash, least = ("–", "≥ ") if is_unicode else ("-", ">=")
    rows = []
    for each in bins:
        start = f"{each.start / 1000:.{decimals}f}"
        bounds = f"{least}{start}" if each.end is None else f"{start} {dash} {each.end / 1000:.{decimals}f}"
        rows.append((f"{bounds} ms", f"{each.count}", _bar(each.count / most, is_unicode)))
    return table(rows, numbers=(0, 1))


def _decimals(bounds: Sequence[int]) -> int:
    """How many decimals of a millisecond tell *bounds*, in microseconds, apart."""
    return next(digits for digits, unit in ((0, 1000), (1, 100), (2, 10), (3, 1)) if not any(b % unit for b in bounds))


def _bar(share: float, is_unicode: bool) -> str:
    if not is_unicode:
        return "#" * (round(share * BAR_COLUMNS) or (1 if share else 0))
    eighths = round(share * BAR_COLUMNS * 8) or (1 if share else 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8]
