"""Probes of one device in one way, one after the other, and what came of them."""

from __future__ import annotations

from array import array
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

import attrs

from upnp_trio.cli.latency import Latencies, histogram
from upnp_trio.cli.latency_text import bars, in_ms, milliseconds
from upnp_trio.cli.printable import fit
from upnp_trio.cli.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["METHODS", "Method", "Outcome", "Series", "outcome_json", "probe_line", "summary_table"]

Method = Literal["unicast", "multicast", "http"]
METHODS: tuple[Method, ...] = ("unicast", "multicast", "http")
#: the keys of the summary's figures
FIGURES = ("min_ms", "mean_ms", "p50_ms", "p99_ms", "max_ms")


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of one probe."""

    #: from 1
    seq: int
    #: seconds; ``None`` without an answer
    latency: float | None
    #: why there is no answer, or what is unusual about it
    note: str = ""


@attrs.define(eq=False)
class Series:
    """The probes of one device in one way."""

    #: what the lines call the device
    label: str
    method: Method
    _sent: int = 0
    _latencies: array[float] = attrs.field(factory=lambda: array("d"))

    def take(self, outcome: Outcome) -> None:
        """Add what came of a probe; one that was stopped before its end is not added, and counts nowhere."""
        self._sent += 1
        if outcome.latency is not None:
            self._latencies.append(outcome.latency)

    @property
    def sent(self) -> int:
        """How many probes ended, with an answer or without."""
        return self._sent

    @property
    def answered(self) -> int:
        """How many of them were answered."""
        return len(self._latencies)

    @property
    def lost(self) -> int:
        """How many of them were not."""
        return self._sent - len(self._latencies)

    @property
    def latencies(self) -> Sequence[float]:
        """Of the answers, in seconds."""
        return self._latencies

    def bars(self, *, is_unicode: bool) -> str:
        """The histogram; empty without answers."""
        return bars(self._latencies, is_unicode=is_unicode) if self._latencies else ""

    def as_json(self) -> dict[str, object]:
        """The summary."""
        figures: tuple[float, ...] = Latencies.of(self._latencies).as_tuple() if self._latencies else ()
        micros = [round(latency * 1e6) for latency in self._latencies]
        return {
            "kind": "summary",
            "device": self.label,
            "method": self.method,
            "sent": self.sent,
            "answered": self.answered,
            "lost": self.lost,
            **dict(zip_longest(FIGURES, map(in_ms, figures))),
            "histogram": [
                {"from_ms": each.start / 1000, "to_ms": each.end and each.end / 1000, "count": each.count}
                for each in (histogram(micros) if micros else ())
            ],
        }


def outcome_json(series: Series, outcome: Outcome) -> dict[str, object]:
    """One probe."""
    return {
        "kind": "probe",
        "device": series.label,
        "method": series.method,
        "seq": outcome.seq,
        "latency_ms": None if outcome.latency is None else in_ms(outcome.latency),
        "note": outcome.note,
    }


def probe_line(series: Series, outcome: Outcome, *, width: int, shows_method: bool) -> tuple[str, str]:
    """One probe as the start of its line, and what follows: the time, or why there is none."""
    method = f"{series.method:<9}  " if shows_method else ""
    start = f"{fit(series.label, width)}  {method}seq={outcome.seq}"
    if outcome.latency is None:
        return start, outcome.note
    time = f"time={milliseconds(outcome.latency)} ms"
    return start, f"{time}  {outcome.note}" if outcome.note else time


def summary_table(all_series: Sequence[Series]) -> str:
    """The figures of all series, one on each line."""
    rows: list[tuple[str, ...]] = [("DEVICE", "BY", "SENT", "LOST", "MIN", "MEAN", "P50", "P99", "MAX")]
    for series in all_series:
        lost = f"{series.lost}" + (f" ({series.lost / series.sent:.1%})" if series.lost else "")
        figures: tuple[str, ...] = ("-",) * 5
        if series.latencies:
            figures = tuple(map(milliseconds, Latencies.of(series.latencies).as_tuple()))
        rows.append((series.label, series.method, f"{series.sent}", lost, *figures))
    return table(rows, numbers=range(2, 9)) + "\ntimes in milliseconds"
