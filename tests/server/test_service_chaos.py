"""Whatever peers do at once, in whatever order: no fault of ours, nothing left, and a good neighbour misses nothing."""

from __future__ import annotations

import errno
import os
from random import Random

import attrs
import pytest
import trio
import trio.testing

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
from tests.server.scenes import HERE, Breaking, LoneHost

Clock = trio.testing.MockClock
GOOD = "192.0.2.10"
STEPS = 300


@attrs.define
class Chaos:
    """Peers that behave badly, with *rng* to choose how."""

    rng: Random
    host: LoneHost
    oven: Oven
    control: str
    events: str
    nursery: trio.Nursery
    sids: list[str] = attrs.field(factory=list)
    clients: list[Client] = attrs.field(factory=list)

    def request(self, peer: str) -> bytes:
        """A request of some kind, whole or not."""
        sid = self.rng.choice(self.sids) if self.sids else "uuid:nobody"
        state = f"{self.control.rsplit('/', 2)[0]}/state.json"
        whole = self.rng.choice(
            [
                call(self.control, "Get"),
                call(self.control, "DoNow"),
                call(self.control, "Wait", ("Number", 1), ("Seconds", self.rng.randrange(40))),
                call(self.control, "Do", version="1.0"),
                call(self.control, "Bake"),
                subscribe(self.events, f"http://{peer}:{self.rng.randrange(8000, 8005)}/", seconds=60),
                subscribe(self.events, "http://203.0.113.1/"),
                renew(self.events, sid, 60),
                unsubscribe(self.events, sid),
                f"GET {state} HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode(),
                f"GET {state}?after=x HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode(),
                b"junk\r\n\r\n",
            ]
        ) * self.rng.choice([1, 1, 1, 5])
        return whole[: self.rng.randrange(len(whole))] if self.rng.random() < 0.1 else whole

    async def ask(self, peer: str) -> None:
        """Ask on a new connection or an old one, and hang up at some time."""
        if self.clients and self.rng.random() < 0.3:
            client = self.clients.pop(self.rng.randrange(len(self.clients)))
        else:
            client = Client(self.host, peer)
        request, patience, stays = self.request(peer), self.rng.choice([0, 0.01, 1, 30]), self.rng.random() < 0.3
        try:
            await client.send(request)
            with trio.move_on_after(patience):
                answer = await client.read()
                if "sid" in answer.headers:
                    self.sids.append(answer.headers["sid"])
        except (trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError, EOFError):
            stays = False
        if stays:
            self.clients.append(client)
        else:
            client.close()

    def listen(self, peer: str) -> None:
        """Let something or nothing listen where events go."""
        port = self.rng.randrange(8000, 8005)
        kind = self.rng.randrange(6)
        nic = self.host.peer(peer).nics["eth0"]
        nic.silent_ports.discard(port)
        self.host.connect_errors.pop((peer, port), None)
        if (peer, port) in nic.listeners:
            nic.listeners.pop((peer, port)).close()
        if kind == 1:
            self.host.connect_errors[peer, port] = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        elif kind == 2:
            nic.silent_ports.add(port)
        elif kind == 3:
            nic.listeners[peer, port] = Breaking()
        elif kind > 3:
            subscriber = Subscriber(self.host, peer, port)
            subscriber.seconds = self.rng.choice([0, 0, 1, 40])
            answers = [reply(), reply(500), reply(412), reply(200, "Connection: close"), b"junk", None]
            answer = self.rng.choice(answers)

            def choose(event: Notified) -> bytes | None:
                return answer

            subscriber.reply = choose
            self.nursery.start_soon(subscriber.run)


async def status(host: LoneHost, request: bytes) -> int:
    """The status of the response to a request of the good neighbour."""
    client = Client(host, GOOD)
    answer = await client.ask(request)
    client.close()
    return answer.status


def tasks_in(nursery: trio.Nursery) -> int:
    """How many tasks there are in *nursery* and below."""
    inner = (below for task in nursery.child_tasks for below in task.child_nurseries)
    return len(nursery.child_tasks) + sum(map(tasks_in, inner))


