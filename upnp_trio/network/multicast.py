"""SSDP's sockets: for each interface one `Endpoint`, which receives and speaks there and nowhere else.

An endpoint has several sockets, so that each datagram tells by the socket it came from on which interface and to
what kind of address it was sent, without a look at HOST (many searchers fill it wrongly) and without the cost of
ancillary data:

- one bound to each group, a member of it on this interface alone;
- one for each served address, its `Sender`, which receives unicast searches and sends everything;
- one for each broadcast address, as some control points search by broadcast (node-sonos #73).

All share port 1900 with other programs. Windows binds no socket to a group: there the senders join it, and whether a
search was meant for all is told by its MX.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.network.holders import port_holder
from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface, on_link
from upnp_trio.ssdp.advertising import Origin
from upnp_trio.ssdp.messages import GROUP, MAX_DATAGRAM_BYTES, PORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from ipaddress import IPv4Interface

__all__ = ["Address", "Endpoint", "Receiver", "Sender", "group_of", "open_endpoint"]

#: where a datagram came from or goes to: (host, port), for IPv6 with flow and scope
Address = tuple[str, int] | tuple[str, int, int, int]

# UDA 2.0 §A.2.3: link-local addresses speak to FF02::C, all others to FF05::C.
LINK_LOCAL_GROUP = "ff02::c"
SITE_LOCAL_GROUP = "ff05::c"
# Announcements may cross two routers (UDA 2.0 §1.2.2: default 2), in an IPv6 site ten (§A); link-local ones cannot
# cross any. A reply goes to a neighbour: with 4 hops, one that somebody tricks out of us dies close to home.
MULTICAST_TTL = 2
SITE_LOCAL_HOPS = 10
REPLY_TTL = 4
# As much as the system gives: the queue in which a storm waits for us. Linux grants net.core.rmem_max, which is room
# for some 500 searches by default, or all of it to a privileged process: some 10,000.
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
# Each socket yields at most this many datagrams before the others get their turn: some 5 ms of work.
MAX_BATCH = 256
# SEARCHPORT is one of the dynamic ports (UDA 2.0 §1.2.2).
SEARCH_PORTS = range(49152, 65536)
# A send buffer that has no room for so long is one of the network's faults, and the message is lost.
STALLED_SEND_SECONDS = 1.0

# Linux: without these, a socket receives the groups that any other socket of this host has joined, on any interface.
_IP_MULTICAST_ALL = 49
_IPV6_MULTICAST_ALL = 29
# Linux: receive an interface alone; allowed without privilege since 5.7. IPv6 needs it, as its membership of a
# site-local group says nothing of the interface a datagram came in on.
_SO_BINDTODEVICE = 25
# Linux: beyond net.core.rmem_max, for who has CAP_NET_ADMIN.
_SO_RCVBUFFORCE = 33


@attrs.frozen(eq=False, repr=False)
class Receiver:
    """A socket, and whether its datagrams were sent to everybody; ``None`` where the system does not tell."""

    socket: socket.socket
    multicast: bool | None

    async def wait(self) -> None:
        """Wait until there is something to read."""
        await trio.lowlevel.wait_readable(self.socket)

    def drain(self) -> Iterator[tuple[bytes, Address]]:
        """The datagrams that wait, at most `MAX_BATCH`, each with its source."""
        receive = self.socket.recvfrom
        for _ in range(MAX_BATCH):
            try:
                datagram, source = receive(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                return
            except OSError:
                # What befell an earlier reply (port unreachable; 10054 on Windows): the socket is none the worse.
                continue
            if len(source) == 4:  # a scoped IPv6 address comes with its zone's name, which costs a look-up to send to
                source = (source[0].partition("%")[0], source[1], 0, source[3])
            yield datagram, source


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Sender:
    """One served address: the socket that speaks from it, the group it speaks to, and what it says of itself."""

    interface: Interface
    address: IpAddress
    socket: socket.socket
    group: Address
    origin: Origin

    def send(self, payload: bytes, destination: Address) -> bool:
        """Send one datagram, never waiting; whether the system took it.

        ``False`` means that its buffers are full. Raises `OSError` when the network refuses.
        """
        try:
            self.socket.sendto(payload, destination)
        except BlockingIOError:
            return False
        return True

    async def announce(self, payload: bytes) -> None:
        """Send one datagram to the group, waiting for room for a while. Raises `OSError` like `send`."""
        with trio.move_on_after(STALLED_SEND_SECONDS):
            while not self.send(payload, self.group):
                await trio.lowlevel.wait_writable(self.socket)
            return
        raise OSError(errno.ENOBUFS, "no room in the send buffer")


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Endpoint:
    """SSDP on one interface in one family: what it receives with, and the sender of each of its addresses."""

    interface: Interface
    receivers: tuple[Receiver, ...]
    senders: dict[IpAddress, Sender]
    #: the network of each address as numbers, and its sender: each datagram's source is compared with them, which the
    #: classes of `ipaddress` take six times as long for (`python -m benchmarks.fast_paths`)
    _links: tuple[tuple[int, int, Sender], ...] = attrs.field(
        init=False, default=attrs.Factory(lambda self: tuple(self._find_links()), takes_self=True)
    )
    _own: dict[str, Sender] = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: {str(ip): sender for ip, sender in self.senders.items()}, takes_self=True),
    )

    def _find_links(self) -> Iterator[tuple[int, int, Sender]]:
        for address in self.interface.addresses:
            network = on_link(address)
            yield int(network.netmask), int(network.network_address), self.senders[address.ip]

    def sender_towards(self, peer: str) -> Sender | None:
        """The sender in whose network *peer* is; ``None`` if it is not on this link.

        Of one's own addresses, one that is *peer* itself comes first: a search from this very host.
        """
        if peer in self._own:
            return self._own[peer]
        number = int.from_bytes(
            socket.inet_pton(socket.AF_INET6, peer) if ":" in peer else socket.inet_aton(peer), "big"
        )
        for netmask, network, sender in self._links:
            if number & netmask == network:
                return sender
        return None


def group_of(address: IpInterface) -> str:
    """The group that *address* speaks to."""
    if address.version == 4:
        return GROUP
    return LINK_LOCAL_GROUP if address.is_link_local else SITE_LOCAL_GROUP


@contextmanager
def open_endpoint(
    interface: Interface, base_urls: Mapping[IpAddress, str], *, listen: bool = True, multicast_ttl: int | None = None
) -> Iterator[Endpoint]:
    """SSDP on *interface*, whose addresses offer HTTP at *base_urls*; closed at the end.

    Without *listen* nothing is received: the device is announced and answers no search. *multicast_ttl* is how many
    hops announcements live, in place of the defaults of each group.
    Raises `NetworkError` that names the address, what the system said, and the cure.
    """
    with ExitStack() as stack:
        senders = {
            address.ip: _open_sender(
                address, interface, base_urls[address.ip], stack, listen=listen, multicast_ttl=multicast_ttl
            )
            for address in interface.addresses
        }
        receivers: list[Receiver] = []
        if listen:
            receivers += [
                Receiver(sender.socket, None if sys.platform == "win32" else False) for sender in senders.values()
            ]
            if sys.platform != "win32":
                groups = dict.fromkeys(group_of(address) for address in interface.addresses)
                receivers += [Receiver(_open_group(group, interface, stack), True) for group in groups]
            receivers += [Receiver(receiver, True) for receiver in _open_broadcast(interface, stack)]
        yield Endpoint(interface=interface, receivers=tuple(receivers), senders=senders)


def _open_sender(
    address: IpInterface,
    interface: Interface,
    base_url: str,
    stack: ExitStack,
    *,
    listen: bool,
    multicast_ttl: int | None,
) -> Sender:
    opened, search_port = _open_at(address, interface, stack, listen=listen)
    group = group_of(address)
    if address.version == 4:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, multicast_ttl or MULTICAST_TTL)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, REPLY_TTL)
        # Windows takes an address here, the others an index as well: two interfaces may have the same address
        multicast_if = address.packed if sys.platform == "win32" else _membership(group, interface)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, multicast_if)
    else:
        hops = (multicast_ttl or SITE_LOCAL_HOPS) if group == SITE_LOCAL_GROUP else 1
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, REPLY_TTL)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface.index)
    if sys.platform == "win32" and listen:
        _join(opened, group, interface)
    return Sender(
        interface=interface,
        address=address.ip,
        socket=opened,
        group=_socket_address(group, PORT, interface),
        origin=Origin(
            base_url=base_url,
            host=f"{group}:{PORT}" if address.version == 4 else f"[{group.upper()}]:{PORT}",
            search_port=search_port,
            tells_nls=address.version == 6,
        ),
    )


def _open_at(
    address: IpInterface, interface: Interface, stack: ExitStack, *, listen: bool
) -> tuple[socket.socket, int | None]:
    """A socket at *address*: on port 1900, or on another one and that one's number (SEARCHPORT, UDA 2.0 §1.2.2)."""
    if not listen:
        return _open_socket(str(address.ip), 0, interface, stack), None
    try:
        return _open_socket(str(address.ip), PORT, interface, stack), None
    except PortTaken as taken:
        for port in SEARCH_PORTS:
            try:
                return _open_socket(str(address.ip), port, interface, stack), port
            except PortTaken:
                continue
        raise taken from None


