"""How many connections events are sent on at once, so that subscribers cannot use up the descriptors of the device."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio
import trio.testing

from tests.growth import held_by
from tests.server.acting import PEER, Client, Oven, Subscriber, served, subscribe
from tests.server.scenes import LoneHost
from upnp_trio.server.event_connections import MAX_CONNECTIONS_OF_ONE_PEER, EventConnections

Clock = trio.testing.MockClock
GOOD = "192.0.2.10"


@attrs.frozen
class Scene:
    """Forty services; one peer is subscribed three times to each, and a good one once."""

    host: LoneHost
    ovens: list[Oven]
    many: Subscriber
    good: Subscriber
    lost: dict[str, int]

    def open_to(self, subscriber: Subscriber) -> int:
        """How many connections to *subscriber* the device has."""
        return sum(not stream.outgoing.is_closed for stream in subscriber.connections)

    def change_all(self) -> None:
        for oven in self.ovens:
            oven.heat += 1


@asynccontextmanager
async def scene(*, seconds: float) -> AsyncIterator[Scene]:
    host, ovens = LoneHost(), [Oven() for _ in range(40)]
    many, good = Subscriber(host), Subscriber(host, GOOD)
    many.seconds = seconds
    before = trio.lowlevel.current_statistics().tasks_living
    async with trio.open_nursery() as nursery:
        nursery.start_soon(many.run)
        nursery.start_soon(good.run)
        async with served(host, *ovens) as (running, _, events):
            client, other = Client(host), Client(host, GOOD)
            for path in events:
                for number in range(3):
                    assert (await client.ask(subscribe(path, f"http://{PEER}:8000/{number}"))).status == 200
                assert (await other.ask(subscribe(path, f"http://{GOOD}:8000/"))).status == 200
            client.close()
            other.close()
            yield Scene(host, ovens, many, good, running.stats.notifications_lost)
        nursery.cancel_scope.cancel()
    assert trio.lowlevel.current_statistics().tasks_living == before
    assert host.open_connections == []


async def test_many_subscriptions_of_one_peer_share_few_connections_and_miss_nothing(autojump_clock: Clock) -> None:
    async with scene(seconds=0.1) as on:
        for _ in range(3):
            await trio.sleep(9)
            assert on.open_to(on.many) <= MAX_CONNECTIONS_OF_ONE_PEER
            assert on.open_to(on.good) <= MAX_CONNECTIONS_OF_ONE_PEER
            on.change_all()
        await trio.sleep(9)
        assert len(on.many.events) == 4 * 120
        assert len(on.good.events) == 4 * 40
        assert sum(on.lost.values()) == 0


async def test_a_peer_that_never_replies_holds_few_connections_and_delays_nobody(autojump_clock: Clock) -> None:
    async with scene(seconds=1e6) as on:
        began = trio.current_time()
        for number in range(20):
            await trio.sleep_until(began + 1 + 2 * number)
            on.change_all()
            await trio.sleep(1)
            assert on.open_to(on.many) <= MAX_CONNECTIONS_OF_ONE_PEER
            assert len(on.good.events) == 40 * (number + 2)
            assert max(event.time for event in on.good.events) == began + 1 + 2 * number


@attrs.define(eq=False)
class Holder:
    connections: EventConnections
    address: str = PEER
    is_idle: bool = False
    closed: bool = False

    def close_idle(self) -> None:
        assert self.is_idle
        self.is_idle, self.closed = False, True
        self.connections.give_back(self)


async def test_an_idle_connection_makes_room_and_a_busy_one_is_waited_for(autojump_clock: Clock) -> None:
    connections = EventConnections(limit=3, limit_per_peer=2)
    first, second, third = (Holder(connections) for _ in range(3))
    await connections.take(first)
    await connections.take(second)
    second.is_idle = True
    await connections.take(third)
    assert (first.closed, second.closed) == (False, True)
    with trio.move_on_after(1) as waited:
        await connections.take(second)
    assert waited.cancelled_caught
    assert not connections.is_wanted(first)
    elsewhere, beyond = Holder(connections, "192.0.2.20"), Holder(connections, "192.0.2.21")
    await connections.take(elsewhere)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connections.take, beyond)  # for all, there is no room
        nursery.start_soon(connections.take, second)
        await trio.testing.wait_all_tasks_blocked()
        assert connections.is_wanted(first)
        connections.give_back(first)
        connections.give_back(first)
        await trio.testing.wait_all_tasks_blocked()
        for holder in (third, elsewhere, beyond, second):
            connections.give_back(holder)
            await trio.testing.wait_all_tasks_blocked()
    for holder in (beyond, second, third, elsewhere):
        connections.give_back(holder)
    assert not connections.is_wanted(first)
    assert connections.size == 0


async def test_those_that_wait_in_vain_are_not_remembered(autojump_clock: Clock) -> None:
    connections = EventConnections(limit=1)
    first = Holder(connections)
    await connections.take(first)
    before = held_by(connections)
    for host in range(20, 200):
        with trio.move_on_after(1):
            await connections.take(Holder(connections, f"192.0.2.{host}"))
    assert held_by(connections) <= before
    connections.give_back(first)


async def test_a_wait_that_is_cancelled_at_any_moment_passes_the_turn_on(autojump_clock: Clock) -> None:
    for steps in range(6):
        await cancel_a_wait_after(steps)


async def cancel_a_wait_after(steps: int) -> None:
    connections = EventConnections(limit=1)
    first, second, third = (Holder(connections, f"192.0.2.{host}") for host in (20, 21, 22))

    async def take_and_leave(holder: Holder, scope: trio.CancelScope) -> None:
        with scope:
            await connections.take(holder)
            try:
                await trio.sleep(1)
            finally:
                connections.give_back(holder)

    await connections.take(first)
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()
            nursery.start_soon(take_and_leave, second, scope)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(take_and_leave, third, trio.CancelScope())
            await trio.testing.wait_all_tasks_blocked()
            connections.give_back(first)
            for _ in range(steps):
                await trio.lowlevel.checkpoint()
            scope.cancel()
    assert connections.size == 0


async def test_each_address_of_a_64_has_a_connection_beside_the_many_of_one_up_to_twice_the_share(
    autojump_clock: Clock,
) -> None:
    connections = EventConnections(limit=20, limit_per_peer=3)
    greedy = [Holder(connections, "fe80::a") for _ in range(5)]
    neighbours = [Holder(connections, f"fe80::b:{number}") for number in range(4)]
    taken: list[Holder] = []

    async def take(holder: Holder) -> None:
        await connections.take(holder)
        taken.append(holder)

    def give_back(holder: Holder) -> None:
        taken.remove(holder)
        connections.give_back(holder)

    async with trio.open_nursery() as nursery:
        for holder in (*greedy, *neighbours):
            nursery.start_soon(take, holder)
            await trio.testing.wait_all_tasks_blocked()
        assert taken == [*greedy[:3], *neighbours[:3]]
        assert connections.is_wanted(neighbours[0])
        give_back(neighbours[0])
        await trio.testing.wait_all_tasks_blocked()
        assert taken == [*greedy[:3], *neighbours[1:]]
        for holder in neighbours[1:]:  # the share is still taken
            give_back(holder)
            await trio.testing.wait_all_tasks_blocked()
        assert taken == greedy[:3]
        for holder in greedy[:2]:
            give_back(holder)
            await trio.testing.wait_all_tasks_blocked()
        assert taken == greedy[2:]
    for holder in list(taken):
        give_back(holder)
    assert connections.size == 0
    assert not connections._peers


async def test_a_host_that_never_replies_delays_no_event_of_a_neighbour_in_its_64(autojump_clock: Clock) -> None:
    host, ovens = LoneHost(), [Oven() for _ in range(20)]
    silent, good = Subscriber(host, "fe80::a"), Subscriber(host, "fe80::b")
    silent.seconds = 1e6
    async with served(host, *ovens) as (_, _, events), trio.open_nursery() as nursery:
        nursery.start_soon(silent.run)
        nursery.start_soon(good.run)
        busy, neighbour = Client(host, "fe80::a"), Client(host, "fe80::b")
        for path in events:
            for number in range(8):
                assert (await busy.ask(subscribe(path, f"http://[fe80::a]:8000/{number}"))).status == 200
        assert (await neighbour.ask(subscribe(events[0], "http://[fe80::b]:8000/"))).status == 200
        await trio.sleep(60)
        for oven in ovens:
            oven.heat = 1
        await trio.sleep(1)
        assert [event.seq for event in good.events] == [0, 1]
        assert good.events[1].time == trio.current_time() - 1
        busy.close()
        neighbour.close()
        nursery.cancel_scope.cancel()


async def test_a_peer_that_waited_for_the_limit_of_all_in_vain_is_not_remembered(autojump_clock: Clock) -> None:
    connections = EventConnections(limit=2, limit_per_peer=1)
    first, other, again = Holder(connections), Holder(connections, GOOD), Holder(connections)
    await connections.take(first)
    await connections.take(other)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connections.take, again)
        await trio.testing.wait_all_tasks_blocked()
        connections.give_back(first)
        newcomer = Holder(connections, "192.0.2.30")
        await connections.take(newcomer)  # before the one that waits has its turn
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    for holder in (other, newcomer):
        connections.give_back(holder)
    assert not connections._peers
