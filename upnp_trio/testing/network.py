"""The network of a host in memory, as a device and as a control point needs it."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import attrs
import trio

from upnp_trio.errors import PortTaken
from upnp_trio.network.asking import ReceivedDatagram
from upnp_trio.network.endpoint import MAX_BATCH, Address, Endpoint, Receiver, Sender
from upnp_trio.network.facing import facing
from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface
from upnp_trio.network.listeners import DYNAMIC_PORTS, HttpListener, authority, served_address
from upnp_trio.network.served_interface import InterfaceOptions, ServedInterface
from upnp_trio.network.system_errors import AddressGone, translated
from upnp_trio.network.udp_sockets import group_of, host_of, socket_address
from upnp_trio.ssdp.advertising import Origin
from upnp_trio.ssdp.messages import PORT
from upnp_trio.testing.links import BROADCAST, Nic
from upnp_trio.testing.udp import UdpSocket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.claims import Claim
    from upnp_trio.network.streams import HttpStream
    from upnp_trio.testing.hosts import Host

__all__ = ["HostNetwork", "MemorySearchSocket"]


@attrs.define(eq=False, repr=False)
class MemoryReceiver(Receiver):
    """Reads a socket in memory as `Receiver` reads the system's."""

    async def wait(self) -> None:
        await self.socket.wait_readable()  # type: ignore[attr-defined]  # a UdpSocket


@attrs.frozen(eq=False, repr=False, kw_only=True)
class MemorySender(Sender):
    """Sends with a socket in memory as `Sender` sends with the system's."""

    async def wait_writable(self) -> None:
        await self.socket.wait_writable()  # type: ignore[attr-defined]  # a UdpSocket


@attrs.frozen(eq=False)
class MemorySearchSocket:
    """A socket of a search."""

    interface: Interface
    address: IpAddress
    group: Address
    host: str
    #: in memory
    socket: UdpSocket

    async def send(self, payload: bytes, destination: Address) -> float:
        await trio.lowlevel.checkpoint()
        sent_at = trio.current_time()
        self.socket.sendto(payload, destination)
        return sent_at

    async def receive(self) -> list[ReceivedDatagram]:
        found: list[ReceivedDatagram] = []
        while not found:
            await self.socket.wait_readable()
            try:
                while len(found) < MAX_BATCH:
                    arrived_at, payload, source = self.socket.read()
                    found.append(ReceivedDatagram(payload, source, arrived_at, self.socket.name))
            except BlockingIOError:
                pass
        return found


@attrs.frozen(eq=False)
class MemoryClaim:
    """Keeps *udn* in *claimed* until it is closed."""

    udn: str
    claimed: set[str]

    def close(self) -> None:
        self.claimed.remove(self.udn)


