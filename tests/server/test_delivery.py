"""Delivery of events to subscribers of every kind, and what one of them costs the others (UDA 2.0 §4.3.2)."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.testing

from tests.server.acting import PEER, Client, Oven, Subscriber, call, reply, served, subscribe, unsubscribe
from tests.server.scenes import DEVICE, Breaking, LoneHost
from upnp_trio import Running
from upnp_trio.server.delivery import IDLE_SECONDS, REPLY_SECONDS, SETTLING_SECONDS

Clock = trio.testing.MockClock

GOOD = "192.0.2.10"


@attrs.frozen
class Scene:
    host: LoneHost
    oven: Oven
    running: Running
    events: str
    nursery: trio.Nursery

    async def subscribe(self, *callbacks: str, peer: str = PEER) -> str:
        """Subscribe and give the SID."""
        client = Client(self.host, peer)
        answer = await client.ask(subscribe(self.events, *(callbacks or [f"http://{peer}:8000/events"])))
        client.close()
        assert answer.status == 200
        return answer.headers["sid"]

    def listen(self, address: str = PEER, port: int = 8000) -> Subscriber:
        subscriber = Subscriber(self.host, address, port)
        self.nursery.start_soon(subscriber.run)
        return subscriber

    async def is_subscribed(self, sid: str) -> bool:
        """Whether the device knows *sid*, which it does not after this."""
        client = Client(self.host)
        answer = await client.ask(unsubscribe(self.events, sid))
        client.close()
        return answer.status == 200

    @property
    def lost(self) -> dict[str, int]:
        return {key: count for key, count in self.running.stats.notifications_lost.items() if count}


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    host, oven = LoneHost(), Oven()
    async with trio.open_nursery() as nursery:
        async with served(host, oven) as (running, _, (events,)):
            yield Scene(host, oven, running, events, nursery)
        nursery.cancel_scope.cancel()
    assert host.open_connections == []


# --- connections ---


async def test_a_connection_is_kept_for_later_events_and_closed_when_it_is_idle(autojump_clock: Clock) -> None:
    async with scene() as on:
        subscriber = on.listen()
        await on.subscribe()
        for heat in range(1, 6):
            await trio.sleep(IDLE_SECONDS - 1)
            on.oven.heat = heat
        await trio.sleep(1)
        assert [event.seq for event in subscriber.events] == [0, 1, 2, 3, 4, 5]
        assert len(on.host.connections) == 1
        opened = on.host.connections[0]
        assert (opened.source, opened.address, opened.port) == (DEVICE, PEER, 8000)
        await trio.sleep(IDLE_SECONDS)
        assert on.host.open_connections == []
        on.oven.heat = 6
        await subscriber.event(6)
        assert len(on.host.connections) == 2
        assert on.lost == {}


@pytest.mark.parametrize("between", [0.0, 1.0, IDLE_SECONDS - 0.001, IDLE_SECONDS, IDLE_SECONDS + 0.001])
async def test_an_event_at_any_moment_of_idleness_arrives_at_once(autojump_clock: Clock, between: float) -> None:
    async with scene() as on:
        subscriber = on.listen()
        await on.subscribe()
        await subscriber.event(0)
        for heat in range(1, 20):
            await trio.sleep(between)
            on.oven.heat = heat
            await trio.testing.wait_all_tasks_blocked()
            assert subscriber.events[-1].values["Heat"] == str(heat)
            assert subscriber.events[-1].time == trio.current_time()
        assert on.lost == {}


async def test_a_connection_that_the_subscriber_has_closed_is_opened_again(autojump_clock: Clock) -> None:
    async with scene() as on:
        subscriber = on.listen()
        await on.subscribe()
        await trio.sleep(1)
        for heat in range(1, 4):
            subscriber.connections[-1].close()
            on.oven.heat = heat
            await trio.sleep(1)
        assert [(event.seq, event.time) for event in subscriber.events[1:]] == [(1, 1), (2, 2), (3, 3)]
        assert len(on.host.connections) == 4
        assert on.lost == {}


async def test_a_connection_that_is_closed_while_an_event_is_on_it_is_opened_again_for_it(
    autojump_clock: Clock,
) -> None:
    async with scene() as on:
        subscriber = on.listen()
        await on.subscribe()
        await trio.sleep(1)
        refusals = [None]  # the first time, it closes instead of replying
        subscriber.reply = lambda event: refusals.pop() if refusals else reply()
        on.oven.heat = 1
        await trio.sleep(1)
        assert [event.seq for event in subscriber.events] == [0, 1, 1]
        assert on.lost == {}
        # on a new connection, there is no second attempt
        subscriber.reply = lambda event: None
        on.oven.heat = 2
        await trio.sleep(1)
        assert [event.seq for event in subscriber.events] == [0, 1, 1, 2, 2]
        assert on.lost == {"no reply": 1}


async def test_the_subscribers_wish_to_close_is_respected(autojump_clock: Clock) -> None:
    async with scene() as on:
        subscriber = on.listen()
        subscriber.reply = lambda event: reply(200, "Connection: close")
        await on.subscribe()
        on.oven.heat = 1
        await trio.sleep(1)
        assert len(on.host.connections) == len(subscriber.events)
        assert on.host.open_connections == []


async def test_bytes_that_nobody_asked_for_end_a_kept_connection(autojump_clock: Clock) -> None:
    async with scene() as on:
        subscriber = on.listen()
        await on.subscribe()
        await trio.sleep(1)
        subscriber.connections[0].outgoing.write(reply(412))  # would be taken for the next reply
        on.oven.heat = 1
        await trio.sleep(1)
        assert [event.seq for event in subscriber.events] == [0, 1]
        assert len(on.host.connections) == 2


async def test_urls_are_tried_in_order_for_each_event(autojump_clock: Clock) -> None:
    async with scene() as on:
        second = on.listen(port=8002)
        await on.subscribe(*(f"http://{PEER}:{8000 + number}/{number}" for number in (1, 2, 3)))
        await trio.sleep(1)
        assert len(second.events) == 1
        third = on.listen(port=8003)
        second.reply = lambda event: reply(500)
        on.oven.heat = 1
        await third.event(0)
        assert [opened.port for opened in on.host.connections] == [8001, 8002, 8001, 8003]
        assert (third.events[0].target, third.events[0].seq) == ("/3", 1)
        on.oven.heat = 2
        await third.event(1)
        assert len(on.host.connections) == 4  # the URL that is connected comes first
        assert on.lost == {}


# --- subscribers that are gone, silent or lying ---


ERRNOS = (
    *("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EADDRINUSE"),
    *("ETIMEDOUT", "ECONNREFUSED", "ECONNRESET", "EPERM", "EACCES", "EINVAL", "ENETDOWN", "ENODEV"),
)


@pytest.mark.parametrize("name", ERRNOS)
async def test_any_error_of_the_system_loses_that_message_and_keeps_the_subscription(
    autojump_clock: Clock, name: str
) -> None:
    async with scene() as on:
        number = getattr(errno, name)
        on.host.connect_errors[PEER, 8000] = OSError(number, os.strerror(number))
        sid = await on.subscribe()
        await trio.sleep(1)
        on.oven.heat = 1
        await trio.sleep(1)
        assert on.lost == {"cannot connect": 2}
        on.host.connect_errors.clear()
        subscriber = on.listen()
        on.oven.heat = 2
        assert (await subscriber.event(0)).seq == 2  # the gap tells the subscriber what it has missed
        assert await on.is_subscribed(sid)


async def test_a_send_that_fails_loses_that_message_and_keeps_the_subscription(autojump_clock: Clock) -> None:
    async with scene() as on:
        listeners = on.host.peer(PEER).nics["eth0"].listeners
        listeners[PEER, 8000] = Breaking()
        sid = await on.subscribe()
        await trio.sleep(1)
        assert on.lost == {"no reply": 1}
        listeners[PEER, 8000].close()
        subscriber = on.listen()
        on.oven.heat = 1
        assert (await subscriber.event(0)).seq == 1
        assert await on.is_subscribed(sid)


async def test_a_subscriber_that_is_never_reached_costs_nobody_anything(autojump_clock: Clock) -> None:
    async with scene() as on:
        on.host.peer(PEER).nics["eth0"].silent_ports |= {8000, 8001}
        good = on.listen(GOOD)
        await on.subscribe(f"http://{PEER}:8000/", f"http://{PEER}:8001/")
        await on.subscribe(peer=GOOD)
        for heat in range(1, 101):
            await trio.sleep(1)
            on.oven.heat = heat
        await trio.sleep(1)
        assert [(event.time, event.seq) for event in good.events[1:]] == [(each, each) for each in range(1, 101)]
        assert on.lost["cannot connect"] == 10  # each has taken two times 5 s
        opened = [opened.port for opened in on.host.connections if opened.address == PEER]
        assert opened[:4] == [8000, 8001, 8000, 8001]
        assert len(opened) == 2 * 10 + 1


async def test_a_subscriber_that_never_replies_is_given_10_seconds(autojump_clock: Clock) -> None:
    async with scene() as on:
        silent, good = on.listen(), on.listen(GOOD)
        silent.seconds = 1e6
        sid = await on.subscribe()
        await on.subscribe(peer=GOOD)
        await trio.sleep(1)
        on.oven.heat = 1
        await trio.sleep(1)
        assert [event.time for event in good.events] == [SETTLING_SECONDS, 1]
        await trio.sleep(20)
        assert [(event.time, event.seq) for event in silent.events] == [
            (SETTLING_SECONDS, 0),
            (SETTLING_SECONDS + REPLY_SECONDS, 1),
        ]
        assert on.lost == {"no reply": 2}
        assert await on.is_subscribed(sid)


async def test_all_attempts_for_one_event_end_after_30_seconds(autojump_clock: Clock) -> None:
    async with scene() as on:
        for number in range(6):
            on.listen(port=8000 + number).seconds = 1e6
        await on.subscribe(*(f"http://{PEER}:{8000 + number}/" for number in range(6)))
        await trio.sleep(29.9)
        assert on.lost == {}
        await trio.sleep(0.2 + SETTLING_SECONDS)
        assert sum(on.lost.values()) == 1
        assert len(on.host.connections) == 3


async def test_a_slow_subscriber_misses_the_oldest_events_and_delays_nobody(autojump_clock: Clock) -> None:
    async with scene() as on:
        slow, good = on.listen(), on.listen(GOOD)
        slow.seconds = 5
        await on.subscribe()
        await on.subscribe(peer=GOOD)
        await good.event(0)
        for heat in range(1, 31):
            on.oven.heat = heat
            await trio.sleep(0.1)
        assert [(event.seq, event.values["Heat"]) for event in good.events] == [(n, str(n)) for n in range(31)]
        assert on.lost == {"too slow": 20}
        await trio.sleep(200)
        # The first event was on its way, and of those behind it the ten newest were kept. After 30 s each is given up.
        assert [event.seq for event in slow.events] == [0, *range(21, 31)]
        assert max(event.time for event in slow.events) <= 33
        assert on.lost == {"too slow": 20, "too late": 5}
        on.oven.heat = 99
        assert (await slow.event(11)).seq == 31


@pytest.mark.parametrize(
    "junk",
    [
        b"junk\r\n\r\n",
        b"\0" * 100,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\ny\r\n" * 70_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"ffffff\r\n" + b"y" * 200_000,
    ],
)
async def test_a_reply_that_is_junk_or_endless_loses_that_message_alone(
    autojump_clock: Clock, junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene() as on:
        subscriber = on.listen()
        replies = [junk]
        subscriber.reply = lambda event: replies.pop() if replies else reply()
        sid = await on.subscribe()
        await trio.sleep(1)
        on.oven.heat = 1
        assert (await subscriber.event(1)).seq == 1
        assert len(on.host.connections) == 2
        assert on.lost == {"no reply": 1}
        assert await on.is_subscribed(sid)
    assert not caplog.records


@pytest.mark.parametrize("dripped", [b"H", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"])
async def test_a_reply_that_drips_is_given_10_seconds_in_all(autojump_clock: Clock, dripped: bytes) -> None:
    async with scene() as on:
        listening = on.host.peer(PEER).listen(8000)
        await on.subscribe()
        stream = await listening.accept()
        stream.outgoing.write(dripped)
        for _ in range(11):
            await trio.sleep(1)
            if not stream.outgoing.is_closed:
                stream.outgoing.write(b"X: y\r\n")
        assert stream.incoming.is_closed
        assert on.lost == {"no reply": 1}


@pytest.mark.parametrize(
    ("answer", "keeps_open"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore", False),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", True),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
async def test_a_reply_of_unusual_framing_is_read(
    autojump_clock: Clock, answer: bytes, keeps_open: bool, whole: bool
) -> None:
    async with scene() as on:
        listening = on.host.peer(PEER).listen(8000)
        await on.subscribe()
        stream = await listening.accept()
        for piece in [answer] if whole else [bytes([byte]) for byte in answer]:
            if not stream.outgoing.is_closed:
                stream.outgoing.write(piece)
                await trio.testing.wait_all_tasks_blocked()
        await trio.sleep(1)
        assert on.running.stats.notifications == 1
        assert on.lost == {}
        on.oven.heat = 1
        await trio.testing.wait_all_tasks_blocked()
        assert len(on.host.connections) == (1 if keeps_open else 2)


async def test_a_reply_without_a_length_ends_with_its_connection(autojump_clock: Clock) -> None:
    async with scene() as on:
        listening = on.host.peer(PEER).listen(8000)
        await on.subscribe()
        stream = await listening.accept()
        stream.outgoing.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
        await trio.sleep(1)
        stream.outgoing.close()
        await trio.sleep(1)
        assert on.running.stats.notifications == 1
        assert on.lost == {}


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
async def test_a_refusal_or_a_redirect_loses_that_message_and_leads_nowhere(autojump_clock: Clock, status: int) -> None:
    async with scene() as on:
        subscriber = on.listen()
        elsewhere = on.listen(GOOD)
        subscriber.reply = lambda event: reply(status, f"Location: http://{GOOD}:8000/")
        sid = await on.subscribe()
        await subscriber.event(0)
        on.oven.heat = 1
        await trio.sleep(1)
        assert elsewhere.events == []
        assert {opened.address for opened in on.host.connections} == {PEER}
        assert on.lost == {"refused": 2}
        assert await on.is_subscribed(sid)


async def test_412_ends_a_subscription(autojump_clock: Clock) -> None:
    async with scene() as on:
        subscriber = on.listen()
        subscriber.reply = lambda event: reply(412)
        sid = await on.subscribe()
        await trio.sleep(1)
        on.oven.heat = 1
        await trio.sleep(1)
        assert len(subscriber.events) == 1
        assert not await on.is_subscribed(sid)


# --- faults of ours, and ends in the middle ---


async def test_a_fault_of_ours_ends_that_subscription_alone(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene() as on:
        on.host.connect_errors[PEER, 8000] = ZeroDivisionError("a fault")
        good = on.listen(GOOD)
        sid = await on.subscribe()
        await on.subscribe(peer=GOOD)
        await trio.sleep(1)
        on.oven.heat = 1
        assert (await good.event(1)).seq == 1
        assert not await on.is_subscribed(sid)
    (record,) = caplog.records
    assert record.exc_info is not None


@pytest.mark.parametrize("after", [0.0, 0.5, 1.0, 3.0, 7.0, 9.0])
@pytest.mark.parametrize("how", ["unsubscribe", "remove", "expire"])
async def test_a_subscription_that_ends_during_a_delivery_leaves_nothing(
    autojump_clock: Clock, after: float, how: str
) -> None:
    async with scene() as on:
        await trio.sleep(20)
        before = trio.lowlevel.current_statistics().tasks_living
        on.host.peer(PEER).listen(8000)  # and no reply
        on.host.nics["eth0"].link.seconds = 1  # a connection takes twice as long
        sid = await on.subscribe()
        on.oven.heat = 1
        await trio.sleep(after)
        if how == "unsubscribe":
            assert await on.is_subscribed(sid)
        elif how == "remove":
            await on.running.remove(on.running.device.udn or "")
        else:
            await trio.sleep_until(20 + 1800)
            on.oven.heat = 2
        await trio.sleep(16)
        if how != "remove":
            assert trio.lowlevel.current_statistics().tasks_living == before
        assert on.host.open_connections == []
        opened = len(on.host.connections)
        on.oven.heat = 3
        await trio.sleep(20)
        assert len(on.host.connections) == opened


async def test_dead_subscribers_do_not_pile_up(autojump_clock: Clock) -> None:
    async with scene() as on:
        await trio.sleep(20)
        before = trio.lowlevel.current_statistics().tasks_living
        for number in range(200):
            peer = f"192.0.2.{20 + number}"
            on.host.peer(peer).nics["eth0"].silent_ports.add(8000)
            await on.subscribe(peer=peer) if number < 32 else None
        for heat in range(1, 500):
            on.oven.heat = heat
            await trio.sleep(1)
        assert trio.lowlevel.current_statistics().tasks_living <= before + 32
        await trio.sleep(1400)
        assert trio.lowlevel.current_statistics().tasks_living == before


async def test_what_a_dying_handler_assigns_when_its_device_goes_reaches_nobody(autojump_clock: Clock) -> None:
    """A handler that cleans up when it is cancelled may assign variables then."""
    async with scene() as on:
        subscriber = on.listen()
        await on.subscribe()

        async def work() -> None:
            try:
                await trio.sleep_forever()
            finally:
                on.oven.heat = 77

        on.oven.task = work
        client = Client(on.host)
        await client.send(call(on.running.device.services[0].control_url, "Do"))
        await trio.sleep(1)
        await on.running.remove(on.running.device.udn or "")
        await trio.sleep(1)
        assert on.oven.heat == 77
        assert [event.seq for event in subscriber.events] == [0]
        client.close()