def _open_group(group: str, interface: Interface, stack: ExitStack) -> socket.socket:
    receiver = _open_socket(group, PORT, interface, stack, bind_to_device=":" in group)
    if sys.platform == "linux":
        level, option = (
            (socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL) if ":" in group else (socket.IPPROTO_IP, _IP_MULTICAST_ALL)
        )
        with suppress(OSError):  # IPv6 learnt it in 4.20; before, the device binding alone must do
            receiver.setsockopt(level, option, 0)
    _join(receiver, group, interface)
    return receiver


def _join(receiver: socket.socket, group: str, interface: Interface) -> None:
    try:
        if ":" in group:
            packed = socket.inet_pton(socket.AF_INET6, group)
            receiver.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, packed + struct.pack("@I", interface.index)
            )
        else:
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _membership(group, interface))
    except OSError as error:
        raise NetworkError(
            f"cannot join {group} on {interface.name}: {error.strerror}; "
            "check that the interface is up and takes multicast, or choose others with --interface"
        ) from error


def _membership(group: str, interface: Interface) -> bytes:
    """struct ip_mreqn; on Windows struct ip_mreq, which knows no index."""
    address = _ipv4_addresses(interface)[0].packed
    packed = socket.inet_aton(group) + address
    return packed if sys.platform == "win32" else packed + struct.pack("@i", interface.index)


