"""Fake interfaces, sockets and listeners in memory, for tests on trio's MockClock."""

from __future__ import annotations

import errno
import ipaddress
import math
import os
import socket
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from random import Random

import attrs
import trio
import trio.testing

from upnp_trio.errors import NetworkError
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.http.server import HttpServer
from upnp_trio.monitoring.events import Event, Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.claims import Claim
from upnp_trio.network.endpoint import Address, Endpoint, Receiver, Sender
from upnp_trio.network.interfaces import Interface, IpAddress
from upnp_trio.network.listeners import HttpListener, authority, served_address
from upnp_trio.network.served_interface import InterfaceOptions, ServedInterface, base_url
from upnp_trio.network.streams import HttpStream
from upnp_trio.network.udp_sender import STALLED_SEND_SECONDS
from upnp_trio.network.udp_sockets import group_of, host_of
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.services import Services
from upnp_trio.site import Site
from upnp_trio.ssdp.advertising import Origin
from upnp_trio.ssdp.messages import PORT, Message
from upnp_trio.ssdp.parsing import parse
from upnp_trio.testing.network import MemoryClaim
from upnp_trio.testing.pipes import PipeStream, connected_pair

__all__ = [
    "ASKER",
    "HERE",
    "NOON",
    "FakeEndpoint",
    "FakeListener",
    "FakeNetwork",
    "FakeReceiver",
    "FakeSubscriber",
    "buffered_events",
    "fake_endpoint",
    "interface",
    "services_of",
    "serving_http",
]

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ASKER = ("192.0.2.9", 50000)
#: where HTTP is served by `serving_http`
HERE = "192.0.2.7:49152"


def interface(*addresses: str, name: str = "eth0", index: int = 2) -> Interface:
    """An interface with *addresses*, such as ``192.0.2.7/24``."""
    return Interface(
        name=name,
        index=index,
        addresses=tuple(ipaddress.ip_interface(address) for address in addresses or ("192.0.2.7/24",)),
    )


AT = interface()


@attrs.frozen(eq=False)
class FakeReceiver(Receiver):
    """Receives what a test delivers to it."""

    arrivals: list[tuple[bytes, Address]] = attrs.field(factory=list)
    lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    def deliver(self, datagram: bytes, peer: Address = ASKER) -> None:
        self.arrivals.append((datagram, peer))
        self.lot.unpark_all()

    async def wait(self) -> None:
        await trio.lowlevel.checkpoint()
        while not self.arrivals:
            await self.lot.park()

    def drain(self) -> Iterator[tuple[bytes, Address]]:
        while self.arrivals:
            yield self.arrivals.pop(0)


@attrs.frozen
class Sent:
    """One datagram that was sent: when, from which address and on which interface."""

    time: float
    payload: bytes
    source: IpAddress
    destination: Address
    interface: str

    @property
    def message(self) -> Message:
        return parse(self.payload)


@attrs.define(eq=False)
class Wire:
    """Collects what all senders send, and makes sends fail or wait."""

    sent: list[Sent] = attrs.field(factory=list)
    #: each send takes the first of these, if there is one, and raises it; ``None`` lets the send succeed
    failures: list[OSError | None] = attrs.field(factory=list)
    #: each announcement takes the first of these and waits so many seconds for room in the send buffer
    stalls: list[float] = attrs.field(factory=list)
    #: addresses from which every send fails
    blocked: set[IpAddress] = attrs.field(factory=set)

    def fail_after(self, sends: int, error: OSError) -> None:
        """Let *sends* datagrams be sent, then fail with *error* once."""
        self.failures += [*[None] * sends, error]

    def messages(self, *kinds: type[Message]) -> list[Message]:
        return [sent.message for sent in self.sent if isinstance(sent.message, kinds)]


@attrs.frozen(eq=False, kw_only=True)
class FakeSender(Sender):
    """Appends what it sends to *wire*."""

    wire: Wire

    def send(self, payload: bytes, destination: Address) -> bool:
        if self.socket.fileno() < 0:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self.wire.failures and (failure := self.wire.failures.pop(0)):
            raise failure
        if self.address in self.wire.blocked:
            raise OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))
        now = trio.current_time()
        self.wire.sent.append(Sent(now, payload, self.address, destination, self.interface.name))
        return True

    async def announce(self, payload: bytes) -> None:
        await trio.lowlevel.checkpoint()
        if self.wire.stalls:
            stall = self.wire.stalls.pop(0)
            await trio.sleep(min(stall, STALLED_SEND_SECONDS))
            if stall > STALLED_SEND_SECONDS:
                raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        self.send(payload, self.group)


