"""Multicast searches at given rates: CPU for each answer, of one client and of fifty, and memory under load."""

from collections.abc import Sequence

from benchmarks.clients import many_clients, one_client
from benchmarks.devices import Device
from benchmarks.generator import Searches
from benchmarks.parts.part import Column, Outcome, Part, Step, Table, share_column
from benchmarks.plan import Plan
from benchmarks.stage import StageError, Workshop, open_stage


def measure(device: Device, workshop: Workshop, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Each rate with one client's datagram and with those of fifty; the last rate's first series once more at the end.

    Memory is looked at before and after that one: whatever it fills was full before it, so what grows is not bounded.
    """
    one, many = one_client(plan.mx), many_clients(plan.mx, device.search_targets)
    found: dict[str, float] = {}
    steps: list[Step] = []
    with open_stage(device, workshop) as stage:
        for rate in plan.search_rates:
            alike = stage.search(one, rate, plan.search_seconds, plan.mx)
            mixed = stage.search(many, rate, plan.search_seconds, plan.mx)
            found |= _figures(f"search_{rate}_one", alike, plan) | _figures(f"search_{rate}_many", mixed, plan)
            found[f"search_{rate}_many_over_one"] = mixed.cpu_us / alike.cpu_us
            steps.append(Step(rate=rate, share=found[f"search_{rate}_one_share"], cpu_us=alike.cpu_us))
        before = stage.memory().resident_mib
        stage.search(one, rate, plan.search_seconds, plan.mx)
        memory = stage.memory()
    found |= {
        "memory_mib": memory.resident_mib,
        "memory_highest_mib": memory.highest_mib,
        "memory_growth": memory.resident_mib / before,
    }
    return Outcome(figures=found, steps=steps)


def _figures(name: str, searches: Searches, plan: Plan) -> dict[str, float]:
    if not searches.delays_ns:
        raise StageError("no answer to any search")
    return {
        f"{name}_cpu_us": searches.cpu_us,
        f"{name}_share": searches.share(plan.mx * 1e9),
        f"{name}_repeats": searches.repeats / searches.sent,
    }


def _table(rate: int) -> Table:
    return Table(
        title=f"Multicast M-SEARCH, MX 1, {rate:,} a second: CPU per answer",
        columns=(
            Column(title="one client", figure=f"search_{rate}_one_cpu_us", shape="{:.0f} µs"),
            share_column("in time", f"search_{rate}_one_share"),
            Column(title="50 clients, all targets", figure=f"search_{rate}_many_cpu_us", shape="{:.0f} µs"),
            share_column("in time", f"search_{rate}_many_share"),
            Column(title="50 clients over one", figure=f"search_{rate}_many_over_one", shape="{:.2f}", ratio=False),
        ),
    )


SEARCHING = Part(
    name="searches",
    summary="CPU per answer at 500 and 5,000 searches a second, and memory",
    measure=measure,
    tables=(
        *(_table(rate) for rate in Plan().search_rates),
        Table(
            title="Resident memory after that load",
            columns=(
                Column(title="resident", figure="memory_mib", shape="{:.1f} MiB"),
                Column(title="at most", figure="memory_highest_mib", shape="{:.1f} MiB"),
                Column(
                    title="after one more series, over before it",
                    figure="memory_growth",
                    shape="{:.3f}",
                    ratio=False,
                ),
            ),
        ),
    ),
)
