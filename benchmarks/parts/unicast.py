"""Unicast searches, one outstanding."""

from collections.abc import Sequence

from benchmarks.devices import Device
from benchmarks.figures import quantile, quantiles_ms
from benchmarks.parts.part import Column, Outcome, Part, Table, share_column
from benchmarks.plan import Plan
from benchmarks.stage import Workshop, open_stage

WITHIN_NS = 1_000_000_000  # UDA §1.3.3 wants the answer to a unicast search within a second


def measure(device: Device, workshop: Workshop, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """One series; a device that answers none of the first ignores unicast searches, which is no failure."""
    with open_stage(device, workshop) as stage:
        if stage.first.search_at_ns is None:
            return Outcome(figures={"unicast_share": 0.0})
        searches = stage.search_one_by_one(plan.unicast_searches, plan.unicast_seconds)
    ordered = sorted(searches.delays_ns)
    found = {"unicast_share": searches.share(WITHIN_NS)}
    if ordered:
        found |= {
            "unicast_p50_us": quantile(ordered, 0.5) / 1e3,
            "unicast_p99_us": quantile(ordered, 0.99) / 1e3,
            "unicast_cpu_us": searches.cpu_us,
        }
    return Outcome(figures=found, quantiles={"unicast": quantiles_ms(searches.delays_ns)})


UNICAST = Part(
    name="unicast",
    summary="unicast searches, one outstanding",
    measure=measure,
    tables=(
        Table(
            title="Unicast M-SEARCH, one outstanding",
            columns=(
                share_column("answered", "unicast_share"),
                Column(title="p50", figure="unicast_p50_us", shape="{:.0f} µs"),
                Column(title="p99", figure="unicast_p99_us", shape="{:.0f} µs"),
                Column(title="CPU per answer", figure="unicast_cpu_us", shape="{:.0f} µs"),
            ),
        ),
    ),
)
