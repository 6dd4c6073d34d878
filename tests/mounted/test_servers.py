"""A device within real web servers: everything that control points and browsers do, on loopback."""

from __future__ import annotations

import pytest

from tests.mounted.scenes import DIRECTORY, Lamp, lamp, served
from tests.mounted.servers import PREFIX, SERVERS, MountedServer
from upnp_trio.controlpoint import open_control_point


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> MountedServer:
    return SERVERS[request.param]


async def test_a_control_point_finds_reads_calls_and_follows_it(server: MountedServer) -> None:
    handler = Lamp()
    async with server() as upnp, served(upnp, lamp(handler)) as running:
        assert running.port is None
        location = f"http://127.0.0.1:{upnp._port}{PREFIX}{DIRECTORY}description.xml"
        assert running.locations == (location,)
        async with open_control_point(interfaces=["lo"], ipv6=False, listen=False) as control_point:
            async with control_point.search(str(running.device.udn)) as results:
                found = [result async for result in results]
            assert {result.location for result in found} == {location}
            remote = await control_point.describe(location)
            assert remote.friendly_name == "Lamp"
            assert [icon.data for icon in remote.icons] == [b"png"]
            switch = remote.service("SwitchPower")
            async with switch.subscribe() as changes:
                assert (await anext(changes)).values == {"Status": False}
                await switch.call("SetTarget", newTargetValue=True)
                assert (await anext(changes)).values == {"Status": True}
                handler.status = False
                assert (await anext(changes)).values == {"Status": False}
            assert await switch.call("GetStatus") == {"ResultStatus": False}
        assert running.stats.calls == 2
        assert running.stats.subscriptions == 1
