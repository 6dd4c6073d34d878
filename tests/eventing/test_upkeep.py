"""When a subscriber subscribes, renews and unsubscribes, on a clock that the tests turn."""

from __future__ import annotations

import math
from random import Random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.eventing.messages import Grant
from upnp_trio.eventing.upkeep import (
    FIRST_RETRY_SECONDS,
    LONGEST_RETRY_SECONDS,
    MAX_FAILED_RENEWALS,
    MAX_RENEWAL_SECONDS,
    MIN_ATTEMPT_SECONDS,
    MIN_RENEWAL_SECONDS,
    SHORT_SECONDS,
    Step,
    Upkeep,
)

SID = "uuid:1"


def grant(seconds: int | None = 1800, sid: str = SID) -> Grant:
    return Grant(sid=sid, seconds=seconds, variables=None)


def new_upkeep() -> Upkeep:
    return Upkeep(Random(0))


def subscribed(seconds: int | None = 1800, now: float = 0.0) -> Upkeep:
    upkeep = new_upkeep()
    upkeep.note_granted(grant(seconds), now)
    return upkeep


def action(upkeep: Upkeep) -> str:
    return upkeep.next_step.action


def wait(upkeep: Upkeep, now: float) -> float:
    return upkeep.next_step.at - now


# --- the usual course ---


def test_the_first_step_is_to_subscribe_at_once() -> None:
    upkeep = new_upkeep()
    assert upkeep.next_step == Step("subscribe", -math.inf)
    assert upkeep.held == []


@pytest.mark.parametrize(
    ("seconds", "earliest", "latest"),
    [
        (1800, 720, 900),
        (300, 120, 150),
        (60, 24, 30),
        (20, 8, 10),
        (1, MIN_RENEWAL_SECONDS, MIN_RENEWAL_SECONDS),
        (0, MIN_RENEWAL_SECONDS, MIN_RENEWAL_SECONDS),
        (None, 720, 900),  # infinite, or no readable TIMEOUT
        (999_999_999, MAX_RENEWAL_SECONDS, MAX_RENEWAL_SECONDS),
    ],
)
def test_a_subscription_is_renewed_at_half_of_its_time_at_the_latest(
    seconds: int | None, earliest: float, latest: float
) -> None:
    waits = set()
    for seed in range(50):
        upkeep = Upkeep(Random(seed))
        upkeep.note_granted(grant(seconds), 100.0)
        assert action(upkeep) == "renew"
        assert upkeep.next_step.sid == SID
        waits.add(wait(upkeep, 100.0))
    assert earliest <= min(waits) <= max(waits) <= latest
    assert len(waits) == (1 if earliest == latest else 50)  # chance spreads those of many subscribers


def test_a_renewal_counts_from_its_own_moment_and_by_its_own_grant() -> None:
    upkeep = subscribed(1800)
    upkeep.note_granted(grant(100), 800.0)
    assert action(upkeep) == "renew"
    assert 840 <= upkeep.next_step.at <= 850
    assert upkeep.granted == 1


# --- failures ---


def test_attempts_to_subscribe_are_repeated_at_growing_intervals() -> None:
    upkeep, now = new_upkeep(), 0.0
    pauses = []
    for _ in range(20):
        upkeep.note_refused(503, now)
        assert action(upkeep) == "subscribe"
        pauses.append(wait(upkeep, now))
        now = upkeep.next_step.at
    for number, pause in enumerate(pauses):
        longest = min(FIRST_RETRY_SECONDS * 2**number, LONGEST_RETRY_SECONDS)
        assert longest / 2 <= pause <= longest


@pytest.mark.parametrize("status", [400, 404, 412])
def test_a_device_that_does_not_know_the_subscription_is_subscribed_to_at_once(status: int) -> None:
    upkeep = subscribed()
    upkeep.note_refused(status, 800.0)
    assert upkeep.next_step == Step("subscribe", 800.0)
    assert upkeep.held == []


