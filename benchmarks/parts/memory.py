"""Resident memory after load, of the default device and of one from a device file, and whether it still grows."""

from collections.abc import Sequence

import attrs

from benchmarks.clients import Datagram, many_clients, one_client
from benchmarks.devices import Device
from benchmarks.load import StageError
from benchmarks.parts.part import Column, Outcome, Part, Table
from benchmarks.plan import Plan
from benchmarks.stage import Stage, Workshop, open_stage

CONNECTIONS = 32


def measure(device: Device, workshop: Workshop, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Measure the device as it is started by itself and, where it reads a device file, with one."""
    if not device.plain_command:
        return Outcome(figures=_after_load("memory", device, workshop, plan))
    # The default device answers the one target that every device answers once; which UDN it has, depends on the host.
    plain = attrs.evolve(device, command=device.plain_command, search_targets=device.search_targets[:1])
    return Outcome(
        figures=_after_load("memory", plain, workshop, plan) | _after_load("memory_file", device, workshop, plan)
    )


def _after_load(name: str, device: Device, workshop: Workshop, plan: Plan) -> dict[str, float]:
    """Put the load on the device twice: whatever fills under load is full after the first time."""
    datagrams = _mixture(device, plan.mx)
    with open_stage(device, workshop) as stage:
        _put_load_on(stage, datagrams, plan)
        before = stage.memory().resident_mib
        _put_load_on(stage, datagrams, plan)
        memory = stage.memory()
    return {
        f"{name}_mib": memory.resident_mib,
        f"{name}_highest_mib": memory.highest_mib,
        f"{name}_growth": memory.resident_mib / before,
    }


def _mixture(device: Device, mx: int) -> list[Datagram]:
    """Each of fifty clients' searches, and as many that are the same each time, and that differ each time."""
    same, different = one_client(mx), one_client(mx, differ=True)
    return [datagram for many in many_clients(mx, device.search_targets) for datagram in (many, *same, *different)]


def _put_load_on(stage: Stage, datagrams: Sequence[Datagram], plan: Plan) -> None:
    searches = stage.search(datagrams, plan.search_rates[-1], plan.memory_seconds, plan.mx)
    fetches = stage.fetch(CONNECTIONS, keep=True, differ=True, seconds=plan.get_seconds / 2)
    if not searches.delays_ns or not fetches.times_ns:
        raise StageError("the load was not answered")


def _table(name: str, title: str) -> Table:
    return Table(
        title=title,
        columns=(
            Column(title="resident", figure=f"{name}_mib", shape="{:.1f} MiB"),
            Column(title="at most", figure=f"{name}_highest_mib", shape="{:.1f} MiB"),
            Column(
                title="after the same load again, over before it",
                figure=f"{name}_growth",
                shape="{:.3f}",
                ratio=False,
            ),
        ),
    )


MEMORY = Part(
    name="memory",
    summary="resident memory after searches and GETs",
    measure=measure,
    tables=(
        _table("memory", "Resident memory after 5,000 searches a second and GETs on 32 connections"),
        _table("memory_file", "The same with a TOML file"),
    ),
)
