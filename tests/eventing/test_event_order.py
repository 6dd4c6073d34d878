"""Events by SEQ: those in order, those that overtake each other, repetitions and gaps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.eventing.event_order import GAP_SECONDS, MAX_EARLY_EVENTS, EventOrder
from upnp_trio.eventing.seq import MAX_SEQ


def received(order: EventOrder[str], *seqs: int, now: float = 0.0) -> list[int]:
    """The numbers of the events that the reader gets when events with *seqs* arrive; their content is their number."""
    return [seq for number in seqs for seq, event in order.receive(number, str(number), now)]


def test_events_in_order_are_given_at_once() -> None:
    order = EventOrder[str]()
    assert received(order, 0, 1, 2, 3) == [0, 1, 2, 3]
    assert not order.is_broken
    assert order.deadline == math.inf
    assert order.in_order == 4


@given(st.permutations(range(8)))
def test_events_that_overtake_each_other_are_given_in_order(seqs: list[int]) -> None:
    order = EventOrder[str]()
    assert received(order, *seqs) == list(range(8))
    assert not order.is_broken
    assert order.deadline == math.inf


def test_a_repetition_is_ignored() -> None:
    order = EventOrder[str]()
    assert received(order, 0, 0, 1, 1, 1, 2) == [0, 1, 2]
    assert not order.is_broken


def test_an_event_that_is_missing_for_too_long_breaks_the_order_and_those_behind_it_are_given() -> None:
    order = EventOrder[str]()
    assert received(order, 0, now=10.0) == [0]
    assert received(order, 3, 2, now=20.0) == []
    assert order.deadline == 20.0 + GAP_SECONDS
    assert order.expire(20.9) == []
    assert order.expire(21.0) == [(2, "2"), (3, "3")]
    assert order.is_broken
    assert order.in_order == 1
    assert order.deadline == math.inf


def test_the_wait_for_a_missing_event_is_not_longer_because_others_come() -> None:
    order = EventOrder[str]()
    received(order, 0, now=0.0)
    received(order, 2, now=1.0)
    received(order, 3, now=1.9)
    assert order.deadline == 1.0 + GAP_SECONDS


def test_an_event_that_comes_late_but_in_time_closes_the_gap() -> None:
    order = EventOrder[str]()
    assert received(order, 0, 2, now=0.0) == [0]
    assert received(order, 1, now=0.9) == [1, 2]
    assert order.expire(1.0) == []
    assert not order.is_broken


@pytest.mark.parametrize("seqs", [(0, 1, 100), (0, 1, 2 + MAX_EARLY_EVENTS + 1), (5, 4), (0, 1, 2, 1), (MAX_SEQ,)])
def test_a_number_that_cannot_follow_breaks_the_order_at_once(seqs: tuple[int, ...]) -> None:
    order = EventOrder[str]()
    received(order, *seqs, now=0.0)
    order.expire(GAP_SECONDS)
    assert order.is_broken


def test_another_event_with_the_number_of_the_last_breaks_the_order_and_is_given() -> None:
    order = EventOrder[str]()
    received(order, 0, 1)
    assert order.receive(1, "another", 0.0) == [(1, "another")]
    assert order.is_broken


def test_a_second_initial_event_breaks_the_order_and_is_given() -> None:
    order = EventOrder[str]()
    received(order, 0, 1, 2)
    assert order.receive(0, "as new", 0.0) == [(0, "as new")]
    assert order.is_broken


def test_after_a_break_every_event_is_given_as_it_comes() -> None:
    order = EventOrder[str]()
    received(order, 0, 50)
    assert order.is_broken
    assert received(order, 51, 7, 7, 0) == [51, 7, 0]


def test_events_that_come_too_early_are_bounded() -> None:
    order = EventOrder[str]()
    received(order, 0)
    assert received(order, *range(2, 2 + MAX_EARLY_EVENTS - 1)) == []
    assert received(order, 2 + MAX_EARLY_EVENTS + 5) == [*range(2, 2 + MAX_EARLY_EVENTS - 1), 2 + MAX_EARLY_EVENTS + 5]
    assert order.is_broken


def test_the_largest_number_is_followed_by_1() -> None:
    order = EventOrder[str](is_tolerant=True)
    received(order, MAX_SEQ - 2, MAX_SEQ - 1)
    assert not order.is_tolerant
    assert received(order, 2, MAX_SEQ, 1, 3) == [MAX_SEQ, 1, 2, 3]
    assert not order.is_broken


def test_events_beyond_a_gap_are_given_in_their_order_across_the_largest_number() -> None:
    order = EventOrder[str](is_tolerant=True)
    received(order, MAX_SEQ - 3, MAX_SEQ - 2)
    assert received(order, 2, 1, MAX_SEQ) == []
    assert [seq for seq, _ in order.expire(GAP_SECONDS)] == [MAX_SEQ, 1, 2]


def test_a_device_that_numbers_nothing_is_tolerated() -> None:
    order = EventOrder[str](is_tolerant=True)
    given = [order.receive(0, event, 0.0) for event in ("a", "b", "b", "a")]
    assert given == [[(0, "a")], [(0, "b")], [], [(0, "a")]]
    assert not order.is_broken


def test_a_tolerated_device_is_gone_by_its_numbers_once_they_follow_each_other() -> None:
    order = EventOrder[str](is_tolerant=True)
    assert received(order, 7, 8) == [7, 8]
    assert received(order, 10) == []
    assert order.expire(GAP_SECONDS) == [(10, "10")]
    assert order.is_broken


@given(st.lists(st.tuples(st.integers(0, 40) | st.just(MAX_SEQ), st.sampled_from("ab"))), st.booleans())
def test_whatever_comes_no_event_is_kept_for_good(events: list[tuple[int, str]], is_tolerant: bool) -> None:
    order = EventOrder[str](is_tolerant=is_tolerant)
    given_ones = [each for now, (seq, event) in enumerate(events) for each in order.receive(seq, event, float(now))]
    given_ones += order.expire(order.deadline)
    assert set(given_ones) <= set(events)
    assert {seq for seq, _ in given_ones} == {seq for seq, _ in events}
    assert order.deadline == math.inf
