"""Subscriptions to a device that is served: their requests, their events and their ends (UDA 2.0 §4.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.testing

from tests.server.acting import (
    CALLBACK,
    PEER,
    Client,
    Notified,
    Oven,
    Subscriber,
    call,
    oven_device,
    renew,
    reply,
    served,
    subscribe,
    unsubscribe,
)
from tests.server.scenes import HERE, LoneHost, interface
from upnp_trio import Running, ServiceHandler
from upnp_trio.server.delivery import SETTLING_SECONDS

Clock = trio.testing.MockClock


@attrs.frozen
class Scene:
    """A served oven, a client and a subscriber at one address."""

    host: LoneHost
    oven: Oven
    running: Running
    control: str
    events: str
    client: Client
    subscriber: Subscriber
    nursery: trio.Nursery

    async def sid(self, *callbacks: str, seconds: int = 1800, peer: str = PEER) -> str:
        """Subscribe and give the SID."""
        client = Client(self.host, peer)
        answer = await client.ask(subscribe(self.events, *callbacks, seconds=seconds))
        client.close()
        assert answer.status == 200
        return answer.headers["sid"]

    async def status(self, request: bytes, peer: str = PEER) -> int:
        """The status of the response to *request* on a connection of its own."""
        client = Client(self.host, peer)
        answer = await client.ask(request)
        client.close()
        return answer.status

    def tasks(self) -> int:
        return trio.lowlevel.current_statistics().tasks_living


@asynccontextmanager
async def scene(*, max_subscriptions: int = 32) -> AsyncIterator[Scene]:
    host, oven = LoneHost(), Oven()
    subscriber = Subscriber(host)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(subscriber.run)
        async with served(host, oven, max_subscriptions=max_subscriptions) as (running, (control,), (events,)):
            client = Client(host)
            yield Scene(host, oven, running, control, events, client, subscriber, nursery)
            client.close()
        nursery.cancel_scope.cancel()


# --- requests ---


async def test_a_subscription_is_granted_with_sid_and_timeout(autojump_clock: Clock) -> None:
    async with scene() as on:
        answer = await on.client.ask(subscribe(on.events, seconds=300))
        assert answer.status == 200
        assert answer.headers["sid"].startswith("uuid:")
        assert answer.headers["timeout"] == "Second-300"
        assert answer.headers["content-length"] == "0"
        assert "accepted-statevar" not in answer.headers
        other = await on.client.ask(subscribe(on.events))
        assert other.headers["sid"] != answer.headers["sid"]
        assert on.running.stats.subscriptions == 2


async def test_each_wrong_request_gets_its_error_and_the_connection_goes_on(autojump_clock: Clock) -> None:
    async with scene() as on:
        sid = await on.sid()

        def request(*lines: str, method: str = "SUBSCRIBE") -> bytes:
            return "\r\n".join([f"{method} {on.events} HTTP/1.1", f"HOST: {HERE}", *lines, "", ""]).encode()

        to = f"CALLBACK: <{CALLBACK}>"
        for lines, status in (
            ([to], 412),
            ([to, "NT: upnp:propchange"], 412),
            (["NT: upnp:event"], 412),
            (["NT: upnp:event", "CALLBACK: <>"], 412),
            (["NT: upnp:event", "CALLBACK: <http://192.0.2.10:8000/>"], 412),
            (["NT: upnp:event", "CALLBACK: <ftp://192.0.2.9/>"], 412),
            ([f"SID: {sid}", to], 400),
            ([f"SID: {sid}", "NT: upnp:event"], 400),
            (["SID: uuid:unknown"], 412),
            (["SID: "], 412),
            ([], 412),
        ):
            assert (await on.client.ask(request(*lines))).status == status, lines
        for lines, status in (
            ([f"SID: {sid}", to], 400),
            ([f"SID: {sid}", "NT: upnp:event"], 400),
            (["SID: uuid:unknown"], 412),
            (["SID: "], 412),
            ([], 412),
        ):
            assert (await on.client.ask(request(*lines, method="UNSUBSCRIBE"))).status == status, lines
        assert (await on.client.ask(request(method="GET"))).status == 405
        assert (await on.client.ask(renew(on.events, sid))).status == 200  # it has survived all that
        assert on.running.stats.subscriptions == 1


async def test_a_subscriber_from_beyond_the_link_is_refused(autojump_clock: Clock) -> None:
    async with scene() as on:
        assert await on.status(subscribe(on.events, "http://203.0.113.5:80/"), peer="203.0.113.5") == 412
        assert not on.host.connections


async def test_a_sid_belongs_to_one_service(autojump_clock: Clock) -> None:
    host, first, second = LoneHost(), Oven(), Oven()
    async with served(host, first, second) as (_, _, (events, other_events)), trio.open_nursery() as nursery:
        subscriber = Subscriber(host)
        nursery.start_soon(subscriber.run)
        client = Client(host)
        sid = (await client.ask(subscribe(events, f"http://{PEER}:8000/1"))).headers["sid"]
        await subscriber.event(0)
        await client.ask(subscribe(other_events, f"http://{PEER}:8000/2"))
        assert (await client.ask(renew(other_events, sid))).status == 412
        assert (await client.ask(unsubscribe(other_events, sid))).status == 412
        await trio.sleep(1)
        second.heat = 4
        await trio.sleep(1)
        assert [(event.target, event.seq) for event in subscriber.events] == [("/1", 0), ("/2", 0), ("/2", 1)]
        client.close()
        nursery.cancel_scope.cancel()


async def test_a_subscriber_gets_the_variables_that_it_asked_for(autojump_clock: Clock) -> None:
    async with scene() as on:
        answer = await on.client.ask(subscribe(on.events, variables=["Light", "Text", "Nothing", "Light"]))
        assert answer.headers["accepted-statevar"] == "Light"
        await on.subscriber.event(0)
        on.oven.heat = 1
        await trio.sleep(1)
        on.oven.heat, on.oven.light = 2, True
        await trio.sleep(1)
        assert [(event.seq, event.values) for event in on.subscriber.events] == [
            (0, {"Light": "0"}),
            (1, {"Light": "1"}),
        ]


# --- events ---


async def test_the_initial_event_follows_the_response_and_comes_before_any_other(autojump_clock: Clock) -> None:
    async with scene() as on:
        client = Client(on.host, capacity=10)  # the subscriber does not read yet
        await client.send(subscribe(on.events))
        await trio.sleep(1)
        on.oven.heat = 1
        await trio.sleep(1)
        on.oven.heat = 2
        await trio.sleep(1)
        assert not on.host.connections
        assert (await client.read()).status == 200
        client.close()
        for heat in range(3, 30):  # more than its queue has room for
            on.oven.heat = heat
            await trio.sleep(SETTLING_SECONDS / 64)
        await on.subscriber.event(0)
        on.oven.heat = 30
        await on.subscriber.event(1)
        assert [(event.time, event.seq, event.values) for event in on.subscriber.events] == [
            (3 + SETTLING_SECONDS, 0, {"Heat": "29", "Light": "0", "Seldom": "0"}),
            (3 + SETTLING_SECONDS, 1, {"Heat": "30"}),
        ]


async def test_a_subscriber_that_never_reads_its_response_is_forgotten(autojump_clock: Clock) -> None:
    async with scene() as on:
        await trio.sleep(1)
        before = on.tasks()
        client = Client(on.host, capacity=10)
        await client.send(subscribe(on.events))
        await trio.sleep(11)
        on.oven.heat = 1
        await trio.sleep(1)
        assert not on.host.connections
        assert on.tasks() <= before
        client.close()
        for number in range(8):  # its place is free again
            assert await on.status(subscribe(on.events, f"http://{PEER}:8000/{number}")) == 200


async def test_a_subscriber_that_closes_before_the_response_is_forgotten(autojump_clock: Clock) -> None:
    async with scene() as on:
        client = Client(on.host, capacity=10)
        await client.send(subscribe(on.events))
        await trio.testing.wait_all_tasks_blocked()
        client.close()
        on.oven.heat = 1
        await trio.sleep(1)
        assert not on.host.connections
        assert on.subscriber.events == []


NAMED = """<?xml version="1.0"?>
<scpd xmlns="urn:schemas-upnp-org:service-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<serviceStateTable><stateVariable sendEvents="yes"><name>Größe</name><dataType>string</dataType></stateVariable>
</serviceStateTable></scpd>"""


class Named(ServiceHandler, service_type="urn:example-com:service:Named:1", scpd=NAMED.encode()):
    """A service whose variable has a name that no header field can carry."""


async def test_a_subscriber_that_asks_for_a_name_that_is_not_ascii_gets_all(autojump_clock: Clock) -> None:
    async with served(host := LoneHost(), Named()) as (_, _, (events,)):
        client = Client(host)
        await client.send(subscribe(events, variables=["Size"]).replace(b"Size", "Größe".encode("latin-1")))
        answer = await client.read()
        assert (answer.status, answer.headers.get("accepted-statevar")) == (200, None)
        client.close()


class Failing(Oven):
    """A handler that cannot always give its values."""

    is_failing = False

    def variables(self) -> dict[str, object]:
        if self.is_failing:
            raise LookupError("no values")
        return super().variables()


async def test_a_handler_that_cannot_give_its_values_costs_no_place_and_one_line_of_the_log(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    oven = Failing()
    async with served(host := LoneHost(), oven, max_subscriptions=1) as (_, _, (events,)):
        oven.is_failing = True
        for _ in range(3):
            client = Client(host)
            assert (await client.ask(subscribe(events))).status == 200
            client.close()
            await trio.sleep(1)
        oven.is_failing = False
        assert caplog.text.count("a fault while delivering") == caplog.text.count("LookupError: no values") == 1
        other = Client(host, "192.0.2.10")
        assert (await other.ask(subscribe(events, "http://192.0.2.10:8000/"))).status == 200
        other.close()


async def test_changes_without_an_await_between_are_one_event(autojump_clock: Clock) -> None:
    async with scene() as on:
        await on.sid()
        await on.subscriber.event(0)
        await on.client.ask(call(on.control, "Set", ("Heat", 3), ("Light", 1)))
        await on.subscriber.event(1)

        async def change() -> None:
            on.oven.heat = 4
            on.oven.heat = 5
            on.oven.light = False
            await trio.sleep(1)
            on.oven.heat = 6
            on.oven.heat = 5  # back again, before anybody was told
            on.oven.light = True

        on.oven.task = change
        await on.client.ask(call(on.control, "Do"))
        await trio.sleep(1)
        assert [event.values for event in on.subscriber.events[1:]] == [
            {"Heat": "3", "Light": "1"},
            {"Heat": "5", "Light": "0"},
            {"Light": "1"},
        ]


async def test_no_change_is_lost_with_an_await_between(autojump_clock: Clock) -> None:
    async with scene() as on:
        await on.sid()
        await on.subscriber.event(0)

        async def change() -> None:
            for heat in range(1, 9):  # fewer than wait at most for a subscriber
                on.oven.heat = heat
                on.oven.light = heat % 2 == 1
                await trio.lowlevel.checkpoint()
                if heat % 5 == 0:  # a queue holds ten events, and what it loses leaves a gap in SEQ
                    await trio.testing.wait_all_tasks_blocked()

        on.oven.task = change
        await on.client.ask(call(on.control, "Do"))
        await trio.sleep(1)
        told = on.subscriber.events
        assert told[-1].values["Heat"] == "8"
        state: dict[str, str] = {}
        for event in told:
            state |= event.values
            assert (int(state["Heat"]) % 2 == 1) == (state["Light"] == "1")  # assigned together, seen together
        heats = [int(event.values["Heat"]) for event in told]
        assert heats == sorted(heats)
        assert [event.seq for event in told] == sorted({event.seq for event in told})


async def test_an_assignment_of_the_same_value_is_no_event(autojump_clock: Clock) -> None:
    async with scene() as on:
        await on.sid()
        await on.subscriber.event(0)
        on.oven.heat = 0
        on.oven.text = "not evented"
        await trio.sleep(1)
        assert len(on.subscriber.events) == 1


async def test_the_body_may_assign_while_nobody_and_while_somebody_is_subscribed(autojump_clock: Clock) -> None:
    async with scene() as on:
        oven = on.running.service(Oven)
        oven.heat = 1
        await trio.sleep(100)
        await on.sid()
        assert (await on.subscriber.event(0)).values["Heat"] == "1"
        oven.heat = 2
        assert (await on.subscriber.event(1)).values == {"Heat": "2"}
        assert on.subscriber.events[1].time == trio.current_time() == 100 + SETTLING_SECONDS


async def test_a_change_just_before_a_subscription_is_in_the_initial_event_alone(autojump_clock: Clock) -> None:
    async with scene() as on:
        on.oven.deed = lambda: setattr(on.oven, "heat", 8)
        await on.client.send(call(on.control, "DoNow") + subscribe(on.events))
        await on.client.read()
        await on.client.read()
        await trio.sleep(1)
        assert [event.values.get("Heat") for event in on.subscriber.events] == ["8"]


async def test_a_moderated_variable_leaves_when_it_may(autojump_clock: Clock) -> None:
    async with scene() as on:
        await on.sid()
        await on.subscriber.event(0)
        for number in range(1, 61):
            on.oven.seldom = number
            await trio.sleep(0.7)
        await trio.sleep(60)
        assert [(event.time, event.values) for event in on.subscriber.events[1:]] == [
            (SETTLING_SECONDS, {"Seldom": "1"}),
            (30 + SETTLING_SECONDS, {"Seldom": "43"}),  # the newest one, of 29.4 s
            (60 + SETTLING_SECONDS, {"Seldom": "60"}),
        ]


# --- renewal and ends ---


async def test_a_renewal_sends_nothing_and_keeps_sid_and_numbers(autojump_clock: Clock) -> None:
    async with scene() as on:
        sid = await on.sid(seconds=100)
        await on.subscriber.event(0)
        await trio.sleep(99)
        answer = await Client(on.host).ask(renew(on.events, sid, seconds=100))
        assert (answer.status, answer.headers["sid"], answer.headers["timeout"]) == (200, sid, "Second-100")
        await trio.sleep(99)
        on.oven.heat = 1
        await on.subscriber.event(1)
        assert [(event.time, event.seq) for event in on.subscriber.events] == [
            (SETTLING_SECONDS, 0),
            (198 + SETTLING_SECONDS, 1),
        ]
        assert on.running.stats.subscriptions == 1


@pytest.mark.parametrize("renewed", [False, True])
async def test_a_subscription_ends_at_the_very_time_that_was_granted(autojump_clock: Clock, renewed: bool) -> None:
    async with scene() as on:
        await trio.sleep(20)
        began, idle = trio.current_time(), on.tasks()
        sid = await on.sid(seconds=1800 if renewed else 60)
        await on.subscriber.event(0)
        if renewed:  # for less than before
            assert await on.status(renew(on.events, sid, seconds=60)) == 200
        await trio.sleep_until(began + 59.75)
        assert on.tasks() > idle
        await trio.sleep(0.5)
        assert on.tasks() <= idle  # the task, the connection and the place are free at once
        assert on.host.open_connections == []
        on.oven.heat = 1
        await trio.sleep(1)
        assert len(on.subscriber.events) == 1
        assert await on.status(renew(on.events, sid)) == 412
        assert await on.status(unsubscribe(on.events, sid)) == 412


async def test_unsubscribe_ends_a_subscription_at_once(autojump_clock: Clock) -> None:
    async with scene() as on:
        sid = await on.sid()
        await on.subscriber.event(0)
        answer = await on.client.ask(unsubscribe(on.events, sid))
        assert (answer.status, answer.body) == (200, b"")
        on.oven.heat = 1
        await trio.sleep(1)
        assert len(on.subscriber.events) == 1
        assert (await on.client.ask(unsubscribe(on.events, sid))).status == 412
        assert on.host.open_connections == []


async def test_a_subscription_that_is_cancelled_in_the_same_breath_gets_nothing_more(autojump_clock: Clock) -> None:
    async with scene() as on:
        on.subscriber.seconds = 5  # it is still busy with the initial event
        sid = await on.sid()
        on.oven.heat = 1
        await trio.sleep(1)
        assert await on.status(unsubscribe(on.events, sid)) == 200
        await trio.sleep(20)
        assert [event.seq for event in on.subscriber.events] == [0]


async def test_an_update_that_adds_the_first_service_while_the_device_stops_is_completed(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with trio.open_nursery() as nursery, served(host) as (running, _, _):
        await trio.sleep(1)
        nursery.start_soon(running.update, oven_device(oven))
        await trio.testing.wait_all_tasks_blocked()  # its byebye is being sent
    assert not oven.is_connected


@pytest.mark.parametrize("how", ["remove", "update"])
async def test_subscriptions_end_with_byebye(autojump_clock: Clock, how: str) -> None:
    async with scene() as on:
        sid = await on.sid()
        await on.subscriber.event(0)
        if how == "remove":
            await on.running.remove(on.running.device.udn or "")
            assert await on.status(renew(on.events, sid)) == 404
        else:
            await on.running.update(attrs.evolve(oven_device(on.oven), friendly_name="Jambon 3001"))
            assert await on.status(renew(on.events, sid)) == 412
        assert on.host.open_connections == []
        on.oven.heat = 5
        await trio.sleep(1)
        assert len(on.subscriber.events) == 1
        if how == "update":
            await on.sid()
            assert (await on.subscriber.event(1)).values["Heat"] == "5"
            assert on.subscriber.events[1].seq == 0


async def test_subscriptions_end_when_the_device_stops(autojump_clock: Clock) -> None:
    before = trio.lowlevel.current_statistics().tasks_living
    async with scene() as on:
        on.subscriber.seconds = 20
        await on.sid()
        await on.sid(f"http://{PEER}:9999/nobody")
        await trio.sleep(1)
    assert trio.current_time() < 5
    assert trio.lowlevel.current_statistics().tasks_living == before
    assert on.host.open_connections == []


async def test_a_request_in_flight_when_the_device_stops_is_no_fault(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    statuses = []
    async with trio.open_nursery() as nursery, scene() as on:
        sid = await on.sid()
        for request in (subscribe(on.events), renew(on.events, sid), unsubscribe(on.events, sid)):

            async def ask(request: bytes) -> None:
                client = Client(on.host)
                await client.send(request[:-5])
                await trio.sleep(2)
                await client.send(request[-5:])
                statuses.append((await client.read()).status)
                client.close()

            nursery.start_soon(ask, request)
        await trio.sleep(1)
        stats = on.running.stats
    assert len(statuses) == 3
    assert set(statuses) <= {200, 412, 503}
    assert stats.refused["a fault of ours"] == 0
    assert not caplog.records


async def test_variables_may_be_assigned_after_the_end(autojump_clock: Clock) -> None:
    async with scene() as on:
        await on.sid()
    on.oven.heat = 1
    host = LoneHost()
    async with served(host, on.oven) as (running, (control,), _):  # it can be served again
        assert running.service(Oven).heat == 1
        client = Client(host)
        assert b"<Heat>1<" in (await client.ask(call(control, "Get"))).body
        client.close()


# --- bounds ---


async def test_a_peer_gets_a_quarter_of_the_places_and_all_peers_no_more_than_there_are(autojump_clock: Clock) -> None:
    async with scene() as on:

        def request(peer: str, number: int) -> bytes:
            return subscribe(on.events, f"http://{peer}:8000/{number}")

        for host in range(10, 14):
            peer = f"192.0.2.{host}"
            Subscriber(on.host, peer)
            assert [await on.status(request(peer, number), peer) for number in range(9)] == [200] * 8 + [503]
        assert on.running.stats.refused["too many subscriptions of one peer"] == 4
        assert on.running.stats.subscriptions == 32


async def test_a_newcomer_is_served_beside_a_greedy_peer(autojump_clock: Clock) -> None:
    async with scene(max_subscriptions=4) as on:
        greedy = [await on.status(subscribe(on.events, f"http://{PEER}:8000/{number}")) for number in range(5)]
        assert greedy == [200, 503, 503, 503, 503]
        for host in (10, 11, 12):
            peer = f"192.0.2.{host}"
            on.host.peer(peer)
            assert await on.status(subscribe(on.events, f"http://{peer}:8000/"), peer) == 200
        await trio.sleep(1)
        # those whose events do not arrive give way, and the one that takes them stays
        for host in range(13, 33):
            peer = f"192.0.2.{host}"
            on.host.peer(peer)  # which refuses connections
            assert await on.status(subscribe(on.events, f"http://{peer}:8000/"), peer) == 200
            await trio.sleep(0.1)
        on.oven.heat = 1
        assert (await on.subscriber.event(1)).seq == 1


async def test_a_thousand_subscriptions_of_one_peer_take_nothing_from_another(autojump_clock: Clock) -> None:
    async with scene() as on:
        good = Subscriber(on.host, "192.0.2.10")
        on.nursery.start_soon(good.run)
        on.subscriber.reply = lambda event: reply(500)
        sid = await on.sid("http://192.0.2.10:8000/", peer="192.0.2.10")
        await good.event(0)
        before = on.tasks()
        for number in range(1000):
            await on.status(subscribe(on.events, f"http://{PEER}:8000/{number}"))
            if number % 100 == 0:
                on.oven.heat = number + 1
                await trio.sleep(0.5)
        assert on.tasks() <= before + 3 * 8 + 8
        assert await on.status(renew(on.events, sid), "192.0.2.10") == 200
        told: list[Notified] = good.events
        assert [event.seq for event in told] == list(range(11))
        await trio.sleep(2000)
        assert on.tasks() <= before


# --- IPv6 ---


@pytest.mark.parametrize(("own", "peer"), [("2001:db8::7/64", "2001:db8::9"), ("fe80::7/64", "fe80::9")])
async def test_events_reach_a_subscriber_of_ipv6_on_the_interface_that_it_asked_on(
    autojump_clock: Clock, own: str, peer: str
) -> None:
    host, oven = LoneHost(interface(own)), Oven()
    async with trio.open_nursery() as nursery:
        subscriber = Subscriber(host, peer)
        nursery.start_soon(subscriber.run)
        async with served(host, oven) as (_, _, (events,)):
            client = Client(host, peer)
            request = subscribe(events, f"http://[{peer}]:8000/")
            here = f"[{own.partition('/')[0]}]:49152"
            assert (await client.ask(request.replace(HERE.encode(), here.encode(), 1))).status == 200
            await subscriber.event(0)
            oven.heat = 1
            await subscriber.event(1)
            opened = host.connections[0]
            assert (f"{opened.source}/64", opened.address, opened.port) == (own, peer, 8000)
            client.close()
        nursery.cancel_scope.cancel()
