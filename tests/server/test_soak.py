"""A simulated week: announcements are never late, searches and fetches are answered, and nothing grows."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

import attrs
import h11
import pytest
import trio
import trio.testing

from tests.devices import BASIC, GATEWAY
from tests.growth import held_by, living_objects
from tests.server.announcement_log import AnnouncementLog, Row
from tests.server.scenes import NOON, LoneHost, interface
from upnp_trio import RootDevice, Running
from upnp_trio.documents.publication import publish
from upnp_trio.network.interfaces import Interface
from upnp_trio.server.discovery.retries import MAX_RETRY_SECONDS
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.advertisements import advertisements
from upnp_trio.ssdp.messages import GROUP, ByeBye, Search, SearchResponse
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_byebye, render_search
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE, REFRESH_PART

STEP_SECONDS = 600.0
STEPS_PER_DAY = 144
# The same half week twice, so that the objects that are held after each can be compared.
STEPS_PER_HALF = 504
# Each row again before half of max-age is over; the sets of several devices wait for each other, and for the network.
LATEST_SECONDS = DEFAULT_MAX_AGE * REFRESH_PART[1] + 1.0
# A change is followed at once here, and its three sets leave within the second.
FOLLOWED_SECONDS = 5.0

# Large integers and interned names. This is less than anything that could leak once a day.
FEW_OBJECTS = 10

ETH0 = interface("192.0.2.7/24")
ETH1 = interface("198.51.100.7/24", name="eth1", index=3)
#: not served any more, and still able to send byebye
ETH1_LEFT = attrs.evolve(ETH1, is_multicast=False)
ETH1_MOVED = interface("198.51.100.77/24", name="eth1", index=3)


def numbered(number: int) -> RootDevice:
    return attrs.evolve(BASIC, udn=f"uuid:00000000-0000-0000-0000-{number:012}", friendly_name=f"Device {number}")


@functools.cache
def usns_of(root: RootDevice) -> list[str]:
    return [row.usn for row in advertisements(publish(root).root)]


@attrs.define(eq=False, kw_only=True)
class Life:
    """The events of a week on a host of devices, and the checks that must hold all the time."""

    host: LoneHost
    announcement_log: AnnouncementLog
    running: Running
    roots: list[RootDevice]
    rng: Random = attrs.field(factory=lambda: Random(1900))
    searches: int = 0
    fetches: int = 0

    @property
    def expected(self) -> list[Row]:
        """Each row of each device, at each address that can send."""
        return [
            (on.name, str(address.ip), usn)
            for on in self.host.nics.values()
            if on.is_multicast
            for address in on.addresses
            if str(address.ip) not in on.mute
            for root in self.roots
            for usn in usns_of(root)
        ]

    async def half_a_week(self) -> None:
        """A search in each step, a fetch every hour, and each day the same events."""
        events: dict[int, Callable[[], Awaitable[None]]] = {
            10: self.lose_an_interface,
            16: self.regain_the_interface,
            22: self.sleep,
            28: self.move,
            34: self.move_back,
            40: self.lose_the_sender,
            46: self.regain_the_sender,
            48: self.lose_a_silent_interface,
            52: self.receive_strangers,
            58: self.meet_slow_clients,
            62: self.add_a_device,
            64: self.update_it,
            66: self.remove_it,
        }
        start = trio.current_time()
        for step in range(STEPS_PER_HALF):
            self.announcement_log.check(self.expected)
            await events.get(step % STEPS_PER_DAY, trio.lowlevel.checkpoint)()
            await self.search()
            if step % 6 == 0:
                await self.fetch(stay=step % 12 == 0)
            await trio.sleep_until(start + (step + 1) * STEP_SECONDS)

    # --- clients ---

    async def search(self) -> None:
        """One searcher, from another port each time, gets all that it asks for within its MX."""
        self.searches += 1
        on = self.rng.choice([nic for nic in self.host.nics.values() if nic.is_multicast and not nic.mute])
        (own,) = on.addresses
        neighbour = own.network.network_address + self.rng.randrange(100, 120)
        peer = (str(neighbour), self.rng.randrange(1024, 65536))
        mx = self.rng.choice([None, 1, 2, 3, 5])
        self.announcement_log.answers.clear()
        datagram = render_search(Search(search_target="ssdp:all", mx=mx))
        self.host.receive(datagram, peer, to=str(own.ip) if mx is None else GROUP, name=on.name)
        await trio.sleep(mx or 1)
        answers = [parse(sent.payload) for sent in self.announcement_log.answers if sent.destination == peer]
        usns = [usn for root in self.roots for usn in usns_of(root)]
        assert sorted(answer.usn for answer in answers if isinstance(answer, SearchResponse)) == sorted(usns)

    async def fetch(self, *, stay: bool) -> None:
        """A client reads a description, and then leaves, or stays until the server closes the connection."""
        self.fetches += 1
        where = self.rng.choice(self.running.where)
        host, _, path = where.url.removeprefix("http://").partition("/")
        client = self.host.client(address=str(where.address), name=self.host.routes.nic_of(str(where.address)).name)
        connection = h11.Connection(h11.CLIENT)
        request = h11.Request(method="GET", target=f"/{path}", headers=[("Host", host)])
        await client.send_all((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
        status = None
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status = event.status_code
            elif event is h11.NEED_DATA:
                connection.receive_data(bytes(await client.receive_some()))
        assert status == 200
        if stay:
            assert await client.receive_some() == b""
        await client.aclose()

    async def receive_strangers(self) -> None:
        """Noise, searches from beyond the link, and a byebye of another host for our device."""
        for number in range(200):
            self.host.receive(self.rng.randbytes(100), ("192.0.2.66", 1024 + number))
            self.host.receive(render_search(Search(search_target="ssdp:all", mx=1)), (f"203.0.113.{number}", 1900))
        byebye = render_byebye(ByeBye(notification_type="n", usn=str(self.roots[0].udn)))
        self.host.receive(byebye, ("192.0.2.66", 1900))
        await trio.sleep(1)

    async def meet_slow_clients(self) -> None:
        """Connections that send nothing or half a request, and are not closed by their peers."""
        body = b"POST / HTTP/1.1\r\nHost: 192.0.2.7:49152\r\nContent-Length: 9\r\n\r\n1234"
        for request in (b"", b"GET / HT", body):
            for _ in range(20):
                await self.host.client().send_all(request)
        await trio.sleep(60)

    # --- changes ---

    async def change(self, *interfaces: Interface, slept: bool = False) -> None:
        self.host.have(*interfaces, slept=slept)
        await trio.sleep(FOLLOWED_SECONDS)
        self.announcement_log.check(self.expected)

    async def lose_an_interface(self) -> None:
        await self.change(ETH0, ETH1_LEFT)

    async def regain_the_interface(self) -> None:
        await self.change(ETH0, ETH1)

    async def sleep(self) -> None:
        announced = self.announcement_log.announcements
        await self.change(ETH0, ETH1, slept=True)
        assert self.announcement_log.announcements == announced + 3 * len(self.expected)

    async def move(self) -> None:
        await self.change(ETH0, ETH1_MOVED)

    async def move_back(self) -> None:
        await self.change(ETH0, ETH1)

    async def lose_the_sender(self) -> None:
        """An interface accepts nothing for an hour, and meanwhile everything is announced as new."""
        self.silence(ETH1)
        await trio.sleep(LATEST_SECONDS)
        await self.change(ETH0, ETH1, slept=True)

    async def regain_the_sender(self) -> None:
        """Once its datagrams are sent again it announces everything, long before the next set of the others."""
        self.host.nics["eth1"].mute.clear()
        await trio.sleep(MAX_RETRY_SECONDS + FOLLOWED_SECONDS)
        self.announcement_log.check(self.expected)

    async def lose_a_silent_interface(self) -> None:
        """An interface accepts nothing, then goes, and is a new one when it comes back."""
        self.silence(ETH1)
        await trio.sleep(LATEST_SECONDS)
        await self.change(ETH0)
        await self.change(ETH0, ETH1)

    def silence(self, interface: Interface) -> None:
        self.host.nics[interface.name].mute.update(str(address.ip) for address in interface.addresses)
        self.announcement_log.drop(interface.name)

    async def add_a_device(self) -> None:
        await self.running.add(numbered(1000))
        self.roots.append(numbered(1000))
        await trio.sleep(FOLLOWED_SECONDS)
        self.announcement_log.check(self.expected)

    async def update_it(self) -> None:
        await self.running.update(attrs.evolve(numbered(1000), friendly_name="Jambon 3001"))
        await trio.sleep(FOLLOWED_SECONDS)
        self.announcement_log.check(self.expected)

    async def remove_it(self) -> None:
        await self.running.remove(str(self.roots.pop().udn))
        self.announcement_log.check(self.expected)


@pytest.mark.parametrize("roots", [[BASIC], [GATEWAY, *map(numbered, range(4))]], ids=["one device", "several devices"])
async def test_a_week_leaves_no_announcement_late_and_nothing_grown(
    roots: list[RootDevice], autojump_clock: trio.testing.MockClock
) -> None:
    announcement_log = AnnouncementLog(LATEST_SECONDS)
    host = LoneHost(ETH0, ETH1, sent=announcement_log)
    settings = Settings(rng=Random(0), utcnow=lambda: NOON + timedelta(seconds=trio.current_time()))
    async with serve_on(host.network, roots, settings) as running:
        await trio.sleep(FOLLOWED_SECONDS)
        life = Life(host=host, announcement_log=announcement_log, running=running, roots=list(roots))
        await life.half_a_week()
        before = count_objects(running, host)
        await life.half_a_week()
        after = count_objects(running, host)
        assert trio.current_time() > 7 * 24 * 3600
        assert running.stats.announcements == announcement_log.announcements
        assert running.stats.requests[200] == life.fetches
    assert after[0] <= before[0], "tasks"
    assert after[1] <= before[1] + FEW_OBJECTS, "objects that the device holds"
    assert after[2] <= before[2] + 10 * FEW_OBJECTS, "objects of the whole process"


def count_objects(running: Running, host: LoneHost) -> tuple[int, int, int]:
    """Tasks, objects that the device holds, and all objects, without the counters, which may grow."""
    tasks = trio.lowlevel.current_statistics().tasks_living
    return tasks, held_by(running, but=[running.stats, host]), living_objects()
