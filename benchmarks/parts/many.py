"""The cost of many root devices in one process: start, memory, and a search for one of them."""

from collections.abc import Sequence

from benchmarks.devices import Device, many_devices
from benchmarks.figures import quantile
from benchmarks.load import MeasurementError
from benchmarks.parts.part import Outcome, Part
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed

BACKGROUND_SECONDS = 0.25


def measure(_device: Device, tools: Tools, plan: Plan, earlier: Sequence[Outcome]) -> Outcome:
    """Measure each number of devices in turn, in each round beginning with the next one."""
    turn = len(earlier) % len(plan.device_counts)
    found: dict[str, float] = {}
    for count in plan.device_counts[turn:] + plan.device_counts[:turn]:
        found |= _measure_count(count, tools, plan)
    first, last = plan.device_counts[0], plan.device_counts[-1]
    found["devices_last_over_first"] = found[f"devices_{last}_cpu_us"] / found[f"devices_{first}_cpu_us"]
    return Outcome(figures=found)


def _measure_count(count: int, tools: Tools, plan: Plan) -> dict[str, float]:
    """Search for the last of `count` devices.

    Thousands of devices announce themselves for a minute after their start. The CPU time of that is measured before
    and after the series, and subtracted.
    """
    with open_testbed(many_devices(count), tools) as testbed:
        before = testbed.background_cpu(BACKGROUND_SECONDS)
        searches = testbed.search_one_by_one(plan.unicast_searches, plan.device_seconds)
        background = (before + testbed.background_cpu(BACKGROUND_SECONDS)) / 2
        memory = testbed.memory()
    if not (ordered := sorted(searches.delays_ns)) or testbed.first.search_at_ns is None:
        raise MeasurementError(f"no answer from {count} devices")
    cpu_ns = searches.cpu_ns - background * searches.elapsed_ns
    return {
        f"devices_{count}_cpu_us": cpu_ns / 1e3 / len(ordered),
        f"devices_{count}_p50_us": quantile(ordered, 0.5) / 1e3,
        f"devices_{count}_start_s": (testbed.first.search_at_ns - testbed.exec_ns) / 1e9,
        f"devices_{count}_mib": memory.resident_mib,
    }


MANY = Part(
    name="devices",
    summary="many devices in one process of upnp_trio",
    measure=measure,
    tables=(),
    ours_alone=True,
)
