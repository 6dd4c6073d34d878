"""The same integration in memory: hours pass in no time, and devices misbehave."""

from __future__ import annotations

import pytest
import trio

from tests.testing.integration.lamp import LAMPS
from tests.testing.integration.memory import open_hub
from tests.testing.lamps import LAMP, UDN
from upnp_trio.testing import MemoryNetwork, ScriptedDevice, connection


async def test_it_is_found_set_up_lost_and_seen_again_at_another_address(upnp_network: MemoryNetwork) -> None:
    device, home = upnp_network.host("lamp"), upnp_network.host("home")
    async with open_hub(LAMPS, home) as hub:
        async with device.serve(LAMP):
            await trio.sleep(5)
            assert hub.flows[UDN].title == "Lamp"
            entry = await hub.confirm(UDN)
            assert entry.runtime_data.available
            assert entry.data["host"] == "192.0.2.1"
        await trio.sleep(1)
        assert not entry.runtime_data.available
        device.change("192.0.2.77/24")
        async with device.serve(LAMP):
            await trio.sleep(5)
            assert entry.runtime_data.available
            assert entry.data["host"] == "192.0.2.77"
            assert not hub.flows


async def test_it_follows_a_device_whose_address_changes(upnp_network: MemoryNetwork) -> None:
    device, home = upnp_network.host("lamp"), upnp_network.host("home")
    async with open_hub(LAMPS, home) as hub, device.serve(LAMP):
        await trio.sleep(5)
        entry = await hub.confirm(UDN)
        device.change("192.0.2.77/24")
        await trio.sleep(5)
        assert entry.runtime_data.available
        assert entry.data["host"] == "192.0.2.77"


async def test_a_device_that_vanishes_is_missed_when_its_announcements_are(upnp_network: MemoryNetwork) -> None:
    device, home = upnp_network.host("lamp"), upnp_network.host("home")
    async with open_hub(LAMPS, home) as hub, device.serve(LAMP):
        await trio.sleep(5)
        entry = await hub.confirm(UDN)
        with upnp_network.partitioned(device):
            await trio.sleep(600)
            assert entry.runtime_data.available  # nothing has said otherwise
            await trio.sleep(1800)
            assert not entry.runtime_data.available
        await trio.sleep(1800)
        assert entry.runtime_data.available


@pytest.mark.parametrize(
    "script",
    [
        ScriptedDevice(LAMP, accepts=False),
        ScriptedDevice(LAMP, respond_after=60),
        ScriptedDevice(LAMP, location="http://192.0.2.99/"),
        ScriptedDevice(LAMP, status="404 Not Found"),
    ],
)
async def test_the_user_is_not_asked_about_a_device_that_cannot_be_used(
    script: ScriptedDevice, upnp_network: MemoryNetwork
) -> None:
    device, home = upnp_network.host("lamp"), upnp_network.host("home")
    async with open_hub(LAMPS, home) as hub, device.play(script):
        await trio.sleep(120)
        assert not hub.flows
    upnp_network.recording.expect(connection()).sent_from(home)
