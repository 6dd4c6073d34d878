"""``upnp-trio clone`` of GUPnP's light: the clone is found and driven like the original, by async_upnp_client."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.network.control_points import open_async_control_point
from tests.network.fetching import fetch
from tests.network.processes import Program
from tests.network.scenes import Pair, Serve
from tests.network.served import REPOSITORY, environment
from upnp_trio import load_device

pytestmark = pytest.mark.interop

LIGHT = "urn:schemas-upnp-org:device:DimmableLight:1"


@pytest.fixture
def original(light_location: str) -> str:
    """The URL of the description of GUPnP's light."""
    return light_location


def _clone(pair: Pair, *words: str | Path) -> str:
    command = [sys.executable, "-m", "upnp_trio", "clone", "--ipv4-only", *map(str, words)]
    with Program(pair.asker.command(*command), cwd=REPOSITORY, env=environment()) as program:
        assert program.wait() == 0, program.errors
        assert program.errors == ""
        return program.output


def _found_by_async_upnp_client(pair: Pair, upnp_client: str) -> list[dict[str, str]]:
    command = [upnp_client, "--strict", "--timeout", "2", "search", "--bind", pair.asker_address]
    done = pair.asker.run(*command, "--search_target", LIGHT)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _drive(pair: Pair, location: str) -> list[object]:
    """What a control point sees of a light that it switches and dims: the same of both."""
    seen: list[object] = []
    with open_async_control_point(pair.asker, location, pair.asker_address) as control_point:

        def call(service: str, action: str, **arguments: str) -> None:
            seen.append((action, control_point.ask("call", service=service, action=action, arguments=arguments)))

        for service in ("SwitchPower", "Dimming"):
            described = control_point.ask("describe", service=service)
            seen.append(described)
        control_point.ask("subscribe", service="SwitchPower")
        control_point.wait_for_count(1)
        for value in ("1", "0", "1"):
            count = len(control_point.events())
            call("SwitchPower", "SetTarget", newTargetValue=value)
            control_point.wait_for_count(count + 1)
            call("SwitchPower", "GetTarget")
            call("SwitchPower", "GetStatus")
        seen += control_point.events()
        for level in ("40", "75"):
            call("Dimming", "SetLoadLevelTarget", newLoadlevelTarget=level)
            call("Dimming", "GetLoadLevelTarget")
            call("Dimming", "GetLoadLevelStatus")
    return seen


def test_the_clone_of_a_light_is_found_and_driven_like_the_original(
    pair: Pair, original: str, serve: Serve, upnp_client: str, tmp_path: Path
) -> None:
    folder = tmp_path / "light"
    shown = _clone(pair, "--answers", original, folder)
    assert re.search(r"^Hall at http://10\.77\.0\.1:\d+/\S+: 2 services, \d+ icons?$", shown, re.MULTILINE), shown
    assert shown.endswith(f"To serve it:\nupnp-trio serve {folder}")
    (before,) = _found_by_async_upnp_client(pair, upnp_client)
    driven = _drive(pair, original)
    # it warns of the rules that the original breaks
    served = serve(pair.device, "--log-level", "error", folder)
    answers = {answer["location"]: answer for answer in _found_by_async_upnp_client(pair, upnp_client)}
    assert set(answers) == {original, served.location}
    after = answers[served.location]
    assert {name: after[name] for name in ("SERVER", "ST", "CACHE-CONTROL")} == {
        name: value for key, value in before.items() if (name := key.upper()) in ("SERVER", "ST", "CACHE-CONTROL")
    }
    assert after["_udn"] != before["_udn"]
    assert _drive(pair, served.location) == driven
    assert len(driven) > 15
    # the original is on now, and so is a clone that is made now
    _clone(pair, "--answers", original, tmp_path / "again")
    values: dict[str, object] = {}
    for service in load_device(tmp_path / "again").services:
        assert service.handler is not None
        values |= service.handler.variables()
    assert (values["Status"], values["LoadLevelStatus"]) == (True, 75)


def test_a_clone_has_the_documents_and_icons_of_its_original(pair: Pair, original: str, tmp_path: Path) -> None:
    folder = tmp_path / "light"
    _clone(pair, "--same-udn", "Hall", folder)
    assert (folder / "original.xml").read_bytes() == fetch(pair.asker, original).body
    device = load_device(folder)
    assert device.friendly_name == "Hall"
    assert str(device.udn) in (folder / "original.xml").read_text(encoding="utf-8")
    assert device.icons
    for icon in device.icons:
        url = re.sub(r"(?<=:\d{4})/.*", "", original) + icon.url
        assert fetch(pair.asker, url).body == icon.data
