"""Events: one change after the other, told to 1, 32 and 256 subscribers, and the cost of subscriptions at rest."""

from collections.abc import Sequence

from benchmarks.calls import SET_MESSAGE
from benchmarks.devices import FLOOR, Device
from benchmarks.figures import quantile
from benchmarks.load import MeasurementError
from benchmarks.parts.part import Column, Outcome, Part, Table, as_light
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed

SUBSCRIBERS = Plan().subscribers


def measure(device: Device, tools: Tools, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Measure each number of subscribers with a fresh process, and the rest with the last of them."""
    found: dict[str, float] = {}
    for subscribers in plan.subscribers:
        found |= _measure_subscribers(subscribers, device, tools, plan)
    return Outcome(figures=found)


def _measure_subscribers(subscribers: int, device: Device, tools: Tools, plan: Plan) -> dict[str, float]:
    with open_testbed(as_light(device), tools) as testbed:
        changes = testbed.change(
            SET_MESSAGE,
            subscribers,
            seconds=plan.notify_seconds,
            rest_seconds=plan.rest_seconds if subscribers == plan.subscribers[-1] else 0.0,
        )
        memory = testbed.memory()
    if not (times := sorted(changes.times_ns)):
        raise MeasurementError(f"no change reached all of {subscribers} subscribers")
    name = f"notify_{subscribers}"
    found = {
        f"{name}_per_s": changes.events * 1e9 / changes.elapsed_ns,
        f"{name}_cpu_us": changes.cpu_ns / 1e3 / changes.events,
        f"{name}_p50_ms": quantile(times, 0.5) / 1e6,
        f"{name}_p99_ms": quantile(times, 0.99) / 1e6,
        f"{name}_connections": changes.connections / changes.events,
        f"{name}_missed": float(changes.missed),
        f"{name}_gaps": float(changes.gaps + changes.strays),
        f"{name}_mib": memory.resident_mib,
    }
    if subscribers == plan.subscribers[-1]:
        found["notify_rest_cpu"] = changes.rest_cpu_ns / changes.rest_elapsed_ns
    return found


def _table(subscribers: int) -> Table:
    name = f"notify_{subscribers}"
    rest = Column(title="CPU at rest", figure="notify_rest_cpu", shape="{:.3f} %", scale=100, ratio=False)
    return Table(
        title=f"One change, told to {subscribers} subscriber{'s' if subscribers > 1 else ''}",
        columns=(
            Column(title="until the last has it, p50", figure=f"{name}_p50_ms", shape="{:,.2f} ms"),
            Column(title="p99", figure=f"{name}_p99_ms", shape="{:,.2f} ms"),
            Column(title="notifications per second", figure=f"{name}_per_s", shape="{:,.0f}"),
            Column(title="CPU per notification", figure=f"{name}_cpu_us", shape="{:.0f} µs"),
            Column(title="connections for one", figure=f"{name}_connections", shape="{:.2f}", ratio=False),
            Column(title="missed", figure=f"{name}_missed", shape="{:.0f}", ratio=False),
            Column(title="out of order", figure=f"{name}_gaps", shape="{:.0f}", ratio=False),
            Column(title="resident", figure=f"{name}_mib", shape="{:.1f} MiB"),
            *([rest] if subscribers == SUBSCRIBERS[-1] else []),
        ),
    )


NOTIFYING = Part(
    name="events",
    summary="events to 1, 32 and 256 subscribers",
    measure=measure,
    without=(FLOOR,),
    tables=tuple(_table(subscribers) for subscribers in SUBSCRIBERS),
)
