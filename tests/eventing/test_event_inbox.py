"""The events of one subscription, from NOTIFY to its reader."""

from __future__ import annotations

import math

from upnp_trio.eventing.event_inbox import EventInbox
from upnp_trio.eventing.event_order import GAP_SECONDS, MAX_EARLY_EVENTS, EventOrder
from upnp_trio.eventing.messages import EventMessage
from upnp_trio.eventing.waiting_events import ReceivedEvent

SID = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001"


def message(seq: int, value: str = "1", sid: str = SID) -> EventMessage:
    return EventMessage(sid=sid, seq=seq, properties=(("Status", value),))


def event(seq: int, value: str = "1", *, initial: bool = False, again: bool = False) -> ReceivedEvent:
    return ReceivedEvent(seq=seq, texts={"Status": value}, is_initial=initial, is_resubscribed=again)


def opened(*, is_resubscribed: bool = False) -> EventInbox:
    inbox = EventInbox(is_resubscribed)
    assert inbox.open(SID, 0.0) == []
    return inbox


def test_the_first_event_of_a_subscription_is_the_initial_one() -> None:
    inbox = opened()
    assert inbox.receive(message(0), 0.0) == [event(0, initial=True)]
    assert inbox.receive(message(1, "2"), 0.0) == [event(1, "2")]


def test_the_initial_event_of_a_later_subscription_tells_so() -> None:
    inbox = opened(is_resubscribed=True)
    assert inbox.receive(message(0), 0.0) == [event(0, initial=True, again=True)]
    assert inbox.receive(message(1), 0.0) == [event(1)]


def test_an_event_of_another_subscription_is_not_taken() -> None:
    inbox = opened()
    assert inbox.receive(message(0, sid="uuid:another"), 0.0) is None
    assert inbox.is_silent


def test_a_subscription_is_silent_until_its_first_event() -> None:
    inbox = opened()
    inbox.receive(message(1), 0.0)
    assert inbox.is_silent
    inbox.expire(GAP_SECONDS)
    silent = inbox.is_silent
    assert not silent


def test_a_sid_is_recognized_without_its_prefix_and_in_any_case() -> None:
    inbox = opened()
    assert inbox.receive(message(0, sid=SID.removeprefix("uuid:").upper()), 0.0) == [event(0, initial=True)]


def test_events_before_the_response_to_subscribe_wait_for_it() -> None:
    inbox = EventInbox()
    claims = [inbox.claimed_sid]
    assert inbox.receive(message(1, "2"), 0.0) == []
    assert inbox.receive(message(0), 0.0) == []
    assert inbox.receive(message(2, sid="uuid:another"), 0.0) == []
    claims.append(inbox.claimed_sid)
    assert inbox.deadline == math.inf
    assert inbox.open(SID, 0.5) == [event(0, initial=True), event(1, "2")]
    claims.append(inbox.claimed_sid)
    assert claims == [None, SID, SID]


def test_too_many_events_before_the_response_leave_a_gap() -> None:
    inbox = EventInbox()
    for seq in range(MAX_EARLY_EVENTS + 5):
        assert inbox.receive(message(seq), 0.0) == []
    assert len(inbox.open(SID, 0.0)) == MAX_EARLY_EVENTS
    assert inbox.receive(message(MAX_EARLY_EVENTS + 5), 0.0) == []
    assert inbox.deadline == GAP_SECONDS
    assert len(inbox.expire(GAP_SECONDS)) == 1
    assert inbox.order.is_broken


def test_a_first_event_that_is_not_number_0_is_no_initial_event() -> None:
    inbox = opened()
    assert inbox.receive(message(1), 0.0) == []
    assert inbox.expire(GAP_SECONDS) == [event(1)]


def test_the_first_event_of_a_device_that_numbers_nothing_is_the_initial_one() -> None:
    inbox = EventInbox(True, EventOrder(is_tolerant=True))
    inbox.open(SID, 0.0)
    assert inbox.receive(message(1), 0.0) == [event(1, initial=True, again=True)]
    assert inbox.receive(message(1, "2"), 0.0) == [event(1, "2")]


def test_of_a_variable_that_an_event_has_twice_the_last_value_counts() -> None:
    inbox = opened()
    twice = EventMessage(sid=SID, seq=0, properties=(("Status", "1"), ("Status", "2")))
    assert inbox.receive(twice, 0.0) == [event(0, "2", initial=True)]
