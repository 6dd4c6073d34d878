"""From exec to the first answer."""

from collections.abc import Sequence
from statistics import median

from benchmarks.devices import Device
from benchmarks.parts.part import Column, Outcome, Part, Table
from benchmarks.plan import Plan
from benchmarks.stage import Workshop, open_stage


def measure(device: Device, workshop: Workshop, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Start the device some times; the medians."""
    searches: list[float] = []
    responses: list[float] = []
    resident: list[float] = []
    for _start in range(plan.starts):
        with open_stage(device, workshop) as stage:
            if stage.first.search_at_ns is not None:
                searches.append((stage.first.search_at_ns - stage.exec_ns) / 1e6)
            responses.append((stage.first.response_at_ns - stage.exec_ns) / 1e6)
            resident.append(stage.memory().resident_mib)
    found = {"start_get_ms": median(responses), "start_resident_mib": median(resident)}
    if searches:
        found["start_search_ms"] = median(searches)
    return Outcome(figures=found)


STARTING = Part(
    name="start",
    summary="from exec to the first answers",
    measure=measure,
    tables=(
        Table(
            title="From exec to the first answer",
            columns=(
                Column(title="to a search", figure="start_search_ms", shape="{:.0f} ms"),
                Column(title="to a GET", figure="start_get_ms", shape="{:.0f} ms"),
                Column(title="resident then", figure="start_resident_mib", shape="{:.1f} MiB"),
            ),
            note="A unicast search and a GET every 2 ms from before the exec on, until both are answered.",
        ),
    ),
)
