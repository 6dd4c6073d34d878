"""A control point that has ended: feeds end, and what would send says that it is too late."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from examples.light import SwitchPower
from tests.controlpoint.following import LIGHT, light
from tests.controlpoint.scenes import JAMBON, asking, hosts, jambon, serving
from upnp_trio.ssdp.found import DeviceAppeared

Clock = trio.testing.MockClock


async def test_its_changes_are_those_that_are_known_and_end(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with serving(device, jambon()), asking(asker) as control_point:
        await trio.sleep(1)
    with trio.fail_after(1):
        (change,) = [change async for change in control_point.changes()]
        assert isinstance(change, DeviceAppeared)
        assert change.device.udn == JAMBON
        assert [datagram async for datagram in control_point.datagrams()] == []


async def test_it_neither_searches_nor_subscribes(autojump_clock: Clock) -> None:
    device, asker = hosts()
    async with serving(device, light(SwitchPower())):
        async with asking(asker) as control_point:
            service = (await control_point.describe(LIGHT)).service("SwitchPower")
        with pytest.raises(trio.ClosedResourceError, match="this control point is closed"):
            control_point.search()
        with pytest.raises(trio.ClosedResourceError, match="this control point is closed"):
            await control_point.describe("uuid:4d696e69-444c-164e-9d41-b827eb96c6c2")
        changes = service.subscribe()
        with trio.fail_after(1):
            with pytest.raises(trio.ClosedResourceError, match="the control point is closed"):
                await anext(changes)
            with pytest.raises(trio.ClosedResourceError, match="the control point is closed"):
                async with changes:
                    pass
            await changes.aclose()


async def test_a_search_while_it_ends_says_so(autojump_clock: Clock) -> None:
    """A task of the program goes on while the control point unsubscribes."""
    device, asker = hosts()
    async with trio.open_nursery() as nursery, serving(device, light(SwitchPower())):

        async def search_again() -> None:
            with pytest.raises(trio.ClosedResourceError):
                while True:
                    async for _ in control_point.search(mx=1, sends=1):
                        pass

        async with asking(asker) as control_point:
            nursery.start_soon(search_again)
            await trio.sleep(1)
