"""What upnp_trio promises of a chaos run: each with its limit and the reason for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from tests.chaos.crowd import CALL_RATE, SUBSCRIBE_RATE
from tests.chaos.device import MAX_AGE
from tests.chaos.outcome import Outcome, least_share
from tests.chaos.phases import FLOOD_RATE, SLOW_CONNECTIONS, Passed

__all__ = ["PROMISES", "Promise", "Verdict", "judge"]


@attrs.frozen(kw_only=True)
class Promise:
    """A figure and its limit; without *binding*, missing it is a warning."""

    name: str
    reason: str
    #: the figures, each with what it is of
    figures: Callable[[Outcome], Iterator[tuple[str, float]]]
    #: the limit for a figure of that, and whether it is a least one
    limit: Callable[[Outcome, str], float]
    least: bool = False
    binding: bool = True


@attrs.frozen(kw_only=True)
class Verdict:
    """Whether one figure keeps its promise."""

    promise: Promise
    of: str
    figure: float
    limit: float

    @property
    def kept(self) -> bool:
        """A figure that is not a number breaks the promise."""
        return self.figure >= self.limit if self.promise.least else self.figure <= self.limit


# The device's caches and tables when a flood has filled them all: pending answers, their heads, the searchers; and what
# the allocator keeps after a peak. A leak of 100 bytes for each hostile datagram would be more in a run of minutes.
MAX_GROWTH_KIB = 24 * 1024
# The good client goes on with its requests, and so does whatever the machine does in the process's name.
MAX_REST_CPU_SHARE = 0.03
# On two cores that the hostile programs, the client and the wire share with the device.
SCHEDULING_SECONDS = 0.1
# A SYN or its answer that the cable loses is sent again after 1 s, then 2 s.
MAX_GET_SECONDS = 5.0
MAX_CLEAN_GET_SECONDS = 1.0


def _one(name: str, figure: Callable[[Outcome], float]) -> Callable[[Outcome], Iterator[tuple[str, float]]]:
    def figures(outcome: Outcome) -> Iterator[tuple[str, float]]:
        yield name, figure(outcome)

    return figures


def _each(figure: Callable[[Outcome, Passed], float]) -> Callable[[Outcome], Iterator[tuple[str, float]]]:
    def figures(outcome: Outcome) -> Iterator[tuple[str, float]]:
        for passed in outcome.phases:
            yield passed.phase.name, figure(outcome, passed)

    return figures


def _hostile(figure: Callable[[Passed], float]) -> Callable[[Outcome], Iterator[tuple[str, float]]]:
    def figures(outcome: Outcome) -> Iterator[tuple[str, float]]:
        for passed in outcome.phases:
            if passed.phase.hostile:
                yield passed.phase.name, figure(passed)

    return figures


def _crowded(figure: Callable[[Passed], float]) -> Callable[[Outcome], Iterator[tuple[str, float]]]:
    def figures(outcome: Outcome) -> Iterator[tuple[str, float]]:
        for passed in outcome.phases:
            if passed.phase.crowded:
                yield passed.phase.name, figure(passed)

    return figures


def _crowd_rate(kind: str) -> Callable[[Passed], float]:
    return lambda passed: float(passed.loads["crowd"][kind] / passed.loads["crowd"]["seconds"])


def _crowd_part(outcome: Outcome, of: str) -> float:
    # on a bad cable they wait for answers like everybody, and beside slow connections for a place
    return 0.1 if _passed(outcome, of).phase.impaired else 0.9


def _slowest(outcome: Outcome, of: str) -> float:
    return MAX_GET_SECONDS if _passed(outcome, of).phase.impaired else MAX_CLEAN_GET_SECONDS


def _passed(outcome: Outcome, name: str) -> Passed:
    (passed,) = [each for each in outcome.phases if each.phase.name == name]
    return passed


def _least_answered(outcome: Outcome, name: str) -> float:
    phase = _passed(outcome, name).phase
    return least_share(phase, len(outcome.tried("search", phase).tries))


def _flood_rate(passed: Passed) -> float:
    flood = passed.loads["flood"]
    sent = sum(count for kind, count in flood.items() if kind not in ("seconds", "refused"))
    return float((sent - flood["refused"]) / flood["seconds"])


PROMISES = (
    Promise(
        name="tracebacks",
        reason="no input makes a task fail",
        figures=_one("the run", lambda outcome: outcome.tracebacks),
        limit=lambda outcome, of: 0,
    ),
    Promise(
        name="exit status",
        reason="the device stops normally after all phases",
        figures=_one("the run", lambda outcome: abs(outcome.exit_status)),
        limit=lambda outcome, of: 0,
    ),
    Promise(
        name="open descriptors",
        reason="every connection and socket is closed once the storm is over",
        figures=_one("the run", lambda outcome: outcome.after.descriptors),
        limit=lambda outcome, of: outcome.before.descriptors,
    ),
    Promise(
        name="trio tasks",
        reason="every connection's task has ended",
        figures=_one("the run", lambda outcome: outcome.after.tasks),
        limit=lambda outcome, of: outcome.before.tasks,
    ),
    Promise(
        name="growth of memory, KiB",
        reason="whatever a peer can make grow has a bound",
        figures=_one("the run", lambda outcome: outcome.after.resident_kib - outcome.before.resident_kib),
        limit=lambda outcome, of: MAX_GROWTH_KIB,
    ),
    Promise(
        name="searches answered, share",
        reason="a flood costs the good client nothing; a cable costs what it loses, both ways, and chance",
        figures=_each(lambda outcome, passed: outcome.tried("search", passed.phase).share),
        limit=_least_answered,
        least=True,
    ),
    Promise(
        name="slowest answer to a search, s beyond MX",
        reason="the window, and 100 ms of scheduling; two noisy cores may take longer, which is not the device's fault",
        figures=_each(lambda outcome, passed: outcome.late(passed.phase)),
        limit=lambda outcome, of: SCHEDULING_SECONDS,
        binding=False,
    ),
    Promise(
        name="descriptions fetched, share",
        reason="slow connections leave room for good ones; TCP makes good what a cable loses",
        figures=_each(lambda outcome, passed: outcome.tried("fetch", passed.phase).share),
        limit=lambda outcome, of: 1.0,
        least=True,
    ),
    Promise(
        name="slowest description, s",
        reason="at once on a good cable; on a bad one, after a lost packet was sent again",
        figures=_each(lambda outcome, passed: outcome.tried("fetch", passed.phase).worst),
        limit=_slowest,
        binding=False,
    ),
    Promise(
        name="calls answered, share",
        reason="calls of others, however many, wrong, long or slow, leave room for good ones",
        figures=_each(lambda outcome, passed: outcome.tried("call", passed.phase).share),
        limit=lambda outcome, of: 1.0,
        least=True,
    ),
    Promise(
        name="slowest call, s",
        reason="like a description",
        figures=_each(lambda outcome, passed: outcome.tried("call", passed.phase).worst),
        limit=_slowest,
        binding=False,
    ),
    Promise(
        name="changes that the good subscriber was told, share",
        reason="a subscriber that is slow, dead or lying, or a thousand of them, delays no other",
        figures=_each(lambda outcome, passed: outcome.tried("event", passed.phase).share),
        limit=lambda outcome, of: 1.0,
        least=True,
    ),
    Promise(
        name="slowest event, s from the call that changed the variable",
        reason="the call and the event, which travel one after the other",
        figures=_each(lambda outcome, passed: outcome.tried("event", passed.phase).worst),
        limit=_slowest,
        binding=False,
    ),
    Promise(
        name="gaps, events out of order and events of others",
        reason="the good subscriber gets its own events, each with the next number",
        figures=_one("the run", lambda outcome: outcome.count("fault")),
        limit=lambda outcome, of: 0,
    ),
    Promise(
        name="subscriptions and renewals granted, share",
        reason="an address with one subscription keeps it however many others there are",
        figures=_one("the run", lambda outcome: outcome.all_tried("subscription").share),
        limit=lambda outcome, of: 1.0,
        least=True,
    ),
    Promise(
        name="CPU at rest after the storm, share of a core",
        reason="nothing goes on for those who have gone",
        figures=_one("the run", lambda outcome: outcome.rest_cpu_share),
        limit=lambda outcome, of: MAX_REST_CPU_SHARE,
    ),
    Promise(
        name="oldest announcement, s",
        reason="each row is announced again before max-age of its last announcement is over",
        figures=_each(lambda outcome, passed: outcome.oldest(outcome.sent, passed)),
        limit=lambda outcome, of: MAX_AGE,
    ),
    Promise(
        name="oldest announcement, s beside half of max-age",
        reason="the device's own timetable: at random between a quarter and half of max-age",
        figures=_each(lambda outcome, passed: outcome.oldest(outcome.sent, passed)),
        limit=lambda outcome, of: MAX_AGE / 2 + 2 * SCHEDULING_SECONDS,
        binding=False,
    ),
    Promise(
        name="hostile datagrams, 1/s",
        reason="otherwise the run proves nothing",
        figures=_hostile(_flood_rate),
        limit=lambda outcome, of: 0.95 * FLOOD_RATE,
        least=True,
    ),
    Promise(
        name="slow connections at a time",
        reason="otherwise the run proves nothing; a peer whose connection is closed comes again at once",
        figures=_hostile(lambda passed: float(passed.loads["slow"]["there on average"])),
        # a crowd takes some of the places for connections, as it may
        limit=lambda outcome, of: (0.3 if _passed(outcome, of).phase.crowded else 0.8) * SLOW_CONNECTIONS,
        least=True,
    ),
    Promise(
        name="hostile SUBSCRIBE and UNSUBSCRIBE, 1/s",
        reason="otherwise the run proves nothing",
        figures=_crowded(_crowd_rate("subscribe")),
        limit=lambda outcome, of: _crowd_part(outcome, of) * SUBSCRIBE_RATE,
        least=True,
    ),
    Promise(
        name="hostile calls, 1/s",
        reason="otherwise the run proves nothing",
        figures=_crowded(_crowd_rate("call")),
        limit=lambda outcome, of: _crowd_part(outcome, of) * CALL_RATE,
        least=True,
    ),
)


def judge(outcome: Outcome) -> list[Verdict]:
    """Each promise beside each of its figures."""
    return [
        Verdict(promise=promise, of=of, figure=figure, limit=promise.limit(outcome, of))
        for promise in PROMISES
        for of, figure in promise.figures(outcome)
    ]
