"""``watch`` on a network in memory: what it tells of devices and searchers, what it asks, and what it leaves alone."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial

import attrs
import pytest
import trio
from trio.testing import MockClock

from tests.cli.watching.scenes import udn
from tests.controlpoint.scenes import JAMBON, asking, hosts, jambon, serving
from upnp_trio.cli.watching.happenings import (
    AnsweredLate,
    DeviceChanged,
    Happening,
    LocationFailed,
    SearchedByOther,
)
from upnp_trio.cli.watching.watching import Watching
from upnp_trio.controlpoint.control_point import USER_AGENT
from upnp_trio.errors import NetworkError
from upnp_trio.ssdp.messages import GROUP, PORT
from upnp_trio.testing import Host
from upnp_trio.testing.peers import answer_datagrams, http_response, serve_connections
from upnp_trio.testing.pipes import PipeStream

DESCRIPTION = """<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>1</minor></specVersion><device>
<deviceType>urn:schemas-upnp-org:device:Light:1</deviceType><friendlyName>Lamp</friendlyName>
<manufacturer>ACME</manufacturer><modelName>Light</modelName><UDN>{udn}</UDN></device></root>"""


@attrs.define
class Watched:
    """Somebody who watches, and what was told."""

    watching: Watching
    told: list[Happening]

    def kinds(self) -> list[str]:
        """What was told, in short."""
        return [event.kind if isinstance(event, DeviceChanged) else type(event).__name__ for event in self.told]

    def failures(self) -> dict[str, str]:
        """The LOCATIONs that do not answer, and why."""
        return {event.url: event.state for event in self.told if isinstance(event, LocationFailed)}


@asynccontextmanager
async def watching(host: Host, *, search_seconds: float | None = 60.0, mx: int = 1) -> AsyncIterator[Watched]:
    """Watch on *host* while the body runs."""
    told: list[Happening] = []
    async with asking(host) as control_point, trio.open_nursery() as nursery:
        made = Watching(control_point=control_point, report=told.extend, search_seconds=search_seconds, mx=mx)
        nursery.start_soon(made.run)
        yield Watched(made, told)
        nursery.cancel_scope.cancel()


async def send(stream: PipeStream, data: bytes) -> None:
    await stream.send_all(memoryview(data))


def message(start: str, number: int, url: str, **headers: str) -> bytes:
    """An announcement or an answer of a root device."""
    usn = f"{udn(number)}::upnp:rootdevice"
    lines = [
        start,
        "HOST: 239.255.255.250:1900",
        f"USN: {usn}",
        f"LOCATION: {url}",
        "CACHE-CONTROL: max-age=1800",
        "SERVER: x/1 UPnP/1.1 y/1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def alive(number: int, url: str) -> bytes:
    return message("NOTIFY * HTTP/1.1", number, url, NTS="ssdp:alive", NT="upnp:rootdevice")


async def test_a_device_of_ours_comes_is_described_and_goes(autojump_clock: MockClock) -> None:
    device_host, asker = hosts()
    async with watching(asker) as watched:
        async with serving(device_host, jambon()):
            await trio.sleep(5)
            assert watched.kinds() == ["appeared", "DeviceDescribed"]
            row = watched.watching.model.devices[JAMBON]
            assert (row.name, row.device_type) == ("Jambon 3000", "urn:schemas-upnp-org:device:Basic:1")
        await trio.sleep(1)
    assert watched.kinds() == ["appeared", "DeviceDescribed", "gone"]
    assert isinstance(watched.told[2], DeviceChanged)
    assert watched.told[2].reason == "byebye"


async def test_a_device_that_was_there_before_is_found_by_the_first_search(autojump_clock: MockClock) -> None:
    device_host, asker = hosts()
    async with serving(device_host, jambon()):
        await trio.sleep(30)
        async with watching(asker) as watched:
            await trio.sleep(5)
            row = watched.watching.model.devices[JAMBON]
            assert row.latency is not None
            assert row.latency <= 1.0
            assert (row.unanswered, watched.watching.model.latencies.late) == (0, 0)
            await trio.sleep(60)
            assert (watched.watching.model.search_number, row.unanswered) == (2, 0)
    assert watched.kinds()[:2] == ["appeared", "DeviceDescribed"]
    assert "SearchedByOther" not in watched.kinds()  # our own searches come back to this host


async def test_watching_passively_sends_and_fetches_nothing(autojump_clock: MockClock) -> None:
    device_host, asker = hosts()
    async with watching(asker, search_seconds=None) as watched, serving(device_host, jambon()):
        await trio.sleep(120)
        assert watched.kinds() == ["appeared"]
    assert asker.connections == []
    assert [each for each in device_host.nics["eth0"].link.recording if each.source[0] == "192.0.2.9"] == []


async def test_a_search_of_another_is_told(autojump_clock: MockClock) -> None:
    device_host, asker = hosts()
    async with (
        watching(asker) as watched,
        asking(device_host) as other,
        other.search("upnp:rootdevice", mx=2, sends=1) as results,
    ):
        async for _ in results:
            pass
    (told,) = watched.told
    assert isinstance(told, SearchedByOther)
    assert (told.interface, told.address, told.search_target) == ("eth0", "192.0.2.7", "upnp:rootdevice")
    assert (told.mx, told.user_agent) == (2, USER_AGENT)


async def test_an_answer_after_mx_and_none_at_all_are_told(autojump_clock: MockClock) -> None:
    peer, asker = hosts()

    async def answer_late(host: Host) -> None:
        receiving, sending = host.open_udp(GROUP, PORT), host.open_udp("192.0.2.7", PORT)
        for _ in range(2):  # the two sends of the first search
            await receiving.wait_readable()
            _, source = receiving.recvfrom(4096)
            await trio.sleep(1.5)
            sending.sendto(message("HTTP/1.1 200 OK", 7, "http://192.0.2.7/", ST="upnp:rootdevice"), source)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer_late, peer)
        async with watching(asker) as watched:
            await trio.sleep(30)
            (late,) = [event for event in watched.told if isinstance(event, AnsweredLate)]
            assert late.mx == 1
            assert late.late_by == pytest.approx(0.5)
            await trio.sleep(100)
            assert watched.watching.model.devices[udn(7)].unanswered == 2


URLS = {
    "http://192.0.2.7:80/refused": "refused",
    "http://127.0.0.1:80/": "unsafe",
    "http://169.254.169.254/latest/meta-data": "unsafe",
    "http://203.0.113.9/": "unsafe",
    "http://example.com/": "unsafe",
    "https://192.0.2.7/": "unsafe",
    "http://192.0.2.7:8001/404": "404",
    "http://192.0.2.7:8002/redirect": "302",
    "http://192.0.2.7:8003/text": "unreadable",
    "http://192.0.2.7:8004/silent": "too slow",
    "http://192.0.2.7:8005/endless": "failed",
}


async def test_each_way_to_fail_has_its_word_and_no_unsafe_url_is_asked(autojump_clock: MockClock) -> None:
    peer, asker = hosts()

    async def answer(response: bytes, stream: PipeStream) -> None:
        await stream.receive_some(4096)
        await send(stream, response)

    async def say_nothing(stream: PipeStream) -> None:
        await trio.sleep_forever()

    async def never_end(stream: PipeStream) -> None:
        await send(stream, b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await send(stream, b"x" * 65536)

    serve: dict[int, Callable[[PipeStream], object]] = {
        8001: partial(answer, http_response(b"", status="404 Not Found")),
        8002: partial(answer, http_response(b"", "Location: http://127.0.0.1/", status="302 Found")),
        8003: partial(answer, http_response(b"no XML")),
        8004: say_nothing,
        8005: never_end,
    }
    async with trio.open_nursery() as nursery:
        for port, function in serve.items():
            await nursery.start(serve_connections, peer, port, function)
        async with watching(asker) as watched:
            for number, url in enumerate(URLS, start=1):
                peer.send(alive(number, url), (GROUP, PORT))
            await trio.sleep(100)
            assert watched.failures() == URLS
            assert watched.watching.model.locations.silent == len(URLS)
        nursery.cancel_scope.cancel()
    assert {connection.address for connection in asker.connections} == {"192.0.2.7"}


async def test_a_location_is_asked_once_a_minute_and_an_unchanged_description_is_told_once(
    autojump_clock: MockClock,
) -> None:
    peer, asker = hosts()
    asked: list[float] = []

    async def describe(stream: PipeStream) -> None:
        asked.append(trio.current_time())
        await stream.receive_some(4096)
        await send(stream, http_response(DESCRIPTION.format(udn=udn(7)).encode()))

    async with trio.open_nursery() as nursery:
        await nursery.start(serve_connections, peer, 80, describe)
        async with watching(asker) as watched:
            for _ in range(20):
                peer.send(alive(7, "http://192.0.2.7:80/"), (GROUP, PORT))
                await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert len(asked) == 4
    assert all(later - earlier >= 60 for earlier, later in itertools.pairwise(asked))
    assert watched.kinds() == ["appeared", "DeviceDescribed"]


async def test_a_thousand_lying_devices_do_not_delay_the_name_of_an_honest_one(autojump_clock: MockClock) -> None:
    liar, asker = hosts()
    honest = Host.on(liar.nics["eth0"].link, "192.0.2.20/24", name="honest")

    async def say_nothing(stream: PipeStream) -> None:
        await trio.sleep_forever()

    async def describe(stream: PipeStream) -> None:
        await stream.receive_some(4096)
        await send(stream, http_response(DESCRIPTION.format(udn=udn(9)).encode()))

    async with trio.open_nursery() as nursery:
        await nursery.start(serve_connections, liar, 80, say_nothing)
        await nursery.start(serve_connections, honest, 80, describe)
        async with watching(asker) as watched:
            for number in range(1000, 2000):
                liar.send(alive(number, f"http://192.0.2.7:80/{number}"), (GROUP, PORT))
            await trio.sleep(1)
            honest.send(alive(9, "http://192.0.2.20:80/"), (GROUP, PORT))
            await trio.sleep(1)
            assert watched.watching.model.devices[udn(9)].name == "Lamp"
        nursery.cancel_scope.cancel()


async def test_answers_with_broken_rules_and_garbage_are_counted(autojump_clock: MockClock) -> None:
    peer, asker = hosts()

    def answers(payload: bytes, source: object) -> Iterable[bytes]:
        return [b"HTTP/1.1 200 OK\nST: a\nUSN: b\nLOCATION: c\n"]

    async with trio.open_nursery() as nursery:
        await nursery.start(answer_datagrams, peer, answers)
        async with watching(asker) as watched:
            peer.send(b"\x00garbage\xff", (GROUP, PORT))
            await trio.sleep(10)
            totals = watched.watching.model.totals
            assert totals.malformed == 1
            assert totals.datagrams > 1
        nursery.cancel_scope.cancel()


async def test_a_search_that_cannot_be_sent_is_no_end(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    peer, asker = hosts()
    async with watching(asker) as watched:
        await trio.sleep(5)
        asker.refused["eth0"] = NetworkError("no room for sockets")
        await trio.sleep(60)
        assert "no room for sockets" in caplog.text
        del asker.refused["eth0"]
        async with serving(peer, jambon()):
            await trio.sleep(60)
        assert watched.watching.model.latencies.answers > 0
