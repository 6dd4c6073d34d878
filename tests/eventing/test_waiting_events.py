"""Events that wait for a slow reader: it loses steps, and never the newest value of a variable."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.eventing import waiting_events
from upnp_trio.eventing.last_change import Change, read_last_change
from upnp_trio.eventing.waiting_events import (
    MAX_WAITING_CHARACTERS,
    MAX_WAITING_EVENTS,
    ReceivedEvent,
    WaitingEvents,
)


def event(seq: int, texts: dict[str, str], *, initial: bool = False, again: bool = False) -> ReceivedEvent:
    return ReceivedEvent(seq=seq, texts=texts, is_initial=initial, is_resubscribed=again)


def taken(waiting: WaitingEvents) -> Iterator[ReceivedEvent]:
    while (found := waiting.take()) is not None:
        yield found


def test_events_wait_in_their_order_while_there_is_room() -> None:
    waiting = WaitingEvents()
    events = [event(seq, {"A": str(seq)}) for seq in range(MAX_WAITING_EVENTS)]
    assert not any(waiting.put(each) for each in events)
    assert len(waiting) == MAX_WAITING_EVENTS
    assert list(taken(waiting)) == events
    assert waiting.joined == 0
    assert waiting.take() is None


def test_beyond_the_room_the_oldest_events_are_joined() -> None:
    waiting = WaitingEvents()
    waiting.put(event(0, {"A": "0", "B": "0"}, initial=True, again=True))
    for seq in range(1, MAX_WAITING_EVENTS + 2):
        assert not waiting.put(event(seq, {"A": str(seq)}))
    assert len(waiting) == MAX_WAITING_EVENTS
    assert waiting.joined == 2
    assert waiting.take() == event(2, {"B": "0", "A": "2"}, initial=True, again=True)
    assert waiting.take() == event(3, {"A": "3"})


@given(st.lists(st.dictionaries(st.sampled_from("ABCD"), st.text(max_size=3)), min_size=1, max_size=3 * 64))
def test_a_reader_that_comes_late_has_the_newest_values(changes: list[dict[str, str]]) -> None:
    waiting = WaitingEvents()
    newest: dict[str, str] = {}
    read: dict[str, str] = {}
    for seq, texts in enumerate(changes):
        waiting.put(event(seq, texts))
        newest |= texts
    events = list(taken(waiting))
    for each in events:
        read |= each.texts
    assert read == newest
    assert events[-1].seq == len(changes) - 1
    assert len(events) == min(len(changes), MAX_WAITING_EVENTS)


def test_long_events_are_joined_earlier() -> None:
    waiting = WaitingEvents()
    third = "x" * (MAX_WAITING_CHARACTERS // 3)
    for seq, name in enumerate("ABAB"):
        assert not waiting.put(event(seq, {name: third + str(seq)}))
    assert list(taken(waiting)) == [event(3, {"A": f"{third}2", "B": f"{third}3"})]


def test_names_that_a_device_makes_up_all_the_time_take_no_more_room_than_others() -> None:
    waiting = WaitingEvents()
    tenth = "x" * (MAX_WAITING_CHARACTERS // 10)
    kept = [waiting.put(event(seq, {f"Name{seq}": tenth})) for seq in range(50)]
    assert not any(kept[:9])
    assert all(kept[10:])
    events = list(taken(waiting))
    assert sum(each.size for each in events) <= MAX_WAITING_CHARACTERS
    assert events[-1].texts[f"Name{49}"] == tenth  # the newest ones stay


def last_change(*values: tuple[str, str]) -> str:
    variables = "".join(f'<{name} val="{value}"/>' for name, value in values)
    return f'<Event xmlns="urn:schemas-upnp-org:metadata-1-0/AVT/"><InstanceID val="0">{variables}</InstanceID></Event>'


def test_last_change_is_joined_by_its_own_variables() -> None:
    earlier = event(1, {"LastChange": last_change(("Volume", "1"), ("Mute", "0"))})
    joined = earlier.joined_with(event(2, {"LastChange": last_change(("Volume", "2"))}))
    assert read_last_change(joined.texts["LastChange"]) == [Change(0, "Volume", "2"), Change(0, "Mute", "0")]


def test_an_initial_last_change_takes_the_place_of_an_earlier_one() -> None:
    earlier = event(1, {"LastChange": last_change(("Volume", "1"), ("Old", "0"))})
    later = event(0, {"LastChange": last_change(("Volume", "2"))}, initial=True, again=True)
    assert earlier.joined_with(later).texts == later.texts


def test_an_event_can_be_reduced_to_the_variables_that_are_wanted() -> None:
    assert event(1, {"A": "1", "B": "2"}).only(("B", "C")) == event(1, {"B": "2"})


def test_the_bounds_leave_room_for_the_longest_event() -> None:
    assert waiting_events.MAX_WAITING_CHARACTERS >= 2 * 256 * 1024


def test_what_was_forgiven_in_joined_events_is_told_once() -> None:
    one = ReceivedEvent(seq=1, texts={}, forgiven=("a", "b"))
    other = ReceivedEvent(seq=2, texts={}, forgiven=("b", "c"))
    assert one.joined_with(other).forgiven == ("a", "b", "c")
