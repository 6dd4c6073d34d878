"""Pages come and go in the network in memory, on a clock of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_interface
from random import Random

import attrs
import pytest
import trio
import trio.testing

from upnp_trio import Running, Settings
from upnp_trio.cli.announcing.appearance import Appearance
from upnp_trio.cli.announcing.attending import MAX_REASONS, Attendant, Report, served_addresses
from upnp_trio.cli.announcing.device import page_device
from upnp_trio.cli.announcing.health import Health, Timetable
from upnp_trio.cli.announcing.looking import Found, NotThere
from upnp_trio.cli.announcing.page import Page, page_udn
from upnp_trio.cli.announcing.pages import READY_SECONDS, Pages
from upnp_trio.http.page_client import FetchedPage
from upnp_trio.model.literal_url import IpAddress
from upnp_trio.model.rules import violations
from upnp_trio.model.web_url import WebUrl
from upnp_trio.network.interfaces import Choice, Interface
from upnp_trio.server.serve import serve_on
from upnp_trio.testing import Host, MemoryNetwork, alive, byebye

USUAL = Timetable(30, 3)
URL = WebUrl.parse("http://nas:5000/")


class ScriptedSeer:
    """Sees what a test says."""

    def __init__(self) -> None:
        #: why each page is not there, by URL; the others are
        self.away: dict[WebUrl, str] = {}
        self.titles: dict[WebUrl, str] = {}
        self.presentations: dict[WebUrl, str] = {}
        self.remarks: dict[WebUrl, str] = {}
        self.looks: list[tuple[float, WebUrl]] = []
        self.seconds = 0.0

    async def look(self, page: Page, addresses: object) -> Found:
        self.looks.append((trio.current_time(), page.url))
        await trio.sleep(self.seconds)
        if page.url in self.away:
            raise NotThere(self.away[page.url])
        fetched = FetchedPage(page.url, "192.0.2.9", 200)
        return Found(fetched, self.presentations.get(page.url, page.url.text), self.remarks.get(page.url, ""))

    async def appearance(self, page: Page, found: Found) -> Appearance:
        await trio.lowlevel.checkpoint()
        return Appearance(self.titles.get(page.url, "Title"))


@attrs.frozen
class Scene:
    network: MemoryNetwork
    host: Host
    seer: ScriptedSeer
    running: Running
    reports: list[tuple[float, str, bool]]
    #: whether every page was looked at
    is_ready: trio.Event

    @property
    def names(self) -> list[str]:
        return [device.friendly_name for device in self.running.devices]

    def times(self, url: WebUrl = URL) -> list[float]:
        return [time for time, looked in self.seer.looks if looked == url]


@asynccontextmanager
async def announcing(
    *urls: WebUrl, timetable: Timetable = USUAL, away: str = "", seconds: float = 0.0
) -> AsyncIterator[Scene]:
    network = MemoryNetwork(seed=1)
    host = network.host("nas")
    seer, reports, is_ready = ScriptedSeer(), [], trio.Event()
    seer.away = {url: away for url in urls or (URL,) if away}
    seer.seconds = seconds
    async with serve_on(host.network, [], Settings(rng=Random(1))) as running, trio.open_nursery() as nursery:

        def report(what: Report) -> None:
            reports.append((trio.current_time(), what.text, what.is_problem))

        attendants = [
            Attendant(
                page=(page := Page(url=url)),
                udn=page_udn(page, "host"),
                running=running,
                seer=seer,
                health=Health(timetable),
                report=report,
            )
            for url in urls or (URL,)
        ]

        async def run() -> None:
            async with trio.open_nursery() as inner:
                await inner.start(Pages(attendants).run)
                is_ready.set()

        nursery.start_soon(run)
        yield Scene(network, host, seer, running, reports, is_ready)
        nursery.cancel_scope.cancel()


async def test_a_page_is_announced_while_it_is_there(autojump_clock: trio.testing.MockClock) -> None:
    async with announcing() as scene:
        await trio.sleep_until(1)
        assert scene.names == ["Title"]
        device = scene.running.device
        assert device.presentation_url == "http://nas:5000/"
        scene.seer.away[URL] = "refused"
        await trio.sleep_until(39.9)
        assert scene.names == ["Title"]
        await trio.sleep_until(42)
        assert scene.names == []
        del scene.seer.away[URL]
        scene.seer.titles[URL] = "New title"
        await trio.sleep_until(51)
        assert scene.names == ["New title"]
        await trio.sleep_until(100)
    assert scene.times() == [0, 30, 35, 40, 50, 80]
    assert [(text, problem) for _, text, problem in scene.reports] == [
        ("announced as 'Title'", False),
        ("taken off: refused", True),
        ("announced as 'New title'", False),
    ]
    recording = scene.network.recording
    recording.expect(alive(of=device)).at_least(2).before(byebye(of=device))


async def test_a_page_that_is_not_up_yet_is_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    async with announcing(away="refused") as scene:
        await trio.sleep_until(1)
        assert scene.is_ready.is_set()
        await trio.sleep_until(15)
        scene.seer.away[URL] = "its server answers with status 503"
        await trio.sleep_until(35)
        assert scene.names == []
        scene.seer.away.clear()
        await trio.sleep_until(41)
        assert scene.names == ["Title"]
    assert scene.times() == [0, 10, 20, 30, 40]
    assert scene.reports == [
        (0, "waiting: refused", True),
        (20, "waiting: its server answers with status 503", True),
        (40, "announced as 'Title'", False),
    ]


async def test_a_server_that_fails_in_ever_new_ways_fills_no_log(autojump_clock: trio.testing.MockClock) -> None:
    async with announcing(away="junk 0") as scene:
        for number in range(1, 100):
            await trio.sleep(10)
            scene.seer.away[URL] = f"junk {number}"
        assert len(scene.reports) == MAX_REASONS
        scene.seer.away.clear()
        await trio.sleep(10)
        assert scene.reports[-1][1] == "announced as 'Title'"


async def test_a_page_that_leads_somewhere_else_each_time_fills_no_log(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with announcing() as scene:
        for number in range(100):
            scene.seer.remarks[URL] = f"it leads to http://login/?state={number}"
            await trio.sleep(30)
        assert len(scene.reports) == 1 + MAX_REASONS
        # it is news again when it is announced again
        scene.seer.presentations[URL] = "http://192.0.2.7:5000/"
        await trio.sleep(30)
        assert [text for _, text, _ in scene.reports[-2:]] == [
            "announced at http://192.0.2.7:5000/",
            "it leads to http://login/?state=99",
        ]


async def test_a_single_failure_changes_nothing(autojump_clock: trio.testing.MockClock) -> None:
    async with announcing() as scene:
        for second in (30, 95):
            await trio.sleep_until(second - 1)
            scene.seer.away[URL] = "no answer"
            await trio.sleep_until(second + 1)
            scene.seer.away.clear()
        await trio.sleep_until(101)
        assert len(scene.reports) == 1
    assert scene.times() == [0, 30, 35, 65, 95, 100]


async def test_a_page_may_be_taken_off_at_once(autojump_clock: trio.testing.MockClock) -> None:
    async with announcing(timetable=Timetable(7, 1)) as scene:
        await trio.sleep_until(1)
        scene.seer.away[URL] = "refused"
        await trio.sleep_until(8)
        assert scene.names == []


async def test_the_title_is_not_read_while_the_page_is_there(autojump_clock: trio.testing.MockClock) -> None:
    async with announcing() as scene:
        await trio.sleep_until(1)
        scene.seer.titles[URL] = "(3) Title"
        await trio.sleep_until(1000)
        assert scene.names == ["Title"]
    assert min(scene.network.recording.expect(byebye()).times) >= 1000


async def test_a_page_that_others_open_elsewhere_now_is_announced_again(autojump_clock: trio.testing.MockClock) -> None:
    async with announcing() as scene:
        await trio.sleep_until(1)
        scene.seer.presentations[URL] = "http://192.0.2.7:5000/"
        await trio.sleep_until(35)
        assert scene.running.device.presentation_url == "http://192.0.2.7:5000/"
        assert scene.reports[-1][1:] == ("announced at http://192.0.2.7:5000/", False)


async def test_a_slow_page_keeps_no_other_waiting(autojump_clock: trio.testing.MockClock) -> None:
    other = WebUrl.parse("http://other/")

    async with announcing(URL, other, seconds=20.0) as scene:
        await trio.sleep_until(19)
        assert not scene.is_ready.is_set()
        await trio.sleep_until(21)
        assert len(scene.names) == 2
        assert scene.is_ready.is_set()
        await trio.sleep_until(290)
    assert scene.times() == scene.times(other) == [0, 30, 60, 90, 120, 150, 180, 210, 240, 270]


async def test_a_page_that_is_slower_than_a_service_manager_does_not_delay_its_start(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with announcing(seconds=50.0) as scene:
        await trio.sleep_until(READY_SECONDS - 1)
        assert not scene.is_ready.is_set()
        await trio.sleep_until(READY_SECONDS + 1)
        assert scene.is_ready.is_set()
        assert scene.names == []


async def test_looks_that_take_longer_than_the_pause_do_not_follow_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with announcing(timetable=Timetable(2, 3), seconds=15.0) as scene:
        await trio.sleep_until(50)
    assert scene.times() == [0, 16, 32, 48]


async def test_without_a_network_a_page_of_this_host_is_neither_there_nor_gone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    here = WebUrl.parse("http://localhost:8000/")
    async with announcing(here) as scene:
        await trio.sleep_until(1)
        assert scene.names == ["Title"]
        scene.host.unplug()
        scene.host.nics["lo"].is_up = False
        await trio.sleep_until(100)
        assert scene.names == ["Title"]
        assert scene.reports[-1][1] == "waiting for a network"
    assert scene.times(here) == [0]


async def test_two_programs_that_announce_one_page_take_turns(autojump_clock: trio.testing.MockClock) -> None:
    async with announcing() as scene:
        await trio.sleep_until(1)
        second_reports: list[str] = []
        async with (
            serve_on(scene.host.network, [], Settings(rng=Random(2))) as second,
            trio.open_nursery() as nursery,
        ):
            page = Page(url=URL)
            attendant = Attendant(
                page=page,
                udn=page_udn(page, "host"),
                running=second,
                seer=scene.seer,
                health=Health(Timetable(30, 1)),
                report=lambda what: second_reports.append(what.text),
            )
            nursery.start_soon(Pages([attendant]).run)
            await trio.sleep_until(5)
            assert list(second.devices) == []
            await scene.running.remove(scene.running.devices[0].udn or "")
            await trio.sleep_until(35)
            assert [device.friendly_name for device in second.devices] == ["Title"]
            nursery.cancel_scope.cancel()
        assert second_reports == [
            "waiting: another program on this host announces it; stop that one",
            "announced as 'Title'",
        ]


def test_addresses_that_others_reach_are_those_that_are_served() -> None:
    def choice(name: str, *addresses: str, served: bool = True) -> Choice:
        return Choice(Interface(name=name, index=3, addresses=tuple(map(ip_interface, addresses))), served, "up")

    found: list[IpAddress] = served_addresses(
        [choice("eth0", "192.0.2.7/24", "fe80::7/64"), choice("lo", "127.0.0.1/8", served=False)]
    )
    assert list(map(str, found)) == ["192.0.2.7", "fe80::7%eth0"]


# --- the device ----------------------------------------------------------------------------------------------------


def test_the_udn_is_that_of_the_host_and_the_url() -> None:
    udns = {
        page_udn(Page(url=WebUrl.parse(url), name=name), host)
        for url in ("http://nas/", "http://nas:80", "http://nas:81/", "https://nas/")
        for host in ("a", "b")
        for name in ("", "Name")
    }
    assert len(udns) == 6
    assert str(page_udn(Page(url=URL), "host")) == "uuid:05b600c3-26a5-5ebf-9800-a4c9b663e623"
    given = page_udn(Page(url=URL, udn=next(iter(udns))), "host")
    assert given in udns


@pytest.mark.parametrize("url", ["http://nas:5000/", "http://localhost:8000/", f"http://nas/{'x' * 900}"])
@pytest.mark.parametrize("title", ["", "Title", "x" * 63])
def test_the_device_breaks_no_rule(url: str, title: str) -> None:
    page = Page(url=WebUrl.parse(url))
    device = page_device(page, Appearance(title), page.url.text, page_udn(page, "host"))
    assert list(violations(device)) == []
    assert device.friendly_name
    assert device.pnpx is not None
    assert device.pnpx.device_category == "Other"
    assert len(device.icons) == 1
