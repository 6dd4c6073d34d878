"""What an Echo and pywemo send to a switch, and what they read."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from tests.profiles.clients import DEVICE, Answer, Client, lines, served
from upnp_trio import DescriptionError, RootDevice
from upnp_trio.profiles import wemo_switch
from upnp_trio.testing import MemoryNetwork

Clock = trio.testing.MockClock
SERIAL = "221517K0101769"
UDN = f"uuid:Socket-1_0-{SERIAL}"
SETUP = f"http://{DEVICE}:49153/setup.xml"
CONTROL = f"http://{DEVICE}:49153/upnp/control/basicevent1"
# makermusings/fauxmo's protocol_notes.txt
ECHO = lines(
    "M-SEARCH * HTTP/1.1",
    "HOST: 239.255.255.250:1900",
    'MAN: "ssdp:discover"',
    "MX: 15",
    "ST: urn:Belkin:device:**",
)
GET_SETUP = ("GET {path} HTTP/1.1", "Host: {host}", "Accept: */*")
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:{0} '
    'xmlns:u="urn:Belkin:service:basicevent:1"><BinaryState>{1}</BinaryState></u:{0}></s:Body></s:Envelope>'
)


class Lamp:
    """Remembers how it was switched."""

    def __init__(self) -> None:
        self.states: list[bool] = []

    def switch(self, on: bool) -> None:
        self.states.append(on)

    async def switch_later(self, on: bool) -> None:
        await trio.sleep(0.5)
        self.states.append(on)


def lamp_switch(lamp: Lamp) -> RootDevice:
    return wemo_switch("kitchen lights", serial=SERIAL, switch=lamp.switch)


async def echo_calls(client: Client, action: str, state: int) -> Answer:
    """As both protocol notes have it; GetBinaryState, too, comes with a state, and all bodies have 299 bytes."""
    body = ENVELOPE.format(action, state)
    return await client.ask(
        CONTROL,
        "POST {path} HTTP/1.1",
        "Host: {host}",
        "Accept: */*",
        'Content-type: text/xml; charset="utf-8"',
        f'SOAPACTION: "urn:Belkin:service:basicevent:1#{action}"',
        f"Content-Length: {len(body)}",
        body=body,
    )


async def test_an_echo_finds_the_switch_and_reads_its_name(autojump_clock: Clock) -> None:
    async with served(lamp_switch(Lamp()), port=49153) as client:
        (answer,) = await client.search(ECHO)
        assert answer.headers["st"] == "urn:Belkin:device:**"
        assert answer.headers["usn"] == f"{UDN}::urn:Belkin:device:**"
        assert answer.headers["location"] == SETUP
        assert answer.headers["server"] == "Unspecified, UPnP/1.0, Unspecified"
        assert answer.headers["ext"] == ""
        setup = await client.ask(SETUP, *GET_SETUP)
        assert setup.status == 200
        assert setup.has("deviceType", "urn:Belkin:device:controllee:1")
        assert setup.has("friendlyName", "kitchen lights")
        assert setup.has("manufacturer", "Belkin International Inc.")
        assert setup.has("modelName", "Socket")
        assert setup.has("UDN", UDN)


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_echo_switches_and_asks(is_async: bool, autojump_clock: Clock) -> None:
    lamp = Lamp()
    switch = wemo_switch("lamp", serial=SERIAL, switch=lamp.switch_later if is_async else lamp.switch)
    async with served(switch, port=49153) as client:
        for action, state, name, expected in (
            ("GetBinaryState", 1, "BinaryState", "0"),
            ("SetBinaryState", 1, "CountdownEndTime", "0"),
            ("GetBinaryState", 1, "BinaryState", "1"),
            ("SetBinaryState", 0, "CountdownEndTime", "0"),
            ("GetBinaryState", 1, "BinaryState", "0"),
        ):
            answer = await echo_calls(client, action, state)
            assert answer.status == 200
            assert f"{action}Response" in answer.body
            assert answer.has(name, expected)
    assert lamp.states == [True, False]


async def test_a_client_asks_which_switch_it_has_found(autojump_clock: Clock) -> None:
    """As HTTP clients of WeMo switches do it, which scan for the port."""
    async with served(lamp_switch(Lamp()), port=49153) as client:
        answer = await echo_calls(client, "GetFriendlyName", 1)
        assert answer.has("FriendlyName", "kitchen lights")


async def test_two_switches_on_one_port_are_refused_for_the_path_that_clients_know(autojump_clock: Clock) -> None:
    host = MemoryNetwork(seed=1).host("device")
    switches = [wemo_switch(name, serial=name, switch=Lamp().switch) for name in ("1", "2")]
    with pytest.raises(
        DescriptionError, match=r"^the path /setup.xml is wanted by two devices, '1' .* on another port$"
    ):
        async with host.serve(*switches):
            pytest.fail("served")


async def test_a_switch_that_fails_stays_as_it_is(autojump_clock: Clock) -> None:
    def jammed(on: bool) -> None:
        raise OSError("jammed")

    async with served(wemo_switch("lamp", serial=SERIAL, switch=jammed), port=49153) as client:
        assert (await echo_calls(client, "SetBinaryState", 1)).status == 500
        assert (await echo_calls(client, "GetBinaryState", 1)).has("BinaryState", "0")


@pytest.mark.parametrize("target", ["upnp:rootdevice", "ssdp:all"])
async def test_later_echos_find_the_switch_as_any_device(target: str, autojump_clock: Clock) -> None:
    """fauxmoESP (src/WeMo.h): an Echo of the second generation and an Echo Plus take the answer for upnp:rootdevice."""
    async with served(lamp_switch(Lamp()), port=49153) as client:
        answers = await client.search(ECHO.replace(b"urn:Belkin:device:**", target.encode()))
        assert f"{UDN}::upnp:rootdevice" in {answer.headers["usn"] for answer in answers}
        assert {answer.headers["location"] for answer in answers} == {SETUP}


async def test_pywemo_finds_the_switch_reads_its_actions_and_calls_them(autojump_clock: Clock) -> None:
    """pywemo/ssdp.py, pywemo/discovery.py and pywemo/ouimeaux_device/api/service.py, with the fields of requests."""
    lamp = Lamp()
    fields = (
        *("Host: {host}", "User-Agent: python-requests/2.32.3", "Accept-Encoding: gzip, deflate", "Accept: */*"),
        "Connection: keep-alive",
    )
    async with served(lamp_switch(lamp), port=49153) as client:
        search = lines(
            "M-SEARCH * HTTP/1.1",
            "ST: urn:Belkin:service:basicevent:1",
            "MX: 1",
            'MAN: "ssdp:discover"',
            "HOST: 239.255.255.250:1900",
        )
        (answer,) = await client.search(search)
        assert answer.headers["usn"].split("::")[0].startswith("uuid:Socket")
        setup = await client.ask(answer.headers["location"], "GET {path} HTTP/1.1", *fields)
        assert setup.has("SCPDURL", "/eventservice.xml")
        assert setup.has("controlURL", "/upnp/control/basicevent1")
        assert setup.has("eventSubURL", "/upnp/event/basicevent1")
        scpd = await client.ask(f"http://{DEVICE}:49153/eventservice.xml", "GET {path} HTTP/1.1", *fields)
        assert scpd.has("name", "SetBinaryState")
        assert scpd.has("name", "GetBinaryState")
        body = ENVELOPE.format("SetBinaryState", 1)
        called = await client.ask(
            CONTROL,
            "POST {path} HTTP/1.1",
            *fields,
            "Content-Type: text/xml",
            'SOAPACTION: "urn:Belkin:service:basicevent:1#SetBinaryState"',
            f"Content-Length: {len(body)}",
            body=body,
        )
        assert called.status == 200
    assert lamp.states == [True]


@pytest.mark.parametrize("serial", ["", "two words", "a" * 65, "ä", "a::b"])
def test_a_serial_that_cannot_be_part_of_a_udn_is_refused(serial: str) -> None:
    with pytest.raises(DescriptionError, match="serial is"):
        wemo_switch("lamp", serial=serial, switch=Lamp().switch)
