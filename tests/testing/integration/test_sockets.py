"""The integration with real sockets: the hub is asyncio's, and the device is a real one on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.testing.integration.lamp import LAMPS
from tests.testing.integration.sockets import open_hub
from tests.testing.strangers import LAMP
from upnp_trio.testing import DeviceFactory, RealDevice

# A tenth of a second mostly; a busy machine may take longer.
PATIENCE_SECONDS = 30.0


@pytest.fixture
def device(upnp_device: DeviceFactory) -> RealDevice:
    return upnp_device(LAMP)


async def until(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds; nothing says when sockets have told everything."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await test()

    asyncio.run(main())


def test_it_is_found_set_up_lost_and_seen_again_at_another_address(device: RealDevice) -> None:
    async def test() -> None:
        async with open_hub(LAMPS) as hub:
            await until(lambda: device.udn in hub.flows)
            assert hub.flows[device.udn].title == "Lamp"
            entry = await hub.confirm(device.udn)
            assert entry.runtime_data.available
            assert entry.data["host"] == "127.0.0.1"

            await asyncio.to_thread(device.stop)  # with byebye
            await until(lambda: not entry.runtime_data.available)

            await asyncio.to_thread(device.start, "127.0.0.2")
            await until(lambda: entry.runtime_data.available)
            assert entry.data == {"host": "127.0.0.2", "location": device.location}
            assert device.udn not in hub.flows  # it is known, and the user is not asked again

    run(test)


def test_it_follows_a_device_whose_address_changes(device: RealDevice) -> None:
    async def test() -> None:
        async with open_hub(LAMPS) as hub:
            await until(lambda: device.udn in hub.flows)
            entry = await hub.confirm(device.udn)
            await asyncio.to_thread(device.move_to, "127.0.0.3")
            await until(lambda: entry.data["host"] == "127.0.0.3" and entry.runtime_data.available)

    run(test)


def test_a_device_that_vanishes_is_missed_at_the_next_look(device: RealDevice) -> None:
    async def test() -> None:
        async with open_hub(LAMPS) as hub:
            await until(lambda: device.udn in hub.flows)
            entry = await hub.confirm(device.udn)
            await asyncio.to_thread(device.disappear)
            assert entry.runtime_data.available
            await entry.runtime_data.async_update()
            assert not entry.runtime_data.available
            await asyncio.to_thread(device.start)
            await until(lambda: entry.runtime_data.available)

    run(test)
