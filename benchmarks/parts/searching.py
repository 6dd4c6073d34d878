"""Multicast searches at given rates: CPU per answer when datagrams repeat, when all differ, and from fifty clients."""

from collections.abc import Sequence

from benchmarks.clients import many_clients, one_client
from benchmarks.devices import Device
from benchmarks.generator import Searches
from benchmarks.load import MeasurementError
from benchmarks.parts.part import Column, Outcome, Part, Step, Table, share_column
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed

# name, title
KINDS = (
    ("one", "every datagram the same"),
    ("different", "every datagram different"),
    ("many", "50 clients, all targets"),
)


def measure(device: Device, tools: Tools, plan: Plan, earlier: Sequence[Outcome]) -> Outcome:
    """Run one series of each kind at each rate, in each round beginning with another kind.

    The first series at a rate costs a device more than the next ones, since its queues and caches still grow.
    """
    turn = len(earlier) % len(KINDS)
    found: dict[str, float] = {}
    steps: list[Step] = []
    datagrams = {
        "one": one_client(plan.mx),
        "different": one_client(plan.mx, differ=True),
        "many": many_clients(plan.mx, device.search_targets),
    }
    with open_testbed(device, tools) as testbed:
        for rate in plan.search_rates:
            for kind, _title in KINDS[turn:] + KINDS[:turn]:
                searches = testbed.search(datagrams[kind], rate, plan.search_seconds, plan.mx)
                found |= _figures(f"search_{rate}_{kind}", searches, plan)
            one, different, many = (found[f"search_{rate}_{kind}_cpu_us"] for kind, _title in KINDS)
            found[f"search_{rate}_many_over_one"] = many / one
            steps.append(Step(rate=rate, share=found[f"search_{rate}_different_share"], cpu_us=different))
    return Outcome(figures=found, steps=steps)


def _figures(name: str, searches: Searches, plan: Plan) -> dict[str, float]:
    if not searches.delays_ns:
        raise MeasurementError("no answer to any search")
    return {
        f"{name}_cpu_us": searches.cpu_us,
        f"{name}_share": searches.share(plan.mx * 1e9),
        f"{name}_repeats": searches.repeats / searches.sent,
    }


def _table(rate: int) -> Table:
    columns: list[Column] = []
    for kind, title in KINDS:
        columns += [
            Column(title=title, figure=f"search_{rate}_{kind}_cpu_us", shape="{:.0f} µs"),
            share_column("in time", f"search_{rate}_{kind}_share"),
        ]
    return Table(
        title=f"Multicast M-SEARCH, MX 1, {rate:,} a second: CPU per answer",
        columns=(
            *columns,
            Column(title="50 clients over one", figure=f"search_{rate}_many_over_one", shape="{:.2f}", ratio=False),
        ),
    )


SEARCHING = Part(
    name="searches",
    summary="CPU per answer at 500 and 5,000 searches a second",
    measure=measure,
    tables=tuple(_table(rate) for rate in Plan().search_rates),
)
