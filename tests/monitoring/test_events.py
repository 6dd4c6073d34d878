"""Events reach their subscribers."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import trio
import trio.testing

from tests.devices import BASIC
from tests.http.scenes import GET, read_until_silent
from tests.server.scenes import DEVICE, SEARCH, LoneHost, buffered_events, served
from upnp_trio import Announced, Event, RequestAnswered, SearchAnswered, Stats
from upnp_trio.http import response_writer as response_writer_module
from upnp_trio.monitoring.events import Events
from upnp_trio.server.discovery import responder as responder_module

Clock = trio.testing.MockClock


def announced(messages: int) -> Event:
    return Announced(interface="eth0", kind="alive", messages=messages)


async def test_a_subscriber_reads_what_happens_in_order_until_the_device_is_gone(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with served(host, BASIC) as running:
        channel = running.subscribe()
        await trio.sleep(10)
        host.receive(SEARCH, to=DEVICE)
        await trio.sleep(1)
        async with host.client() as client:
            await client.send_all(GET)
            await read_until_silent(client)
    received = [event async for event in channel]
    kinds = [event.kind if isinstance(event, Announced) else type(event).__name__ for event in received]
    assert kinds == ["alive", "alive", "alive", "SearchAnswered", "RequestAnswered", "byebye"]


def test_every_subscriber_has_a_channel_of_its_own() -> None:
    events = Events()
    one, two = events.subscribe(), events.subscribe()
    events.publish(announced(1))
    one.close()
    events.publish(announced(2))
    three = events.subscribe()
    events.publish(announced(3))
    assert buffered_events(two) == [announced(1), announced(2), announced(3)]
    assert buffered_events(three) == [announced(3)]


def test_a_slow_subscriber_misses_the_newest_events_and_delays_no_other() -> None:
    events = Events(stats := Stats())
    slow, quick = events.subscribe(max_buffered=3), events.subscribe()
    for number in range(10):
        events.publish(announced(number))
    assert buffered_events(slow) == [announced(number) for number in range(3)]
    assert len(buffered_events(quick)) == 10
    assert stats.events_dropped == 7
    events.publish(announced(10))
    assert buffered_events(slow) == [announced(10)]


def test_events_are_wanted_while_there_is_a_subscriber() -> None:
    events = Events()
    assert not events.wanted
    channel = events.subscribe()
    wanted = [events.wanted]
    channel.close()
    events.publish(announced(1))
    wanted.append(events.wanted)
    events.subscribe()
    wanted.append(events.wanted)
    events.close()
    assert [*wanted, events.wanted] == [True, False, True, False]


def test_channels_that_are_closed_while_nothing_happens_do_not_pile_up() -> None:
    events = Events()
    kept = events.subscribe()
    for _ in range(100):
        events.subscribe().close()
    assert len(events._receivers) <= 2
    events.publish(announced(1))
    assert buffered_events(kept) == [announced(1)]
    assert len(events._receivers) == 1


async def test_after_the_end_a_subscriber_comes_to_the_end_at_once() -> None:
    events = Events()
    events.close()
    assert [event async for event in events.subscribe()] == []
    assert not events.wanted


@pytest.mark.parametrize("wrong", [0, -1, math.inf, 2.5, "3"])
def test_a_buffer_has_a_bound(wrong: object) -> None:
    with pytest.raises(ValueError, match="it must be a whole number of events"):
        Events().subscribe(wrong)  # type: ignore[arg-type]  # as a caller without types may


async def test_without_a_subscriber_no_event_is_created(autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def noting(kind: Callable[..., Event]) -> Callable[..., Event]:
        def make(**fields: object) -> Event:
            made.append(type(event := kind(**fields)).__name__)
            return event

        return make

    monkeypatch.setattr(responder_module, "SearchAnswered", noting(SearchAnswered))
    monkeypatch.setattr(response_writer_module, "RequestAnswered", noting(RequestAnswered))
    host = LoneHost()
    async with served(host, BASIC) as running:
        for _ in range(2):
            host.receive(SEARCH, to=DEVICE)
            await trio.sleep(1)
            async with host.client() as client:
                await client.send_all(GET)
                await read_until_silent(client)
            assert made == (["SearchAnswered", "RequestAnswered"] if running.stats.searches == 2 else [])
            running.subscribe()
