"""Services on the network: finding them in a device, and calling their actions."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from random import Random
from uuid import UUID

import attrs
import pytest
import trio

from tests.controlpoint.clients import LOCATION, SERVED, ScriptedClient, open_client
from tests.devices import GATEWAY
from tests.server.acting import Oven
from tests.server.scenes import NOON, LoneHost
from tests.services.every_type import device as device_of_every_type
from upnp_trio import RootDevice, Running, UpnpError, render_description
from upnp_trio.control.rendering import render_fault, render_result
from upnp_trio.controlpoint.call_places import CALL_SECONDS
from upnp_trio.controlpoint.describing import describe_at
from upnp_trio.controlpoint.remote import RemoteDevice
from upnp_trio.errors import InvalidCall, RequestFailed, UnknownService, UnsafeUrl
from upnp_trio.http.client import HttpAnswer
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on

LAMP_TYPE = "urn:schemas-upnp-org:service:SwitchPower:1"
CONTROL = "http://192.0.2.7:49152/control"


@asynccontextmanager
async def described(device: RootDevice) -> AsyncIterator[tuple[RemoteDevice, Running]]:
    """*device*, served in memory and described by a control point, with what serves it."""
    host = LoneHost()
    async with serve_on(host.network, [device], Settings(rng=Random(0), utcnow=lambda: NOON)) as running:
        with open_client(host) as client:
            yield await describe_at(client, LiteralUrl.parse(running.locations[0]), SERVED), running


async def remote(device: RootDevice) -> RemoteDevice:
    """*device* as a control point has it that fetched the description alone."""
    return await describe_at(ScriptedClient({LOCATION.text: render_description(device)}), LOCATION, SERVED)


# --- services of a device --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "service_id"),
    [
        ("urn:schemas-upnp-org:service:Layer3Forwarding:1", "urn:upnp-org:serviceId:Layer3Forwarding1"),
        ("urn:upnp-org:serviceId:WANIPConnection2", "urn:upnp-org:serviceId:WANIPConnection2"),
        ("Layer3Forwarding", "urn:upnp-org:serviceId:Layer3Forwarding1"),
        ("layer3forwarding", "urn:upnp-org:serviceId:Layer3Forwarding1"),
        ("WANCommonInterfaceConfig1", "urn:upnp-org:serviceId:WANCommonInterfaceConfig1"),
        # there is one of each version
        ("urn:schemas-upnp-org:service:WANIPConnection:1", "urn:upnp-org:serviceId:WANIPConnection2"),
        ("urn:schemas-upnp-org:service:WANIPConnection:2", "urn:upnp-org:serviceId:WANIPConnection1"),
    ],
)
async def test_a_service_is_found_by_type_id_or_name_in_all_devices(wanted: str, service_id: str) -> None:
    gateway = await remote(GATEWAY)
    assert gateway.service(wanted).service.service_id == service_id


async def test_a_service_of_a_higher_version_is_one_of_the_lower_version() -> None:
    newer = [attrs.evolve(GATEWAY.services[0], service_type="urn:schemas-upnp-org:service:Layer3Forwarding:3")]
    gateway = await remote(attrs.evolve(GATEWAY, services=newer))
    for version in (1, 2, 3):
        found = gateway.service(f"urn:schemas-upnp-org:service:Layer3Forwarding:{version}")
        assert str(found.service.service_type).endswith(":3")
    with pytest.raises(UnknownService):
        gateway.service("urn:schemas-upnp-org:service:Layer3Forwarding:4")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("Layer3Forwardin", "Gateway has no service 'Layer3Forwardin'; did you mean Layer3Forwarding?"),
        (
            "SwitchPower",
            "Gateway has no service 'SwitchPower'; the services are Layer3Forwarding, WANCommonInterfaceConfig, "
            "WANIPConnection, WANPPPConnection",
        ),
        (
            "WANIPConnection",
            "'WANIPConnection' is more than one service: urn:upnp-org:serviceId:WANIPConnection1 of "
            "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c003, urn:upnp-org:serviceId:WANIPConnection2 of "
            "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c003",
        ),
    ],
)
async def test_a_service_that_is_not_there_or_not_the_only_one_is_refused(wanted: str, message: str) -> None:
    with pytest.raises(UnknownService) as caught:
        (await remote(GATEWAY)).service(wanted)
    assert str(caught.value) == message


async def test_the_device_that_has_the_service_may_be_named() -> None:
    inner = attrs.evolve(GATEWAY.devices[0], services=GATEWAY.services)
    gateway = await remote(attrs.evolve(GATEWAY, devices=[inner]))
    with pytest.raises(UnknownService, match="is more than one service"):
        gateway.service("Layer3Forwarding")
    for device in (gateway, gateway.devices[0]):
        assert device.udn is not None
        for udn in (device.udn, device.udn.uuid.upper()):
            assert gateway.service("Layer3Forwarding", udn=udn).device is device
    with pytest.raises(UnknownService, match="there are no services"):
        gateway.service("Layer3Forwarding", udn="uuid:nobody")


async def test_a_device_lists_the_services_of_all_its_devices() -> None:
    gateway = await remote(GATEWAY)
    assert [(each.device.friendly_name, each.name) for each in gateway.services_of_all()] == [
        ("Gateway", "Layer3Forwarding"),
        ("WAN", "WANCommonInterfaceConfig"),
        ("Connection", "WANIPConnection"),
        ("Connection", "WANIPConnection"),
        ("Connection", "WANPPPConnection"),
        ("Connection", "WANPPPConnection"),
    ]


# --- calls to our own device -----------------------------------------------------------------------------------------

VALUES: dict[str, object] = {
    "Ui1": 255,
    "Ui2": 65535,
    "Ui4": 4294967295,
    "Ui8": 18446744073709551615,
    "I1": -128,
    "I2": -32768,
    "I4": -2147483648,
    "I8": -9223372036854775808,
    "Int": -1,
    "R4": 0.5,
    "R8": 1e300,
    "Number": -0.1,
    "Fixed": Decimal("12345678901234.0001"),
    "Float": 2.5,
    "Char": "é",
    "String": " <a b='c'>&amp;\n\t</a> 灯 ",
    "Date": datetime.date(2024, 2, 29),
    "DateTime": datetime.datetime(2024, 2, 29, 23, 59, 58),
    "DateTimeTz": datetime.datetime(2024, 2, 29, 23, 59, 58, tzinfo=datetime.timezone(datetime.timedelta(hours=5.5))),
    "Time": datetime.time(23, 59, 58),
    "TimeTz": datetime.time(23, 59, 58, tzinfo=datetime.UTC),
    "Boolean": True,
    "Base64": bytes(range(256)),
    "Hex": bytes(range(256)),
    "Uri": "http://192.0.2.1/a?b=1&c=2",
    "Uuid": UUID("0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11"),
}


async def test_a_value_of_every_data_type_goes_there_and_back(autojump_clock: trio.testing.MockClock) -> None:
    async with described(device_of_every_type()) as (device, _):
        service = device.service("EveryType")
        names = {action.name.removeprefix("Set").removeprefix("Get") for action in service.description.actions}
        assert names == VALUES.keys()
        for name, value in VALUES.items():
            assert await service.call(f"Set{name}", New=value) == {}
            answer = await service.invoke(f"Get{name}", {})
            assert (answer.values, answer.forgiven) == ({"Current": value}, ())
            assert type(answer.values["Current"]) is type(value)


async def test_a_call_has_several_results_in_their_order(autojump_clock: trio.testing.MockClock) -> None:
    async with described(device_of_every_type()) as (device, _):
        answer = await device.service("Limits").call("Order", NewNote="thin", NewFlavour="Smoked", NewCount=15)
        assert list(answer.items()) == [("Count", 15), ("Flavour", "Smoked"), ("Note", "thin")]


async def test_an_int_may_stand_for_a_wider_number(autojump_clock: trio.testing.MockClock) -> None:
    async with described(device_of_every_type()) as (device, _):
        service = device.service("EveryType")
        for name in ("R8", "Fixed"):
            await service.call(f"Set{name}", New=3)
            assert await service.call(f"Get{name}") == {"Current": 3}


async def test_an_error_of_the_device_is_raised(autojump_clock: trio.testing.MockClock) -> None:
    async with described(device_of_every_type()) as (device, _):
        with pytest.raises(UpnpError) as caught:
            await device.service("Limits").call("Refuse")
    assert (caught.value.code, caught.value.description) == (701, "No ham left")


@pytest.mark.parametrize(
    ("service", "action", "arguments", "message"),
    [
        ("SwitchPower", "SetTaget", {}, "SwitchPower has no action 'SetTaget'; did you mean SetTarget?"),
        (
            "SwitchPower",
            "Play",
            {},
            "SwitchPower has no action 'Play'; the actions are SetTarget, GetTarget, GetStatus",
        ),
        ("SwitchPower", "SetTarget", {}, "SetTarget needs newTargetValue; its arguments are newTargetValue"),
        (
            "SwitchPower",
            "SetTarget",
            {"new_target_value": True},
            "SetTarget has no argument 'new_target_value'; did you mean newTargetValue?",
        ),
        (
            "SwitchPower",
            "SetTarget",
            {"newTargetValue": 1},
            "SetTarget cannot be called: newTargetValue is a boolean: 1 is of type int, not bool",
        ),
        ("SwitchPower", "GetTarget", {"a": 1}, "GetTarget has no argument 'a'; there are no arguments"),
        (
            "Limits",
            "SetCount",
            {"New": 17},
            "SetCount cannot be called: New is 17: it is not a multiple of the step 5 above 10",
        ),
        (
            "Limits",
            "SetSpeed",
            {"New": "Medium"},
            "SetSpeed cannot be called: New is 'Medium': it is not in the allowedValueList ('Slow', 'Fast')",
        ),
    ],
)
async def test_a_wrong_call_is_refused_before_it_is_sent(
    service: str,
    action: str,
    arguments: dict[str, object],
    message: str,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with described(device_of_every_type()) as (device, running):
        requests = running.stats.requests.total()
        with pytest.raises(InvalidCall) as caught:
            await device.service(service).call(action, **arguments)
        assert str(caught.value) == message
        assert running.stats.requests.total() == requests


async def test_our_service_of_version_2_answers_what_was_asked_for_as_version_1(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with described(attrs.evolve(device_of_every_type(), services=[Oven()])) as (device, _):
        oven = device.service("urn:example-com:service:Oven:1")
        assert oven.service.service_type == Oven.service_type
        await oven.call("Set", Heat=3, Light=True)
        assert await oven.call("Get") == {"Heat": 3, "Light": True}


# --- answers of other devices ----------------------------------------------------------------------------------------

SCPD = (
    b"<scpd xmlns='urn:schemas-upnp-org:service-1-0'><actionList><action><name>GetTarget</name><argumentList>"
    b"<argument><name>RetTargetValue</name><direction>out</direction><relatedStateVariable>Target</relatedStateVariable>"
    b"</argument></argumentList></action><action><name>a b</name></action></actionList>"
    b"<serviceStateTable><stateVariable><name>Target</name><dataType>boolean</dataType></stateVariable>"
    b"</serviceStateTable></scpd>"
)


async def lamp(
    answer: object, control_url: str = CONTROL, service_type: str = LAMP_TYPE
) -> tuple[RemoteDevice, ScriptedClient]:
    switch = attrs.evolve(GATEWAY.services[0], service_type=service_type, scpd_url="scpd.xml", control_url=control_url)
    document = render_description(attrs.evolve(GATEWAY, devices=[], services=[switch]))
    scpd_url = LOCATION.join("scpd.xml").text
    client = ScriptedClient({LOCATION.text: document, scpd_url: SCPD, CONTROL: answer})
    return await describe_at(client, LOCATION, SERVED), client


def result(*arguments: tuple[str, str]) -> bytes:
    return render_result(LAMP_TYPE, "GetTarget", arguments)


async def test_a_call_is_sent_as_uda_writes_it() -> None:
    device, client = await lamp(result(("RetTargetValue", "1")))
    assert await device.service(LAMP_TYPE).call("GetTarget") == {"RetTargetValue": True}
    sent = client.sent[-1]
    assert (sent.method, sent.url) == ("POST", CONTROL)
    assert sent.headers == {
        "CONTENT-TYPE": 'text/xml; charset="utf-8"',
        "SOAPACTION": '"urn:schemas-upnp-org:service:SwitchPower:1#GetTarget"',
    }
    assert b'<u:GetTarget xmlns:u="urn:schemas-upnp-org:service:SwitchPower:1">' in sent.body


async def test_what_is_wrong_with_an_answer_is_said_and_does_not_fail_the_call() -> None:
    device, _ = await lamp(result(("RetTargetValue", "on"), ("Colour", "blue"), ("Colour", "red")))
    answer = await device.service(LAMP_TYPE).invoke("GetTarget", {})
    assert answer.values == {"RetTargetValue": "on", "Colour": "blue"}
    assert answer.texts == {"RetTargetValue": "on", "Colour": "blue"}
    assert answer.forgiven == (
        "the answer has Colour more than once; the first one counts",
        "RetTargetValue is left as text and not read as boolean: 'on' is not a boolean: 0 or 1",
        "the answer has Colour, which the description of GetTarget does not have",
    )


@pytest.mark.parametrize("status", [500, 200])
async def test_a_fault_is_an_error_of_the_device(status: int) -> None:
    device, _ = await lamp(HttpAnswer(status, {}, render_fault(606, "")))
    with pytest.raises(UpnpError, match="606"):
        await device.service(LAMP_TYPE).call("GetTarget")


@pytest.mark.parametrize(
    ("answer", "message", "status"),
    [
        (404, f"GetTarget at {CONTROL}: the device answered with HTTP status 404, and: ", 404),
        (
            HttpAnswer(500, {}, b"<html/>"),
            f"GetTarget at {CONTROL}: the device answered with HTTP status 500, and: ",
            500,
        ),
        (
            HttpAnswer(500, {}, result()),
            f"GetTarget at {CONTROL}: the device answered with HTTP status 500, and no",
            500,
        ),
        (b"", f"GetTarget at {CONTROL}: the device answered with HTTP status 200, and: ", 200),
        (RequestFailed("connection refused"), "connection refused", None),
    ],
)
async def test_anything_but_a_result_or_a_fault_is_a_failed_request(
    answer: object, message: str, status: int | None
) -> None:
    device, _ = await lamp(answer)
    with pytest.raises(RequestFailed) as caught:
        await device.service(LAMP_TYPE).call("GetTarget")
    assert str(caught.value).startswith(message)
    assert caught.value.status == status


async def test_a_device_has_30_seconds_to_answer(autojump_clock: trio.testing.MockClock) -> None:
    device, _ = await lamp((29.0, result(("RetTargetValue", "0"))))
    assert await device.service(LAMP_TYPE).call("GetTarget") == {"RetTargetValue": False}
    device, _ = await lamp((31.0, result()))
    start = trio.current_time()
    with pytest.raises(RequestFailed, match="no answer within 30 s"):
        await device.service(LAMP_TYPE).call("GetTarget")
    assert trio.current_time() - start == CALL_SECONDS


async def test_a_control_url_elsewhere_is_not_called() -> None:
    device, client = await lamp(result(), control_url="http://198.51.100.1/control")
    with pytest.raises(UnsafeUrl, match=r"leads to 198\.51\.100\.1, away from"):
        await device.service(LAMP_TYPE).call("GetTarget")
    assert {sent.method for sent in client.sent} == {"GET"}


async def test_names_that_no_call_can_carry_are_refused() -> None:
    device, client = await lamp(result(), service_type="urn:x:service:A\u00a0\u202eB:1")
    with pytest.raises(InvalidCall, match="cannot be called: SOAPACTION has printable ASCII alone") as caught:
        await device.services_of_all()[0].call("GetTarget")
    assert str(caught.value).isprintable()
    device, client = await lamp(result())
    with pytest.raises(InvalidCall):
        await device.service(LAMP_TYPE).call("a b")
    assert {sent.method for sent in client.sent} == {"GET"}
