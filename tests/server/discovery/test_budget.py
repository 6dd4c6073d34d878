"""What one source may be sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.server.discovery import budget as budget_module
from upnp_trio.server.discovery.budget import ANSWER_BYTES, BURST_SECONDS, Budget

VICTIM = "192.0.2.9"


def test_a_burst_is_granted_and_then_the_rate() -> None:
    budget = Budget(64)
    granted = 0
    while not budget.is_spent(VICTIM, 0.0):
        budget.charge(VICTIM, 0.0, 1, 300)
        granted += 1
    assert granted == 64 * BURST_SECONDS + 1
    assert budget.is_spent(VICTIM, 1 / 128)
    assert not budget.is_spent(VICTIM, 1 / 64)
    assert not budget.is_spent("192.0.2.10", 0.0)


def test_long_answers_count_for_more() -> None:
    budget = Budget(1)
    budget.charge(VICTIM, 0.0, 1, int(ANSWER_BYTES * (BURST_SECONDS + 2)))
    assert budget.is_spent(VICTIM, 1.0)
    assert not budget.is_spent(VICTIM, 2.0)


def test_quiet_sources_are_not_rewarded_beyond_the_burst() -> None:
    budget = Budget(10)
    budget.charge(VICTIM, 0.0, 1, 1)
    granted = 0
    while not budget.is_spent(VICTIM, 1e6):
        budget.charge(VICTIM, 1e6, 1, 1)
        granted += 1
    assert granted == 10 * BURST_SECONDS + 1


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 256), st.integers(100, 1000)), max_size=200))
def test_whatever_is_asked_the_long_run_stays_within_the_rate(asked: list[tuple[float, int, int]]) -> None:
    budget, now, answers, octets = Budget(64), 0.0, 0, 0
    for pause, wanted, size in asked:
        now += pause
        if not budget.is_spent(VICTIM, now):
            budget.charge(VICTIM, now, wanted, wanted * size)
            answers, octets = answers + wanted, octets + wanted * size
    one_search = 256 * 1000 / ANSWER_BYTES  # what the last grant may exceed the burst by
    assert answers <= 64 * (now + BURST_SECONDS) + one_search + 1
    assert octets / ANSWER_BYTES <= 64 * (now + BURST_SECONDS) + one_search + 1


def test_forged_sources_make_neither_memory_grow_nor_a_flooder_forgotten() -> None:
    budget = Budget(64)
    for number in range(3 * budget_module.MAX_SOURCES):
        budget.charge(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0, 1, 1)
        if not budget.is_spent(VICTIM, 0.0) or number % 100 == 0:
            budget.charge(VICTIM, 0.0, 1, 1)
    assert len(budget._paid_at) <= budget_module.MAX_SOURCES
    assert budget.is_spent(VICTIM, 0.0)
