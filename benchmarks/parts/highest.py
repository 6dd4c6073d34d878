"""The highest rate of multicast searches that is answered in time, and how evenly answers are spread at half of it."""

from collections.abc import Callable, Sequence

import attrs

from benchmarks.clients import Datagram, one_client
from benchmarks.devices import Device
from benchmarks.figures import greatest_lag, kolmogorov_distance, quantile, quantiles_ms
from benchmarks.load import StageError
from benchmarks.parts.part import Column, Outcome, Part, Step, Table, share_column
from benchmarks.plan import Plan
from benchmarks.stage import Workshop, open_stage

# name, whether each datagram has another USER-AGENT
VARIANTS = (("highest", False), ("highest_different", True))
GOOD_SHARE = 0.99
# A try that fails by less than this is tried once more: a neighbour on the machine may have had its hand in it.
NEAR_SHARE = 0.9
# Rates are rungs of a ladder, sixteen to the doubling, so 4 % apart.
FIRST_RATE = 5000
RUNGS_TO_DOUBLE = 16
LOWEST_RUNG, HIGHEST_RUNG = -64, 72  # 312 and 113,137 a second, which is near the generator's own limit
FIRST_STRIDE, LATER_STRIDE = 8, 1
MOST_LAG = 1.02  # a series that took longer to send than this was the generator's limit, not the device's


def rate_of(rung: int) -> float:
    """Searches a second on this rung."""
    return float(round(FIRST_RATE * 2 ** (rung / RUNGS_TO_DOUBLE)))


def climb(passes: Callable[[int], bool], first: int, stride: int, tries: int) -> int | None:
    """The highest rung that passes: strides that double up or down from `first`, then halving; None when none does."""
    passed: int | None = None
    failed: int | None = None
    rung = first
    for _ in range(tries):
        if passes(rung):
            passed = rung
        else:
            failed = rung
        if passed is not None and failed is not None:
            if failed - passed <= 1:
                break
            rung = (passed + failed) // 2
            continue
        following = rung + stride if failed is None else rung - stride
        following = max(LOWEST_RUNG, min(HIGHEST_RUNG, following))
        if following == rung:
            break
        rung = following
        stride *= 2
    return passed


def measure(device: Device, workshop: Workshop, plan: Plan, earlier: Sequence[Outcome]) -> Outcome:
    """Look for the highest rate of each kind of datagrams, then look at the spread at half of the second one."""
    figures: dict[str, float] = {}
    steps: list[Step] = []
    known: int | None = None
    for name, differ in VARIANTS:
        if earlier:
            known = round(earlier[-1].figures[f"{name}_rung"])
        ladder = Ladder(device=device, workshop=workshop, plan=plan, datagrams=one_client(plan.mx, differ=differ))
        # The second kind begins where the first one ended, as a later round begins where the one before ended.
        first, stride = (known, LATER_STRIDE) if known is not None else (0, FIRST_STRIDE)
        known = climb(ladder.passes, first, stride, plan.tries)
        if known is None:
            raise StageError(f"no rate was answered to {GOOD_SHARE:.0%} in time")
        figures |= {
            f"{name}_per_s": rate_of(known),
            f"{name}_rung": float(known),
            f"{name}_fell_behind": float(ladder.fell_behind),
        }
        steps = ladder.steps
    assert known is not None
    spread, quantiles = _spread(device, workshop, plan, rate_of(known) / 2)
    return Outcome(figures=figures | spread, quantiles=quantiles, steps=steps)


@attrs.define(eq=False, kw_only=True)
class Ladder:
    """Tries rates of one kind of datagrams, each with a fresh process of the device."""

    device: Device
    workshop: Workshop
    plan: Plan
    datagrams: list[Datagram]
    steps: list[Step] = attrs.field(factory=list)
    fell_behind: int = 0

    def passes(self, rung: int) -> bool:
        """Whether the rate of this rung is answered in time; a narrow failure is tried once more."""
        share = self._share(rate_of(rung))
        if NEAR_SHARE <= share < GOOD_SHARE:
            share = self._share(rate_of(rung))
        return share >= GOOD_SHARE

    def _share(self, rate: float) -> float:
        plan = self.plan
        with open_stage(self.device, self.workshop) as stage:
            searches = stage.search(self.datagrams, rate, plan.highest_seconds, plan.mx)
        if searches.elapsed_ns > plan.highest_seconds * 1e9 * MOST_LAG or searches.drops:
            self.fell_behind += 1
            return NEAR_SHARE  # so that this rate is tried again
        share = searches.share(plan.mx * 1e9)
        self.steps.append(Step(rate=rate, share=share, cpu_us=searches.cpu_us if searches.delays_ns else None))
        return share


def _spread(
    device: Device, workshop: Workshop, plan: Plan, rate: float
) -> tuple[dict[str, float], dict[str, list[float]]]:
    with open_stage(device, workshop) as stage:
        searches = stage.search(one_client(plan.mx, differ=True), rate, plan.spread_seconds, plan.mx)
    ordered = [delay / 1e6 for delay in sorted(searches.delays_ns)]
    first, last = (1000 * plan.mx * end for end in device.window)
    figures = {
        "spread_per_s": rate,
        "spread_share": searches.share(plan.mx * 1e9),
        "spread_p1_ms": quantile(ordered, 0.01),
        "spread_p50_ms": quantile(ordered, 0.5),
        "spread_p99_ms": quantile(ordered, 0.99),
        "spread_last_ms": ordered[-1],
        "spread_distance": kolmogorov_distance(ordered, first, last),
        "spread_lag_ms": greatest_lag(ordered, first, last),
    }
    return figures, {"multicast": quantiles_ms(searches.delays_ns)}


HIGHEST = Part(
    name="highest",
    summary="the highest rate of searches answered in time, and the spread at half of it",
    measure=measure,
    tables=(
        Table(
            title="Multicast M-SEARCH, MX 1: highest rate with at least 99 % answered in time",
            columns=(
                Column(title="a second, every datagram the same", figure="highest_per_s", shape="{:,.0f}"),
                Column(title="a second, every datagram different", figure="highest_different_per_s", shape="{:,.0f}"),
            ),
        ),
        Table(
            title="Spread of the answers at half of that rate, every datagram different",
            columns=(
                Column(title="searches per second", figure="spread_per_s", shape="{:,.0f}", ratio=False),
                share_column("in time", "spread_share"),
                Column(title="p1", figure="spread_p1_ms", shape="{:.0f} ms", ratio=False),
                Column(title="p50", figure="spread_p50_ms", shape="{:.0f} ms", ratio=False),
                Column(title="p99", figure="spread_p99_ms", shape="{:.0f} ms", ratio=False),
                Column(title="last", figure="spread_last_ms", shape="{:.0f} ms", ratio=False),
                Column(title="Kolmogorov distance", figure="spread_distance", shape="{:.3f}", ratio=False),
                Column(title="greatest lag", figure="spread_lag_ms", shape="{:.1f} ms", ratio=False),
            ),
            note="UDA §1.3.3 spreads multicast answers at random over MX, so that a hall full of devices does not\n"
            "answer at the same moment: a p50 near MX/2 is right, and not slow. Distance and lag are from an even\n"
            "spread over the device's own window: 0 to 900 ms (upnp_trio, floor), 100 to 750 ms (async_upnp_client),\n"
            "0 to 1000 ms (gupnp).",
        ),
    ),
)
