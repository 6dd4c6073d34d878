"""Typed clients: the source that is written for them, and their calls."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Literal

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.controlpoint.clients import LOCATION, SERVED, ScriptedClient
from tests.controlpoint.test_remote import described
from tests.service_strategies import service_descriptions
from tests.services.every_type import Flavour, Limits, SwitchPower
from tests.services.every_type import device as device_of_every_type
from tests.services.stubs.clients import LimitsClient, OrderResult, SwitchPowerClient
from tests.services.stubs.everything_client import EverythingClient
from upnp_trio import (
    ActionDescription,
    ArgumentDescription,
    DescriptionError,
    RootDevice,
    Service,
    ServiceDescription,
    UpnpError,
    VariableDescription,
    parse_scpd,
    render_client,
    render_description,
)
from upnp_trio.control.rendering import render_result
from upnp_trio.controlpoint.call_answer import CallAnswer
from upnp_trio.controlpoint.describing import describe_at
from upnp_trio.controlpoint.remote import RemoteDevice
from upnp_trio.controlpoint.service_client import ServiceClient
from upnp_trio.errors import InvalidCall, RequestFailed, UnknownService
from upnp_trio.http.client import HttpAnswer
from upnp_trio.services.client_stub import _IN_CLASS

STUBS = Path(__file__).parents[1] / "services" / "stubs"
_DIRECTIONS: tuple[Literal["in", "out"], ...] = ("in", "out")
SERVICE_TYPE = "urn:schemas-upnp-org:service:Everything:1"


def declared(source: str, name: str) -> type[ServiceClient]:
    """The class that *source* declares."""
    names: dict[str, object] = {"__name__": "stub"}
    exec(compile(source, "client.py", "exec"), names)
    found = names[name]
    assert isinstance(found, type)
    assert issubclass(found, ServiceClient)
    return found


# --- the source ------------------------------------------------------------------------------------------------------


def test_the_client_with_everything_is_the_one_that_is_checked_in() -> None:
    description = parse_scpd((STUBS / "everything.xml").read_bytes())
    source = render_client(description, service_type=SERVICE_TYPE, class_name="EverythingClient")
    assert source == (STUBS / "everything_client.py").read_text(encoding="utf-8")
    assert EverythingClient.service_type == SERVICE_TYPE


@pytest.mark.parametrize("kind", [Limits, SwitchPower])
def test_the_clients_of_our_services_are_those_that_are_checked_in(kind: type[Limits | SwitchPower]) -> None:
    service_type = str(kind.service_type)
    source = render_client(kind.description, service_type=service_type, class_name=f"{kind.__name__}Client")
    _, _, lines = source.partition("from upnp_trio.controlpoint import ServiceClient\n")
    assert lines.strip() in (STUBS / "clients.py").read_text(encoding="utf-8")


@given(service_descriptions())
@settings(deadline=None)
def test_every_action_has_a_method(description: ServiceDescription) -> None:
    client = declared(render_client(description, service_type=SERVICE_TYPE, class_name="Test"), "Test")
    methods = [name for name in vars(client) if not name.startswith("_") and name != "service_type"]
    assert len(methods) == len(description.actions)
    for name, action in zip(methods, description.actions, strict=True):
        parameters = getattr(client, name).__code__.co_varnames[: getattr(client, name).__code__.co_argcount]
        assert len(parameters) == 1 + len(action.in_arguments)


def test_no_method_hides_a_name_of_the_base_class_or_of_a_type() -> None:
    assert {name for name in dir(ServiceClient) if not name.startswith("_")} <= _IN_CLASS
    names = ["at", "service", "ServiceType", "int", "Str", "Bool", "datetime", "self", "Answer"]
    actions = [
        ActionDescription(
            name=name,
            arguments=[ArgumentDescription(name=each, direction="in", related_state_variable="") for each in names],
        )
        for name in names
    ]
    source = render_client(ServiceDescription(actions=actions), service_type=SERVICE_TYPE, class_name="Test")
    client = declared(source, "Test")
    for name in ("at_", "service_", "service_type_", "int_", "str_", "bool_", "datetime_", "self", "answer"):
        assert name in vars(client)
    code = vars(client)["int_"].__code__
    assert code.co_varnames == (
        *("self", "at", "service", "service_type", "int_", "str_", "bool_", "datetime_", "self_", "answer_"),
    )


def test_a_description_with_flaws_has_a_client() -> None:
    arguments = [ArgumentDescription(name=name, direction="in", related_state_variable="?") for name in "aab"]
    action = ActionDescription(name="X-do it", arguments=arguments)
    source = render_client(ServiceDescription(actions=[action, action]), service_type=SERVICE_TYPE, class_name="Test")
    assert source.count("async def") == 1
    assert "    async def x_do_it(self, a: str, b: str) -> None:\n" in source


_texts = st.text(max_size=30) | st.sampled_from(
    ['"""', "'", "\\", "\n", '"""\nimport os\n', "x = 1", "\u2028", "self", "Über"]
)


