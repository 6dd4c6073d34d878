"""A run as tables for people, and as JSON."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import attrs

from benchmarks.machine import describe_machine
from tests.chaos.device import Resources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.chaos.outcome import Outcome
    from tests.chaos.promises import Verdict

__all__ = ["as_json", "as_text"]

#: what the good client tries in each phase
KINDS = ("search", "fetch", "call", "event")


def as_text(outcome: Outcome, verdicts: Sequence[Verdict]) -> str:
    """The figures phase by phase, and then the promises that were not kept."""
    rows = [
        (
            *("phase", "searches", "worst", "beyond MX", "GETs", "worst", "calls", "worst", "events", "worst"),
            *("oldest alive", "as received"),
            *("CPU", "waiting", "memory", "overflown"),
        )
    ]
    for passed in outcome.phases:
        searches, fetches, calls, events = (outcome.tried(kind, passed.phase) for kind in KINDS)
        rows.append(
            (
                passed.phase.name,
                f"{searches.share:.1%} of {len(searches.tries)}",
                f"{searches.worst:.3f} s",
                f"{max(outcome.late(passed.phase), 0):.3f} s",
                f"{fetches.share:.1%} of {len(fetches.tries)}",
                f"{fetches.worst:.3f} s",
                f"{calls.share:.1%} of {len(calls.tries)}",
                f"{calls.worst:.3f} s",
                f"{events.share:.1%} of {len(events.tries)}",
                f"{events.worst:.3f} s",
                f"{outcome.oldest(outcome.sent, passed):.1f} s",
                f"{outcome.oldest(outcome.received, passed):.1f} s",
                f"{passed.cpu_share:.0%}",
                f"{passed.waiting_share:.0%}",
                f"{passed.resident_kib / 1024:.1f} MiB",
                str(passed.overflown),
            )
        )
    resources = [("", *attrs.fields_dict(Resources))]
    for name, taken in (("before", outcome.before), ("after", outcome.after)):
        resources.append((name, *map(str, attrs.astuple(taken))))
    about = {**describe_machine(), "cable": outcome.cable, "right of way": "yes" if outcome.right_of_way else "no"}
    loads = [f"{passed.phase.name}: {json.dumps(passed.loads)}" for passed in outcome.phases if passed.loads]
    return "\n\n".join(
        [
            "\n".join(f"{name}: {text}" for name, text in about.items()),
            _table(rows),
            _table(resources),
            "\n".join(loads),
            f"the device: {outcome.counters}",
            f"at rest: {outcome.rest_cpu_share:.1%} of a core",
            f"faults: {outcome.all_tried('fault').reasons}",
            _judgement(verdicts),
        ]
    )


def _judgement(verdicts: Sequence[Verdict]) -> str:
    lines = [
        f"{'BROKEN' if verdict.promise.binding else 'warning'}: {verdict.promise.name} ({verdict.of}): "
        f"{verdict.figure:.3f}, promised {'at least' if verdict.promise.least else 'at most'} {verdict.limit:.3f}; "
        f"{verdict.promise.reason}"
        for verdict in verdicts
        if not verdict.kept
    ]
    kept = sum(verdict.kept for verdict in verdicts)
    return "\n".join([*lines, f"{kept} of {len(verdicts)} figures are as promised"])


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def as_json(outcome: Outcome, verdicts: Sequence[Verdict]) -> str:
    """All that was seen, in figures."""

    def finite(value: float) -> float | None:
        return round(value, 4) if math.isfinite(value) else None

    phases: list[dict[str, Any]] = []
    for passed in outcome.phases:
        searches, fetches, calls, events = (outcome.tried(kind, passed.phase) for kind in KINDS)
        phases.append(
            {
                **attrs.asdict(passed.phase),
                "seconds": finite(passed.end - passed.start),
                "searches": len(searches.tries),
                "searches_answered": finite(searches.share),
                "searches_worst_seconds": finite(searches.worst),
                "searches_unanswered_because": searches.reasons,
                "gets": len(fetches.tries),
                "gets_answered": finite(fetches.share),
                "gets_worst_seconds": finite(fetches.worst),
                "gets_unanswered_because": fetches.reasons,
                "calls": len(calls.tries),
                "calls_answered": finite(calls.share),
                "calls_worst_seconds": finite(calls.worst),
                "calls_unanswered_because": calls.reasons,
                "events": len(events.tries),
                "events_received": finite(events.share),
                "events_worst_seconds": finite(events.worst),
                "events_missed": events.reasons,
                "oldest_alive_seconds": finite(outcome.oldest(outcome.sent, passed)),
                "oldest_alive_as_received_seconds": finite(outcome.oldest(outcome.received, passed)),
                "cpu_share": finite(passed.cpu_share),
                "waiting_share": finite(passed.waiting_share),
                "resident_kib": passed.resident_kib,
                "overflown": passed.overflown,
                "loads": passed.loads,
            }
        )
    promises = [
        {
            "name": verdict.promise.name,
            "of": verdict.of,
            "figure": finite(verdict.figure),
            "limit": finite(verdict.limit),
            "least": verdict.promise.least,
            "binding": verdict.promise.binding,
            "kept": verdict.kept,
            "reason": verdict.promise.reason,
        }
        for verdict in verdicts
    ]
    whole = {
        "machine": describe_machine(),
        "cable": outcome.cable,
        "right_of_way": outcome.right_of_way,
        "phases": phases,
        "before": attrs.asdict(outcome.before),
        "after": attrs.asdict(outcome.after),
        "rest_cpu_share": finite(outcome.rest_cpu_share),
        "faults": outcome.all_tried("fault").reasons,
        "errors": outcome.errors.splitlines(),
        "exit_status": outcome.exit_status,
        "counters": outcome.counters,
        "promises": promises,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
