"""Calls of actions: over one connection, over 32, and over a new one each; every call the same, or different."""

from collections.abc import Sequence
from itertools import product

from benchmarks.calls import GET_STATUS, SET_MESSAGE
from benchmarks.devices import FLOOR, Device
from benchmarks.figures import quantile
from benchmarks.load import MeasurementError
from benchmarks.parts.part import Column, Outcome, Part, Table, as_light
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed

# name, title, connections, whether they are kept
KINDS = (
    ("call_1", "one connection, kept alive", 1, True),
    ("call_32", "32 connections, kept alive", 32, True),
    ("call_new", "a new connection each, one at a time", 1, False),
)
# name's suffix, title, call
VARIANTS = (
    ("", "GetStatus, every call the same", GET_STATUS),
    ("_different", "SetMessage, every call different", SET_MESSAGE),
)


def measure(device: Device, tools: Tools, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Run one series of each kind in each variant."""
    found: dict[str, float] = {}
    with open_testbed(as_light(device), tools) as testbed:
        for (kind, title, connections, keep), (suffix, variant, call) in product(KINDS, VARIANTS):
            name = f"{kind}{suffix}"
            calls = testbed.call(call, connections, keep=keep, seconds=plan.call_seconds)
            if not (times := sorted(calls.times_ns)):
                raise MeasurementError(f"no good response ({title}, {variant})")
            found |= {
                f"{name}_per_s": len(times) * 1e9 / calls.elapsed_ns,
                f"{name}_cpu_us": calls.cpu_ns / 1e3 / len(times),
                f"{name}_p50_us": quantile(times, 0.5) / 1e3,
                f"{name}_p99_us": quantile(times, 0.99) / 1e3,
                f"{name}_failed": float(calls.failed),
            }
    return Outcome(figures=found)


CALLING = Part(
    name="calls",
    summary="calls of actions",
    measure=measure,
    without=(FLOOR,),
    tables=tuple(
        Table(
            title=f"Calls, {title}, {variant}",
            columns=(
                Column(title="calls per second", figure=f"{kind}{suffix}_per_s", shape="{:,.0f}"),
                Column(title="CPU per call", figure=f"{kind}{suffix}_cpu_us", shape="{:.0f} µs"),
                Column(title="p50", figure=f"{kind}{suffix}_p50_us", shape="{:,.0f} µs"),
                Column(title="p99", figure=f"{kind}{suffix}_p99_us", shape="{:,.0f} µs"),
                Column(title="failed", figure=f"{kind}{suffix}_failed", shape="{:.0f}", ratio=False),
            ),
        )
        for (kind, title, _, _), (suffix, variant, _) in product(KINDS, VARIANTS)
    ),
)
