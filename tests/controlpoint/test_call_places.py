"""Calls of a device that moves: they follow it, and none is sent twice."""

from __future__ import annotations

from typing import Annotated

import pytest
import trio
import trio.testing

from examples.light import SwitchPower
from tests.controlpoint.following import LIGHT, following, light
from tests.controlpoint.scenes import asking, hosts, serving
from upnp_trio import In, action
from upnp_trio.errors import RequestFailed
from upnp_trio.http.client import CONNECT_SECONDS
from upnp_trio.testing import Link

Clock = trio.testing.MockClock


async def test_a_call_follows_a_device_to_another_address(autojump_clock: Clock) -> None:
    async with following() as scene:
        await scene.service.call("SetTarget", newTargetValue=True)
        scene.device.change("192.0.2.77/24")
        await trio.sleep(10)
        before = trio.current_time()
        await scene.service.call("SetTarget", newTargetValue=False)
        assert trio.current_time() - before < CONNECT_SECONDS + 1
        assert scene.handler.status is False
        # it is known now
        connections = len(scene.asker.connections)
        assert await scene.service.call("GetStatus") == {"ResultStatus": False}
        assert [each.address for each in scene.asker.connections[connections:]] == ["192.0.2.77"]


async def test_and_on_to_a_third_one_and_back(autojump_clock: Clock) -> None:
    async with following() as scene:
        for address in ("192.0.2.77/24", "192.0.2.78/24", "192.0.2.7/24"):
            scene.device.change(address)
            await trio.sleep(10)
            await scene.service.call("SetTarget", newTargetValue=not scene.handler.status)


async def test_a_call_follows_a_device_to_another_port(autojump_clock: Clock) -> None:
    device, asker = hosts(Link(seconds=0.001))
    async with asking(asker) as control_point:
        async with serving(device, light(SwitchPower())):
            service = (await control_point.describe(LIGHT)).service("SwitchPower")
        listener = device.listen(49152)  # another program has the port now, and closes each connection
        handler = SwitchPower()
        async with serving(device, light(handler)) as running:
            assert running.port != 49152
            listener.close()
            await trio.sleep(1)
            await service.call("SetTarget", newTargetValue=True)
            assert handler.status is True


async def test_a_device_that_is_nowhere_fails_as_before(autojump_clock: Clock) -> None:
    async with following() as scene:
        scene.device.unplug()
        with pytest.raises(RequestFailed, match=r"POST http://192\.0\.2\.7.*cannot connect"):
            await scene.service.call("SetTarget", newTargetValue=True)


async def test_a_call_that_may_have_arrived_is_not_sent_again(autojump_clock: Clock) -> None:
    class Slow(SwitchPower):
        calls = 0

        @action("SetTarget")
        def set_target(self, value: Annotated[bool, In("newTargetValue", "Target")]) -> None:
            Slow.calls += 1
            device.change("192.0.2.77/24")  # the answer never arrives

    device, asker = hosts(Link(seconds=0.001))
    async with serving(device, light(Slow())), asking(asker) as control_point:
        service = (await control_point.describe(LIGHT)).service("SwitchPower")
        with pytest.raises(RequestFailed):
            await service.call("SetTarget", newTargetValue=True)
        await trio.sleep(60)
        assert Slow.calls == 1
