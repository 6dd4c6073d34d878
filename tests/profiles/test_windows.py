"""What Windows's Explorer sends to a device in its Network folder."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import trio.testing

from tests.profiles.clients import DEVICE, lines, served
from upnp_trio import DescriptionError, Icon, render_description
from upnp_trio.profiles import windows_device
from upnp_trio.profiles.windows import CATEGORIES

Clock = trio.testing.MockClock
UDN = "uuid:0b2c1f5e-6c0e-4b6e-9d7a-51a3f2c9f001"
ICON = Icon(mimetype="image/png", width=48, height=48, depth=24, url="nas.png", data=b"\x89PNG picture")
NAS = windows_device("NAS", category="Storage", page="http://192.0.2.7:5000/", icons=[ICON], udn=UDN)
# the README of ZeWaren/python-upnp-ssdp-example, recorded from Windows 7's Explorer
FDSSDP = (
    "GET {path} HTTP/1.1",
    "Cache-Control: no-cache",
    "Connection: Keep-Alive",
    "Pragma: no-cache",
    "Accept: text/xml, application/xml",
    "User-Agent: FDSSDP",
    "Host: {host}",
)
# sabnzbd/sabnzbd #1780 has the name; it has the fields of the same library
DAFUPNP = (*FDSSDP[:1], "Connection: Keep-Alive", "User-Agent: DAFUPnP", FDSSDP[-1])
SEARCH = lines(
    *("M-SEARCH * HTTP/1.1", "Host:239.255.255.250:1900", "ST:upnp:rootdevice", 'Man:"ssdp:discover"', "MX:3"),
)
PNPX = "{http://schemas.microsoft.com/windows/pnpx/2005/11}"
DF = "{http://schemas.microsoft.com/windows/2008/09/devicefoundation}"
UPNP = "{urn:schemas-upnp-org:device-1-0}"


async def test_explorer_finds_the_device_with_its_category_its_picture_and_its_page(autojump_clock: Clock) -> None:
    async with served(NAS) as client:
        (answer,) = await client.search(SEARCH)
        location = answer.headers["location"]
        for fields in (FDSSDP, DAFUPNP):
            described = await client.ask(location, *fields)
            assert described.status == 200
            assert described.headers["content-type"].startswith("text/xml")
            device = ElementTree.fromstring(described.body).find(f"{UPNP}device")
            assert device is not None
            assert device.findtext(f"{PNPX}X_deviceCategory") == "Storage"
            assert device.findtext(f"{UPNP}presentationURL") == "http://192.0.2.7:5000/"
            path = device.findtext(f"{UPNP}iconList/{UPNP}icon/{UPNP}url")
        picture = await client.ask(f"http://{DEVICE}:49152{path}", *DAFUPNP)
        assert picture.headers["content-type"] == "image/png"
        assert picture.headers["content-length"] == str(len(ICON.data or b""))


async def test_explorer_is_answered_without_mx_under_its_profile(autojump_clock: Clock) -> None:
    """Yortw/RSSDP #40 and #67."""
    search = lines("M-SEARCH * HTTP/1.1", "Host:239.255.255.250:1900", "ST:pnp:rootdevice", 'Man:"ssdp:discover"')
    async with served(NAS, profile="windows") as client:
        (answer,) = await client.search(search)
        assert answer.headers["st"] == "pnp:rootdevice"


@pytest.mark.parametrize("category", CATEGORIES)
def test_both_vocabularies_are_in_the_description(category: str) -> None:
    device = ElementTree.fromstring(render_description(windows_device("NAS", category=category, udn=UDN)))[1]
    assert device.findtext(f"{PNPX}X_deviceCategory") == category
    assert device.findtext(f"{DF}X_deviceCategory") == CATEGORIES[category]


def test_a_category_that_windows_does_not_have_is_refused() -> None:
    with pytest.raises(DescriptionError, match="HomeAutomation, HomeSecurity, Other"):
        windows_device("NAS", category="HomeAutomationSystem")
