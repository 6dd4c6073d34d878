"""async_upnp_client's command calls the actions of ``upnp-trio demo light``, and shows its events."""

from __future__ import annotations

import json
import os

import pytest

from tests.network.processes import Program
from tests.network.scenes import Pair, Serve
from tests.network.served import Served

pytestmark = pytest.mark.interop


@pytest.fixture
def light(pair: Pair, serve: Serve) -> Served:
    """The light of ``upnp-trio demo light``."""
    return serve(pair.device, "upnp_trio.demo.light:device")


def _call(pair: Pair, upnp_client: str, served: Served, *call: str) -> dict[str, object]:
    done = pair.asker.run(upnp_client, "--strict", "call-action", served.location, *call)
    assert (done.returncode, done.stderr) == (0, ""), done
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def _events(output: str) -> dict[str, list[dict[str, object]]]:
    """The events of each service in their order; those of two services come in any."""
    events: dict[str, list[dict[str, object]]] = {}
    for event in map(json.loads, output.splitlines()):
        events.setdefault(event["service_id"], []).append(event["state_variables"])
    return events


def test_its_command_switches_and_dims_the_light(pair: Pair, light: Served, upnp_client: str) -> None:
    assert _call(pair, upnp_client, light, "SwitchPower/SetTarget", "newTargetValue=1")["out_parameters"] == {}
    assert _call(pair, upnp_client, light, "SP/GetStatus")["out_parameters"] == {"ResultStatus": True}
    level = "newLoadlevelTarget=40"
    assert _call(pair, upnp_client, light, "Dimming/SetLoadLevelTarget", level)["out_parameters"] == {}
    status = _call(pair, upnp_client, light, "Dimming/GetLoadLevelStatus")
    assert status["out_parameters"] == {"retLoadlevelStatus": 40}


def test_its_command_shows_the_events_of_all_services(pair: Pair, light: Served, upnp_client: str) -> None:
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = pair.asker.command(upnp_client, "--strict", "subscribe", light.location, "*")
    switch, dimming = "urn:upnp-org:serviceId:SwitchPower", "urn:upnp-org:serviceId:Dimming"
    with Program(command, env=env) as subscribing:
        off, bright = {"Status": False}, {"LoadLevelStatus": 100, "StepDelta": 10}
        initial = {switch: [off], dimming: [bright]}
        subscribing.wait_until(lambda output: _events(output) == initial, "the initial events of both services")
        _call(pair, upnp_client, light, "SwitchPower/SetTarget", "newTargetValue=1")
        _call(pair, upnp_client, light, "Dimming/StepDown")
        changed = {switch: [off, {"Status": True}], dimming: [bright, {"LoadLevelStatus": 90}]}
        subscribing.wait_until(lambda output: _events(output) == changed, "both changes")
        assert subscribing.errors == ""


def test_its_command_shows_the_upnp_error(pair: Pair, light: Served, upnp_client: str) -> None:
    call = ["Dimming/SetLoadLevelTarget", "newLoadlevelTarget=101"]
    done = pair.asker.run(upnp_client, "call-action", light.location, *call)
    assert done.returncode != 0
    assert "601" in done.stdout + done.stderr
