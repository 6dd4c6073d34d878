"""From exec to the first answer."""

from collections.abc import Sequence
from statistics import median

import attrs

from benchmarks.devices import Device
from benchmarks.parts.part import Column, Outcome, Part, Table
from benchmarks.plan import Plan
from benchmarks.stage import Workshop, open_stage


def measure(device: Device, workshop: Workshop, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Start the device some times, as plainly as it can be, and where that is different with a file; the medians."""
    if not device.plain_command:
        return Outcome(figures=_start(device, workshop, plan))
    plain = _start(attrs.evolve(device, command=device.plain_command), workshop, plan)
    return Outcome(figures=plain | {"start_file_ms": _start(device, workshop, plan)["start_search_ms"]})


def _start(device: Device, workshop: Workshop, plan: Plan) -> dict[str, float]:
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
    return found


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
                Column(title="to a search, with a TOML file", figure="start_file_ms", shape="{:.0f} ms"),
                Column(title="resident then", figure="start_resident_mib", shape="{:.1f} MiB"),
            ),
            note="A unicast search and a GET every 2 ms from before the exec on, until both are answered.",
        ),
    ),
)
