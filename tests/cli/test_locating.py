"""Which device a word names, of those that were seen lately and of those that answer a search."""

from __future__ import annotations

import time
from pathlib import Path

import attrs
import pytest
import trio
import trio.lowlevel
import trio.testing

from tests.cli.scenes import EVERY_TYPE, among
from tests.devices import GATEWAY
from tests.services.every_type import device as device_of_every_type
from upnp_trio import RootDevice
from upnp_trio.cli.locating import locate
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.recent_devices import RecentDevice, RecentService, read_recent, remember
from upnp_trio.errors import RequestFailed, UnknownDevice

Clock = trio.testing.MockClock


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was seen before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def named(name: str, number: int) -> RootDevice:
    udn = f"uuid:00000000-0000-0000-0000-{number:012}"
    return attrs.evolve(device_of_every_type(), friendly_name=name, udn=udn)


@pytest.mark.parametrize(
    "word",
    [
        "Every type",
        "every TYPE",
        EVERY_TYPE,
        EVERY_TYPE.upper(),
        EVERY_TYPE.removeprefix("uuid:"),
        "0c6c",
        "0C6CD4D5-65",
        "uuid:0c6cd4d5-65ba",
    ],
)
async def test_a_device_is_found_by_its_name_its_udn_or_the_start_of_that(word: str, autojump_clock: Clock) -> None:
    async with among(device_of_every_type(), GATEWAY) as control_point:
        located = await locate(control_point, word)
    assert located.device.udn is not None
    assert located.device.udn.text == EVERY_TYPE
    assert located.udn is None
    assert located.device.services[0].scpd is not None


async def test_a_device_is_found_by_its_url(autojump_clock: Clock) -> None:
    async with among() as control_point:
        location = (await locate(control_point, EVERY_TYPE)).device.location.text
        located = await locate(control_point, location, contents=False)
    assert located.device.friendly_name == "Every type"
    assert located.device.services[0].scpd is None


async def test_an_embedded_device_is_found_by_its_udn(autojump_clock: Clock) -> None:
    wan = GATEWAY.devices[0]
    async with among(GATEWAY) as control_point:
        located = await locate(control_point, str(wan.udn))
    assert located.device.friendly_name == "Gateway"
    assert located.udn == wan.udn


async def test_what_was_described_is_remembered_with_what_a_call_needs(autojump_clock: Clock) -> None:
    async with among() as control_point:
        located = await locate(control_point, EVERY_TYPE)
    (device,) = read_recent()
    assert (device.udn, device.name, device.location) == (EVERY_TYPE, "Every type", located.device.location.text)
    assert device.services[0] == RecentService(
        service_type="urn:schemas-upnp-org:service:SwitchPower:1",
        service_id="urn:upnp-org:serviceId:SwitchPower",
        actions={"SetTarget": ("newTargetValue",), "GetTarget": (), "GetStatus": ()},
    )


@pytest.mark.parametrize("word", ["Every type", "every type", "0c6c", "uuid:0c6c"])
async def test_a_device_that_was_seen_lately_is_searched_for_by_its_udn_alone(word: str, autojump_clock: Clock) -> None:
    async with among() as control_point:
        await locate(control_point, EVERY_TYPE)
    async with among(device_of_every_type(), named("Other", 1)) as control_point:
        await locate(control_point, word)
        # the others have not answered
        assert list(control_point.devices) == [EVERY_TYPE]


async def test_a_name_that_now_belongs_to_another_device_is_looked_for(autojump_clock: Clock) -> None:
    remember([RecentDevice(udn="uuid:gone", name="Lamp", device_type="", location="")], now=time.time())
    async with among(named("Lamp", 1)) as control_point:
        located = await locate(control_point, "Lamp")
    assert str(located.device.udn).endswith("01")


async def test_a_name_of_several_devices_is_refused(autojump_clock: Clock) -> None:
    async with among(named("Lamp", 1), named("Lamp", 2)) as control_point:
        with pytest.raises(UsageError) as caught:
            await locate(control_point, "Lamp")
        message = str(caught.value)
        assert message.startswith("'Lamp' may mean 2 devices; name one by its UDN: uuid:00000000-")
        assert message.count("(Lamp)") == 2
        with pytest.raises(UsageError, match="'0000' may mean 2 devices"):
            await locate(control_point, "0000")
        await locate(control_point, "00000000-0000-0000-0000-000000000001")
        await locate(control_point, "00000000-0000-0000-0000-000000000002")
        with pytest.raises(UsageError, match="'Lamp' may mean 2 devices"):  # both are there
            await locate(control_point, "Lamp")


async def test_the_exact_name_goes_before_one_that_differs_in_capital_letters(autojump_clock: Clock) -> None:
    async with among(named("Lamp", 1), named("lamp", 2)) as control_point:
        assert (await locate(control_point, "lamp")).device.friendly_name == "lamp"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "Every tipe",
            "no device that answers a search has the name or the UDN 'Every tipe'; did you mean Every type?",
        ),
        ("Lamp", "no device that answers a search has the name or the UDN 'Lamp'; the devices are Every type"),
        (
            "uuid:1234",
            "no device that answers a search has the name or the UDN 'uuid:1234'; the devices are Every type",
        ),
        (
            "00000000-0000-0000-0000-000000000001",
            "no device with the UDN uuid:00000000-0000-0000-0000-000000000001 answers; is it on, and on this network?",
        ),
    ],
)
async def test_a_device_that_is_not_there_is_said_with_those_that_are(
    word: str, message: str, autojump_clock: Clock
) -> None:
    async with among() as control_point:
        with pytest.raises(UnknownDevice) as caught:
            await locate(control_point, word)
    assert str(caught.value) == message


async def test_where_nothing_answers_there_are_no_devices(autojump_clock: Clock) -> None:
    async with among() as control_point:
        pass
    async with among() as control_point:
        await trio.lowlevel.checkpoint()
        with pytest.raises(UsageError, match=r"192\.0\.2\.7 is an address"):
            await locate(control_point, "192.0.2.7")
        with pytest.raises(RequestFailed, match="cannot connect"):
            await locate(control_point, "http://192.0.2.7:1/d.xml")