@pytest.mark.parametrize("seed", range(12))
async def test_peers_in_chaos_leave_nothing_and_a_good_neighbour_misses_nothing(
    autojump_clock: Clock, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    rng, host, oven = Random(seed), LoneHost(), Oven()

    async def work() -> None:
        oven.heat, oven.light = oven.heat + 1, not oven.light
        await trio.sleep(rng.choice([0, 1, 40]))
        oven.heat, oven.light = oven.heat + 1, not oven.light

    oven.task = work
    oven.deed = lambda: "done"
    async with served(host, oven) as (running, (control,), (events,)), trio.open_nursery() as nursery:
        good = Subscriber(host, GOOD)
        nursery.start_soon(good.run)
        await trio.sleep(20)
        before = trio.lowlevel.current_statistics().tasks_living - tasks_in(nursery)
        neighbour = Client(host, GOOD)
        sid = (await neighbour.ask(subscribe(events, f"http://{GOOD}:8000/"))).headers["sid"]
        neighbour.close()
        chaos = Chaos(rng, host, oven, control, events, nursery)
        changes = 0
        for _ in range(STEPS):
            peer = f"192.0.2.{rng.randrange(20, 26)}"
            if rng.random() < 0.3:
                chaos.listen(peer)
            nursery.start_soon(chaos.ask, peer)
            if rng.random() < 0.2:
                changes += 1
                oven.seldom = changes
                oven.heat, oven.light = oven.heat + 1, not oven.light
            await trio.sleep(rng.choice([0, 0, 0.01, 0.5, 2]))
            if rng.random() < 0.1:
                assert await status(host, call(control, "Get")) == 200
        for client in chaos.clients:
            client.close()
        await trio.sleep(120)  # the last handlers, moderated changes and subscriptions end
        assert await status(host, renew(events, sid)) == 200
        await trio.sleep(120)
        assert trio.lowlevel.current_statistics().tasks_living - tasks_in(nursery) <= before + 1
        assert [event.seq for event in good.events] == list(range(len(good.events)))
        told: dict[str, str] = {}
        for event in good.events:
            told |= event.values
        assert told == {"Heat": str(oven.heat), "Light": str(int(oven.light)), "Seldom": str(oven.seldom)}
        nursery.cancel_scope.cancel()
    assert running.stats.refused["a fault of ours"] == 0
    assert [record for record in caplog.records if "longer than 25 s" not in record.getMessage()] == []
    assert host.open_connections == []


@pytest.mark.parametrize("seed", range(6))
async def test_a_device_that_changes_and_stops_amid_chaos_leaves_nothing(
    autojump_clock: Clock, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    rng, host, oven, other = Random(seed), LoneHost(), Oven(), Oven()

    async def change_own_device() -> None:
        await trio.sleep(rng.choice([0, 1]))
        await running.update(attrs.evolve(oven_device(oven), friendly_name=f"Own {rng.random()}"))

    oven.task = change_own_device
    oven.deed = lambda: "done"
    before = trio.lowlevel.current_statistics().tasks_living
    async with trio.open_nursery() as nursery:
        async with served(host, oven) as (running, (control,), (events,)):
            chaos = Chaos(rng, host, oven, control, events, nursery)
            for number in range(STEPS // 2):
                peer = f"192.0.2.{rng.randrange(20, 26)}"
                chaos.listen(peer)
                nursery.start_soon(chaos.ask, peer)
                oven.heat, other.heat = number, number
                if rng.random() < 0.1:
                    device = attrs.evolve(oven_device(oven), friendly_name=f"Jambon {number}")
                    nursery.start_soon(running.update, device)
                if rng.random() < 0.1 and not other.is_connected:
                    with trio.move_on_after(rng.choice([0.001, 0.1, 10])):
                        await running.add(oven_device(other, number=1))
                elif rng.random() < 0.1 and len(running.devices) > 1:
                    with trio.move_on_after(rng.choice([0.001, 0.1, 10])):
                        await running.remove(running.devices[1].udn or "")
                await trio.sleep(rng.choice([0, 0, 0.01, 0.5, 2]))
            await trio.sleep(2)  # the changes that have begun
        nursery.cancel_scope.cancel()
    for client in chaos.clients:
        client.close()
    assert running.stats.refused["a fault of ours"] == 0
    assert [record for record in caplog.records if "longer than 25 s" not in record.getMessage()] == []
    assert host.open_connections == []
    assert not oven.is_connected
    assert not other.is_connected
    assert trio.lowlevel.current_statistics().tasks_living == before
