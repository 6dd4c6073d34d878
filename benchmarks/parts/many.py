"""What many root devices in one process cost: start-up, memory, and a search for one of them."""

from collections.abc import Sequence

from benchmarks.devices import Device, many_devices
from benchmarks.figures import quantile
from benchmarks.load import StageError
from benchmarks.parts.part import Outcome, Part
from benchmarks.plan import Plan
from benchmarks.stage import Workshop, open_stage

BACKGROUND_SECONDS = 0.25


def measure(_device: Device, workshop: Workshop, plan: Plan, earlier: Sequence[Outcome]) -> Outcome:
    """Each number of devices in turn, one more further on in the list to begin with in each round."""
    turn = len(earlier) % len(plan.device_counts)
    found: dict[str, float] = {}
    for count in plan.device_counts[turn:] + plan.device_counts[:turn]:
        found |= _measure_count(count, workshop, plan)
    first, last = plan.device_counts[0], plan.device_counts[-1]
    found["devices_last_over_first"] = found[f"devices_{last}_cpu_us"] / found[f"devices_{first}_cpu_us"]
    return Outcome(figures=found)


def _measure_count(count: int, workshop: Workshop, plan: Plan) -> dict[str, float]:
    """Search for the last of `count` devices.

    Thousands announce themselves for a minute after their start; what that costs by itself, measured before and
    after, is taken off.
    """
    with open_stage(many_devices(count), workshop) as stage:
        before = stage.background_cpu(BACKGROUND_SECONDS)
        searches = stage.search_one_by_one(plan.unicast_searches, plan.device_seconds)
        background = (before + stage.background_cpu(BACKGROUND_SECONDS)) / 2
        memory = stage.memory()
    if not (ordered := sorted(searches.delays_ns)) or stage.first.search_at_ns is None:
        raise StageError(f"{count} devices gave no answer")
    cpu_ns = searches.cpu_ns - background * searches.elapsed_ns
    return {
        f"devices_{count}_cpu_us": cpu_ns / 1e3 / len(ordered),
        f"devices_{count}_p50_us": quantile(ordered, 0.5) / 1e3,
        f"devices_{count}_start_s": (stage.first.search_at_ns - stage.exec_ns) / 1e9,
        f"devices_{count}_mib": memory.resident_mib,
    }


MANY = Part(
    name="devices",
    summary="many devices in one process of upnp_trio",
    measure=measure,
    tables=(),
    ours_alone=True,
)
