"""What finds an HDHomeRun tuner."""

from __future__ import annotations

import pytest
import trio.testing

from tests.profiles.clients import DEVICE, lines, served
from upnp_trio import DescriptionError
from upnp_trio.profiles import hdhomerun_tuner

Clock = trio.testing.MockClock


@pytest.mark.parametrize("target", ["ssdp:all", "urn:schemas-upnp-org:device:MediaServer:1"])
async def test_a_recorder_finds_the_tuner_and_reads_its_number(target: str, autojump_clock: Clock) -> None:
    """The fields and values that antennas, tvhProxy and dizqueTV give to Plex."""
    search = lines(
        "M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"', "MX: 2", f"ST: {target}"
    )
    async with served(hdhomerun_tuner("Attic", device_id="10abcdef"), port=5004) as client:
        locations = {answer.headers["location"] for answer in await client.search(search)}
        assert locations == {f"http://{DEVICE}:5004/device.xml"}
        described = await client.ask(*locations, "GET {path} HTTP/1.1", "Host: {host}", "Accept: */*")
        assert described.has("manufacturer", "Silicondust")
        assert described.has("modelNumber", "HDTC-2US")
        assert described.has("serialNumber", "10ABCDEF")
        assert described.has("friendlyName", "Attic")


@pytest.mark.parametrize("device_id", ["1234567", "123456789", "1234567g", ""])
def test_a_number_that_is_none_is_refused(device_id: str) -> None:
    with pytest.raises(DescriptionError, match="eight hexadecimal digits"):
        hdhomerun_tuner(device_id=device_id)
