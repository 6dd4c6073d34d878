"""The lights that are compared: all have the same services, and the calls that are sent are calls of their actions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.calls import GET_STATUS, SET_MESSAGE, VALUE_BYTES, VALUE_MARK, Call, render_call
from benchmarks.devices import PROGRAMS
from benchmarks.peers.upnp_trio_light import MessageBoard, SwitchPower
from upnp_trio import ServiceDescription, ServiceHandler, parse_description, parse_scpd
from upnp_trio.control.arguments import typed_arguments
from upnp_trio.control.calls import read_call

SERVICES: dict[str, type[ServiceHandler]] = {"SwitchPower": SwitchPower, "MessageBoard": MessageBoard}
FOLDER = PROGRAMS / "light"


def essence(description: ServiceDescription) -> tuple[set[object], set[object]]:
    """Actions with their arguments, and variables with their types, without order and defaults."""
    actions: set[object] = set(description.actions)
    return actions, {(variable.name, variable.data_type, variable.evented) for variable in description.variables}


@pytest.mark.parametrize("name", SERVICES)
def test_the_light_of_gupnp_has_the_services_of_ours(name: str) -> None:
    assert essence(parse_scpd(Path(FOLDER, f"{name}.xml").read_bytes())) == essence(SERVICES[name].description)


@pytest.mark.interop  # where async_upnp_client is installed
@pytest.mark.parametrize("name", SERVICES)
def test_the_light_of_async_upnp_client_has_the_services_of_ours(name: str) -> None:
    server = pytest.importorskip("async_upnp_client.server")
    from benchmarks.peers import async_upnp_client_light

    async def describe() -> bytes:
        service = getattr(async_upnp_client_light, name)(server.NopRequester())
        document: bytes = ElementTree.tostring(server.UpnpXmlSerializer.to_xml(service))
        # the first values of its variables are events already, for nobody
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        return document

    assert essence(parse_scpd(asyncio.run(describe()))) == essence(SERVICES[name].description)


def test_the_lights_have_the_same_types() -> None:
    described = parse_description(Path(FOLDER, "description.xml").read_bytes())
    assert [(each.service_type, each.service_id) for each in described.services] == [
        (handler.service_type, handler.service_id) for handler in SERVICES.values()
    ]


@pytest.mark.parametrize(
    ("call", "handler", "arguments"),
    [(GET_STATUS, SwitchPower, {}), (SET_MESSAGE, MessageBoard, {"NewMessage": "x" * VALUE_BYTES})],
)
def test_what_is_sent_is_a_call_of_an_action(
    call: Call, handler: type[ServiceHandler], arguments: dict[str, object]
) -> None:
    request = render_call(call, "192.0.2.7:80", "/control", keep=True).replace(VALUE_MARK, "x" * VALUE_BYTES)
    head, _, body = request.partition("\r\n\r\n")
    fields = [line.split(": ", 1) for line in head.split("\r\n")[1:]]
    message = read_call({name.lower(): value for name, value in fields}, body.encode())
    assert (message.service_type, message.action) == (str(handler.service_type), call.action)
    action = handler.description.action(call.action)
    assert action is not None
    assert typed_arguments(handler.description, action, message.arguments) == arguments
