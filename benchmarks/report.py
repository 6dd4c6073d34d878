"""The report: medians over the rounds, ratios to this project, as Markdown tables and as JSON."""

from collections.abc import Sequence
from statistics import median
from typing import Any

import attrs
import cattrs

from benchmarks.devices import OURS
from benchmarks.measures import Plan, Round, figures, quantile
from benchmarks.running import Record

# Steps of one percent, and the tail: enough to draw the distribution again without all the samples.
QUANTILE_SHARES = (*(step / 100 for step in range(1, 100)), 0.999, 1.0)


@attrs.frozen(kw_only=True)
class Column:
    """One column: a figure's name, how to print it, and whether its ratio to ours is printed with it."""

    title: str
    figure: str
    shape: str
    scale: float = 1.0
    ratio: bool = True


UNICAST = (
    Column(title="answered", figure="unicast_in_time_share", shape="{:.1f} %", scale=100, ratio=False),
    Column(title="p50", figure="unicast_p50_us", shape="{:.0f} µs"),
    Column(title="p99", figure="unicast_p99_us", shape="{:.0f} µs"),
    Column(title="CPU per answer", figure="unicast_cpu_us", shape="{:.0f} µs"),
)
MULTICAST = (
    Column(title="answered within MX", figure="multicast_in_time_share", shape="{:.1f} %", scale=100, ratio=False),
    Column(title="CPU per answer", figure="multicast_cpu_us", shape="{:.0f} µs"),
    Column(title="p50", figure="multicast_p50_us", shape="{:.3g} ms", scale=1e-3, ratio=False),
    Column(title="p99", figure="multicast_p99_us", shape="{:.3g} ms", scale=1e-3, ratio=False),
)
GETS = (
    Column(title="GETs per second", figure="get_per_s", shape="{:.0f}"),
    Column(title="p50", figure="get_p50_us", shape="{:.0f} µs"),
    Column(title="p99", figure="get_p99_us", shape="{:.0f} µs"),
    Column(title="CPU per GET", figure="get_cpu_us", shape="{:.0f} µs"),
    Column(title="body", figure="get_body_bytes", shape="{:.0f} bytes", ratio=False),
    Column(title="connections", figure="get_connections", shape="{:.0f}", ratio=False),
)


@attrs.frozen(kw_only=True)
class Summary:
    """One device over all rounds. A ratio is the median, over the rounds that both did, of its figure over ours."""

    record: Record
    medians: dict[str, float]
    ratios: dict[str, float]

    def delays_ms(self, kind: str) -> list[float]:
        """All delays of all rounds, sorted, of the `unicast` or `multicast` searches."""
        return sorted(delay / 1e6 for measured in self.record.good for delay in getattr(measured, kind).delays_ns)

    def sent(self, kind: str) -> int:
        """How many searches of that kind were sent in all rounds."""
        return sum(getattr(measured, kind).sent for measured in self.record.good)


def summarise(records: Sequence[Record]) -> list[Summary]:
    """The records' medians and ratios, in their order."""
    ours = next((record.rounds for record in records if record.device.name == OURS), [])
    return [_summary(record, ours) for record in records]


def _summary(record: Record, ours: Sequence[Round | None]) -> Summary:
    by_round = [figures(measured) for measured in record.good]
    pairs = [
        (figures(measured), figures(reference))
        for measured, reference in zip(record.rounds, ours, strict=False)
        if measured is not None and reference is not None
    ]
    return Summary(
        record=record,
        medians=_medians(by_round),
        ratios=_medians(
            [{name: mine[name] / yours[name] for name in mine if yours.get(name)} for mine, yours in pairs],
        ),
    )


def _medians(by_round: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for found in by_round for name in found)
    return {name: median(found[name] for found in by_round if name in found) for name in names}


