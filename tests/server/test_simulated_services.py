"""A device whose services are simulated is used as any other: calls, events, and the live page."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import attrs
import trio
import trio.testing

from tests.devices import BASIC
from tests.server.acting import Client, Subscriber, call, fault_code, subscribe
from tests.server.scenes import HERE, NOON, LoneHost
from upnp_trio import Service
from upnp_trio.control.results import read_result
from upnp_trio.documents.folder import Folder
from upnp_trio.documents.recordings import simulated
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on

SWITCH_POWER = "urn:schemas-upnp-org:service:SwitchPower:1"
SCPD = Path(__file__).parents[2] / "benchmarks/peers/light/SwitchPower.xml"


def _switch_power(folder: Path) -> Service:
    service = Service(
        service_type=SWITCH_POWER, service_id="urn:upnp-org:serviceId:SwitchPower", scpd=SCPD.read_bytes()
    )
    return simulated(service, Folder(folder))


async def test_a_simulated_light_is_switched_and_followed(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    host = LoneHost()
    root = attrs.evolve(BASIC, services=[_switch_power(tmp_path)])
    async with (
        trio.open_nursery() as nursery,
        serve_on(host.network, [root], Settings(rng=Random(0), utcnow=lambda: NOON)) as running,
    ):
        subscriber = Subscriber(host)
        nursery.start_soon(subscriber.run)
        (service,) = running.device.services
        client = Client(host)

        async def ask(name: str, *arguments: tuple[str, object]) -> dict[str, str]:
            answer = await client.ask(call(service.control_url, name, *arguments, service_type=SWITCH_POWER))
            return dict(read_result(answer.status, answer.headers, answer.body))

        assert (await client.ask(subscribe(service.event_sub_url))).status == 200
        assert (await subscriber.event(0)).values == {"Status": "0"}
        assert await ask("SetTarget", ("newTargetValue", 1)) == {}
        assert (await subscriber.event(1)).values == {"Status": "1"}
        assert await ask("GetTarget") == {"RetTargetValue": "1"}
        assert await ask("GetStatus") == {"ResultStatus": "1"}
        refused = call(service.control_url, "SetTarget", ("newTargetValue", "loud"), service_type=SWITCH_POWER)
        assert fault_code(await client.ask(refused)) == 402
        page = running.locations[0].partition(HERE)[2].removesuffix("description.xml")
        state = await client.ask(f"GET {page}state.json HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode())
        assert json.loads(state.body)["services"] == {service.control_url: {"Target": "1", "Status": "1"}}
        shown = await client.ask(f"GET {page} HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode())
        assert b"SetTarget" in shown.body
        nursery.cancel_scope.cancel()
