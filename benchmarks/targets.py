"""The targets: bounds for upnp_trio's figures, most of them relative to its peers' figures in the same run."""

from collections.abc import Iterator

import attrs

from benchmarks.devices import ASYNC_UPNP_CLIENT, FLOOR, GUPNP, OURS
from benchmarks.rounds import Results


@attrs.frozen(kw_only=True)
class Target:
    """A bound for one figure of upnp_trio, or for its ratio to the same figure of the device `against`."""

    what: str
    part: str
    figure: str
    bound: float
    at_least: bool = False
    against: str | None = None
    shape: str = "{:.2f}"


@attrs.frozen(kw_only=True)
class Verdict:
    """A target and the measured value, or None when it was not measured."""

    target: Target
    measured: float | None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None when nothing was measured."""
        if self.measured is None:
            return None
        if self.target.at_least:
            return self.measured >= self.target.bound
        return self.measured <= self.target.bound


def _share(what: str, part: str, figure: str, bound: float) -> Target:
    return Target(what=what, part=part, figure=figure, bound=bound, at_least=True, shape="{:.1%}")


def _rate(what: str, part: str, figure: str, bound: float, against: str) -> Target:
    return Target(what=what, part=part, figure=figure, bound=bound, at_least=True, against=against)


def _cost(what: str, part: str, figure: str, bound: float, against: str | None = None) -> Target:
    return Target(what=what, part=part, figure=figure, bound=bound, against=against)


def _absolute(what: str, part: str, figure: str, bound: float, shape: str) -> Target:
    return Target(what=what, part=part, figure=figure, bound=bound, shape=shape)


TARGETS = (
    _rate("highest search rate, all the same", "highest", "highest_per_s", 5.0, GUPNP),
    _rate("highest search rate, all the same", "highest", "highest_per_s", 2.5, ASYNC_UPNP_CLIENT),
    _rate("highest search rate, all different", "highest", "highest_different_per_s", 5.0, GUPNP),
    _rate("highest search rate, all different", "highest", "highest_different_per_s", 2.5, ASYNC_UPNP_CLIENT),
    _cost("CPU per answer, 5,000 a second, all the same", "searches", "search_5000_one_cpu_us", 0.5, GUPNP),
    _cost("CPU per answer, 5,000 a second, all the same", "searches", "search_5000_one_cpu_us", 0.7, ASYNC_UPNP_CLIENT),
    _cost("CPU per answer, 5,000 a second, all different", "searches", "search_5000_different_cpu_us", 0.5, GUPNP),
    _cost("CPU per answer, 500 a second, all the same", "searches", "search_500_one_cpu_us", 1.0, GUPNP),
    _cost("CPU per answer, 500 a second, all different", "searches", "search_500_different_cpu_us", 1.0, GUPNP),
    _cost("CPU per answer, 50 clients over one, at 5,000 a second", "searches", "search_5000_many_over_one", 1.3),
    _cost("CPU per answer, 50 clients over one, at 500 a second", "searches", "search_500_many_over_one", 1.3),
    _cost("unicast search, all the same, p50", "unicast", "unicast_p50_us", 1.0, ASYNC_UPNP_CLIENT),
    _cost("unicast search, all the same, p99", "unicast", "unicast_p99_us", 1.0, ASYNC_UPNP_CLIENT),
    _cost("unicast search, all different, p50", "unicast", "unicast_different_p50_us", 1.0, ASYNC_UPNP_CLIENT),
    _cost("unicast search, all different, p99", "unicast", "unicast_different_p99_us", 1.0, ASYNC_UPNP_CLIENT),
    _share("answers within MX at half the highest rate", "highest", "spread_share", 1.0),
    _absolute("their greatest lag behind an even spread, p1 to p99", "highest", "spread_lag_ms", 25.0, "{:.1f} ms"),
    _rate("GETs a second, all the same, one connection kept", "gets", "get_1_per_s", 1.4, GUPNP),
    _rate("GETs a second, all the same, 32 kept", "gets", "get_32_per_s", 1.4, GUPNP),
    _rate("GETs a second, all the same, a new connection each", "gets", "get_new_per_s", 1.0, GUPNP),
    _rate("GETs a second, all different, one connection kept", "gets", "get_1_different_per_s", 1.2, GUPNP),
    _rate("GETs a second, all different, 32 kept", "gets", "get_32_different_per_s", 1.2, GUPNP),
    _rate("GETs a second, all different, a new connection each", "gets", "get_new_different_per_s", 1.0, GUPNP),
    _cost("CPU per GET, all different, one connection kept", "gets", "get_1_different_cpu_us", 1.0, GUPNP),
    _cost("CPU per GET, all different, 32 kept", "gets", "get_32_different_cpu_us", 1.0, GUPNP),
    _cost("CPU per GET, all different, a new connection each", "gets", "get_new_different_cpu_us", 1.0, GUPNP),
    _rate("calls a second, all different, one connection kept", "calls", "call_1_different_per_s", 1.0, GUPNP),
    _rate("calls a second, all different, 32 kept", "calls", "call_32_different_per_s", 1.0, GUPNP),
    _rate("calls a second, all different, a new connection each", "calls", "call_new_different_per_s", 1.0, GUPNP),
    _rate(
        "calls a second, all different, one connection kept", "calls", "call_1_different_per_s", 1.5, ASYNC_UPNP_CLIENT
    ),
    _rate("calls a second, all different, 32 kept", "calls", "call_32_different_per_s", 1.5, ASYNC_UPNP_CLIENT),
    _rate(
        "calls a second, all different, a new connection each",
        "calls",
        "call_new_different_per_s",
        1.5,
        ASYNC_UPNP_CLIENT,
    ),
    _rate("notifications a second, 1 subscriber", "events", "notify_1_per_s", 1.0, GUPNP),
    _rate("notifications a second, 32 subscribers", "events", "notify_32_per_s", 1.0, GUPNP),
    _rate("notifications a second, 256 subscribers", "events", "notify_256_per_s", 1.0, GUPNP),
    _rate("notifications a second, 1 subscriber", "events", "notify_1_per_s", 2.0, ASYNC_UPNP_CLIENT),
    _rate("notifications a second, 32 subscribers", "events", "notify_32_per_s", 2.0, ASYNC_UPNP_CLIENT),
    _rate("notifications a second, 256 subscribers", "events", "notify_256_per_s", 2.0, ASYNC_UPNP_CLIENT),
    _absolute("notifications missed by 256 subscribers", "events", "notify_256_missed", 0.0, "{:.0f}"),
    _absolute("CPU at rest with 256 subscriptions", "events", "notify_rest_cpu", 0.0005, "{:.2%}"),
    _cost("from exec to the first answered search", "start", "start_search_ms", 1.5, FLOOR),
    _absolute("resident memory after load, default device", "memory", "memory_mib", 32.0, "{:.1f} MiB"),
    _absolute("resident memory after load, TOML file", "memory", "memory_file_mib", 32.0, "{:.1f} MiB"),
    _absolute("resident memory after load and calls, demo light", "memory", "memory_demo_mib", 36.0, "{:.1f} MiB"),
    _absolute("its growth by the same load again, default device", "memory", "memory_growth", 1.02, "{:.3f}"),
    _absolute("its growth by the same load again, TOML file", "memory", "memory_file_growth", 1.02, "{:.3f}"),
    _absolute("its growth by the same load again, demo light", "memory", "memory_demo_growth", 1.02, "{:.3f}"),
    _share("answered in time of a storm of 20,000 searches", "storm", "storm_share", 0.4),
    _share("answered in time of a single search after it", "storm", "storm_then", 1.0),
    _share("searches answered beside pipelined GETs", "fairness", "fair_search_share", 1.0),
    _share("GETs answered beside pipelined GETs", "fairness", "fair_get_share", 1.0),
    _cost("searches beside pipelined GETs, p99", "fairness", "fair_search_p99_ms", 1.0, ASYNC_UPNP_CLIENT),
    _cost("GETs beside pipelined GETs, p99", "fairness", "fair_get_p99_ms", 1.0, ASYNC_UPNP_CLIENT),
    _share("GETs answered beside 300 connections a second", "fairness", "crowd_get_share", 1.0),
    _cost("GETs beside 300 connections a second, p50 over idle", "fairness", "crowd_get_p50_over_idle", 1.5),
    _cost("CPU per search, 5,000 devices over one", "devices", "devices_last_over_first", 1.2),
)


def judge(results: Results) -> Iterator[Verdict]:
    """Yield each target with its value in this run."""
    for target in TARGETS:
        ours = results.of(target.part, OURS)
        theirs = results.of(target.part, target.against) if target.against else None
        measured: float | None = None
        if ours is not None and target.against is None:
            measured = ours.medians().get(target.figure)
        elif ours is not None and theirs is not None:
            measured = ours.ratios(theirs).get(target.figure)
        yield Verdict(target=target, measured=measured)
