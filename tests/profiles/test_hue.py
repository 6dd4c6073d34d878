"""What an Echo, a Harmony hub and Hue apps send to a bridge, and what they look at."""

from __future__ import annotations

import pytest
import trio.testing

from tests.profiles.clients import DEVICE, Client, lines, served
from upnp_trio import DescriptionError
from upnp_trio.profiles import hue_bridge, hue_bridge_id

Clock = trio.testing.MockClock
BRIDGE = hue_bridge(mac="00:17:88:64:FF:47")
UDN = "uuid:2f402f80-da50-11e1-9b23-00178864ff47"
LOCATION = f"http://{DEVICE}:80/description.xml"
BASIC = "urn:schemas-upnp-org:device:basic:1"
# falk0069/hue-upnp #1: the datagrams of a hub, a tenth of a second apart
HARMONY = [
    lines("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"', "MX: 2", f"ST: {target}")
    for target in ("ssdp:all", BASIC)
]
# n8henrie/fauxmo's protocol_notes.md, wled/WLED #3 and hue-upnp #18: generations of Echos differ by MX and ST
ECHO = [
    lines("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"', f"MX: {mx}", f"ST: {target}")
    for target, mx in ((BASIC, 15), ("upnp:rootdevice", 3), ("ssdp:all", 3))
]


async def test_the_answer_is_a_bridge_s(autojump_clock: Clock) -> None:
    """Recorded by projects: ``SERVER: Hue/1.0 UPnP/1.0 IpBridge/1.38.0``, ``hue-bridgeid: 001788FFFE64FF47``."""
    async with served(BRIDGE, port=80) as client:
        (answer,) = await client.search(ECHO[1])
        assert answer.headers["location"] == LOCATION
        assert answer.headers["st"] == "upnp:rootdevice"
        assert answer.headers["usn"] == f"{UDN}::upnp:rootdevice"
        assert answer.headers["cache-control"].replace(" ", "") == "max-age=100"
        assert answer.headers["hue-bridgeid"] == "001788FFFE64FF47"
        assert answer.headers["server"].startswith("Hue/1.0 UPnP/1.0 IpBridge/1.")


async def description(client: Client) -> None:
    """Emulated_hue's clients look at modelName and modelNumber, an Echo at the description as a whole."""
    found = await client.ask(LOCATION, "GET {path} HTTP/1.1", "Host: {host}", "Accept: */*")
    assert found.status == 200
    assert found.headers["content-type"].startswith("text/xml")
    assert found.has("modelName", "Philips hue bridge 2015")
    assert found.has("modelNumber", "BSB002")
    assert found.has("serialNumber", "00178864ff47")
    assert found.has("UDN", UDN)
    assert found.has("deviceType", "urn:schemas-upnp-org:device:Basic:1")


@pytest.mark.parametrize("search", ECHO)
async def test_an_echo_finds_the_bridge_and_reads_its_description(search: bytes, autojump_clock: Clock) -> None:
    async with served(BRIDGE, port=80) as client:
        answers = await client.search(search)
        assert {answer.headers["location"] for answer in answers} == {LOCATION}
        await description(client)


async def test_a_harmony_hub_finds_the_bridge_by_both_searches(autojump_clock: Clock) -> None:
    async with served(BRIDGE, port=80) as client:
        everything, basic = [await client.search(search) for search in HARMONY]
        usns = [f"{UDN}::upnp:rootdevice", UDN, f"{UDN}::urn:schemas-upnp-org:device:Basic:1"]
        assert sorted(answer.headers["usn"] for answer in everything) == sorted(usns)
        (answer,) = basic
        assert answer.headers["st"] == BASIC  # a hub compares it letter for letter
        await description(client)


async def test_an_app_of_its_own_profile_finds_the_bridge(autojump_clock: Clock) -> None:
    """SharpCaster and Q42.HueApi search for ``SsdpSearch:all``."""
    search = lines(
        *("M-SEARCH * HTTP/1.1", "HOST:239.255.255.250:1900", "ST:SsdpSearch:all", 'MAN:"ssdp:discover"', "MX:3")
    )
    async with served(BRIDGE, port=80, profile="hue") as client:
        assert len(await client.search(search)) == 3


def test_a_bridge_is_told_apart_by_its_mac() -> None:
    assert hue_bridge_id("00-17-88-64-ff-47") == hue_bridge_id("00178864FF47") == "001788FFFE64FF47"
    assert hue_bridge(mac="00:17:88:64:ff:48").udn != BRIDGE.udn
    for wrong in ("00:17:88:64:ff", "00:17-88:64:ff:47", "0017.8864.ff47", ""):
        with pytest.raises(DescriptionError, match="six bytes"):
            hue_bridge(mac=wrong)
