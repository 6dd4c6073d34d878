"""A host with nothing else on its links, and what tests of a device have in common."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from random import Random
from typing import Unpack

import trio

from upnp_trio import RootDevice, Running
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.http.server import HttpServer
from upnp_trio.monitoring.events import Event, Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.endpoint import Address, Endpoint
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.listeners import HttpListener, served_address
from upnp_trio.network.served_interface import InterfaceOptions
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.options import ServeOptions, Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.server.services import Services
from upnp_trio.site import Site
from upnp_trio.ssdp.messages import GROUP, PORT, Search
from upnp_trio.ssdp.rendering import render_search
from upnp_trio.testing import Host, Link, Recording
from upnp_trio.testing.pipes import CAPACITY, Listener, PipeStream

__all__ = [
    "ASKER",
    "DEVICE",
    "HERE",
    "NOON",
    "PEER",
    "SEARCH",
    "Breaking",
    "LoneHost",
    "buffered_events",
    "interface",
    "open_endpoint",
    "served",
    "services_of",
    "serving_http",
]

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
#: the address of a control point, and where it searches from
PEER = "192.0.2.9"
ASKER = (PEER, 50000)
#: the address of a host that no test has given another one, and where it serves HTTP
DEVICE = "192.0.2.7"
HTTP_PORT = 49152
HERE = f"{DEVICE}:{HTTP_PORT}"
SEARCH = render_search(Search(search_target="ssdp:all", mx=1))


def interface(*addresses: str, name: str = "eth0", index: int = 2) -> Interface:
    """An interface with *addresses*, such as ``192.0.2.7/24``."""
    return Interface(
        name=name,
        index=index,
        addresses=tuple(ipaddress.ip_interface(address) for address in addresses or (f"{DEVICE}/24",)),
    )


class LoneHost(Host):
    """A host without loopback. Each interface has a link of its own, with its name and with nothing else on it."""

    def __init__(self, *interfaces: Interface, sent: Recording | None = None) -> None:
        super().__init__()
        self.unplug("lo")
        #: all that it has sent; `Host.receive` records nothing
        self.sent = Recording() if sent is None else sent
        self._peers: dict[tuple[str, str], Host] = {}
        self.have(*interfaces or [interface()])

    def have(self, *interfaces: Interface, slept: bool = False) -> None:
        """Have these interfaces from now on, as they are; *slept*: the host was asleep meanwhile."""
        for name in self.nics.keys() - {each.name for each in interfaces}:
            self.unplug(name)
        for each in interfaces:
            addresses = [str(address) for address in each.addresses]
            if each.name not in self.nics:
                link = Link(name=each.name, recording=self.sent)
                self.plug(link, *addresses, name=each.name, index=each.index)
            nic = self.nics[each.name]
            nic.is_multicast, nic.is_point_to_point = each.is_multicast, each.is_point_to_point
            self.change(*addresses, name=each.name, is_up=each.is_up, pending=map(str, each.pending))
        if slept:
            self.sleep()

    def receive(
        self, payload: bytes, source: Address = ASKER, *, to: str = GROUP, port: int = PORT, name: str = "eth0"
    ) -> None:
        """Receive a datagram now, by default a multicast of `ASKER`."""
        super().receive(payload, source, to=to, port=port, name=name)

    def peer(self, address: str, name: str = "eth0") -> Host:
        """The host with *address* on the link of an interface; it is there from now on."""
        if (address, name) not in self._peers:
            prefix = 64 if ":" in address else 24
            self._peers[address, name] = Host.on(self.nics[name].link, f"{address}/{prefix}", name=address)
        return self._peers[address, name]

    def forget(self) -> None:
        """Drop what was sent, and the connections that were opened."""
        self.sent.clear()
        self.connections.clear()

    def client(
        self, source: str = PEER, *, address: str = "", name: str = "eth0", capacity: float = CAPACITY
    ) -> PipeStream:
        """A connection from *source* to HTTP on this host; the end of *source*."""
        return self.accept_from(source, HTTP_PORT, address=address, name=name, capacity=capacity)


@asynccontextmanager
async def served(host: Host, *roots: RootDevice, **options: Unpack[ServeOptions]) -> AsyncIterator[Running]:
    """Serve *roots* from *host*, with chances and a date that are the same each time."""
    defaults: ServeOptions = {"rng": Random(0), "utcnow": lambda: NOON}
    async with serve_on(host.network, roots, Settings(**(defaults | options))) as running:
        yield running


class Breaking(Listener):
    """Its connections break when something is sent on them."""

    def offer(self, stream: PipeStream) -> None:
        stream.reset()


@contextmanager
def open_endpoint(host: Host, name: str = "eth0") -> Iterator[Endpoint]:
    """The endpoint of an interface of *host*."""
    with host.network.open(host.nics[name].interface, InterfaceOptions(port=HTTP_PORT)) as opened:
        yield opened.endpoint


def services_of(site: Site, stats: Stats | None = None) -> Services:
    """What responds to requests for *site*, without handlers."""
    stats = stats or Stats()
    events = Events(stats)
    return Services(
        site=site,
        network=LoneHost().network,
        announcer=Announcer(boot_id=1, rng=Random(1), stats=stats, events=events),
        stats=stats,
        events=events,
        max_subscriptions=32,
    )


@asynccontextmanager
async def serving_http(writer: ResponseWriter, listener: Listener) -> AsyncIterator[trio.Nursery]:
    """Serve HTTP on *listener*, at `HERE`; the server stops when the body ends or the nursery is cancelled."""
    server = HttpServer(writer)
    at = interface()
    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        nursery.start_soon(server.accept, HttpListener(HERE, listener, served_address(at.addresses[0].ip, at)))
        yield nursery
        nursery.cancel_scope.cancel()


def buffered_events(channel: trio.MemoryReceiveChannel[Event]) -> list[Event]:
    """The events that *channel* has buffered; does not wait for more."""
    found: list[Event] = []
    with suppress(trio.WouldBlock, trio.EndOfChannel):
        while True:
            found.append(channel.receive_nowait())
    return found
