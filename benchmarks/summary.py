"""The figures that the project's README shows: a few of the report's, of three devices side by side."""

import attrs

from benchmarks.devices import ASYNC_UPNP_CLIENT, GUPNP, OURS
from benchmarks.plan import Plan
from benchmarks.report import UNKNOWN, aligned, render_setting
from benchmarks.rounds import Results

DEVICES = (OURS, GUPNP, ASYNC_UPNP_CLIENT)


@attrs.frozen
class Row:
    """A figure of a part, and how it is shown."""

    title: str
    part: str
    figure: str
    shape: str


ROWS = (
    Row("multicast searches answered a second, all the same", "highest", "highest_per_s", "{:,.0f}"),
    Row("the same, all different", "highest", "highest_different_per_s", "{:,.0f}"),
    Row("CPU per answer at 5,000 searches a second, all the same", "searches", "search_5000_one_cpu_us", "{:.0f} µs"),
    Row("the same, all different", "searches", "search_5000_different_cpu_us", "{:.0f} µs"),
    Row("unicast search, p50, all different", "unicast", "unicast_different_p50_us", "{:.0f} µs"),
    Row("description GETs a second, one connection, all the same", "gets", "get_1_per_s", "{:,.0f}"),
    Row("the same, all different", "gets", "get_1_different_per_s", "{:,.0f}"),
    Row("description GETs a second, 32 connections, all the same", "gets", "get_32_per_s", "{:,.0f}"),
    Row("the same, all different", "gets", "get_32_different_per_s", "{:,.0f}"),
    Row(
        "description GETs a second, a new connection each, all different", "gets", "get_new_different_per_s", "{:,.0f}"
    ),
    Row("calls a second, one connection, all different", "calls", "call_1_different_per_s", "{:,.0f}"),
    Row("calls a second, 32 connections, all different", "calls", "call_32_different_per_s", "{:,.0f}"),
    Row("calls a second, a new connection each, all different", "calls", "call_new_different_per_s", "{:,.0f}"),
    Row("a change, until the last of 32 subscribers has it, p50", "events", "notify_32_p50_ms", "{:.1f} ms"),
    Row("a change, until the last of 256 subscribers has it, p50", "events", "notify_256_p50_ms", "{:.1f} ms"),
    Row("CPU per notification, 256 subscribers", "events", "notify_256_cpu_us", "{:.0f} µs"),
    Row("from exec to the first GET answered", "start", "start_get_ms", "{:.0f} ms"),
    Row("resident memory after that load", "memory", "memory_mib", "{:.1f} MiB"),
)


def render_summary(results: Results, plan: Plan, machine: dict[str, str]) -> str:
    """The table in Markdown, and the run that it is from; medians over the rounds."""
    labels = {device.name: f"{device.name} {device.version}".strip() for device in results.devices}
    rows = [["", *(labels.get(name, name) for name in DEVICES)]]
    for row in ROWS:
        records = [results.of(row.part, name) for name in DEVICES]
        figures = [record.medians().get(row.figure) if record is not None else None for record in records]
        rows.append([row.title, *(UNKNOWN if figure is None else row.shape.format(figure) for figure in figures)])
    return f"{aligned(rows)}\n{render_setting(machine, plan)}\n"
