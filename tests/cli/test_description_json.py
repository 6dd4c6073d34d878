"""The object of ``upnp-trio describe --json``, whose fields scripts rely on."""

from __future__ import annotations

import json

import attrs
import pytest
import trio.testing

from tests.controlpoint.clients import LOCATION, SERVED, ScriptedClient
from tests.controlpoint.test_remote import described, remote
from tests.devices import GATEWAY
from tests.services.every_type import device as device_of_every_type
from upnp_trio import Icon, render_description
from upnp_trio.cli.description_json import description_json
from upnp_trio.controlpoint.describing import describe_at

Clock = trio.testing.MockClock
DEVICE_FIELDS = [
    *("udn", "type", "name", "manufacturer", "manufacturer_url", "model_name", "model_number", "model_description"),
    *("model_url", "serial_number", "upc", "presentation_url", "icons", "services", "devices"),
]


async def test_a_device_has_the_same_fields_wherever_it_is() -> None:
    found = description_json(await remote(GATEWAY))
    assert list(found) == ["location", "spec_version", "config_id", *DEVICE_FIELDS, "forgiven"]
    (wan,) = found["devices"]
    assert list(wan) == DEVICE_FIELDS
    assert wan["devices"][0]["services"][0]["id"] == "urn:upnp-org:serviceId:WANIPConnection1"
    assert json.loads(json.dumps(found)) == found


async def test_services_have_their_actions_and_variables_with_types_and_values(autojump_clock: Clock) -> None:
    async with described(device_of_every_type()) as (device, _):
        found = description_json(device)
    _, limits, every = found["services"]
    order = next(action for action in limits["actions"] if action["name"] == "Order")
    assert order["in"][0] == {
        **{"name": "NewCount", "variable": "Count", "data_type": "ui2"},
        **{"minimum": 10, "maximum": 100, "step": 5},
    }
    assert order["out"][1] == {
        **{"name": "Flavour", "variable": "Flavour", "data_type": "string"},
        "allowed_values": ["Salted", "Smoked"],
    }
    assert limits["variables"][2] == {
        **{"name": "Count", "data_type": "ui2", "minimum": 10, "maximum": 100, "step": 5},
        **{"default": "10", "evented": True, "multicast": False},
    }
    assert {variable["data_type"] for variable in every["variables"]} >= {"fixed.14.4", "bin.hex", "dateTime.tz"}
    assert limits["control_url"].startswith("http://192.0.2.7:49152/")
    json.dumps(found)


async def test_what_cannot_be_had_is_null_and_a_page_may_be_elsewhere() -> None:
    service = attrs.evolve(GATEWAY.services[0], scpd_url="http://198.51.100.1/", control_url="/c", event_sub_url="")
    icon = Icon(mimetype="image/png", width=1, height=2, depth=3, url="//198.51.100.1/icon.png")
    root = attrs.evolve(
        GATEWAY, devices=[], services=[service], icons=[icon], presentation_url="http://gateway.example/"
    )
    found = description_json(await remote(root))
    assert found["presentation_url"] == "http://gateway.example/"
    assert found["icons"] == [{"url": None, "mimetype": "image/png", "width": 1, "height": 2, "depth": 3}]
    assert found["services"] == [
        {
            "type": "urn:schemas-upnp-org:service:Layer3Forwarding:1",
            "id": "urn:upnp-org:serviceId:Layer3Forwarding1",
            "name": "Layer3Forwarding",
            "scpd_url": None,
            "control_url": "http://192.0.2.7:49152/c",
            "event_sub_url": None,
            "actions": None,
            "variables": None,
        }
    ]
    assert any("SCPD of Layer3Forwarding is missing" in sentence for sentence in found["forgiven"])


@pytest.mark.parametrize("bound", ["0.5", "1e300"])
async def test_bounds_are_numbers(bound: str) -> None:
    scpd = (
        "<scpd><serviceStateTable><stateVariable><name>A</name><dataType>{}</dataType><allowedValueRange>"
        f"<minimum>0</minimum><maximum>{bound}</maximum></allowedValueRange></stateVariable></serviceStateTable></scpd>"
    ).format("r8" if "e" in bound else "fixed.14.4")
    service = attrs.evolve(GATEWAY.services[0], scpd_url="/scpd")
    document = render_description(attrs.evolve(GATEWAY, devices=[], services=[service]))
    client = ScriptedClient({LOCATION.text: document, LOCATION.join("/scpd").text: scpd.encode()})
    found = description_json(await describe_at(client, LOCATION, SERVED))
    assert found["services"][0]["variables"][0]["maximum"] == float(bound)
