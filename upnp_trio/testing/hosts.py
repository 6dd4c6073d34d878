"""Hosts in memory: their interfaces, what listens on them, and connections between them."""

from __future__ import annotations

import errno
from ipaddress import ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING, Unpack

import trio

from upnp_trio.network.listeners import DYNAMIC_PORTS
from upnp_trio.ssdp.messages import GROUP, PORT
from upnp_trio.testing.connecting import OpenedConnection, connect
from upnp_trio.testing.links import Link, Nic
from upnp_trio.testing.network import HostNetwork
from upnp_trio.testing.pipes import CAPACITY, Listener, PipeStream
from upnp_trio.testing.programs import START, Programs
from upnp_trio.testing.routes import Routes
from upnp_trio.testing.scheduling import require_trio
from upnp_trio.testing.udp import UdpSocket, at, refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from upnp_trio.controlpoint.control_point import ControlPoint
    from upnp_trio.controlpoint.options import ControlPointOptions
    from upnp_trio.errors import NetworkError
    from upnp_trio.exchange import ServedAddress
    from upnp_trio.model.device import RootDevice
    from upnp_trio.network.endpoint import Address
    from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface
    from upnp_trio.server.options import ServeOptions
    from upnp_trio.server.running import Running
    from upnp_trio.testing.playing import Playing
    from upnp_trio.testing.scripted import ScriptedDevice

__all__ = ["Host"]


