"""What one source may be sent."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.ssdp.budget import (
    ANSWER_BYTES,
    BURST_SECONDS,
    DEBT_PER_SECOND,
    MAX_SOURCES,
    MAX_SWEEP_SECONDS,
    MAX_TARGETS,
    OPEN_SECONDS,
    SWEEP_SECONDS,
    Budget,
)

VICTIM = "192.0.2.9"
#: how long a target must not have been sent before it is answered in the deepest debt
LONGEST_WAIT = (BURST_SECONDS - OPEN_SECONDS) / DEBT_PER_SECOND


def spend(
    budget: Budget,
    target: str,
    now: float,
    *,
    answers: int = 1,
    answer_bytes: int = 300,
    is_sweep: bool = False,
    source: str = VICTIM,
) -> bool:
    """Whether a search is answered; if so, its answers are charged."""
    if not budget.is_open(source, now) and not budget.allows(source, target, now, is_sweep=is_sweep):
        return False
    if is_sweep:
        answers = min(answers, budget.most_answers(answer_bytes))
    budget.charge(source, target, now, answers, answer_bytes)
    return True


def spend_all(budget: Budget, target: str, now: float, *, answers: int = 1, is_sweep: bool = False) -> int:
    """How many searches are answered one after the other."""
    answered = 0
    while spend(budget, target, now, answers=answers, is_sweep=is_sweep):
        answered += 1
    return answered


def flood(budget: Budget, target: str, now: float) -> None:
    """Search so often that further searches for *target* are hardly ever answered."""
    for _ in range(10_000):
        spend(budget, target, now)


def test_half_of_the_burst_is_for_anything_and_then_there_is_the_rate() -> None:
    budget = Budget(Random(0), 64)
    assert 64 * OPEN_SECONDS <= spend_all(budget, "a", 0.0) <= 64 * SWEEP_SECONDS + 1
    answered = sum(spend(budget, "a", number / 1000) for number in range(100_000))
    assert answered == pytest.approx(64 * 100, rel=0.05)
    assert spend(budget, "a", 100.0, source="192.0.2.10")


def test_long_answers_count_for_more() -> None:
    budget = Budget(Random(0), 1)
    assert spend(budget, "a", 0.0, answer_bytes=int(ANSWER_BYTES * (OPEN_SECONDS + 2)))
    assert not budget.is_open(VICTIM, 1.9)
    assert budget.is_open(VICTIM, 2.0)


def test_a_source_without_searches_saves_up_no_more_than_the_burst() -> None:
    budget = Budget(Random(0), 10)
    spend(budget, "a", 0.0)
    assert spend_all(budget, "a", 1e6) <= 10 * SWEEP_SECONDS + 1


def test_in_debt_a_target_is_answered_if_it_was_not_sent_for_a_while() -> None:
    budget = Budget(Random(0), 64)
    flood(budget, "a", 0.0)
    assert spend(budget, "b", 0.0)
    flood(budget, "b", 0.0)
    # the deeper the debt, the longer
    for number in range(64 * 6):
        assert spend(budget, str(number), 0.0)
    assert not spend(budget, "a", 0.1)
    assert spend(budget, "a", 2.0)


def test_the_deepest_debt_is_that_of_the_burst_whatever_is_searched() -> None:
    budget = Budget(Random(0), 64)
    answered = sum(spend(budget, str(number), 0.0) for number in range(10_000))
    assert answered == pytest.approx(64 * BURST_SECONDS, abs=1)


def test_sweeps_leave_a_reserve_to_exact_targets() -> None:
    for answers_per_second in (1, 7, 64, 1000):
        budget = Budget(Random(0), answers_per_second)
        for number in range(1000):
            spend(budget, f"sweep {number}", 0.0, answers=256, answer_bytes=1200, is_sweep=True)
        reserve = answers_per_second * (BURST_SECONDS - SWEEP_SECONDS - MAX_SWEEP_SECONDS)
        assert sum(spend(budget, str(number), 0.0) for number in range(10_000)) >= reserve


def test_one_sweep_takes_no_more_than_its_part_and_at_least_one_answer() -> None:
    assert Budget(Random(0), 64).most_answers(400) == 64 * MAX_SWEEP_SECONDS
    assert Budget(Random(0), 64).most_answers(2 * ANSWER_BYTES) == 32 * MAX_SWEEP_SECONDS
    assert Budget(Random(0), 1).most_answers(100 * ANSWER_BYTES) == 1


SEARCHES = st.lists(
    st.tuples(st.floats(0, 5), st.sampled_from("abcdefgh"), st.integers(1, 300), st.integers(100, 2000)),
    max_size=200,
)


@given(SEARCHES, st.integers(1, 1000))
def test_whatever_is_searched_a_source_is_sent_no_more_than_its_budget(
    searches: list[tuple[float, str, int, int]], answers_per_second: int
) -> None:
    budget, now, sent, octets = Budget(Random(0), answers_per_second), 0.0, 0, 0
    largest = 0.0
    for pause, target, answers, answer_bytes in searches:
        now += pause
        is_sweep = answers > 4
        if spend(budget, target, now, answers=answers, answer_bytes=answer_bytes, is_sweep=is_sweep):
            number = min(answers, budget.most_answers(answer_bytes)) if is_sweep else answers
            sent, octets = sent + number, octets + number * answer_bytes
            largest = max(largest, number * max(1.0, answer_bytes / ANSWER_BYTES))
    most = answers_per_second * (now + BURST_SECONDS) + largest
    assert sent <= most + 1
    assert octets / ANSWER_BYTES <= most + 1


@given(SEARCHES, st.integers(16, 1000))
def test_an_exact_target_is_answered_whatever_sweeps_were_searched(
    searches: list[tuple[float, str, int, int]], answers_per_second: int
) -> None:
    budget, now, next_search = Budget(Random(0), answers_per_second), 0.0, 0.0
    for pause, target, answers, answer_bytes in searches:
        now += pause
        spend(budget, target, now, answers=answers, answer_bytes=answer_bytes, is_sweep=True)
        if now >= next_search:
            assert spend(budget, "uuid:1", now)
            next_search = now + LONGEST_WAIT


@given(st.lists(st.tuples(st.floats(0, 0.05), st.integers(0, 9)), max_size=300))
def test_a_target_is_answered_whatever_is_searched_for_others(searches: list[tuple[float, int]]) -> None:
    budget, now, next_search = Budget(Random(0), 64), 0.0, 0.0
    flood(budget, "0", now)
    for pause, target in searches:
        now += pause
        spend(budget, str(target), now)
        if now >= next_search:
            assert spend(budget, "uuid:1", now)
            next_search = now + 1.0


def test_a_flood_of_one_source_costs_no_other_source_anything() -> None:
    budget = Budget(Random(0), 64)
    for number in range(50_000):
        spend(budget, str(number % 100), number / 50_000)
    assert not budget.is_open(VICTIM, 1.0)
    budget_of_another = Budget(Random(0), 64)
    for target in "abcabcabc":
        for is_sweep in (False, True):
            theirs = spend(budget, target, 1.0, answers=3, is_sweep=is_sweep, source="192.0.2.10")
            assert theirs == spend(budget_of_another, target, 1.0, answers=3, is_sweep=is_sweep)


def test_thousands_of_forged_sources_make_neither_memory_grow_nor_clear_a_debt() -> None:
    budget = Budget(Random(0), 64)
    sent = 0
    for number in range(8 * MAX_SOURCES):
        now = number / 2000
        sent += 256 * spend(budget, "a", now, answers=256, is_sweep=True)
        # others fall in debt while this one is refused
        source = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        assert spend(budget, "a", now, answers=256, is_sweep=True, source=source)
        assert len(budget._paid_at) <= MAX_SOURCES
    assert sent <= 64 * (now + BURST_SECONDS)


def test_targets_are_known_within_bounds() -> None:
    budget = Budget(Random(0), 64)
    answered = Counter[str]()
    for number in range(20_000):
        source = f"192.0.2.{number % 50}"
        answered[source] += spend(budget, str(number), number / 20_000, source=source)
    assert len(budget._sent) <= 2 * MAX_TARGETS
    # a target that is no longer known is answered sooner, and the burst stays the bound
    assert max(answered.values()) <= 64 * (BURST_SECONDS + 1) + 1
