"""Unicast searches, one at a time: how long each answer takes when datagrams repeat and when all differ."""

from collections.abc import Sequence

from benchmarks.devices import Device
from benchmarks.figures import quantile, quantiles_ms
from benchmarks.parts.part import Column, Outcome, Part, Table, share_column
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed

WITHIN_NS = 1_000_000_000  # UDA §1.3.3 wants the answer to a unicast search within a second
# name, title, whether each datagram has another USER-AGENT
VARIANTS = (
    ("unicast", "every datagram the same", False),
    ("unicast_different", "every datagram different", True),
)


def measure(device: Device, tools: Tools, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Run one series of each kind; a device that ignores unicast searches gets a share of 0, which is no failure."""
    found: dict[str, float] = {}
    quantiles: dict[str, list[float]] = {}
    with open_testbed(device, tools) as testbed:
        if testbed.first.search_at_ns is None:
            return Outcome(figures={f"{name}_share": 0.0 for name, _title, _differ in VARIANTS})
        for name, _title, differ in VARIANTS:
            searches = testbed.search_one_by_one(plan.unicast_searches, plan.unicast_seconds, differ=differ)
            ordered = sorted(searches.delays_ns)
            found[f"{name}_share"] = searches.share(WITHIN_NS)
            if ordered:
                found |= {
                    f"{name}_p50_us": quantile(ordered, 0.5) / 1e3,
                    f"{name}_p99_us": quantile(ordered, 0.99) / 1e3,
                    f"{name}_cpu_us": searches.cpu_us,
                }
            quantiles[name] = quantiles_ms(searches.delays_ns)
    return Outcome(figures=found, quantiles=quantiles)


UNICAST = Part(
    name="unicast",
    summary="unicast searches, one at a time",
    measure=measure,
    tables=tuple(
        Table(
            title=f"Unicast M-SEARCH, one at a time, {title}",
            columns=(
                share_column("answered", f"{name}_share"),
                Column(title="p50", figure=f"{name}_p50_us", shape="{:.0f} µs"),
                Column(title="p99", figure=f"{name}_p99_us", shape="{:.0f} µs"),
                Column(title="CPU per answer", figure=f"{name}_cpu_us", shape="{:.0f} µs"),
            ),
        )
        for name, title, _ in VARIANTS
    ),
)
