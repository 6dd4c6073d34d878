"""A network that is not there: endpoints and listeners in memory, for tests on trio's MockClock."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Interface

import attrs
import trio
import trio.testing

from upnp_trio.network.interfaces import Interface
from upnp_trio.network.multicast import Address, Ear, Endpoint
from upnp_trio.ssdp.messages import GROUP, PORT, Message, parse

__all__ = ["ASKER", "NOON", "FakeEar", "FakeEndpoint", "FakeListener", "fake_endpoint"]

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
ASKER = ("192.0.2.9", 50000)


@attrs.frozen(eq=False)
class FakeEar(Ear):
    """Hears what a test says into it."""

    arrivals: list[tuple[bytes, Address]] = attrs.field(factory=list)
    lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    def say(self, datagram: bytes, peer: Address = ASKER) -> None:
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
    """One datagram that left, and when."""

    time: float
    payload: bytes
    source: IPv4Address
    destination: Address

    @property
    def message(self) -> Message:
        return parse(self.payload)

    @property
    def to_group(self) -> bool:
        return self.destination == (GROUP, PORT)


@attrs.frozen(eq=False)
class FakeEndpoint(Endpoint):
    """Keeps what is sent; *failures* are raised, one for each send, before anything is taken again."""

    sent: list[Sent] = attrs.field(factory=list)
    failures: list[OSError] = attrs.field(factory=list)
    #: how long an announcement waits for room in the send buffer
    stalls: list[float] = attrs.field(factory=list)

    def send(self, payload: bytes, source: IPv4Address, destination: Address) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(Sent(trio.current_time(), payload, source, destination))
        return True

    async def announce(self, payload: bytes, source: IPv4Address) -> None:
        await trio.lowlevel.checkpoint()
        if self.stalls:
            await trio.sleep(self.stalls.pop(0))
        self.send(payload, source, (GROUP, PORT))

    @property
    def multicast_ear(self) -> FakeEar:
        return self._ear(multicast=True)

    @property
    def unicast_ear(self) -> FakeEar:
        return self._ear(multicast=False)

    def _ear(self, *, multicast: bool) -> FakeEar:
        (ear,) = [ear for ear in self.ears if ear.multicast is multicast]
        assert isinstance(ear, FakeEar)
        return ear

    def messages(self, kind: type[Message]) -> list[Message]:
        return [sent.message for sent in self.sent if isinstance(sent.message, kind)]


@contextmanager
def fake_endpoint(*addresses: str, name: str = "eth0", index: int = 2) -> Iterator[FakeEndpoint]:
    """An endpoint on an interface with *addresses*, such as ``192.0.2.7/24``."""
    interface = Interface(
        name=name,
        index=index,
        addresses=tuple(IPv4Interface(address) for address in addresses or ("192.0.2.7/24",)),
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:  # never bound, never read
        yield FakeEndpoint(
            interface=interface,
            ears=(FakeEar(unused, multicast=True), FakeEar(unused, multicast=False)),
            voices=dict.fromkeys((address.ip for address in interface.addresses), unused),
        )


class FakeListener(trio.abc.Listener[trio.abc.Stream]):
    """Accepts what a test connects, over memory streams."""

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[trio.abc.Stream](math.inf)

    def connect(self) -> trio.StapledStream[trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream]:
        """The client's end of a new connection."""
        client, server = trio.testing.memory_stream_pair()
        self._send.send_nowait(server)
        return client

    async def accept(self) -> trio.abc.Stream:
        return await self._receive.receive()

    async def aclose(self) -> None:
        self._send.close()
        self._receive.close()
        await trio.lowlevel.checkpoint()