@pytest.mark.parametrize("status", [None, 500, 503])
def test_after_some_renewals_without_success_a_new_subscription_is_tried(status: int | None) -> None:
    upkeep = subscribed(60)
    for _ in range(MAX_FAILED_RENEWALS):
        assert action(upkeep) == "renew"
        now = upkeep.next_step.at
        upkeep.note_refused(status, now)
    assert now < 35
    assert upkeep.sid is None
    assert action(upkeep) == "unsubscribe"  # the device may hold it still
    upkeep.note_unsubscribed(SID, now + 1)
    assert action(upkeep) == "subscribe"
    assert FIRST_RETRY_SECONDS <= wait(upkeep, now) <= 4 * FIRST_RETRY_SECONDS


def test_a_renewal_is_not_repeated_beyond_the_end_of_the_subscription() -> None:
    upkeep = subscribed(5)
    assert action(upkeep) == "renew"
    upkeep.note_refused(None, upkeep.next_step.at)
    assert upkeep.sid is None


def test_a_renewal_that_succeeds_after_all_ends_the_repetitions() -> None:
    upkeep = subscribed(1800)
    upkeep.note_refused(None, 900.0)
    upkeep.note_refused(None, 901.0)
    upkeep.note_granted(grant(1800), 903.0)
    assert action(upkeep) == "renew"
    assert wait(upkeep, 903.0) >= 720
    upkeep.note_refused(None, 1700.0)
    assert wait(upkeep, 1700.0) <= FIRST_RETRY_SECONDS


# --- a new subscription in place of the present one ---


def test_a_restart_unsubscribes_and_then_subscribes() -> None:
    upkeep = subscribed()
    upkeep.restart(500.0)
    assert upkeep.next_step == Step("unsubscribe", 500.0, SID)
    assert upkeep.held == [SID]
    upkeep.note_unsubscribed(SID, 500.5)
    assert upkeep.next_step == Step("subscribe", 500.5)
    upkeep.note_granted(grant(sid="uuid:2"), 501.0)
    assert upkeep.granted == 2
    assert action(upkeep) == "renew"
    assert upkeep.next_step.sid == "uuid:2"


def test_restarts_of_new_subscriptions_are_put_off_more_and_more() -> None:
    upkeep, now = subscribed(), 0.0
    lives = []
    for number in range(20):
        upkeep.restart(now)  # an event is lost as soon as it is subscribed
        while (step := upkeep.next_step).action == "renew":  # it is kept until then
            upkeep.note_granted(grant(sid=step.sid), max(step.at, now))
        lives.append(max(step.at - now, 0.0))
        now = max(step.at, now)
        upkeep.note_unsubscribed(step.sid, now)
        assert upkeep.next_step == Step("subscribe", now)
        upkeep.note_granted(grant(sid=f"uuid:{number + 2}"), now)
    assert lives[:2] == [0.0, 0.0]
    assert lives[2] <= FIRST_RETRY_SECONDS
    assert max(lives) <= 16
    assert now / 20 >= SHORT_SECONDS / 2


def test_a_restart_of_a_good_subscription_is_not_put_off() -> None:
    upkeep, now = subscribed(), 0.0
    for number in range(20):
        now += 10.0
        upkeep.restart(now)
        assert upkeep.next_step.at == now
        upkeep.note_unsubscribed(upkeep.next_step.sid, now)
        upkeep.note_granted(grant(sid=f"uuid:{number + 2}"), now)
    assert upkeep.granted == 21


def test_the_restart_of_a_subscription_that_is_lost_meanwhile_is_a_new_subscription() -> None:
    upkeep = subscribed()
    upkeep.restart(500.0)
    upkeep.note_refused(412, 500.0)
    assert upkeep.next_step == Step("subscribe", 500.0)
    upkeep.note_granted(grant(sid="uuid:2"), 501.0)
    assert action(upkeep) == "renew"