@attrs.frozen(eq=False, kw_only=True)
class FakeEndpoint(Endpoint):
    """An endpoint with one receiver for the group and one for unicast."""

    wire: Wire

    @property
    def sent(self) -> list[Sent]:
        return self.wire.sent

    @property
    def multicast_receiver(self) -> FakeReceiver:
        return self._receiver(multicast=True)

    @property
    def unicast_receiver(self) -> FakeReceiver:
        return self._receiver(multicast=False)

    def _receiver(self, *, multicast: bool) -> FakeReceiver:
        (receiver,) = [receiver for receiver in self.receivers if receiver.multicast is multicast]
        assert isinstance(receiver, FakeReceiver)
        return receiver


@contextmanager
def fake_endpoint(
    *addresses: str, name: str = "eth0", index: int = 2, wire: Wire | None = None
) -> Iterator[FakeEndpoint]:
    """An endpoint on an interface with *addresses*."""
    with open_fake_endpoint(interface(*addresses, name=name, index=index), wire or Wire()) as endpoint:
        yield endpoint


@contextmanager
def open_fake_endpoint(on: Interface, wire: Wire, port: int = 49152, url: str | None = None) -> Iterator[FakeEndpoint]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:  # never bound, never read
        senders: dict[IpAddress, Sender] = {
            address.ip: FakeSender(
                interface=on,
                address=address.ip,
                socket=unused,
                group=(group_of(address), PORT),
                origin=Origin(
                    base_url=url or base_url(address.ip, port),
                    host=host_of(group_of(address)),
                    adds_nls=address.version == 6,
                ),
                wire=wire,
            )
            for address in on.addresses
        }
        receivers = (FakeReceiver(unused, True), FakeReceiver(unused, False))
        yield FakeEndpoint(interface=on, receivers=receivers, senders=senders, wire=wire)


MemoryStream = trio.StapledStream[trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream]


@attrs.frozen(eq=False)
class FakeStream:
    """The server's end of a connection in memory."""

    stream: MemoryStream
    peer: str
    listener: FakeListener

    async def receive_some(self, max_bytes: int) -> bytes:
        return bytes(await self.stream.receive_some(max_bytes))

    def receive_now(self, max_bytes: int) -> bytes | None:
        return self.listener.first_bytes.pop(0) if self.listener.first_bytes else None

    def send_now(self, pieces: Sequence[bytes]) -> int:
        return 0

    async def send_all(self, data: memoryview) -> None:
        await self.listener.room.wait()
        self.listener.sends.append(bytes(data))
        await self.stream.send_all(data)

    async def send_eof(self) -> None:
        await self.stream.send_eof()

    def close(self) -> None:
        self.stream.send_stream.close()
        self.stream.receive_stream.close()


class FakeListener:
    """Accepts what a test connects, over memory streams; a context manager that closes itself."""

    def __init__(self) -> None:
        #: raised, one for each accept, before anything is accepted again
        self.failures: list[OSError] = []
        #: what has arrived on each connection when it is accepted
        self.first_bytes: list[bytes] = []
        #: the last pieces that were sent on any connection
        self.sends: deque[bytes] = deque(maxlen=10)
        #: set while the peers read
        self.room = trio.Event()
        self.room.set()
        self._send, self._receive = trio.open_memory_channel[FakeStream](math.inf)

    def __enter__(self) -> FakeListener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self, peer: str = "192.0.2.9") -> MemoryStream:
        """The client's end of a new connection from *peer*."""
        client, server = trio.testing.memory_stream_pair()
        self._send.send_nowait(FakeStream(server, peer, self))
        return client

    async def accept(self) -> FakeStream:
        if self.failures:
            await trio.lowlevel.checkpoint()
            raise self.failures.pop(0)
        return await self._receive.receive()

    def close(self) -> None:
        self._send.close()
        self._receive.close()


def services_of(site: Site, stats: Stats | None = None) -> Services:
    """What responds to requests for *site*, without handlers."""
    stats = stats or Stats()
    events = Events(stats)
    return Services(
        site=site,
        network=FakeNetwork(),
        announcer=Announcer(boot_id=1, rng=Random(1), stats=stats, events=events),
        stats=stats,
        events=events,
        max_subscriptions=32,
    )


@asynccontextmanager
async def serving_http(writer: ResponseWriter, listener: FakeListener) -> AsyncIterator[trio.Nursery]:
    """Serve HTTP on *listener*, at `HERE`; the server stops when the body ends or the nursery is cancelled."""
    server = HttpServer(writer)
    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        nursery.start_soon(server.accept, HttpListener(HERE, listener, served_address(AT.addresses[0].ip, AT)))
        yield nursery
        nursery.cancel_scope.cancel()