def render_tables(summaries: Sequence[Summary], plan: Plan) -> str:
    """The three tables and the remarks, in Markdown that can be read as it is."""
    multicast = f"Multicast M-SEARCH, MX {plan.mx}, {plan.multicast_rate:g} searches a second"
    parts = [
        _table("Unicast M-SEARCH, one outstanding at a time", UNICAST, summaries),
        _table(multicast, MULTICAST, summaries),
        "UDA §1.3.3 spreads multicast answers at random over MX: a p50 near MX/2 is right, and not slow; an answer\n"
        "at once is no merit. What counts is the share within MX and the CPU per answer.\n",
        _table("Description GETs, one outstanding at a time, keep-alive", GETS, summaries),
        _remarks(summaries),
    ]
    return "\n".join(parts)


def _table(title: str, columns: Sequence[Column], summaries: Sequence[Summary]) -> str:
    rows = [["device", *(column.title for column in columns)]]
    for summary in summaries:
        device = summary.record.device
        cells = [_cell(column, summary) for column in columns]
        rows.append([f"{device.name} {device.version}".strip(), *cells])
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    rule = [f"{'':->{width - 1}}:" for width in widths]
    rule[0] = "-" * widths[0]
    aligned = [
        [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        for row in rows
    ]
    lines = [f"| {' | '.join(row)} |" for row in (aligned[0], rule, *aligned[1:])]
    return f"**{title}**\n\n" + "\n".join(lines) + "\n"


def _cell(column: Column, summary: Summary) -> str:
    if summary.record.device.unavailable or not summary.record.good:
        return "skipped" if summary.record.device.unavailable else "failed"
    if column.figure not in summary.medians:
        return "-"
    if summary.medians[column.figure] == 0:  # of all figures only a share can be nought
        return "ignores it"
    text = column.shape.format(summary.medians[column.figure] * column.scale)
    if column.ratio and column.figure in summary.ratios:
        text += f" (×{summary.ratios[column.figure]:.2f})"
    return text


def _remarks(summaries: Sequence[Summary]) -> str:
    lines = [f"(×n): n times {OURS}'s figure in the same round; medians over the rounds."]
    for summary in summaries:
        record = summary.record
        remarks = [record.device.remark] if record.device.remark else []
        if record.device.unavailable:
            remarks.append(f"skipped, {record.device.unavailable}")
        if record.failure:
            failed = len(record.rounds) - len(record.good)
            remarks.append(f"{failed} of {len(record.rounds)} rounds failed: {record.failure}")
        remarks += {measured.fetch_failure: "" for measured in record.good if measured.fetch_failure}
        if repeats := summary.medians.get("multicast_repeats_share"):
            remarks.append(f"{1 + repeats:.2f} answers per multicast search")
        if remarks:
            lines.append(f"- {record.device.name}: {'; '.join(remarks)}")
    return "\n".join(lines) + "\n"


def render_results(summaries: Sequence[Summary], plan: Plan, machine: dict[str, str]) -> dict[str, Any]:
    """Everything that was found, to be written as JSON: figures of each round, medians, ratios, quantiles."""
    return {
        "machine": machine,
        "plan": cattrs.unstructure(plan),
        "quantile_shares": QUANTILE_SHARES,
        "devices": {summary.record.device.name: _device_results(summary) for summary in summaries},
    }


def _device_results(summary: Summary) -> dict[str, Any]:
    record = summary.record
    if record.device.unavailable:
        return {"skipped": record.device.unavailable}
    return {
        "version": record.device.version,
        "remark": record.device.remark,
        "failure": record.failure,
        "answer": record.good[0].answer if record.good else None,
        "median": _rounded(summary.medians),
        f"ratio_to_{OURS}": _rounded(summary.ratios),
        "rounds": [None if measured is None else _rounded(figures(measured)) for measured in record.rounds],
        "unicast_quantiles_ms": _quantiles(summary.delays_ms("unicast")),
        "multicast_quantiles_ms": _quantiles(summary.delays_ms("multicast")),
    }


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def _quantiles(delays_ms: Sequence[float]) -> list[float]:
    """The delays at `QUANTILE_SHARES`, over all rounds' answered searches; empty when none was answered."""
    return [float(f"{quantile(delays_ms, share):.4g}") for share in QUANTILE_SHARES] if delays_ms else []
