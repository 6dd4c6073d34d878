"""What one round asks of a device, what it found, and the figures drawn from it."""

import math
from collections.abc import Sequence

import attrs


@attrs.frozen(kw_only=True)
class Plan:
    """The bounds of one round. Each series ends with its count or with its seconds, whichever comes first."""

    ready_seconds: float = 15.0
    unicast_searches: int = 20_000
    unicast_seconds: float = 0.6
    multicast_rate: float = 200.0  # searches per second
    multicast_seconds: float = 1.3  # of asking; the last answers are awaited on top
    mx: int = 1
    gets: int = 20_000
    get_seconds: float = 0.6

    @property
    def longest_seconds(self) -> float:
        """When a round that keeps these bounds is over, with room for a busy machine."""
        return self.ready_seconds + self.unicast_seconds + self.multicast_seconds + self.mx + self.get_seconds + 20.0


@attrs.frozen(kw_only=True)
class Searches:
    """One series of searches.

    `delays_ns` has one entry per answered search: from sending it to receiving its first answer. `in_time` counts
    the answers within MX (multicast) or within one second (unicast, UDA §1.3.3); `repeats` the answers after the first.
    """

    sent: int
    in_time: int
    repeats: int
    cpu_ns: int
    delays_ns: list[int]


@attrs.frozen(kw_only=True)
class Fetches:
    """One series of description GETs, one outstanding at a time; `times_ns` holds the good ones (status 200)."""

    sent: int
    connections: int
    body_bytes: int
    elapsed_ns: int
    cpu_ns: int
    times_ns: list[int]


@attrs.frozen(kw_only=True)
class Round:
    """All of one round with one device; `answer` is the first line of its answers (ssdpy's is a NOTIFY).

    `fetch_failure` says why there are no `fetches` of a device that should have answered them.
    """

    answer: str
    unicast: Searches
    multicast: Searches
    fetches: Fetches | None
    fetch_failure: str | None = None


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of the sorted `values` that at least `share` of them do not exceed (nearest rank)."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def figures(measured: Round) -> dict[str, float]:
    """The figures of one round by name, units included; what could not be measured is absent.

    Shares count searches sent, so an unanswered search lowers them. Quantiles are of the answered ones.
    """
    found: dict[str, float] = {}
    for kind, series in (("unicast", measured.unicast), ("multicast", measured.multicast)):
        if delays := sorted(series.delays_ns):
            found[f"{kind}_p50_us"] = quantile(delays, 0.50) / 1e3
            found[f"{kind}_p99_us"] = quantile(delays, 0.99) / 1e3
            found[f"{kind}_cpu_us"] = series.cpu_ns / 1e3 / len(delays)
        found[f"{kind}_in_time_share"] = series.in_time / series.sent
        found[f"{kind}_repeats_share"] = series.repeats / series.sent
    if (fetches := measured.fetches) is not None and (times := sorted(fetches.times_ns)):
        found["get_per_s"] = len(times) * 1e9 / fetches.elapsed_ns
        found["get_p50_us"] = quantile(times, 0.50) / 1e3
        found["get_p99_us"] = quantile(times, 0.99) / 1e3
        found["get_cpu_us"] = fetches.cpu_ns / 1e3 / len(times)
        found["get_good_share"] = len(times) / fetches.sent
        found["get_connections"] = float(fetches.connections)
        found["get_body_bytes"] = float(fetches.body_bytes)
    return found
