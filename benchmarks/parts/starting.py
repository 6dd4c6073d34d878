"""The start: from exec to the first answers and the first announcement."""

from collections.abc import Sequence
from statistics import median

import attrs

from benchmarks.devices import Device
from benchmarks.parts.part import Column, Outcome, Part, Table
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed


def measure(device: Device, tools: Tools, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Start the device several times and take the medians; with and without a file for a device that reads one."""
    if not device.plain_command:
        return Outcome(figures=_start("start", device, tools, plan))
    plain = attrs.evolve(device, command=device.plain_command)
    return Outcome(
        figures=_start("start", plain, tools, plan) | _start("start_file", device, tools, plan),
    )


def _start(name: str, device: Device, tools: Tools, plan: Plan) -> dict[str, float]:
    moments: dict[str, list[float]] = {"search": [], "get": [], "alive": []}
    resident: list[float] = []
    for _start in range(plan.starts):
        with open_testbed(device, tools, await_alive=True) as testbed:
            first = testbed.first
            for kind, at_ns in zip(moments, (first.search_at_ns, first.response_at_ns, first.alive_at_ns), strict=True):
                if at_ns is not None:
                    moments[kind].append((at_ns - testbed.exec_ns) / 1e6)
            resident.append(testbed.memory().resident_mib)
    found = {f"{name}_{kind}_ms": median(times) for kind, times in moments.items() if times}
    return found | {f"{name}_resident_mib": median(resident)}


def _table(name: str, title: str) -> Table:
    return Table(
        title=title,
        columns=(
            Column(title="to an answered search", figure=f"{name}_search_ms", shape="{:.0f} ms"),
            Column(title="to an answered GET", figure=f"{name}_get_ms", shape="{:.0f} ms"),
            Column(title="to the first ssdp:alive", figure=f"{name}_alive_ms", shape="{:.0f} ms"),
            Column(title="resident then", figure=f"{name}_resident_mib", shape="{:.1f} MiB"),
        ),
    )


STARTING = Part(
    name="start",
    summary="from exec to the first answers and the first announcement",
    measure=measure,
    tables=(
        attrs.evolve(
            _table("start", "Start: from exec to the first answers and the first announcement"),
            note="A unicast search and a GET are sent every 2 ms, from before the exec on, until each is answered. A\n"
            "device waits a random time before its first announcement, upnp_trio up to 100 ms (UDA §1.2.1).",
        ),
        _table("start_file", "Start with a TOML file"),
    ),
)
