"""A device of ours on one host in memory, described and called from another one, over the client's real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from random import Random

import pytest
import trio
import trio.testing

from tests.server.scenes import NOON
from tests.services.every_type import device as device_of_every_type
from upnp_trio import Icon, RootDevice, UpnpError, render_description
from upnp_trio.controlpoint.describing import describe_at
from upnp_trio.controlpoint.remote import RemoteDevice
from upnp_trio.errors import RequestFailed
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import HttpClient
from upnp_trio.model.literal_url import IpAddress, LiteralUrl
from upnp_trio.network.streams import HttpStream
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock


def _device() -> RootDevice:
    device = device_of_every_type()
    icon = Icon(mimetype="image/png", width=48, height=48, depth=24, url="icon.png", data=bytes(100_000))
    return RootDevice(
        device_type=device.device_type,
        friendly_name=device.friendly_name,
        manufacturer=device.manufacturer,
        model_name=device.model_name,
        udn=device.udn,
        icons=[icon],
        services=device.services,
    )


@asynccontextmanager
async def described(address: str) -> AsyncIterator[tuple[RemoteDevice, Host]]:
    """The device at *address*, as another host has it, and that host."""
    link = Link(seconds=0.01)
    host = Host.on(link, "192.0.2.7/24", "fe80::7/64")
    asker = Host.on(link, "192.0.2.9/24", "fe80::9/64")
    network = asker.network

    async def connect(to: IpAddress, port: int, served: ServedAddress) -> HttpStream:
        return await network.connect(to, port, served=served)

    settings = Settings(rng=Random(0), utcnow=lambda: NOON, state_dir=None)
    async with serve_on(host.network, [_device()], settings) as running:
        location = next(each for each in running.locations if address in each)
        url = LiteralUrl.parse(location.replace("]", "%25eth0]"))
        client = HttpClient(connect, user_agent="test/1 UPnP/2.0")
        served = network.facing(ip_address(address), "eth0" if ":" in address else "")
        yield await describe_at(client, url, served), asker
        client.close()


@pytest.mark.parametrize("address", ["192.0.2.7", "fe80::7"])
async def test_a_device_is_described_and_called(address: str, autojump_clock: Clock) -> None:
    async with described(address) as (device, _):
        assert device.forgiven == ()
        assert render_description(device) == device.document
        assert device.icons[0].data == bytes(100_000)
        switch = device.service("SwitchPower")
        assert await switch.call("GetStatus") == {"ResultStatus": False}
        await switch.call("SetTarget", newTargetValue=True)
        assert await switch.call("GetStatus") == {"ResultStatus": True}
        with pytest.raises(UpnpError, match="701"):
            await device.service("Limits").call("Refuse")


async def test_the_documents_of_a_device_share_connections(autojump_clock: Clock) -> None:
    async with described("192.0.2.7") as (device, asker):
        assert len(device.services) + len(device.icons) + 1 == 5
        assert len(asker.connections) == 2
        await device.service("SwitchPower").call("GetStatus")
        assert len(asker.connections) == 3


async def test_a_device_that_is_gone_does_not_answer_calls(autojump_clock: Clock) -> None:
    async with described("192.0.2.7") as (device, _):
        pass
    with pytest.raises(RequestFailed, match="cannot connect"):
        await device.service("SwitchPower").call("GetStatus")
