"""Fairness: the latency of one client while another one pipelines GETs, or takes all the connections it gets."""

from collections.abc import Sequence

from benchmarks.devices import FLOOR, Device
from benchmarks.figures import quantile
from benchmarks.generator import read_crowding, read_pipelining
from benchmarks.parts.part import Column, Outcome, Part, Table, share_column
from benchmarks.plan import Plan
from benchmarks.testbed import WARM_UP_SEARCHES, Testbed, Tools, open_testbed

PIPELINING_CONNECTIONS = 32
# What upnp_trio grants one address.
HELD_CONNECTIONS = 64
CONNECTIONS_PER_SECOND = 300
# Beyond the time of the series: what getting ready and waiting for the last answers take at most.
LONGEST_SECONDS = 20.0


def measure(device: Device, tools: Tools, plan: Plan, _: Sequence[Outcome]) -> Outcome:
    """Measure one client's searches and GETs without and with each of the two loads, each with a fresh process."""
    with open_testbed(device, tools) as testbed:
        pipelined = _pipelined(testbed, plan)
    with open_testbed(device, tools) as testbed:
        crowded = _crowded(testbed, plan)
    return Outcome(figures=pipelined | crowded)


def _pipelined(testbed: Testbed, plan: Plan) -> dict[str, float]:
    seconds = plan.fairness_seconds
    answers_unicast = testbed.first.search_at_ns is not None
    found: dict[str, float] = {}
    if answers_unicast:
        found |= _searches("fair_search_idle", testbed, seconds)
    found |= _gets("fair_get_idle", testbed, seconds, keep=True)
    with testbed.pipelining(PIPELINING_CONNECTIONS, LONGEST_SECONDS + 2 * seconds) as series:
        if answers_unicast:
            found |= _searches("fair_search", testbed, seconds, warm_up=0)  # which could take minutes here
        found |= _gets("fair_get", testbed, seconds, keep=True)
        pipelining = read_pipelining(series.stop())
    found["fair_pipelined_per_s"] = pipelining.responses * 1e9 / pipelining.elapsed_ns
    return found | _ratios(found, "fair_search") | _ratios(found, "fair_get")


def _crowded(testbed: Testbed, plan: Plan) -> dict[str, float]:
    seconds = plan.fairness_seconds
    found = _gets("crowd_get_idle", testbed, seconds, keep=False)
    with testbed.crowding(HELD_CONNECTIONS, CONNECTIONS_PER_SECOND, LONGEST_SECONDS + seconds) as series:
        found |= _gets("crowd_get", testbed, seconds, keep=False)
        crowding = read_crowding(series.stop())
    found["crowd_opened_per_s"] = (crowding.opened - HELD_CONNECTIONS) * 1e9 / crowding.elapsed_ns
    found["crowd_refused"] = crowding.refused / crowding.opened
    return found | _ratios(found, "crowd_get")


def _searches(name: str, testbed: Testbed, seconds: float, warm_up: int = WARM_UP_SEARCHES) -> dict[str, float]:
    searches = testbed.search_one_by_one(round(seconds * 5000), seconds, differ=True, warm_up=warm_up)
    return {f"{name}_share": searches.share(1e9)} | _latency(name, searches.delays_ns)


def _gets(name: str, testbed: Testbed, seconds: float, *, keep: bool) -> dict[str, float]:
    fetches = testbed.fetch(1, keep=keep, differ=True, seconds=seconds)
    return {f"{name}_share": fetches.share} | _latency(name, fetches.times_ns)


def _latency(name: str, times_ns: Sequence[int]) -> dict[str, float]:
    if not (ordered := sorted(times_ns)):
        return {}
    return {
        f"{name}_p50_ms": quantile(ordered, 0.5) / 1e6,
        f"{name}_p99_ms": quantile(ordered, 0.99) / 1e6,
        f"{name}_max_ms": ordered[-1] / 1e6,
    }


def _ratios(found: dict[str, float], name: str) -> dict[str, float]:
    """The latencies under load over those without it."""
    return {
        f"{name}_{quantity}_over_idle": found[f"{name}_{quantity}_ms"] / found[f"{name}_idle_{quantity}_ms"]
        for quantity in ("p50", "p99", "max")
        if f"{name}_{quantity}_ms" in found and f"{name}_idle_{quantity}_ms" in found
    }


def _columns(name: str) -> tuple[Column, ...]:
    columns = [share_column("answered", f"{name}_share")]
    for quantity in ("p50", "p99", "max"):
        columns += [
            Column(title=quantity, figure=f"{name}_{quantity}_ms", shape="{:,.2f} ms"),
            Column(title="over idle", figure=f"{name}_{quantity}_over_idle", shape="{:,.1f}", ratio=False),
        ]
    return tuple(columns)


FAIRNESS = Part(
    name="fairness",
    summary="one client's latency while another one pipelines GETs or takes all connections",
    measure=measure,
    without=(FLOOR,),
    tables=(
        Table(
            title="Unicast searches of one client while 32 connections of another pipeline GETs without a pause",
            columns=_columns("fair_search"),
        ),
        Table(
            title="GETs of one client on a kept connection while 32 connections of another pipeline GETs",
            columns=(
                *_columns("fair_get"),
                Column(title="pipelined GETs a second", figure="fair_pipelined_per_s", shape="{:,.0f}"),
            ),
            note="Idle is the same series before that load, in the same process.",
        ),
        Table(
            title="GETs of one client on new connections while another holds 64 and opens 300 a second",
            columns=(
                *_columns("crowd_get"),
                Column(title="opened a second", figure="crowd_opened_per_s", shape="{:,.0f}", ratio=False),
                share_column("of these refused", "crowd_refused"),
            ),
        ),
    ),
)
