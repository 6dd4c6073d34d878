"""Each promise of a chaos run can be broken, and a good run keeps it."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from tests.chaos.crowd import CALL_RATE, SUBSCRIBE_RATE
from tests.chaos.device import MAX_AGE, Resources
from tests.chaos.outcome import Announcement, Outcome, Try
from tests.chaos.phases import FLOOD_RATE, PHASES, SLOW_CONNECTIONS, Passed, Phase
from tests.chaos.promises import PROMISES, judge
from tests.chaos.report import as_json, as_text

PHASE_SECONDS = 30.0
LOADS = {
    "flood": {"seconds": 30.0, "refused": 0, "garbage": 30 * FLOOD_RATE},
    "slow": {"there on average": float(SLOW_CONNECTIONS)},
    "crowd": {"seconds": 30.0, "subscribe": 30 * SUBSCRIBE_RATE, "call": 30 * CALL_RATE},
}
RESOURCES = Resources(resident_kib=30_000, descriptors=19, tasks=24, objects=30_000)


def passed(number: int, phase: Phase) -> Passed:
    start = 100.0 + number * PHASE_SECONDS
    return Passed(
        phase=phase,
        start=start,
        end=start + PHASE_SECONDS,
        cpu_share=0.2,
        waiting_share=0.0,
        overflown=0,
        resident_kib=30_000,
        loads=LOADS if phase.hostile or phase.crowded else {},
    )


KINDS = ("search", "fetch", "call", "event", "subscription")
MOMENTS = [100.5 + second for second in range(int(len(PHASES) * PHASE_SECONDS))]
GOOD = Outcome(
    cable="netem",
    right_of_way=True,
    phases=tuple(passed(*each) for each in enumerate(PHASES)),
    tries=tuple(Try(kind=k, moment=m, seconds=0.5, why_not=None) for k in KINDS for m in MOMENTS),
    sent=tuple(Announcement(moment=m, usn="uuid:a", alive=True) for m in [99.0, *MOMENTS[:: MAX_AGE // 2]]),
    received=(),
    before=RESOURCES,
    after=RESOURCES,
    rest_cpu_share=0.01,
    errors="WARNING: cannot announce on eth1",
    exit_status=0,
    counters="Stopped: searches 1",
    usns=frozenset({"uuid:a"}),
)


def without(kind: str) -> Callable[[Outcome], Outcome]:
    """All tries of *kind* between the 40th and the 80th second failed."""

    def change(outcome: Outcome) -> Outcome:
        return attrs.evolve(
            outcome,
            tries=tuple(
                attrs.evolve(each, seconds=None, why_not="no answer")
                if each.kind == kind and 140 < each.moment < 180
                else each
                for each in outcome.tries
            ),
        )

    return change


def slowly(kind: str) -> Callable[[Outcome], Outcome]:
    """All tries of *kind* took long."""

    def change(outcome: Outcome) -> Outcome:
        return attrs.evolve(
            outcome,
            tries=tuple(attrs.evolve(t, seconds=5.5) if t.kind == kind else t for t in outcome.tries),
        )

    return change


def load(name: str, **figures: float) -> Callable[[Outcome], Outcome]:
    """A hostile program did less than it should."""

    def change(outcome: Outcome) -> Outcome:
        loads = {**LOADS, name: {**LOADS[name], **{key.replace("_", " "): value for key, value in figures.items()}}}
        return attrs.evolve(
            outcome, phases=tuple(attrs.evolve(p, loads=loads) if p.loads else p for p in outcome.phases)
        )

    return change


BROKEN: dict[str, Callable[[Outcome], Outcome]] = {
    "tracebacks": lambda good: attrs.evolve(good, errors="Traceback (most recent call last):\n  File"),
    "exit status": lambda good: attrs.evolve(good, exit_status=-9),
    "open descriptors": lambda good: attrs.evolve(good, after=attrs.evolve(RESOURCES, descriptors=20)),
    "trio tasks": lambda good: attrs.evolve(good, after=attrs.evolve(RESOURCES, tasks=25)),
    "growth of memory, KiB": lambda good: attrs.evolve(good, after=attrs.evolve(RESOURCES, resident_kib=60_000)),
    "searches answered, share": without("search"),
    "slowest answer to a search, s beyond MX": slowly("search"),
    "descriptions fetched, share": without("fetch"),
    "slowest description, s": slowly("fetch"),
    "calls answered, share": without("call"),
    "slowest call, s": slowly("call"),
    "changes that the good subscriber was told, share": without("event"),
    "slowest event, s from the call that changed the variable": slowly("event"),
    "gaps, events out of order and events of others": lambda good: attrs.evolve(
        good, tries=(*good.tries, Try(kind="fault", moment=130.0, seconds=None, why_not="SEQ 7, expected 6"))
    ),
    "subscriptions and renewals granted, share": without("subscription"),
    "CPU at rest after the storm, share of a core": lambda good: attrs.evolve(good, rest_cpu_share=0.1),
    "oldest announcement, s": lambda good: attrs.evolve(good, sent=good.sent[:-4]),
    "oldest announcement, s beside half of max-age": lambda good: attrs.evolve(good, sent=good.sent[::2]),
    "hostile datagrams, 1/s": load("flood", garbage=20 * FLOOD_RATE),
    "slow connections at a time": load("slow", there_on_average=50.0),
    "hostile SUBSCRIBE and UNSUBSCRIBE, 1/s": load("crowd", subscribe=20.0 * SUBSCRIBE_RATE),
    "hostile calls, 1/s": load("crowd", call=20.0 * CALL_RATE),
}


def broken(outcome: Outcome) -> set[str]:
    return {verdict.promise.name for verdict in judge(outcome) if not verdict.kept}


def test_a_good_run_keeps_every_promise() -> None:
    assert broken(GOOD) == set()
    assert "figures are as promised" in as_text(GOOD, judge(GOOD))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.name)
def test_each_promise_can_be_broken(promise: object) -> None:
    name = getattr(promise, "name", "")
    bad = BROKEN[name](GOOD)
    assert name in broken(bad)
    assert name in as_text(bad, judge(bad))
    assert '"kept": false' in as_json(bad, judge(bad))


def test_an_unannounced_row_and_an_untried_phase_break_their_promises() -> None:
    assert "oldest announcement, s" in broken(attrs.evolve(GOOD, sent=()))
    assert {"searches answered, share", "descriptions fetched, share", "calls answered, share"} <= broken(
        attrs.evolve(GOOD, tries=())
    )


def test_a_bad_cable_may_lose_what_it_loses_and_no_more() -> None:
    def losing(every: int) -> Outcome:
        tries = tuple(
            attrs.evolve(each, seconds=None, why_not="no answer")
            if each.kind == "search" and 130 < each.moment < 160 and int(each.moment) % every == 0
            else each
            for each in GOOD.tries
        )
        return attrs.evolve(GOOD, tries=tries)

    assert broken(losing(15)) == set()
    assert broken(losing(3)) == {"searches answered, share"}
