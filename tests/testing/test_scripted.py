"""Devices that do not behave, and what our control point makes of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import pytest
import trio
import trio.testing

from tests.testing.lamps import LAMP, UDN
from upnp_trio import DescriptionError, UnsafeUrl
from upnp_trio.controlpoint import ControlPoint, DeviceAppeared, DeviceGone, DeviceRebooted, DeviceUpdated
from upnp_trio.errors import RequestFailed, UnknownDevice
from upnp_trio.testing import (
    GARBAGE,
    MemoryNetwork,
    Playing,
    ScriptedDevice,
    alive,
    anything,
    byebye,
    connection,
    malformed,
    response,
    search,
)

Clock = trio.testing.MockClock


@attrs.frozen
class Scene:
    network: MemoryNetwork
    device: Playing
    control_point: ControlPoint
    news: list[tuple[str, float]]

    async def search(self) -> list[str]:
        return [result.udn async for result in self.control_point.search("upnp:rootdevice", mx=1)]


@asynccontextmanager
async def scene(script: ScriptedDevice) -> AsyncIterator[Scene]:
    """A scripted device, and a control point that was there before it."""
    network = MemoryNetwork()
    lamp, phone = network.host("lamp"), network.host("phone")
    news: list[tuple[str, float]] = []

    async def follow(control_point: ControlPoint) -> None:
        async for change in control_point.changes():
            assert isinstance(change, DeviceAppeared | DeviceUpdated | DeviceRebooted | DeviceGone)
            news.append((type(change).__name__, round(trio.current_time(), 1)))

    async with phone.control_point() as control_point, trio.open_nursery() as nursery:
        nursery.start_soon(follow, control_point)
        async with lamp.play(script) as device:
            yield Scene(network, device, control_point, news)
        await trio.sleep(1)
        nursery.cancel_scope.cancel()


async def test_without_options_it_is_a_simple_device(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP)) as it:
        assert await it.search() == [UDN]
        assert (await it.control_point.describe(UDN)).friendly_name == "Lamp"
        assert it.device.requests == ["GET /description.xml HTTP/1.1"]
        assert it.device.location == "http://192.0.2.1:8080/description.xml"
        with pytest.raises(RequestFailed, match="404"):
            await it.control_point.describe("http://192.0.2.1:8080/other.xml")
    assert it.news[-1][0] == "DeviceGone"
    it.network.recording.expect(alive(of=it.device)).exactly(6).before(byebye(of=LAMP))
    it.network.recording.expect(response(of=LAMP)).within(1, of=search())


async def test_late_answers_are_no_answers_and_yet_make_the_device_known(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, announcements=0, answer_after=6)) as it:
        assert await it.search() == []
        await trio.sleep(10)
        it.network.recording.expect(response(of=LAMP)).after(5)
        assert not it.control_point.devices  # its answers found no socket any more
    it.network.recording.expect_no(alive())


async def test_double_answers_are_given_once(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, answers=3)) as it:
        assert await it.search() == [UDN]
        it.network.recording.expect(response(of=LAMP)).exactly(2 * 3)
    assert [kind for kind, _ in it.news].count("DeviceAppeared") == 1


async def test_one_without_answers_is_known_from_its_announcements(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, answers=0)) as it:
        assert await it.search() == []
        assert (await it.control_point.describe(UDN)).friendly_name == "Lamp"


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://10.9.9.9/description.xml", UnsafeUrl),  # off the link
        ("http://127.0.0.1:{port}/description.xml", UnsafeUrl),
        ("http://example.com/description.xml", UnsafeUrl),
        ("ftp://{host}/description.xml", UnsafeUrl),
        ("nonsense", UnsafeUrl),
        ("http://192.0.2.99/description.xml", RequestFailed),  # on the link, and nobody
        ("http://{host}:9/description.xml", RequestFailed),  # the device, and no HTTP
    ],
)
async def test_a_wrong_location_is_an_error_and_leads_nowhere_else(
    location: str, error: type[Exception], autojump_clock: Clock
) -> None:
    async with scene(ScriptedDevice(LAMP, location=location)) as it:
        with pytest.raises(error):
            await it.control_point.describe(UDN)
    allowed = {"192.0.2.99"} if "99" in location else {"192.0.2.1"}
    assert {attempt.destination[0] for attempt in it.network.recording.connections} <= allowed
    assert not it.device.requests


async def test_a_huge_description_is_not_read_to_its_end(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, padding=50_000_000)) as it:
        with pytest.raises(RequestFailed, match="bytes"):
            await it.control_point.describe(UDN)
        assert await it.search() == [UDN]


async def test_a_description_that_drips_is_given_up(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, drip_seconds=1.0)) as it:
        start = trio.current_time()
        with pytest.raises(RequestFailed):
            await it.control_point.describe(UDN)
        assert trio.current_time() - start < 15


async def test_a_description_that_drips_fast_enough_is_read(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, drip_seconds=0.01, drip_bytes=10, padding=1000)) as it:
        start = trio.current_time()
        assert (await it.control_point.describe(UDN)).friendly_name == "Lamp"
        assert trio.current_time() - start > 1


async def test_a_response_that_never_comes_is_given_up(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, respond_after=3600)) as it:
        with pytest.raises(RequestFailed):
            await it.control_point.describe(UDN)


@pytest.mark.parametrize(
    "options",
    [
        {"description": b""},
        {"description": b"\0\xff" * 1000},
        {"description": b"<html><body>It works!</body></html>", "content_type": "text/html"},
        {"description": b"<root/>"},
        {"status": "500 Internal Server Error"},
        {"status": "302 Found"},
        {"accepts": False},
    ],
    ids=repr,
)
async def test_what_is_no_description_is_an_error(options: dict[str, Any], autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, **options)) as it:
        with pytest.raises((DescriptionError, RequestFailed)):
            await it.control_point.describe(UDN)
        assert await it.search() == [UDN]


@pytest.mark.parametrize("content_type", ["application/octet-stream", "text/plain", "", "text/html; charset=utf-16"])
async def test_a_wrong_content_type_does_no_harm(content_type: str, autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, content_type=content_type)) as it:
        assert (await it.control_point.describe(UDN)).friendly_name == "Lamp"


async def test_one_that_is_silent_after_alive_expires(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, max_age=100, says_byebye=False)) as it:
        it.device.fall_silent()
        assert await it.search() == []
        with pytest.raises(RequestFailed):
            await it.control_point.describe(UDN)
        await trio.sleep(100)
        assert UDN not in it.control_point.devices
        with pytest.raises(UnknownDevice):
            await it.control_point.describe(UDN)
    assert it.news[-1][0] == "DeviceGone"
    assert it.news[-1][1] == pytest.approx(100.2, abs=1)
    it.network.recording.expect_no(byebye())


async def test_one_that_announces_in_time_stays(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, max_age=100, announce_every=50)) as it:
        await trio.sleep(1000)
        assert UDN in it.control_point.devices
        it.network.recording.expect(alive(of=LAMP)).at_least(60).at_least_every(50)
    assert [kind for kind, _ in it.news].count("DeviceGone") == 1


async def test_a_reboot_without_byebye_is_seen(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP)) as it:
        await trio.sleep(10)
        it.device.fall_silent()
        await trio.sleep(10)
        await it.device.reboot()
        await trio.sleep(1)
        assert ("DeviceRebooted", 20.2) in it.news
        assert it.control_point.devices[UDN].boot_id == 2
        assert (await it.control_point.describe(UDN)).friendly_name == "Lamp"
        it.network.recording.until(20).expect_no(byebye())


async def test_garbage_is_dropped_and_the_rest_is_read(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP, garbage_every=0.1)) as it:
        await trio.sleep(0.1 * len(GARBAGE) + 1)
        assert await it.search() == [UDN]
        assert list(it.control_point.devices) == [UDN]
        it.network.recording.expect(malformed()).sent_from("192.0.2.1").at_least(len(GARBAGE))
        for piece in filter(None, GARBAGE):
            it.network.recording.expect(anything(containing=piece))


async def test_one_that_leaves_without_byebye_is_known_until_it_expires(autojump_clock: Clock) -> None:
    network = MemoryNetwork()
    async with network.host().control_point() as control_point:
        async with network.host().play(ScriptedDevice(LAMP, max_age=60, says_byebye=False)):
            pass
        assert UDN in control_point.devices
        with pytest.raises(RequestFailed):
            await control_point.describe(UDN)
        await trio.sleep(61)
        assert UDN not in control_point.devices
    network.recording.expect(connection(outcome="refused"))


async def test_what_it_does_can_be_changed_meanwhile(autojump_clock: Clock) -> None:
    async with scene(ScriptedDevice(LAMP)) as it:
        it.device.script = attrs.evolve(it.device.script, answers=0)
        assert await it.search() == []


async def test_it_is_played_on_ipv6_too(autojump_clock: Clock) -> None:
    network = MemoryNetwork()
    lamp, phone = network.host("lamp", "fe80::7/64"), network.host("phone", "fe80::9/64")
    async with phone.control_point() as control_point, lamp.play(ScriptedDevice(LAMP)) as playing:
        assert playing.location == "http://[fe80::7]:8080/description.xml"
        assert (await control_point.describe(UDN)).friendly_name == "Lamp"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"answers": -1}, "answers is -1; it must be 0 or more"),
        ({"garbage": (), "garbage_every": 1}, "garbage is empty"),
        ({"garbage_every": 0}, "garbage_every is 0"),
        ({"announce_every": 0}, "announce_every is 0"),
        ({"drip_bytes": 0}, "drip_bytes is 0"),
    ],
)
def test_an_impossible_script_is_an_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ScriptedDevice(LAMP, **options)


async def test_an_error_of_the_body_leaves_and_ends_it(autojump_clock: Clock) -> None:
    network = MemoryNetwork()
    lamp = network.host()
    with pytest.RaisesGroup(RuntimeError, flatten_subgroups=True, allow_unwrapped=True):
        async with lamp.play(ScriptedDevice(LAMP)):
            raise RuntimeError("the test fails")
    assert not lamp.nics["eth0"].sockets
    network.recording.expect_no(byebye())
