"""The report as Markdown tables and as JSON: medians over the rounds, ratios to this project, and the targets."""

from collections.abc import Sequence
from typing import Any

import cattrs

from benchmarks.devices import OURS, Device
from benchmarks.figures import QUANTILE_SHARES
from benchmarks.parts import Column, Part, Table
from benchmarks.plan import Plan
from benchmarks.rounds import Record, Results
from benchmarks.targets import Verdict, judge

UNKNOWN = "-"


def render_report(results: Results, plan: Plan, machine: dict[str, str]) -> str:
    """All tables and remarks, in Markdown that is readable as plain text."""
    parts = [
        f"{render_setting(machine, plan)} (×n): n times {OURS}'s figure in the same round; medians over the rounds.\n",
        _targets_table(list(judge(results))),
    ]
    for part in results.parts:
        parts += [_table(part, table, results) for table in part.tables if _measured(part, table, results)]
        if part.ours_alone and (record := results.of(part.name, OURS)) and record.good:
            parts.append(_devices_table(record, plan))
    parts.append(_remarks(results))
    return "\n".join(parts)


def render_setting(machine: dict[str, str], plan: Plan) -> str:
    """One line with the date, the machine, the software and the number of rounds."""
    setting = "{date}; {cpu}, {cores} cores; {kernel}; {python}; revision {revision}; rounds: ".format(**machine)
    return f"{setting}{plan.rounds}."


def _measured(part: Part, table: Table, results: Results) -> bool:
    return any(_has_any(table, each) for each in results.records if each.part is part)


def _has_any(table: Table, record: Record) -> bool:
    return not {column.figure for column in table.columns}.isdisjoint(record.medians())


def _targets_table(verdicts: Sequence[Verdict]) -> str:
    rows = [["target", "wanted", "measured", "met"]]
    for verdict in verdicts:
        target = verdict.target
        suffix = f" × {target.against}" if target.against else ""
        sign = "≥" if target.at_least else "≤"
        measured = UNKNOWN if verdict.measured is None else target.shape.format(verdict.measured) + suffix
        met = {None: "not measured", True: "yes", False: "**no**"}[verdict.met]
        rows.append([target.what, f"{sign} {target.shape.format(target.bound)}{suffix}", measured, met])
    known = [verdict.met for verdict in verdicts if verdict.met is not None]
    return f"**Targets: {sum(known)} of {len(known)} met**\n\n{aligned(rows)}"


def _table(part: Part, table: Table, results: Results) -> str:
    rows = [["device", *(column.title for column in table.columns)]]
    for device in results.devices:
        record = results.of(part.name, device.name)
        if device.name in part.without or (record is not None and not _has_any(table, record)):
            continue
        rows.append([_label(device), *(_cell(column, device, record, results) for column in table.columns)])
    note = f"\n{table.note}\n" if table.note else ""
    return f"**{table.title}**\n\n{aligned(rows)}{note}"


def _label(device: Device) -> str:
    return f"{device.name} {device.version}".strip()


def _cell(column: Column, device: Device, record: Record | None, results: Results) -> str:
    if device.unavailable or record is None:
        return "skipped"
    if not record.good:
        return "failed"
    medians = record.medians()
    if column.figure not in medians:
        return UNKNOWN
    text = column.shape.format(medians[column.figure] * column.scale)
    ours = results.of(record.part.name, OURS)
    if column.ratio and ours is not None and column.figure in (ratios := record.ratios(ours)):
        text += f" (×{ratios[column.figure]:.2f})"
    return text


def _devices_table(record: Record, plan: Plan) -> str:
    medians = record.medians()
    rows = [["devices", "CPU per search", "p50", "start to first answer", "resident"]]
    first = plan.device_counts[0]
    for count in plan.device_counts:
        cpu, cpu_first = medians[f"devices_{count}_cpu_us"], medians[f"devices_{first}_cpu_us"]
        rows.append(
            [
                f"{count:,}",
                f"{cpu:.0f} µs (×{cpu / cpu_first:.2f})",
                f"{medians[f'devices_{count}_p50_us']:.0f} µs",
                f"{medians[f'devices_{count}_start_s']:.2f} s",
                f"{medians[f'devices_{count}_mib']:.1f} MiB",
            ]
        )
    title = f"Many root devices in one process of {OURS}: unicast searches for one of them (×n: times one device's)"
    return f"**{title}**\n\n{aligned(rows)}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns stand below each other."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    rule = ["-" * widths[0], *(f"{'':->{width - 1}}:" for width in widths[1:])]
    aligned = [
        [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        for row in rows
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (aligned[0], rule, *aligned[1:])) + "\n"


def _remarks(results: Results) -> str:
    lines = []
    for device in results.devices:
        remarks = [device.remark] if device.remark else []
        if device.unavailable:
            remarks.append(f"skipped, {device.unavailable}")
        for record in (each for each in results.records if each.device is device):
            if record.failure:
                failed = len(record.rounds) - len(record.good)
                remarks.append(f"{record.part.name}: {failed} of {len(record.rounds)} rounds failed: {record.failure}")
            for name, value in record.medians().items():
                if name.endswith("_repeats") and value:
                    remarks.append(f"{1 + value:.2f} answers per search ({name.removesuffix('_repeats')})")
            behind = sum(
                value
                for outcome in record.good
                for name, value in outcome.figures.items()
                if name.endswith("_fell_behind")
            )
            if behind:
                remarks.append(f"{record.part.name}: {behind:.0f} series left out, as the generator fell behind")
        if remarks:
            lines.append(f"- {device.name}: {'; '.join(remarks)}")
    return "\n".join(lines) + "\n"


def render_results(results: Results, plan: Plan, machine: dict[str, str]) -> dict[str, Any]:
    """All results for the JSON file: the figures of each round, medians, ratios, quantiles and steps."""
    return {
        "machine": machine,
        "plan": cattrs.unstructure(plan),
        "quantile_shares": QUANTILE_SHARES,
        "devices": {
            device.name: {"version": device.version, "remark": device.remark, "skipped": device.unavailable}
            for device in results.devices
        },
        "targets": [
            {**cattrs.unstructure(verdict.target), "measured": verdict.measured, "met": verdict.met}
            for verdict in judge(results)
        ],
        "parts": {
            part.name: {
                record.device.name: _record_results(record, results)
                for record in results.records
                if record.part is part
            }
            for part in results.parts
        },
    }


def _record_results(record: Record, results: Results) -> dict[str, Any]:
    ours = results.of(record.part.name, OURS)
    return {
        "failure": record.failure,
        "median": _rounded(record.medians()),
        f"ratio_to_{OURS}": _rounded(record.ratios(ours)) if ours else {},
        "rounds": [
            None if outcome is None else {**cattrs.unstructure(outcome), "figures": _rounded(outcome.figures)}
            for outcome in record.rounds
        ],
    }


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in found.items()}