class Host:
    """A host in memory, with loopback. `plug` gives it an interface on a link; `serve` and `control_point` run on it.

    *seed* decides the chances of the programs on it, and *start* is its date at the beginning of the test's clock.
    """

    def __init__(self, name: str = "host", *, seed: int = 0, start: datetime = START) -> None:
        self.name = name
        self.programs = Programs(self, seed, start)
        #: every address that it has had
        self.all_addresses: set[str] = set()
        #: its interfaces, by name
        self.nics: dict[str, Nic] = {}
        self.routes = Routes(self.nics)
        #: where programs on this host have connected to
        self.connections: list[OpenedConnection] = []
        #: the UDNs that programs on this host have claimed
        self.claimed: set[str] = set()
        #: raised by whatever opens the interface with this name
        self.refused: dict[str, NetworkError] = {}
        #: raised by connections from this host to an address and a port
        self.connect_errors: dict[tuple[str, int], Exception] = {}
        #: raised by whatever looks at the interfaces
        self.unknown: NetworkError | None = None
        #: how many times the interfaces have changed, and the host has slept
        self.changes = 0
        self.sleeps = 0
        self.changed = trio.lowlevel.ParkingLot()
        self.plug(Link(name="lo"), "127.0.0.1/8", "::1/128", name="lo", index=1, is_loopback=True, is_multicast=False)

    @classmethod
    def on(cls, link: Link, *addresses: str, name: str = "host", seed: int = 0, start: datetime = START) -> Host:
        """A host with one interface, ``eth0``, on *link*."""
        host = cls(name, seed=seed, start=start)
        host.plug(link, *addresses)
        return host

    def __repr__(self) -> str:
        return f"<Host {self.name} at {', '.join(str(own) for nic in self.nics.values() for own in nic.addresses)}>"

    @property
    def network(self) -> HostNetwork:
        """The network of a program on this host; each program takes one of its own."""
        return HostNetwork(self)

    # --- programs of this package -----------------------------------------------------------------------------------

    def serve(self, *devices: RootDevice, **options: Unpack[ServeOptions]) -> AbstractAsyncContextManager[Running]:
        """Serve *devices* from here, like `upnp_trio.serve_devices`, which has the *options*.

        Unless they say otherwise, nothing is kept on a disk, chance is the host's, and the date follows the test's
        clock. A device without a UDN gets one that depends on the host's name, and on nothing of the real machine.
        """
        return self.programs.serve(devices, options)

    def control_point(self, **options: Unpack[ControlPointOptions]) -> AbstractAsyncContextManager[ControlPoint]:
        """Open a control point here, like `upnp_trio.controlpoint.open_control_point`, which has the *options*."""
        return self.programs.control_point(options)

    def play(self, device: ScriptedDevice, *, name: str = "eth0") -> AbstractAsyncContextManager[Playing]:
        """Play a device that does not behave, on the interface with this name."""
        return device.played_on(self, name)

    # --- interfaces -----------------------------------------------------------------------------------------------

    def nic(self, name: str = "eth0") -> Nic:
        """The interface with this name. Raises `ValueError` if there is none."""
        if name not in self.nics:
            raise ValueError(f"{self.name} has no interface {name!r}; it has {', '.join(self.nics)}")
        return self.nics[name]

    def plug(
        self,
        link: Link,
        *addresses: str,
        name: str = "eth0",
        index: int | None = None,
        is_loopback: bool = False,
        is_point_to_point: bool = False,
        is_multicast: bool = True,
    ) -> Interface:
        """Add an interface on *link* with *addresses*, such as ``192.0.2.7/24``.

        Raises `ValueError` for a name that another interface of this host has.
        """
        if name in self.nics:
            raise ValueError(f"{self.name} has an interface {name!r} already; give this one another name")
        nic = Nic(
            link=link,
            route=self.routes.route,
            host=self,
            name=name,
            index=index or max((known.index for known in self.nics.values()), default=1) + 1,
            addresses=tuple(map(_with_prefix, addresses)),
            is_loopback=is_loopback,
            is_point_to_point=is_point_to_point,
            is_multicast=is_multicast,
        )
        self.nics[name] = nic
        link.nics.append(nic)
        self._note_addresses(nic)
        return nic.interface

    def unplug(self, name: str = "eth0") -> None:
        """Remove an interface; nothing passes its sockets and connections any more."""
        nic = self.nic(name)
        del self.nics[name]
        nic.link.nics.remove(nic)
        nic.is_up = False
        nic.cut()
        self._note_change()

    def change(self, *addresses: str, name: str = "eth0", is_up: bool = True, pending: Iterable[str] = ()) -> None:
        """Give an interface *addresses* in place of its former ones, and take it up, or down if *is_up* is false.

        The system is still checking the *pending* ones; see `Interface`.
        """
        nic = self.nic(name)
        nic.addresses, nic.is_up = tuple(map(_with_prefix, addresses)), is_up
        nic.pending = frozenset(map(ip_address, pending))
        nic.cut()
        self._note_addresses(nic)

    def take_down(self, name: str = "eth0") -> None:
        """Take an interface down; it keeps its addresses. Its connections are cut."""
        self._set_up(name, is_up=False)

    def bring_up(self, name: str = "eth0") -> None:
        """Bring an interface up again."""
        self._set_up(name, is_up=True)

    def sleep(self) -> None:
        """Put the host to sleep and wake it up at once; its programs notice that.

        All hosts share one clock, so no time passes meanwhile. For a long sleep, first let the clock run in
        ``with link.partitioned(host): ...``.
        """
        self.sleeps += 1
        self._note_change()

    def add_route(self, network: str, name: str = "eth0") -> None:
        """Reach *network* by the interface with this name. Its hosts have to be on that link, as if behind a router."""
        self.routes.add(ip_network(network), name)

    # --- sockets --------------------------------------------------------------------------------------------------

    def open_udp(self, address: str, port: int = 0, *, name: str = "eth0") -> UdpSocket:
        """A UDP socket at *address*: one of the interface's own, a group or a broadcast address."""
        nic = self.nic(name)
        if not port:
            taken = {socket.port for socket in nic.sockets}
            port = next(free for free in DYNAMIC_PORTS if free not in taken)
        return UdpSocket(nic, address, port)

    def send(
        self, payload: bytes, destination: Address, *, source: tuple[str, int] | None = None, name: str = "eth0"
    ) -> None:
        """Send a datagram from any *source*; by default from the interface's first address of the family, port 1900."""
        require_trio()
        nic = self.nic(name)
        version = 6 if ":" in destination[0] else 4
        source = source or (nic.first_address(version), PORT)
        nic.send(payload, (*source, 0, nic.index) if version == 6 else source, destination)

    def receive(
        self, payload: bytes, source: Address, *, to: str = GROUP, port: int = PORT, name: str = "eth0"
    ) -> None:
        """Deliver a datagram *to* a group or to an address of this host, at once. It is not recorded.

        *source* may be any address, and need not be on the link.
        """
        require_trio()
        self.nic(name).receive(payload, source, (to, port), trio.current_time())

    def listen(self, port: int, address: str = "", *, name: str = "eth0") -> Listener:
        """Accept connections on *port* of *address*, or of the interface's first address. Raises `OSError`."""
        nic = self.nic(name)
        address = address or nic.first_address()
        if not nic.is_up or not nic.has(address):
            raise refused(errno.EADDRNOTAVAIL)
        if self.is_taken(nic, address, port):
            raise refused(errno.EADDRINUSE)
        listener = nic.listeners[address, port] = Listener(at(address, port))
        return listener

    def accept_from(
        self, source: str, port: int, *, address: str = "", name: str = "eth0", capacity: float = CAPACITY
    ) -> PipeStream:
        """Connect to this host from *source*, which may be any address; returns the other end of the connection.

        It leads to *port* of *address*, or of the interface's first address. In each direction, *capacity* bytes can
        wait to be read; give a peer that does not read few. Raises `OSError` if nothing listens there.
        """
        nic = self.nic(name)
        address = address or nic.first_address()
        if not self.is_taken(nic, address, port):
            raise refused(errno.ECONNREFUSED)
        return nic.listeners[address, port].connect(source, address, capacity=capacity)

    def is_taken(self, nic: Nic, address: str, port: int) -> bool:
        """Whether something listens for connections on *port* of *address*."""
        known = nic.listeners.get((address, port))
        return known is not None and not known.is_closed

    @property
    def open_sockets(self) -> list[UdpSocket | Listener]:
        """The UDP sockets and the listeners that programs on this host have open."""
        found: list[UdpSocket | Listener] = []
        for nic in self.nics.values():
            found += [*nic.sockets, *(each for each in nic.listeners.values() if not each.is_closed)]
        return found

    @property
    def open_connections(self) -> list[PipeStream]:
        """This host's ends of the connections that programs on it have opened and not closed."""
        streams = [opened.stream for opened in self.connections]
        return [stream for stream in streams if stream is not None and not stream.is_closed]

    async def connect(self, address: IpAddress, port: int, served: ServedAddress) -> PipeStream:
        """Connect from *served* to *port* of *address*. Raises `OSError`."""
        return await connect(self, address, port, served)

    def _set_up(self, name: str, *, is_up: bool) -> None:
        nic = self.nic(name)
        nic.is_up = is_up
        nic.cut()
        self._note_change()

    def _note_addresses(self, nic: Nic) -> None:
        self.all_addresses.update(str(own.ip) for own in nic.addresses)
        self._note_change()

    def _note_change(self) -> None:
        self.changes += 1
        self.changed.unpark_all()


def _with_prefix(address: str) -> IpInterface:
    """*address*; raises `ValueError` if it is none, or if it does not say which others are on its link."""
    own = ip_interface(address)
    if "/" not in address:
        cure = f"{address}/{24 if own.version == 4 else 64}"  # as home networks have it
        raise ValueError(f"{address!r} has no prefix, so nothing is on its link; write {cure}")
    return own
