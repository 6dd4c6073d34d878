"""Description GETs: over one connection, over 32, and over a new one each; every request the same, or different."""

from collections.abc import Sequence
from itertools import product

from benchmarks.devices import Device
from benchmarks.figures import quantile
from benchmarks.load import MeasurementError
from benchmarks.parts.part import Column, Outcome, Part, Table
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed

# name, title, connections, whether they are kept
KINDS = (
    ("get_1", "one connection, kept alive", 1, True),
    ("get_32", "32 connections, kept alive", 32, True),
    ("get_new", "a new connection each, one at a time", 1, False),
)
# name's suffix, title, whether each request has another User-Agent
VARIANTS = (("", "every request the same", False), ("_different", "every request different", True))


def measure(device: Device, tools: Tools, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Run one series of each kind in each variant."""
    found: dict[str, float] = {}
    with open_testbed(device, tools) as testbed:
        for (kind, title, connections, keep), (suffix, variant, differ) in product(KINDS, VARIANTS):
            name = f"{kind}{suffix}"
            fetches = testbed.fetch(connections, keep=keep, differ=differ, seconds=plan.get_seconds)
            if not (times := sorted(fetches.times_ns)):
                raise MeasurementError(f"no good response ({title}, {variant})")
            found |= {
                f"{name}_per_s": len(times) * 1e9 / fetches.elapsed_ns,
                f"{name}_cpu_us": fetches.cpu_ns / 1e3 / len(times),
                f"{name}_p50_us": quantile(times, 0.5) / 1e3,
                f"{name}_p99_us": quantile(times, 0.99) / 1e3,
                f"{name}_failed": float(fetches.failed),
                "get_body_bytes": float(fetches.body_bytes),
            }
    return Outcome(figures=found)


FETCHING = Part(
    name="gets",
    summary="description GETs",
    measure=measure,
    tables=tuple(
        Table(
            title=f"Description GETs, {title}, {variant}",
            columns=(
                Column(title="GETs per second", figure=f"{kind}{suffix}_per_s", shape="{:,.0f}"),
                Column(title="CPU per GET", figure=f"{kind}{suffix}_cpu_us", shape="{:.0f} µs"),
                Column(title="p50", figure=f"{kind}{suffix}_p50_us", shape="{:,.0f} µs"),
                Column(title="p99", figure=f"{kind}{suffix}_p99_us", shape="{:,.0f} µs"),
                Column(title="body", figure="get_body_bytes", shape="{:,.0f} bytes", ratio=False),
                Column(title="failed", figure=f"{kind}{suffix}_failed", shape="{:.0f}", ratio=False),
            ),
        )
        for (kind, title, _, _), (suffix, variant, _) in product(KINDS, VARIANTS)
    ),
)
