"""The highest rate of multicast searches that is answered in time, and how evenly answers are spread at half of it."""

from collections.abc import Callable, Sequence

import attrs

from benchmarks.clients import Datagram, one_client
from benchmarks.devices import Device
from benchmarks.figures import greatest_lag, kolmogorov_distance, quantile, quantiles_ms
from benchmarks.load import MeasurementError
from benchmarks.parts.part import Column, Outcome, Part, Step, Table, share_column
from benchmarks.plan import Plan
from benchmarks.testbed import Tools, open_testbed

# name, whether each datagram has another USER-AGENT
VARIANTS = (("highest", False), ("highest_different", True))
GOOD_SHARE = 0.99
# A trial that fails by less than this is repeated once: another process on the machine may have caused it.
NEAR_SHARE = 0.9
# Only the rates of these levels are tried; sixteen levels double the rate, so they are 4 % apart.
FIRST_RATE = 5000
LEVELS_TO_DOUBLE = 16
LOWEST_LEVEL, HIGHEST_LEVEL = -64, 72  # 312 and 113,137 a second, which is near the generator's own limit
FIRST_STRIDE, LATER_STRIDE = 8, 1
MOST_LAG = 1.02  # when sending took this much longer than planned, the generator was the slower one


def rate_of(level: int) -> float:
    """The searches a second of this level."""
    return float(round(FIRST_RATE * 2 ** (level / LEVELS_TO_DOUBLE)))


def find_highest(passes: Callable[[int], bool], first: int, stride: int, tries: int) -> int | None:
    """Find the highest level that passes, beginning at `first`; None when none does.

    The level moves by strides that double until one level has passed and a higher one has failed, and is then halfway
    between these two.
    """
    passed: int | None = None
    failed: int | None = None
    level = first
    for _ in range(tries):
        if passes(level):
            passed = level
        else:
            failed = level
        if passed is not None and failed is not None:
            if failed - passed <= 1:
                break
            level = (passed + failed) // 2
            continue
        following = level + stride if failed is None else level - stride
        following = max(LOWEST_LEVEL, min(HIGHEST_LEVEL, following))
        if following == level:
            break
        level = following
        stride *= 2
    return passed


def measure(device: Device, tools: Tools, plan: Plan, earlier: Sequence[Outcome]) -> Outcome:
    """Find the highest rate of each kind of datagrams, and then measure the spread at half of the second one."""
    figures: dict[str, float] = {}
    steps: list[Step] = []
    known: int | None = None
    for name, differ in VARIANTS:
        if earlier:
            known = round(earlier[-1].figures[f"{name}_level"])
        trials = RateTrials(device=device, tools=tools, plan=plan, datagrams=one_client(plan.mx, differ=differ))
        # The second kind begins where the first one ended, as a later round begins where the one before ended.
        first, stride = (known, LATER_STRIDE) if known is not None else (0, FIRST_STRIDE)
        known = find_highest(trials.passes, first, stride, plan.tries)
        if known is None:
            raise MeasurementError(f"no rate was answered to {GOOD_SHARE:.0%} in time")
        figures |= {
            f"{name}_per_s": rate_of(known),
            f"{name}_level": float(known),
            f"{name}_fell_behind": float(trials.fell_behind),
        }
        steps = trials.steps
    assert known is not None
    spread, quantiles = _spread(device, tools, plan, rate_of(known) / 2)
    return Outcome(figures=figures | spread, quantiles=quantiles, steps=steps)


@attrs.define(eq=False, kw_only=True)
class RateTrials:
    """Tries rates with one kind of datagrams, each with a fresh process of the device."""

    device: Device
    tools: Tools
    plan: Plan
    datagrams: list[Datagram]
    steps: list[Step] = attrs.field(factory=list)
    fell_behind: int = 0

    def passes(self, level: int) -> bool:
        """Whether the device answers this level's rate in time; a narrow failure is repeated once."""
        share = self._share(rate_of(level))
        if NEAR_SHARE <= share < GOOD_SHARE:
            share = self._share(rate_of(level))
        return share >= GOOD_SHARE

    def _share(self, rate: float) -> float:
        plan = self.plan
        with open_testbed(self.device, self.tools) as testbed:
            searches = testbed.search(self.datagrams, rate, plan.highest_seconds, plan.mx)
        if searches.elapsed_ns > plan.highest_seconds * 1e9 * MOST_LAG or searches.drops:
            self.fell_behind += 1
            return NEAR_SHARE  # so that this rate is tried again
        share = searches.share(plan.mx * 1e9)
        self.steps.append(Step(rate=rate, share=share, cpu_us=searches.cpu_us if searches.delays_ns else None))
        return share


def _spread(device: Device, tools: Tools, plan: Plan, rate: float) -> tuple[dict[str, float], dict[str, list[float]]]:
    with open_testbed(device, tools) as testbed:
        searches = testbed.search(one_client(plan.mx, differ=True), rate, plan.spread_seconds, plan.mx)
    if not searches.delays_ns:
        raise MeasurementError("no answer to any search")
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
            note="UDA §1.3.3 spreads multicast answers at random over MX, so that many devices do not answer at the\n"
            "same moment: a p50 near MX/2 is correct. Distance and lag are relative to an even spread over the\n"
            "device's own window: 0 to 900 ms (upnp_trio, floor), 100 to 750 ms (async_upnp_client), 0 to 1000 ms\n"
            "(gupnp).",
        ),
    ),
)