@given(st.lists(st.tuples(_texts, st.lists(_texts, max_size=3)), max_size=3), st.lists(_texts, max_size=3))
@settings(deadline=None)
def test_no_description_writes_code_of_its_own(names: list[tuple[str, list[str]]], allowed: list[str]) -> None:
    variable = VariableDescription(name="V", data_type="string", allowed_values=allowed)
    actions = [
        ActionDescription(
            name=name,
            arguments=[
                ArgumentDescription(name=each, direction=direction, related_state_variable="V")
                for each in arguments
                for direction in _DIRECTIONS
            ],
        )
        for name, arguments in names
    ]
    description = ServiceDescription(actions=actions, variables=[variable])
    module = ast.parse(render_client(description, service_type=SERVICE_TYPE, class_name="Test"))
    assert {type(node) for node in module.body} <= {ast.Expr, ast.ImportFrom, ast.Assign, ast.ClassDef}
    assert sum(isinstance(node, ast.Expr) for node in module.body) == 1
    called = [ast.unparse(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)]
    records = {node.name for node in module.body if isinstance(node, ast.ClassDef)}
    assert set(called) <= {"self._call", "answer.value", *records}
    imported = {node.module for node in ast.walk(module) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"typing", "upnp_trio.controlpoint"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(module))


@pytest.mark.parametrize("name", ["", "2", "a b", "class", "ServiceClient", "str", "UUID"])
def test_a_class_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(DescriptionError, match="cannot be the name of a class"):
        render_client(SwitchPower.description, service_type=SERVICE_TYPE, class_name=name)


# --- calls -----------------------------------------------------------------------------------------------------------


async def test_a_client_calls_with_python_names_and_types(autojump_clock: trio.testing.MockClock) -> None:
    async with described(device_of_every_type()) as (device, _):
        switch = SwitchPowerClient(device.service("SwitchPower"))
        await switch.set_target(True)
        status: bool = await switch.get_status()
        assert status is True
        limits = LimitsClient.at(device)
        await limits.set_ratio(1)
        await limits.set_speed("Fast")
        order: OrderResult = await limits.order(20, Flavour.SMOKED.value, "thin")
        assert order == (20, "Smoked", "thin")
        with pytest.raises(UpnpError, match="No ham left"):
            await limits.refuse()
        with pytest.raises(InvalidCall, match="New is 17: it is not a multiple of the step 5 above 10"):
            await limits.set_count(17)


def _switch(service_type: str) -> RootDevice:
    service = Service(
        service_type=service_type, service_id="urn:upnp-org:serviceId:S", scpd_url="/scpd", control_url="/c"
    )
    return RootDevice(
        device_type="urn:x:device:A:1", friendly_name="A", manufacturer="B", model_name="C", services=[service]
    )


async def _answering(answer: bytes, service_type: str = str(SwitchPower.service_type)) -> RemoteDevice:
    pages: dict[str, object] = {
        LOCATION.text: render_description(_switch(service_type)),
        LOCATION.join("/scpd").text: SwitchPower().as_service().scpd,
        LOCATION.join("/c").text: HttpAnswer(200, {}, answer),
    }
    return await describe_at(ScriptedClient(pages), LOCATION, SERVED)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([("ResultStatus", "on")], "the answer to GetStatus has ResultStatus = 'on', which is no bool"),
        ([], "the answer to GetStatus has no ResultStatus"),
        ([("A", "1"), ("B", "2")], "the answer to GetStatus has no ResultStatus"),
    ],
)
async def test_an_answer_that_has_not_the_promised_type_is_a_failed_request(
    arguments: list[tuple[str, str]], message: str
) -> None:
    device = await _answering(render_result(str(SwitchPower.service_type), "GetStatus", arguments))
    with pytest.raises(RequestFailed) as caught:
        await SwitchPowerClient.at(device).get_status()
    assert str(caught.value) == message


async def test_a_client_is_for_its_service_type_and_higher_versions() -> None:
    newer = await _answering(b"", "urn:schemas-upnp-org:service:SwitchPower:2")
    assert SwitchPowerClient.at(newer).service.service.service_type.version == 2
    other = await _answering(b"", "urn:schemas-upnp-org:service:Dimming:1")
    with pytest.raises(UnknownService, match=r"SwitchPowerClient is for urn:.*:SwitchPower:1, not urn:.*:Dimming:1"):
        SwitchPowerClient(other.service("Dimming"))
    with pytest.raises(UnknownService, match="the services are Dimming"):
        SwitchPowerClient.at(other)


def test_a_class_between_a_client_and_its_base_needs_no_type() -> None:
    class Between(ServiceClient):
        pass

    class Client(Between, service_type=SERVICE_TYPE):
        pass

    assert Client.service_type == SERVICE_TYPE
    assert not hasattr(Between, "service_type")


def test_values_are_given_by_name_and_type() -> None:
    answer = CallAnswer(action="Get", values={"A": 1, "B": "x"}, texts={"A": "1", "B": "x"}, forgiven=())
    assert (answer.value("A", int), answer.value("B", str)) == (1, "x")
    assert attrs.evolve(answer, action="Other").values == {"A": 1, "B": "x"}
