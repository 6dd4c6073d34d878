"""Devices with handlers come, go and change while calls, subscriptions and pages are under way."""

from __future__ import annotations

import sys
from typing import Annotated

import attrs
import pytest
import trio
import trio.testing

from tests.cancelling import CancelAt
from tests.growth import held_by
from tests.server.acting import PEER, Client, Oven, Subscriber, call, oven_device, served, subscribe
from tests.server.scenes import NOON, LoneHost
from upnp_trio import Caller, DescriptionError, LastChange, RootDevice, ServiceHandler, StateVariable
from upnp_trio.documents.publication import publish
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.server.calls import Calls, WaitingCall
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.service_calls import Call

Clock = trio.testing.MockClock


def renamed(*ovens: Oven, name: str = "Jambon 3001") -> RootDevice:
    return attrs.evolve(oven_device(*ovens), friendly_name=name)


# --- a handler that changes the device that it is part of ---


@pytest.mark.parametrize("how", ["update", "remove"])
async def test_a_handler_may_change_its_own_device(autojump_clock: Clock, how: str) -> None:
    host, oven = LoneHost(), Oven()
    done = False

    async def work() -> None:
        nonlocal done
        if how == "update":
            await running.update(renamed(oven))
        else:
            await running.remove(running.device.udn or "")
        done = True

    oven.task = work
    async with served(host, oven) as (running, (control,), _):
        client = Client(host)
        with trio.fail_after(10):
            answer = await client.ask(call(control, "Do"))
        assert answer.status == 200
        assert done
        if how == "update":
            assert running.device.friendly_name == "Jambon 3001"
            assert (await client.ask(call(control, "Get"))).status == 200
        else:
            assert running.devices == ()
        client.close()
    assert not oven.is_connected


