"""A storm: 20,000 searches and 2,000 malformed datagrams at once, and whether the device answers after it."""

from collections.abc import Sequence

from benchmarks.clients import one_client, storm
from benchmarks.devices import Device
from benchmarks.parts.part import Column, Outcome, Part, Table, share_column
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed


def measure(device: Device, tools: Tools, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Send the storm, and a single search as soon as the storm's MX is over."""
    with open_testbed(device, tools) as testbed:
        stormed = testbed.search_at_once(storm(plan.mx), plan.storm_datagrams, plan.mx)
        single = testbed.search(one_client(plan.mx), 1, 1, plan.mx)
        memory = testbed.memory()
    return Outcome(
        figures={
            "storm_share": stormed.share(plan.mx * 1e9),
            "storm_late_share": stormed.share(float("inf")) - stormed.share(plan.mx * 1e9),
            "storm_then": single.share(plan.mx * 1e9),
            "storm_lasted_ms": stormed.elapsed_ns / 1e6,
            "storm_highest_mib": memory.highest_mib,
        }
    )


STORMING = Part(
    name="storm",
    summary="20,000 searches and 2,000 malformed datagrams at once",
    measure=measure,
    tables=(
        Table(
            title="A storm: 20,000 searches and 2,000 malformed datagrams at once",
            columns=(
                share_column("answered in time", "storm_share"),
                share_column("late", "storm_late_share"),
                share_column("a single search after it, answered in time", "storm_then"),
                Column(title="sent within", figure="storm_lasted_ms", shape="{:.0f} ms", ratio=False),
                Column(title="most memory", figure="storm_highest_mib", shape="{:.1f} MiB"),
            ),
        ),
    ),
)