def _ipv4_addresses(interface: Interface) -> list[IPv4Interface]:
    return [address for address in interface.addresses if address.version == 4]


def _open_broadcast(interface: Interface, stack: ExitStack) -> list[socket.socket]:
    """Ears for searches sent to the broadcast addresses; where the system refuses them, there are none."""
    opened: list[socket.socket] = []
    addresses = _ipv4_addresses(interface)
    if sys.platform == "linux" and addresses and not interface.is_loopback:
        own = {str(address.network.broadcast_address) for address in addresses if address.network.prefixlen < 31}
        for address in [*sorted(own), "255.255.255.255"]:
            with suppress(NetworkError):
                opened.append(_open_socket(address, PORT, interface, stack, bind_to_device=True))
    return opened


def _open_socket(
    address: str, port: int, interface: Interface, stack: ExitStack, *, bind_to_device: bool = False
) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        if port == PORT:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if sys.platform not in ("linux", "win32"):  # the BSDs share a port by this option alone
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _enlarge_queue(opened)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if bind_to_device and sys.platform == "linux":
            with suppress(PermissionError):
                opened.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.name.encode())
        opened.bind(_socket_address(address, port, interface))
    except OSError as error:
        opened.close()
        where = f"UDP port {port} at {address} on {interface.name}"
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            holder = port_holder(port)
            raise PortTaken(
                f"cannot open {where}: {holder or 'another program'} holds it without sharing; "
                "stop that one, or announce without listening"
            ) from error
        raise NetworkError(
            f"cannot open {where}: {error.strerror}; check that the interface still has this address"
        ) from error
    stack.enter_context(opened)
    return opened


def _enlarge_queue(receiver: socket.socket) -> None:
    if sys.platform == "linux":
        with suppress(PermissionError):
            receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
            return
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)


def _socket_address(address: str, port: int, interface: Interface) -> Address:
    # the scope matters to link-local addresses alone, and hurts no other
    return (address, port, 0, interface.index) if ":" in address else (address, port)
