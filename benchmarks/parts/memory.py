"""Resident memory after load, without and with a device file and of a light, and whether it still grows."""

from collections.abc import Sequence

import attrs

from benchmarks.calls import GET_STATUS
from benchmarks.clients import Datagram, many_clients, one_client
from benchmarks.devices import Device
from benchmarks.load import MeasurementError
from benchmarks.parts.part import Column, Outcome, Part, Table
from benchmarks.plan import Plan
from benchmarks.testbed import Testbed, Tools, open_testbed

CONNECTIONS = 32


def measure(device: Device, tools: Tools, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Measure the device; a device that reads a file is measured without one and with one."""
    if not device.plain_command:
        return Outcome(figures=_after_load("memory", device, tools, plan))
    # The default device has a UDN and types of its own, so only the root device is searched for.
    plain = attrs.evolve(device, command=device.plain_command, search_targets=device.search_targets[:1])
    found = _after_load("memory", plain, tools, plan) | _after_load("memory_file", device, tools, plan)
    if device.demo is not None:
        light = attrs.evolve(plain, command=device.demo.command, light=device.demo)
        found |= _after_load("memory_demo", light, tools, plan, calls=True)
    return Outcome(figures=found)


def _after_load(name: str, device: Device, tools: Tools, plan: Plan, *, calls: bool = False) -> dict[str, float]:
    """Put the same load on the device twice: caches and queues that fill under load are full after the first time."""
    datagrams = _mixture(device, plan.mx)
    with open_testbed(device, tools) as testbed:
        _put_load_on(testbed, datagrams, plan, calls=calls)
        before = testbed.memory().resident_mib
        _put_load_on(testbed, datagrams, plan, calls=calls)
        memory = testbed.memory()
    return {
        f"{name}_mib": memory.resident_mib,
        f"{name}_highest_mib": memory.highest_mib,
        f"{name}_growth": memory.resident_mib / before,
    }


def _mixture(device: Device, mx: int) -> list[Datagram]:
    """The searches of fifty clients, as many that are the same each time, and as many that differ each time."""
    same, different = one_client(mx), one_client(mx, differ=True)
    return [datagram for many in many_clients(mx, device.search_targets) for datagram in (many, *same, *different)]


def _put_load_on(testbed: Testbed, datagrams: Sequence[Datagram], plan: Plan, *, calls: bool) -> None:
    searches = testbed.search(datagrams, plan.search_rates[-1], plan.memory_seconds, plan.mx)
    fetches = testbed.fetch(CONNECTIONS, keep=True, differ=True, seconds=plan.get_seconds / 2)
    called = testbed.call(GET_STATUS, CONNECTIONS, keep=True, seconds=plan.call_seconds) if calls else None
    if not searches.delays_ns or not fetches.times_ns or (called is not None and not called.times_ns):
        raise MeasurementError("the load was not answered")


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
        _table("memory_demo", "The same with the light of `upnp-trio demo light`, and calls on 32 connections"),
    ),
)
