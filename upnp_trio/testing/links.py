"""Links in memory, and the interfaces that are plugged into them."""

from __future__ import annotations

import functools
import ipaddress
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import attrs
import trio

from upnp_trio.network.endpoint import Address
from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface, on_link
from upnp_trio.testing.pipes import Listener, Pipe
from upnp_trio.testing.recording import Recording
from upnp_trio.testing.udp import UdpSocket

if TYPE_CHECKING:
    from upnp_trio.testing.hosts import Host  # noqa: TC004  # only cattrs would evaluate it

__all__ = ["BROADCAST", "Link", "Nic", "is_group"]

BROADCAST = "255.255.255.255"


@functools.lru_cache(maxsize=10_000)
def is_group(address: str) -> bool:
    """Whether datagrams to *address* go to all members."""
    return ipaddress.ip_address(address).is_multicast


def _is_not_negative(instance: Link, attribute: attrs.Attribute[float], value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{attribute.name} is {value}; it must be 0 or more seconds")


def _is_a_part(instance: Link, attribute: attrs.Attribute[float], value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{attribute.name} is {value}; it must be from 0 to 1, the part of all datagrams")


@attrs.define(eq=False, kw_only=True, repr=False)
class Link:
    """A cable or a switch: what one of its interfaces sends arrives at the others.

    A host's own datagrams to a group come back to it at once, and are never lost. The delay, the loss and the copies of
    each datagram are drawn for each receiving interface in turn.
    """

    name: str = "link"
    #: how long a datagram takes to each receiver, and how much longer at the most; a TCP segment takes *seconds*
    seconds: float = attrs.field(default=0.0, validator=_is_not_negative)
    jitter: float = attrs.field(default=0.0, validator=_is_not_negative)
    #: the part of the datagrams that is lost, and that arrives twice
    loss: float = attrs.field(default=0.0, validator=_is_a_part)
    duplicates: float = attrs.field(default=0.0, validator=_is_a_part)
    rng: Random = attrs.field(factory=lambda: Random(0))
    #: may be shared by several links
    recording: Recording = attrs.field(factory=Recording)
    nics: list[Nic] = attrs.field(factory=list, init=False)
    #: one side of a partition; empty while there is none
    _apart: frozenset[Host] = attrs.field(default=frozenset(), init=False)

    def __repr__(self) -> str:
        return f"<Link {self.name} of {len(self.nics)} interfaces>"

    def partition(self, *hosts: Host) -> None:
        """Let nothing pass between *hosts* and the others on this link, until `heal`.

        Datagrams between them are lost. Connections stay; what is written on them arrives after `heal`, as TCP sends
        it again. New connections fail. No interface goes down, so no program is told.
        """
        self.heal()
        self._apart = frozenset(hosts)
        for nic in self.nics:
            for other in self.nics:
                if not self.joins(nic, other):
                    for pipe in set(nic.pipes) & set(other.pipes):
                        pipe.hold()

    def heal(self) -> None:
        """End the partition."""
        self._apart = frozenset()
        for nic in self.nics:
            for pipe in nic.pipes:
                pipe.release()

    @contextmanager
    def partitioned(self, *hosts: Host) -> Iterator[None]:
        """`partition` for as long as the body runs."""
        self.partition(*hosts)
        try:
            yield
        finally:
            self.heal()

    def joins(self, nic: Nic, other: Nic) -> bool:
        """Whether what one interface sends reaches the other, as far as partitions go."""
        return (nic.host in self._apart) == (other.host in self._apart)

    def carry(self, sender: Nic, payload: bytes, source: Address, destination: Address) -> None:
        """Carry a datagram from *sender* to whatever receives at *destination*."""
        now = trio.current_time()
        self.recording.add(now, self.name, source, destination, payload)
        for nic in list(self.nics):
            if nic is sender:
                nic.receive(payload, source, destination, now)
            elif nic.is_up and (not self._apart or self.joins(sender, nic)):
                for _ in range(self._copies()):
                    nic.receive(payload, source, destination, now + self._delay())

    def nic_with(self, address: str) -> Nic | None:
        """The interface that has *address*."""
        return next((nic for nic in self.nics if nic.is_up and nic.has(address)), None)

    def _copies(self) -> int:
        if self.loss and self.rng.random() < self.loss:
            return 0
        return 2 if self.duplicates and self.rng.random() < self.duplicates else 1

    def _delay(self) -> float:
        return self.seconds + (self.rng.uniform(0, self.jitter) if self.jitter else 0.0)


@attrs.define(eq=False, kw_only=True, repr=False)
class Nic:
    """An interface of a host, plugged into a link."""

    link: Link
    #: which interface of the host leads from this one to a destination that is no group; raises `OSError`
    route: Callable[[Nic, Address], Nic]
    host: Host | None = None
    name: str
    index: int
    addresses: tuple[IpInterface, ...]
    is_up: bool = True
    is_loopback: bool = False
    is_point_to_point: bool = False
    is_multicast: bool = True
    #: own addresses that the system is still checking; see `Interface`
    pending: frozenset[IpAddress] = frozenset()
    #: raised by the next sends, one for each; ``None`` lets one succeed
    send_errors: list[OSError | None] = attrs.field(factory=list)
    #: own addresses from which every send fails
    mute: set[str] = attrs.field(factory=set)
    #: how long the next sends find no room in the send buffer, one for each; 0 lets one pass at once
    stalls: list[float] = attrs.field(factory=list)
    sockets: list[UdpSocket] = attrs.field(factory=list, init=False)
    #: what listens for connections, by address and port
    listeners: dict[tuple[str, int], Listener] = attrs.field(factory=dict, init=False)
    #: ports at which connections are neither accepted nor refused
    silent_ports: set[int] = attrs.field(factory=set, init=False)
    #: of the connections through it, each with its own end's address
    pipes: WeakKeyDictionary[Pipe, str] = attrs.field(factory=WeakKeyDictionary, init=False)
    #: see `_texts`
    _texts_of: tuple[IpInterface, ...] | None = attrs.field(default=None, init=False)
    _kept_texts: tuple[frozenset[str], frozenset[str]] = attrs.field(default=(frozenset(), frozenset()), init=False)
    #: when the send buffer has room again, and whether a send has waited for that
    _full_until: float = attrs.field(default=-math.inf, init=False)
    _has_stalled: bool = attrs.field(default=False, init=False)

    def __repr__(self) -> str:
        return f"<interface {self.name} on {self.link.name} at {', '.join(map(str, self.addresses)) or 'no address'}>"

    def take_room(self) -> None:
        """Take room for a datagram in the send buffer. Raises `BlockingIOError` if there is none."""
        now = trio.current_time()
        if not self._has_stalled and self.stalls and (seconds := self.stalls.pop(0)):
            self._full_until = now + seconds
        self._has_stalled = now < self._full_until
        if self._has_stalled:
            raise BlockingIOError

    async def wait_for_room(self) -> None:
        """Wait until there is room in the send buffer."""
        await trio.sleep_until(max(self._full_until, trio.current_time()))

    def send(self, payload: bytes, source: Address, destination: Address) -> None:
        """Send a datagram; *source* may be any address, as raw sockets can forge it."""
        address = destination[0].lower()
        way = self if is_group(address) or self._is_broadcast(address) else self.route(self, destination)
        way.link.carry(way, payload, source, destination)

    def cut(self) -> None:
        """Let nothing more pass the connections of addresses that it does not have, and all of them if it is down."""
        for pipe, address in self.pipes.items():
            pipe.is_cut = pipe.is_cut or not self.is_up or not self.has(address)

    @property
    def interface(self) -> Interface:
        """The interface as a value."""
        return Interface(
            name=self.name,
            index=self.index,
            addresses=self.addresses,
            is_up=self.is_up,
            is_loopback=self.is_loopback,
            is_point_to_point=self.is_point_to_point,
            is_multicast=self.is_multicast,
            pending=self.pending,
        )

    def has(self, address: str) -> bool:
        """Whether *address* is one of its own."""
        return address in self._texts()[0]

    def first_address(self, version: int | None = None) -> str:
        """The first of its own addresses, or of those of an IP version. Raises `ValueError` if it has none."""
        for own in self.addresses:
            if version in (None, own.version):
                return str(own.ip)
        raise ValueError(f"{self.name} has no {f'IPv{version} ' if version else ''}address; say which one to use")

    def is_neighbour(self, address: str) -> bool:
        """Whether *address* is on its link, by the prefixes of its own."""
        peer = ipaddress.ip_address(address)
        return any(own.version == peer.version and peer in on_link(own) for own in self.addresses)

    def receive(self, payload: bytes, source: Address, destination: Address, due: float) -> None:
        """Give a datagram to the sockets that it is for."""
        address, port = destination[0].lower(), destination[1]
        if len(source) == 4:
            is_scoped = ipaddress.ip_address(source[0]).is_link_local
            source = (source[0], source[1], 0, self.index if is_scoped else 0)
        found = [socket for socket in self.sockets if socket.port == port and socket.address == address]
        # all members get what is sent to a group; of several sockets at one address, the newest gets what is sent to it
        if not is_group(address) and not self._is_broadcast(address):
            found = found[-1:] if self.has(address) else []
        for socket in found:
            socket.deliver(payload, source, due)

    def _is_broadcast(self, address: str) -> bool:
        return address == BROADCAST or address in self._texts()[1]

    def _texts(self) -> tuple[frozenset[str], frozenset[str]]:
        """Its own addresses and those of its broadcasts; each datagram is compared with them, so they are kept."""
        if self._texts_of is not self.addresses:
            self._texts_of = self.addresses
            self._kept_texts = (
                frozenset(str(own.ip) for own in self.addresses),
                frozenset(str(own.network.broadcast_address) for own in self.addresses if own.version == 4),
            )
        return self._kept_texts
