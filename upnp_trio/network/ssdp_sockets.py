"""How the sockets of SSDP are opened on an interface, by the rules of each system.

An endpoint has several sockets. The socket of a datagram then shows on which interface it arrived, and whether it
was sent to a group. That needs no look at HOST, which many searchers fill in wrongly, and no ancillary data, which
would cost time for each datagram:

- one bound to each group, and a member of it on this interface alone;
- one for each served address, its `Sender`, which receives unicast searches and sends everything;
- one for each broadcast address, as some control points search by broadcast (node-sonos #73).

All share port 1900 with other programs. Windows binds no socket to a group: there the senders join the groups, and a
search that has MX counts as multicast.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.network.endpoint import Address, Endpoint, Receiver, Sender
from upnp_trio.network.holders import port_holder
from upnp_trio.network.system_errors import UNSUPPORTED_ERRNOS, OutOfResources, tolerated, translated
from upnp_trio.ssdp.advertising import Origin
from upnp_trio.ssdp.messages import GROUP, PORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from ipaddress import IPv4Interface

    from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface

__all__ = ["group_of", "open_endpoint"]

# UDA 2.0 §A.2.3: link-local addresses send to FF02::C, all others to FF05::C.
LINK_LOCAL_GROUP = "ff02::c"
SITE_LOCAL_GROUP = "ff05::c"
# Announcements may cross two routers (UDA 2.0 §1.2.2: default 2), in an IPv6 site ten (§A); link-local ones cannot
# cross any. A reply goes to a neighbour: with 4 hops, a reply to a forged address ends close by.
MULTICAST_TTL = 2
SITE_LOCAL_HOPS = 10
REPLY_TTL = 4
# The queue in which a burst of searches waits, if the system gives that much. Linux grants net.core.rmem_max, which
# is room for some 500 searches by default, or all of it to a privileged process: some 10,000.
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
# SEARCHPORT is one of the dynamic ports (UDA 2.0 §1.2.2).
SEARCH_PORTS = range(49152, 65536)

# Linux: without these, a socket receives the groups that any other socket of this host has joined, on any interface.
_IP_MULTICAST_ALL = 49
_IPV6_MULTICAST_ALL = 29
# Linux: receive from one interface alone; allowed without privilege since 5.7. IPv6 needs it, as membership of a
# site-local group does not show the interface that a datagram arrived on.
_SO_BINDTODEVICE = 25
# Linux: beyond net.core.rmem_max, for processes with CAP_NET_ADMIN.
_SO_RCVBUFFORCE = 33

_PORT_CURES = {
    errno.EADDRINUSE: "stop the program that holds it without sharing, or announce without listening",
    errno.EACCES: "another program holds it, or the sandbox of this process does not allow it",
}


def group_of(address: IpInterface) -> str:
    """The group that *address* sends to."""
    if address.version == 4:
        return GROUP
    return LINK_LOCAL_GROUP if address.is_link_local else SITE_LOCAL_GROUP


@contextmanager
def open_endpoint(
    interface: Interface, base_urls: Mapping[IpAddress, str], *, listen: bool = True, multicast_ttl: int | None = None
) -> Iterator[Endpoint]:
    """SSDP on *interface*, whose addresses offer HTTP at *base_urls*; closed at the end.

    Without *listen* nothing is received: the device is announced and answers no search. *multicast_ttl* is how many
    hops announcements live, in place of the default of each group.
    Raises `NetworkError`, which names the address, the system's error and the cure.
    """
    with ExitStack() as stack:
        try:
            endpoint = _open(interface, base_urls, stack, listen=listen, multicast_ttl=multicast_ttl)
        except PortTaken as taken:
            holder = port_holder(PORT)
            if holder is None:
                raise
            raise PortTaken(f"{taken} ({holder} holds it)") from taken
        yield endpoint


def _open(
    interface: Interface,
    base_urls: Mapping[IpAddress, str],
    stack: ExitStack,
    *,
    listen: bool,
    multicast_ttl: int | None,
) -> Endpoint:
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
    return Endpoint(interface=interface, receivers=tuple(receivers), senders=senders)


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
    with translated(f"send from {address.ip} on {interface.name}"):
        _set_up_sending(opened, address, group, interface, multicast_ttl)
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
            adds_nls=address.version == 6,
        ),
    )


def _set_up_sending(
    opened: socket.socket, address: IpInterface, group: str, interface: Interface, multicast_ttl: int | None
) -> None:
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


def _open_at(
    address: IpInterface, interface: Interface, stack: ExitStack, *, listen: bool
) -> tuple[socket.socket, int | None]:
    """A socket at *address*: on port 1900, or on another one, with its number (SEARCHPORT, UDA 2.0 §1.2.2)."""
    if not listen:
        return _open_socket(str(address.ip), 0, interface, stack), None
    try:
        return _open_socket(str(address.ip), PORT, interface, stack), None
    except PortTaken as taken:
        for port in SEARCH_PORTS:
            with suppress(PortTaken):
                return _open_socket(str(address.ip), port, interface, stack), port
        raise taken from None


def _open_group(group: str, interface: Interface, stack: ExitStack) -> socket.socket:
    receiver = _open_socket(group, PORT, interface, stack, bind_to_device=":" in group)
    if sys.platform == "linux":
        level, option = (
            (socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL) if ":" in group else (socket.IPPROTO_IP, _IP_MULTICAST_ALL)
        )
        # Linux has IPv6's since 4.20; before, the binding to the interface has to do
        with translated(f"receive {group} on {interface.name} alone"), tolerated(UNSUPPORTED_ERRNOS):
            receiver.setsockopt(level, option, 0)
    _join(receiver, group, interface)
    return receiver


def _join(receiver: socket.socket, group: str, interface: Interface) -> None:
    with translated(f"join {group} on {interface.name} ({interface.addresses[0].ip})"):
        if ":" in group:
            packed = socket.inet_pton(socket.AF_INET6, group)
            receiver.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, packed + struct.pack("@I", interface.index)
            )
        else:
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _membership(group, interface))


def _membership(group: str, interface: Interface) -> bytes:
    """struct ip_mreqn; on Windows struct ip_mreq, which has no index."""
    address = _ipv4_addresses(interface)[0].packed
    packed = socket.inet_aton(group) + address
    return packed if sys.platform == "win32" else packed + struct.pack("@i", interface.index)


def _ipv4_addresses(interface: Interface) -> list[IPv4Interface]:
    return [address for address in interface.addresses if address.version == 4]


def _open_broadcast(interface: Interface, stack: ExitStack) -> list[socket.socket]:
    """Receivers of searches that are sent to the broadcast addresses; there are none where the system refuses them."""
    opened: list[socket.socket] = []
    addresses = _ipv4_addresses(interface)
    if sys.platform == "linux" and addresses and not interface.is_loopback:
        own = {str(address.network.broadcast_address) for address in addresses if address.network.prefixlen < 31}
        for address in [*sorted(own), "255.255.255.255"]:
            try:
                opened.append(_open_socket(address, PORT, interface, stack, bind_to_device=True))
            except OutOfResources:  # that is no refusal: a later attempt opens them
                raise
            except NetworkError:
                continue
    return opened


def _open_socket(
    address: str, port: int, interface: Interface, stack: ExitStack, *, bind_to_device: bool = False
) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    task = f"open UDP port {port} at {address} on {interface.name}"
    with ExitStack() as own, translated(task):
        opened = own.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        opened.setblocking(False)
        if port == PORT:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if sys.platform not in ("linux", "win32"):  # the BSDs share a port by this option alone
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _enlarge_queue(opened)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if bind_to_device and sys.platform == "linux":
            with tolerated(UNSUPPORTED_ERRNOS):
                opened.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, interface.name.encode())
        with translated(task, port_cures=_PORT_CURES):
            opened.bind(_socket_address(address, port, interface))
        stack.enter_context(own.pop_all())
    return opened


def _enlarge_queue(receiver: socket.socket) -> None:
    if sys.platform == "linux":
        with suppress(OSError):
            receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
            return
    # The BSDs refuse what is above their limit (ENOBUFS), and a short queue still works.
    with suppress(OSError):
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)


def _socket_address(address: str, port: int, interface: Interface) -> Address:
    # only link-local addresses need the scope; others ignore it
    return (address, port, 0, interface.index) if ":" in address else (address, port)