class HostNetwork:
    """What one program on a host has of its network: a `Network` and an `AskingNetwork`."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._changes, self._sleeps = host.changes, host.sleeps

    # --- both sides -----------------------------------------------------------------------------------------------

    def interfaces(self) -> list[Interface]:
        if self.host.unknown is not None:
            raise self.host.unknown
        return [nic.interface for nic in self.host.nics.values()]

    async def wait_for_change(self) -> bool:
        await trio.lowlevel.checkpoint()
        while self._changes == self.host.changes:
            await self.host.changed.park()
        slept = self._sleeps != self.host.sleeps
        self._changes, self._sleeps = self.host.changes, self.host.sleeps
        return slept

    async def connect(self, address: IpAddress, port: int, *, served: ServedAddress) -> HttpStream:
        return await self.host.connect(address, port, served)

    # --- a device -------------------------------------------------------------------------------------------------

    def find_port(self, interfaces: Iterable[Interface]) -> int:
        places = [(self.host.nics.get(on.name), str(address.ip)) for on in interfaces for address in on.addresses]
        return next(
            port
            for port in DYNAMIC_PORTS
            if not any(nic and self.host.is_taken(nic, address, port) for nic, address in places)
        )

    def claim(self, udn: str) -> Claim | None:
        if udn in self.host.claimed:
            return None
        self.host.claimed.add(udn)
        return MemoryClaim(udn, self.host.claimed)

    @contextmanager
    def open(self, interface: Interface, options: InterfaceOptions) -> Iterator[ServedInterface]:
        with ExitStack() as stack:
            nic = self._nic(interface)
            listeners: list[HttpListener] = []
            senders: dict[IpAddress, Sender] = {}
            for own in interface.addresses:
                port, listener = options.port, None
                if port is not None:
                    served = served_address(own.ip, interface)
                    opening = self._listen(served, port, or_another=options.or_another_port)
                    port, listener = stack.enter_context(opening)
                base_url = options.base_url_at(own.ip, port)
                if listener is not None:
                    served = attrs.evolve(listener.served, base_url=base_url)
                    listeners.append(attrs.evolve(listener, served=served))
                senders[own.ip] = self._open_sender(nic, interface, own, options, base_url, stack)
            receivers: tuple[Receiver, ...] = ()
            if options.listen:
                receivers = tuple(MemoryReceiver(sender.socket, False) for sender in senders.values())
                receivers += self._open_groups(nic, interface, stack)
            endpoint = Endpoint(interface=interface, receivers=receivers, senders=senders)
            yield ServedInterface(interface=interface, endpoint=endpoint, http_listeners=tuple(listeners))

    def _open_sender(
        self,
        nic: Nic,
        interface: Interface,
        own: IpInterface,
        options: InterfaceOptions,
        base_url: str,
        stack: ExitStack,
    ) -> Sender:
        return MemorySender(
            interface=interface,
            address=own.ip,
            socket=self._open_udp(nic, str(own.ip), PORT if options.listen else 0, stack),
            group=socket_address(group_of(own), PORT, interface),
            origin=Origin(
                base_url=base_url,
                host=host_of(group_of(own)),
                adds_nls=own.version == 6,
            ),
        )

    # --- a control point ------------------------------------------------------------------------------------------

    @contextmanager
    def open_receivers(self, interface: Interface) -> Iterator[tuple[Receiver, ...]]:
        with ExitStack() as stack:
            yield self._open_groups(self._nic(interface), interface, stack)

    @contextmanager
    def open_search_socket(
        self, interface: Interface, address: IpInterface, *, multicast_ttl: int | None = None
    ) -> Iterator[MemorySearchSocket]:
        with ExitStack() as stack:
            socket = self._open_udp(self._nic(interface), str(address.ip), 0, stack)
            group = group_of(address)
            yield MemorySearchSocket(
                interface, address.ip, socket_address(group, PORT, interface), host_of(group), socket
            )

    def facing(self, address: IpAddress, zone: str = "") -> ServedAddress:
        return facing(address, zone, self.interfaces(), self.host.routes.source_towards)

    @contextmanager
    def listen(self, served: ServedAddress, port: int = 0) -> Iterator[HttpListener]:
        with self._listen(served, port, or_another=True) as (_, listener):
            yield listener

    # --- both -----------------------------------------------------------------------------------------------------

    def _nic(self, interface: Interface) -> Nic:
        if interface.name in self.host.refused:
            raise self.host.refused[interface.name]
        nic = self.host.nics.get(interface.name)
        if nic is None or not nic.is_up or not set(interface.addresses) <= set(nic.addresses):
            raise AddressGone(f"cannot open {interface.name}: it or its addresses are gone")
        return nic

    def _open_udp(self, nic: Nic, address: str, port: int, stack: ExitStack) -> Any:  # noqa: ANN401  # for a socket
        opened = self.host.open_udp(address, port, name=nic.name)
        stack.callback(opened.close)
        return opened

    def _open_groups(self, nic: Nic, interface: Interface, stack: ExitStack) -> tuple[Receiver, ...]:
        groups = dict.fromkeys(group_of(own) for own in interface.addresses)
        broadcasts = {str(own.network.broadcast_address): None for own in interface.addresses if own.version == 4}
        if broadcasts and not interface.is_loopback:
            groups |= broadcasts | {BROADCAST: None}
        return tuple(MemoryReceiver(self._open_udp(nic, address, PORT, stack), True) for address in groups)

    @contextmanager
    def _listen(self, served: ServedAddress, port: int, *, or_another: bool) -> Iterator[tuple[int, HttpListener]]:
        with translated(f"listen at {served.address}"):
            nic = self.host.routes.nic_of(served.address, served.index)
        if not port or (or_another and self.host.is_taken(nic, served.address, port)):
            port = next(free for free in DYNAMIC_PORTS if not self.host.is_taken(nic, served.address, free))
        elif self.host.is_taken(nic, served.address, port):
            raise PortTaken(f"TCP port {port} is taken at {served.address}")
        listener = self.host.listen(port, served.address, name=nic.name)
        try:
            own = next(own.ip for own in nic.addresses if str(own.ip) == served.address)
            yield port, HttpListener(authority(own, port), listener, served)
        finally:
            listener.close()