class FakeSubscriber:
    """Listens where a test wants; gives its ends of the connections that the device opens."""

    def __init__(self) -> None:
        self.connections: list[PipeStream] = []
        self._send, self._receive = trio.open_memory_channel[PipeStream](math.inf)
        #: how long a connection takes
        self.seconds = 0.0

    async def connect(self, address: IpAddress) -> PipeStream:
        await trio.sleep(self.seconds)
        near, far = connected_pair("", str(address))
        self.connections.append(far)
        self._send.send_nowait(far)
        return near

    async def accept(self) -> PipeStream:
        return await self._receive.receive()


class FakeNetwork:
    """A network that a test changes; *wire* has all that is sent on it."""

    def __init__(self, *interfaces: Interface) -> None:
        self.wire = Wire()
        self.now = list(interfaces or [interface()])
        self.endpoints: dict[Interface, FakeEndpoint] = {}
        self.listeners: dict[IpAddress, FakeListener] = {}
        self.refused: dict[str, NetworkError] = {}
        #: raised by `interfaces`
        self.unknown: NetworkError | None = None
        #: the UDNs that programs on this host have claimed
        self.claimed: set[str] = set()
        #: who listens at an address and a port
        self.subscribers: dict[tuple[str, int], FakeSubscriber] = {}
        #: where each connection of ours was opened from and to
        self.opened: list[tuple[ServedAddress, str, int]] = []
        #: the device's ends of these connections
        self.opened_streams: list[PipeStream] = []
        self._news = trio.lowlevel.ParkingLot()
        self._changed = False
        self._slept = False

    @property
    def endpoint(self) -> FakeEndpoint:
        """The only open endpoint."""
        (endpoint,) = self.endpoints.values()
        return endpoint

    @property
    def listener(self) -> FakeListener:
        """The only open listener."""
        (listener,) = self.listeners.values()
        return listener

    def change(self, *interfaces: Interface, slept: bool = False) -> None:
        """Have other interfaces from now on; *slept*: the host was asleep meanwhile."""
        self.now = list(interfaces)
        self._changed, self._slept = True, slept
        self._news.unpark_all()

    def forget(self) -> None:
        """Drop what was sent, and the connections that were opened."""
        self.wire.sent.clear()
        self.opened.clear()
        self.opened_streams.clear()

    def interfaces(self) -> list[Interface]:
        if self.unknown is not None:
            raise self.unknown
        return list(self.now)

    async def wait_for_change(self) -> bool:
        await trio.lowlevel.checkpoint()
        while not self._changed:
            await self._news.park()
        self._changed = False
        return self._slept

    def claim(self, udn: str) -> Claim | None:
        if udn in self.claimed:
            return None
        self.claimed.add(udn)
        return MemoryClaim(udn, self.claimed)

    async def connect(self, address: IpAddress, port: int, *, served: ServedAddress) -> HttpStream:
        self.opened.append((served, str(address), port))
        subscriber = self.subscribers.get((str(address), port))
        await trio.lowlevel.checkpoint()
        if subscriber is None:
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        stream = await subscriber.connect(address)
        self.opened_streams.append(stream)
        return stream

    def listen(self, address: str, port: int) -> FakeSubscriber:
        """Somebody who listens there from now on."""
        subscriber = self.subscribers[address, port] = FakeSubscriber()
        return subscriber

    def find_port(self, interfaces: Iterable[Interface]) -> int:
        return 49152

    @contextmanager
    def open(self, interface: Interface, options: InterfaceOptions) -> Iterator[ServedInterface]:
        if interface.name in self.refused:
            raise self.refused[interface.name]
        assert options.port is not None
        opened = {address.ip: FakeListener() for address in interface.addresses}
        http_listeners = tuple(
            HttpListener(
                authority(address, options.port),
                listener,
                attrs.evolve(
                    served_address(address, interface),
                    base_url=options.base_url_at(address, options.port),
                ),
            )
            for address, listener in opened.items()
        )
        with open_fake_endpoint(interface, self.wire, options.port, options.base_url) as endpoint:
            self.endpoints[interface] = endpoint
            self.listeners |= opened
            try:
                yield ServedInterface(interface=interface, endpoint=endpoint, http_listeners=http_listeners)
            finally:
                del self.endpoints[interface]
                for address, listener in opened.items():
                    del self.listeners[address]
                    listener.close()


def buffered_events(channel: trio.MemoryReceiveChannel[Event]) -> list[Event]:
    """The events that *channel* has buffered; does not wait for more."""
    found: list[Event] = []
    with suppress(trio.WouldBlock, trio.EndOfChannel):
        while True:
            found.append(channel.receive_nowait())
    return found
