"""What SoCo sends to a player."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import trio.testing

from tests.profiles.clients import DEVICE, served
from upnp_trio import DescriptionError
from upnp_trio.profiles import sonos_player

Clock = trio.testing.MockClock
NAMESPACE = "{urn:schemas-upnp-org:device-1-0}"
# soco/discovery.py: line ends without CR, and no empty line
SOCO = (
    b'M-SEARCH * HTTP/1.1\nHOST: 239.255.255.250:1900\nMAN: "ssdp:discover"\nMX: 1\n'
    b"ST: urn:schemas-upnp-org:device:ZonePlayer:1\n"
)


async def test_soco_finds_the_player_and_reads_its_room(autojump_clock: Clock) -> None:
    async with served(sonos_player("Kitchen", mac="00:0e:58:a0:08:6a"), port=1400) as client:
        (answer,) = await client.search(SOCO)
        assert answer.headers["st"] == "urn:schemas-upnp-org:device:ZonePlayer:1"
        assert answer.headers["usn"] == "uuid:RINCON_000E58A0086A01400::urn:schemas-upnp-org:device:ZonePlayer:1"
        assert answer.headers["server"].startswith("Linux UPnP/1.0 Sonos/")
        assert answer.headers["x-rincon-household"] == "Sonos_upnp_trio"
        # it makes this URL itself, of the address that answered (soco/core.py, get_speaker_info)
        url = f"http://{DEVICE}:1400/xml/device_description.xml"
        assert answer.headers["location"] == url
        described = await client.ask(
            url,
            "GET {path} HTTP/1.1",
            "Host: {host}",
            "User-Agent: python-requests/2.32.3",
            "Accept-Encoding: gzip, deflate",
            "Accept: */*",
            "Connection: keep-alive",
        )
        device = ElementTree.fromstring(described.body).find(f"{NAMESPACE}device")
        assert device is not None
        read = ("roomName", "serialNum", "softwareVersion", "hardwareVersion", "modelNumber", "modelName")
        values = [device.findtext(f"{NAMESPACE}{name}") for name in (*read, "displayVersion")]
        assert values[:2] == ["Kitchen", "00-0E-58-A0-08-6A:0"]
        assert all(values)


def test_a_player_has_a_room() -> None:
    with pytest.raises(DescriptionError, match="room is ' '"):
        sonos_player(" ", mac="00:0e:58:a0:08:6a")
