"""`run_while_served`: what a service does besides its actions."""

from __future__ import annotations

from random import Random
from typing import Annotated

import attrs
import pytest
import trio
import trio.testing
from trio.testing import MockClock

from tests.devices import BASIC
from tests.server.scenes import NOON, LoneHost
from upnp_trio import HandlerFailed, RootDevice, ServiceHandler, StateVariable
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import ByeBye


class Thermometer(ServiceHandler, service_type="urn:example-com:service:Thermometer:1"):
    degrees: Annotated[int, StateVariable()] = 0

    def __init__(self) -> None:
        self.log: list[str] = []
        self.error: Exception | None = None
        self.slow_end = 0.0

    async def run_while_served(self) -> None:
        self.log.append("begin")
        try:
            while True:
                await trio.sleep(10)
                self.degrees += 1
                if self.error is not None:
                    raise self.error
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(self.slow_end)
            self.log.append("end")


def device(thermometer: ServiceHandler, name: str = "Room") -> RootDevice:
    return attrs.evolve(BASIC, friendly_name=name, udn=None, services=[thermometer])


def settings() -> Settings:
    return Settings(rng=Random(1), utcnow=lambda: NOON, state_dir=None)


async def test_it_runs_until_the_device_ends_and_may_assign_variables(autojump_clock: MockClock) -> None:
    thermometer = Thermometer()
    async with serve_on(LoneHost().network, [device(thermometer)], settings()):
        await trio.sleep(35)
        assert thermometer.degrees == 3
        assert thermometer.log == ["begin"]
    assert thermometer.log == ["begin", "end"]


async def test_it_ends_with_the_removal_of_its_device_and_begins_with_its_addition(autojump_clock: MockClock) -> None:
    thermometer = Thermometer()
    async with serve_on(LoneHost().network, [], settings()) as running:
        added = await running.add(device(thermometer))
        await trio.testing.wait_all_tasks_blocked()
        assert thermometer.log == ["begin"]
        assert added.udn is not None
        await running.remove(added.udn)
        await trio.testing.wait_all_tasks_blocked()
        assert thermometer.log == ["begin", "end"]


async def test_after_an_update_it_begins_again_once_it_has_ended(autojump_clock: MockClock) -> None:
    thermometer = Thermometer()
    thermometer.slow_end = 5
    async with serve_on(LoneHost().network, [device(thermometer)], settings()) as running:
        await trio.testing.wait_all_tasks_blocked()
        await running.update(attrs.evolve(running.device, model_number="2"))
        await trio.sleep(1)
        assert thermometer.log == ["begin"]
        await trio.sleep(10)
        assert thermometer.log == ["begin", "end", "begin"]
        degrees = thermometer.degrees
        await trio.sleep(20)
        assert thermometer.degrees == degrees + 2


async def test_its_error_ends_the_device_with_byebye_and_leaves_under_its_own_name(autojump_clock: MockClock) -> None:
    host = LoneHost()
    thermometer = Thermometer()
    thermometer.error = ZeroDivisionError("no sensor")
    with pytest.raises(
        HandlerFailed, match=r"Thermometer\.run_while_served of .*: ZeroDivisionError: no sensor"
    ) as found:
        async with serve_on(host.network, [device(thermometer)], settings()):
            await trio.sleep_forever()
    assert found.value.__cause__ is thermometer.error
    assert host.sent.messages(ByeBye)
    assert not thermometer.is_connected


async def test_a_service_without_one_is_served_for_as_long_as_any_other(autojump_clock: MockClock) -> None:
    class Plain(ServiceHandler, service_type="urn:example-com:service:Plain:1"):
        level: Annotated[int, StateVariable()] = 0

    async with serve_on(LoneHost().network, [device(Plain())], settings()) as running:
        await trio.sleep(1000)
        assert running.service(Plain).is_connected