async def test_a_handler_that_removes_its_device_while_it_stops_holds_nothing_up(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()

    async def work() -> None:
        await trio.sleep(1)
        await running.remove(running.device.udn or "")

    oven.task = work
    async with served(host, oven) as (running, (control,), _):
        client = Client(host)
        await client.send(call(control, "Do"))
        await trio.sleep(0.9)
    assert trio.current_time() < 5
    assert not oven.is_connected
    client.close()


# --- calls at the moment of a change ---


async def test_a_call_that_arrives_at_any_moment_of_a_removal_is_answered_and_leaves_nothing(
    autojump_clock: Clock,
) -> None:
    for steps in range(60):
        host, oven = LoneHost(), Oven()
        async with served(host, oven) as (running, (control,), _), trio.open_nursery() as nursery:
            await trio.sleep(10)
            nursery.start_soon(running.remove, running.device.udn or "")
            await trio.sleep(0.15 if steps % 2 else 0)
            for _ in range(steps // 2):
                await trio.lowlevel.checkpoint()
            client = Client(host)
            client.stream.send_now([call(control, "Wait", ("Number", 1), ("Seconds", 20))])
            began = trio.current_time()
            answer = await client.read()
            assert answer.status in (404, 500)
            assert trio.current_time() < began + 2
            client.close()
        begun = [number for what, number in oven.log if what == "begin"]
        ended = [number for what, number in oven.log if what != "begin"]
        assert begun == ended


async def test_a_call_whose_service_goes_before_its_handler_has_begun_never_begins(autojump_clock: Clock) -> None:
    oven = Oven()
    (service,) = publish(oven_device(oven)).services
    stats = Stats()
    calls = Calls(stats, Events(stats))
    arguments: dict[str, object] = {"Number": 1, "Seconds": 20}
    asked = Call(
        service=service,
        action=oven.actions["Wait"],
        service_type=str(service.service_type),
        arguments=arguments,
        caller=Caller(address=PEER),
    )
    before = held_by(calls)
    waiting = calls.begin(asked)
    assert isinstance(waiting, WaitingCall)
    calls.cancel(service)  # the connection's task has not run in the meantime
    assert (await waiting.respond()).status == 500
    assert oven.log == []
    assert trio.current_time() == 0
    for _ in range(3):
        abandoned = calls.begin(asked)
        assert isinstance(abandoned, WaitingCall)
        abandoned.abandon()
        abandoned.abandon()
    finished = calls.begin(attrs.evolve(asked, arguments=arguments | {"Seconds": 1}))
    assert isinstance(finished, WaitingCall)
    assert (await finished.respond()).status == 200
    finished.abandon()
    assert held_by(calls) <= before + 10  # counters, and nothing of the service


async def test_every_step_of_an_update_that_is_cancelled_leaves_one_handler_in_charge(autojump_clock: Clock) -> None:
    step = 0
    while True:
        step += 1
        host, old, new = LoneHost(), Oven(), Oven()
        old.heat, new.heat = 1, 2
        async with served(host, old) as (running, (control,), _):
            await trio.sleep(10)
            with trio.CancelScope() as scope:
                instrument = CancelAt(scope, step)
                trio.lowlevel.add_instrument(instrument)
                try:
                    await running.update(renamed(new))
                finally:
                    trio.lowlevel.remove_instrument(instrument)
            await trio.sleep(10)
            in_charge, other = (new, old) if running.device.friendly_name == "Jambon 3001" else (old, new)
            assert in_charge.is_connected
            assert not other.is_connected
            assert running.service(Oven) is in_charge
            client = Client(host)
            answer = await client.ask(call(control, "Get"))
            assert f"<Heat>{in_charge.heat}<".encode() in answer.body
            client.close()
        if instrument.steps_left > 0:
            break
    assert step > 5


# --- handlers that cannot be served ---


async def test_a_handler_of_two_services_is_refused_and_nothing_is_half_done(autojump_clock: Clock) -> None:
    host, oven, other = LoneHost(), Oven(), Oven()
    settings = Settings(utcnow=lambda: NOON, state_dir=None)
    with pytest.raises(DescriptionError, match="serves another service"):
        async with serve_on(host.network, [oven_device(oven), oven_device(other, oven, number=1)], settings):
            pytest.fail("it started")
    assert not oven.is_connected
    assert not other.is_connected
    async with served(host, oven) as (running, (control,), _):
        for change in (running.add(oven_device(other, oven, number=1)), running.update(renamed(oven, oven))):
            with pytest.raises(DescriptionError, match="serves another service"):
                await change
        assert not other.is_connected
        async with served(LoneHost(), other):
            with pytest.raises(DescriptionError, match="serves another service"):
                await running.add(oven_device(other, number=1))
        await running.add(oven_device(other, number=1))
        client = Client(host)
        assert (await client.ask(call(control, "Get"))).status == 200
        client.close()


class Sharing(ServiceHandler, service_type="urn:example-com:service:Sharing:1"):
    """A service whose `LastChange` may be another one's, too."""

    last_change: Annotated[LastChange, StateVariable("LastChange")] = LastChange(LastChange.RENDERING_CONTROL)

    @classmethod
    def like(cls, other: Sharing) -> Sharing:
        sharing = cls()
        sharing.last_change = other.last_change
        return sharing


async def test_handlers_that_share_a_value_are_refused_and_nothing_is_half_done(autojump_clock: Clock) -> None:
    host, first = LoneHost(), Sharing()
    second, heir = Sharing.like(first), Sharing.like(first)
    async with served(host, first) as (running, _, events):
        for change in (
            running.add(oven_device(second, number=1)),
            running.add(oven_device(Oven(), second, number=1)),
            running.update(oven_device(first, second)),
        ):
            with pytest.raises(DescriptionError, match="cannot be connected"):
                await change
            assert len(running.devices) == 1
            assert first.is_connected
            assert not second.is_connected
        async with trio.open_nursery() as nursery:
            subscriber = Subscriber(host)
            nursery.start_soon(subscriber.run)
            client = Client(host)
            assert (await client.ask(subscribe(events[0]))).status == 200
            await subscriber.event(0)
            first.last_change.set(0, "Volume", 7)
            assert "Volume" in (await subscriber.event(1)).values["LastChange"]
            client.close()
            nursery.cancel_scope.cancel()
        second.last_change = LastChange(LastChange.RENDERING_CONTROL)
        await running.add(oven_device(second, number=1))
        await running.update(oven_device(heir))  # takes the value over
        assert (first.is_connected, heir.is_connected) == (False, True)


async def test_a_first_handler_whose_modules_cannot_be_imported_is_not_half_added(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host) as (running, _, _):  # a device without handlers, which imports little
        with monkeypatch.context() as patch:
            # as when no descriptor is left for it (H22)
            patch.setitem(sys.modules, "upnp_trio.server.acting", None)
            with pytest.raises(ImportError):
                await running.add(oven_device(oven, number=1))
        assert not oven.is_connected
        device = await running.add(oven_device(oven, number=1))
        client = Client(host)
        assert (await client.ask(call(device.services[0].control_url, "Get"))).status == 200
        client.close()


class Comparable(Oven):
    """A handler of a class that compares by value, and so cannot be hashed."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Comparable)

    __hash__ = None  # type: ignore[assignment]  # as a dataclass sets it


async def test_handlers_that_compare_equal_are_two_services(autojump_clock: Clock) -> None:
    host, first, second = LoneHost(), Comparable(), Comparable()
    async with served(host, first, second) as (running, controls, events), trio.open_nursery() as nursery:
        subscriber = Subscriber(host)
        nursery.start_soon(subscriber.run)
        client = Client(host)
        await client.ask(subscribe(events[0], f"http://{PEER}:8000/0"))
        await subscriber.event(0)
        await client.ask(subscribe(events[1], f"http://{PEER}:8000/1"))
        await subscriber.event(1)
        await client.ask(call(controls[1], "Set", ("Heat", 5), ("Light", 1)))
        await trio.sleep(1)
        assert (first.heat, second.heat) == (0, 5)
        arrived = [(event.target, event.seq) for event in subscriber.events]
        assert sorted(arrived) == [("/0", 0), ("/1", 0), ("/1", 1)]
        await client.ask(call(controls[0], "Do"))
        client.close()
        third = Comparable()
        await running.update(oven_device(first, third))
        assert not second.is_connected
        assert third.is_connected
        nursery.cancel_scope.cancel()


# --- requests that take the long way ---


async def test_subscribe_works_with_http_1_0_in_pieces_and_pipelined(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, _, (events,)), trio.open_nursery() as nursery:
        subscriber = Subscriber(host)
        nursery.start_soon(subscriber.run)
        requests = [subscribe(events, f"http://{PEER}:8000/{number}") for number in range(5)]
        client = Client(host)
        assert (await client.ask(requests[0].replace(b"HTTP/1.1", b"HTTP/1.0"))).status == 200
        assert await client.ended()
        client.close()
        client = Client(host)
        for byte in requests[1]:
            await client.send(bytes([byte]))
        assert (await client.read()).status == 200
        await client.send(b"".join(requests[2:]))
        for _ in range(3):
            assert (await client.read()).status == 200
        await trio.sleep(1)
        assert sorted(event.target for event in subscriber.events) == ["/0", "/1", "/2", "/3", "/4"]
        assert running.stats.subscriptions == 5
        expecting = requests[0].replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n", 1)
        answer = await Client(host).ask(expecting)
        await trio.sleep(1)
        granted = answer.status == 200
        assert len(subscriber.events) == 5 + granted
        client.close()
        nursery.cancel_scope.cancel()