def test_a_device_that_grants_another_subscription_on_renewal_keeps_neither() -> None:
    upkeep = subscribed()
    upkeep.note_granted(grant(sid="uuid:2"), 800.0)
    assert upkeep.held == [SID, "uuid:2"]
    assert action(upkeep) == "unsubscribe"
    assert upkeep.next_step.sid == "uuid:2"
    upkeep.note_unsubscribed("uuid:2", 800.0)
    assert upkeep.next_step == Step("unsubscribe", 800.0, SID)
    upkeep.note_unsubscribed(SID, 800.0)
    assert upkeep.next_step == Step("subscribe", 800.0)
    assert upkeep.held == []


# --- news of the device ---


def test_news_of_the_device_are_a_reason_to_look_whether_it_knows_the_subscription() -> None:
    upkeep = subscribed()
    upkeep.hurry(100.0)
    assert upkeep.next_step == Step("renew", 100.0, SID)
    upkeep.note_granted(grant(), 100.0)
    upkeep.hurry(101.0)
    assert upkeep.next_step == Step("renew", 100.0 + MIN_RENEWAL_SECONDS, SID)


def test_a_device_of_which_something_was_heard_is_looked_for_elsewhere_if_it_does_not_answer() -> None:
    upkeep = subscribed()
    upkeep.hurry(100.0)
    upkeep.note_refused(None, 103.0)
    assert action(upkeep) == "unsubscribe"
    upkeep.note_unsubscribed(SID, 105.0)
    assert action(upkeep) == "subscribe"
    assert upkeep.next_step.at <= 104.0


def test_a_device_that_has_come_back_is_subscribed_to_at_once() -> None:
    upkeep, now = new_upkeep(), 0.0
    for _ in range(10):
        upkeep.note_refused(None, now)
        now = upkeep.next_step.at
    upkeep.note_refused(None, now)
    assert wait(upkeep, now) > 100
    upkeep.hurry(now + 50.0)
    assert upkeep.next_step == Step("subscribe", now + 50.0)
    upkeep.note_refused(None, now + 50.0)
    upkeep.hurry(now + 50.1)
    assert upkeep.next_step == Step("subscribe", now + 50.0 + MIN_ATTEMPT_SECONDS)


@attrs.frozen
class Device:
    """Answers each step as a list of choices says."""

    choices: list[int]

    def answer(self, upkeep: Upkeep, step: Step, number: int, now: float) -> None:
        choice = self.choices[number % len(self.choices)]
        if step.action == "unsubscribe":
            upkeep.note_unsubscribed(step.sid, now)
        elif choice < 4:
            seconds = (None, 0, 1, 1800)[choice]
            sid = step.sid if step.action == "renew" and choice else f"uuid:{number}"
            upkeep.note_granted(grant(seconds, sid), now)
        else:
            upkeep.note_refused((None, 412, 503)[choice % 3], now)


@given(
    st.lists(st.integers(0, 6), min_size=1),
    st.lists(st.tuples(st.sampled_from(["restart", "hurry"]), st.floats(0, 2)), min_size=1),
)
def test_whatever_a_device_answers_and_others_announce_it_gets_a_bounded_number_of_requests(
    choices: list[int], news: list[tuple[str, float]]
) -> None:
    upkeep, device, now = new_upkeep(), Device(choices), 0.0
    attempts = 0
    number = 0
    while now < 600.0 and number < 5000:
        what, pause = news[number % len(news)]
        number += 1
        getattr(upkeep, what)(now)
        until = now + pause + 0.01
        for _ in range(20):
            step = upkeep.next_step
            if step.at > until:
                break
            now = max(now, step.at)
            attempts += step.action != "unsubscribe"
            device.answer(upkeep, step, number + attempts, now)
        else:
            raise AssertionError("it does not come to rest")
        assert len(upkeep.held) <= 5
        now = max(now, until)
    # each is for a new subscription, of which there are two in five seconds, or a renewal, of which there is one
    assert attempts <= 20 + now
