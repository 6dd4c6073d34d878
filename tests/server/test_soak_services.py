"""A simulated day of services: calls, subscriptions that come and go, and new handlers. Nothing is missed, or grows."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random

import attrs
import pytest
import trio
import trio.testing

from tests.growth import held_by, living_objects
from tests.server.acting import (
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
from tests.server.scenes import HERE, NOON, LoneHost
from upnp_trio import Running, UpnpError

# The same twice, so that the objects that are held after each can be compared.
ROUNDS = 250
CALLS_PER_ROUND = 20
SUBSCRIPTIONS_PER_ROUND = 4
ROUNDS_PER_HANDLER = 5
ROUND_SECONDS = 45.0
# Long enough for the last subscription, page and connection of strangers to end.
QUIET_SECONDS = 2000.0
# Large integers and interned names. This is less than anything that could leak once in ten rounds.
FEW_OBJECTS = 10

GOOD = "192.0.2.9"
STRANGERS = [f"192.0.2.{number}" for number in range(20, 80)]


def today() -> datetime:
    return NOON + timedelta(seconds=trio.current_time())


def fail() -> object:
    raise UpnpError(701)


@attrs.define(eq=False, kw_only=True)
class Life:
    """A good subscriber, which must get each change, and the strangers around it."""

    host: LoneHost
    running: Running
    control: str
    events: str
    oven: Oven
    good: Subscriber
    sid: str = ""
    rng: Random = attrs.field(factory=lambda: Random(1900))
    heat: int = 0
    calls: int = 0
    granted: int = 0

    async def go_on(self) -> None:
        """As many rounds, and then quiet."""
        for number in range(ROUNDS):
            if number % ROUNDS_PER_HANDLER == 0:
                await self.replace_handler()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.call_often)
                for _ in range(SUBSCRIPTIONS_PER_ROUND):
                    nursery.start_soon(self.subscribe_and_go)
                nursery.start_soon(self.look_at_the_page)
                nursery.start_soon(self.leave_a_call)
                await trio.sleep(ROUND_SECONDS)
            await self.check_events()
        await self.ask(unsubscribe(self.events, self.sid))
        await trio.sleep(QUIET_SECONDS)

    async def ask(self, request: bytes, peer: str = GOOD) -> int:
        """The status of the response on a connection of its own."""
        client = Client(self.host, peer)
        answer = await client.ask(request)
        client.close()
        if "sid" in answer.headers and peer == GOOD:
            self.sid = answer.headers["sid"]
        return answer.status

    async def replace_handler(self) -> None:
        """Another handler serves the service from now on. The subscriptions to the service end, so subscribe again."""
        self.oven = Oven()
        self.oven.deed = fail
        await self.running.update(oven_device(self.oven))
        self.heat = 0
        self.good.events.clear()
        assert await self.ask(subscribe(self.events)) == 200
        await self.good.event(0)

    async def call_often(self) -> None:
        """Right and wrong calls, each second one of which changes the variable."""
        client = Client(self.host)
        for number in range(CALLS_PER_ROUND):
            if number % 2 == 0:
                self.heat += 1
                request, status = call(self.control, "Set", ("Heat", self.heat), ("Light", self.rng.randrange(2))), 200
            else:
                request, status = self.rng.choice(
                    [
                        (call(self.control, "Get"), 200),
                        (call(self.control, "Wait", ("Number", 1), ("Seconds", 1)), 200),
                        (call(self.control, "Do"), 200),
                        (call(self.control, "DoNow"), 500),
                        (call(self.control, f"No{self.rng.random()}"), 500),
                        (call(self.control, "Set", ("Heat", "hot"), ("Light", 1)), 500),
                    ]
                )
            assert (await client.ask(request)).status == status, request
            self.calls += 1
        client.close()

    async def leave_a_call(self) -> None:
        """A caller goes before the result comes. It is one of a few, as the log limit keeps each for an hour."""
        client = Client(self.host, self.rng.choice(STRANGERS[:4]))
        await client.send(call(self.control, "Wait", ("Number", 2), ("Seconds", self.rng.choice([1, 40]))))
        await trio.sleep(0.5)
        client.close()

    async def look_at_the_page(self) -> None:
        """A page that waits for a change, and one that is closed before it comes."""
        for seconds in (60, 0.001):
            client = Client(self.host, self.rng.choice(STRANGERS))
            with trio.move_on_after(seconds):
                await client.ask(f"GET {self.state_path} HTTP/1.1\r\nHOST: {HERE}\r\n\r\n".encode())
            client.close()

    @property
    def state_path(self) -> str:
        return self.running.where[0].url.partition(HERE)[2].replace("description.xml", "state?after=0")

    async def subscribe_and_go(self) -> None:
        """A stranger subscribes where nobody, or somebody bad listens; and renews, cancels or just goes."""
        peer = self.rng.choice(STRANGERS)
        port = self.rng.choice([8000, 8001, 8002, 8003])
        client = Client(self.host, peer)
        answer = await client.ask(subscribe(self.events, f"http://{peer}:{port}/", seconds=self.rng.choice([60, 1800])))
        if answer.status == 200:
            self.granted += 1
            sid = answer.headers["sid"]
            await trio.sleep(self.rng.random() * 40)
            deeds: list[Callable[[], Awaitable[object]]] = [
                lambda: self.ask(renew(self.events, sid), peer),
                lambda: self.ask(unsubscribe(self.events, sid), peer),
                trio.lowlevel.checkpoint,
            ]
            await self.rng.choice(deeds)()
        client.close()

    async def check_events(self) -> None:
        """The good subscriber has all: numbers without a gap, and the last value."""
        await trio.sleep(1)
        assert [event.seq for event in self.good.events] == list(range(len(self.good.events)))
        heats = [int(event.values["Heat"]) for event in self.good.events if "Heat" in event.values]
        assert heats == list(range(self.heat + 1))


def bad_subscribers(host: LoneHost) -> list[Subscriber]:
    """One that never replies, one that closes, and one that does not know its subscriptions, at each address."""

    def at(port: int, answer: Callable[[Notified], bytes | None], seconds: float = 0.0) -> list[Subscriber]:
        subscribers = [Subscriber(host, address, port) for address in STRANGERS]
        for each in subscribers:
            each.reply, each.seconds = answer, seconds
        return subscribers

    return [
        *at(8001, lambda _: reply(), seconds=100),
        *at(8002, lambda _: None),
        *at(8003, lambda event: reply(412 if event.seq else 200)),
    ]


async def test_a_day_of_calls_and_subscriptions_leaves_nothing_missed_and_nothing_grown(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)  # pytest keeps the warnings about strangers
    host, oven = LoneHost(), Oven()
    good, bad = Subscriber(host), bad_subscribers(host)
    async with trio.open_nursery() as nursery:
        for subscriber in (good, *bad):
            nursery.start_soon(subscriber.run)
        async with served(host, oven, utcnow=today) as (running, (control,), (events,)):
            life = Life(host=host, running=running, control=control, events=events, oven=oven, good=good)

            def count() -> tuple[int, int, int]:
                for subscriber in (good, *bad):
                    subscriber.forget()
                host.forget()
                life.oven.callers.clear()
                life.oven.log.clear()
                tasks = trio.lowlevel.current_statistics().tasks_living
                return tasks, held_by(running, but=[running.stats, host, life]), living_objects()

            await life.go_on()
            before = count()
            await life.go_on()
            after = count()
            assert life.calls >= 2 * ROUNDS * CALLS_PER_ROUND
            assert life.granted >= 2 * ROUNDS
        nursery.cancel_scope.cancel()
    assert after[0] <= before[0], "tasks"
    assert after[1] <= before[1] + FEW_OBJECTS, "objects that the device holds"
    assert after[2] <= before[2] + 10 * FEW_OBJECTS, "objects of the whole process"
