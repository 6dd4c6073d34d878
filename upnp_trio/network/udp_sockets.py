"""How UDP sockets are opened for SSDP and set up for sending, by the rules of each system."""

from __future__ import annotations

import errno
import socket
import struct
import sys
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING

from upnp_trio.network.system_errors import UNSUPPORTED_ERRNOS, tolerated, translated
from upnp_trio.ssdp.messages import GROUP, PORT

if TYPE_CHECKING:
    from upnp_trio.network.interfaces import Interface, IpInterface
    from upnp_trio.network.udp_sender import Address

__all__ = [
    "SO_BINDTODEVICE",
    "group_of",
    "host_of",
    "membership",
    "open_udp_socket",
    "scope_of",
    "set_up_sending",
    "socket_address",
]

# UDA 2.0 §A.2.3: link-local addresses send to FF02::C, all others to FF05::C.
LINK_LOCAL_GROUP = "ff02::c"
SITE_LOCAL_GROUP = "ff05::c"
# Announcements and searches may cross two routers (UDA 2.0 §1.2.2, §1.3.2: default 2), in an IPv6 site ten (§A);
# link-local ones cannot cross any. A reply goes to a neighbour: with 4 hops, a reply to a forged address ends close by.
MULTICAST_TTL = 2
SITE_LOCAL_HOPS = 10
REPLY_TTL = 4
# The queue in which a burst of searches or answers waits, if the system gives that much. Linux grants
# net.core.rmem_max, which is room for some 500 searches by default, or all of it to a privileged process: some 10,000.
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024

#: Linux: use one interface alone; allowed without privilege since 5.7
SO_BINDTODEVICE = 25
# Linux: beyond net.core.rmem_max, for processes with CAP_NET_ADMIN.
_SO_RCVBUFFORCE = 33

_PORT_CURES = {
    errno.EADDRINUSE: "stop the program that holds it without sharing, or go without listening",
    errno.EACCES: "another program holds it, or the sandbox of this process does not allow it",
}


def group_of(address: IpInterface) -> str:
    """The group that *address* sends to."""
    if address.version == 4:
        return GROUP
    return LINK_LOCAL_GROUP if address.is_link_local else SITE_LOCAL_GROUP


def host_of(group: str) -> str:
    """HOST of messages to *group* (UDA 2.0 §1.1.2, §A.2.3)."""
    return f"[{group.upper()}]:{PORT}" if ":" in group else f"{group}:{PORT}"


def open_udp_socket(
    address: str, port: int, interface: Interface, stack: ExitStack, *, bind_to_device: bool = False
) -> socket.socket:
    """A UDP socket at *address* of *interface*, which *stack* closes; port 1900 is shared with other programs.

    With *bind_to_device* it receives from *interface* alone, on Linux. Raises `NetworkError`.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    task = f"open {f'UDP port {port}' if port else 'a UDP port'} at {address} on {interface.name}"
    with ExitStack() as own, translated(task):
        opened = own.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        opened.setblocking(False)
        if port == PORT:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # the BSDs share a port by this option alone; Linux shares it by both, and others do not have it
            if sys.platform not in ("linux", "win32") and hasattr(socket, "SO_REUSEPORT"):
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _enlarge_queue(opened)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if bind_to_device and sys.platform == "linux":
            with tolerated(UNSUPPORTED_ERRNOS):
                opened.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, interface.name.encode())
        with translated(task, port_cures=_PORT_CURES if port else None):
            opened.bind(socket_address(address, port, interface))
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


def set_up_sending(
    opened: socket.socket,
    address: IpInterface,
    interface: Interface,
    *,
    multicast_ttl: int | None = None,
    unicast_ttl: int | None = None,
) -> None:
    """Let *opened*, a socket at *address*, send to the group of that address on *interface*, and hear itself.

    The hops that its datagrams live are the defaults of each group and of the system, unless they are given.
    """
    group = group_of(address)
    if address.version == 4:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, multicast_ttl or MULTICAST_TTL)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        if unicast_ttl is not None:
            opened.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, unicast_ttl)
        # Windows takes an address here, the others an index as well: two interfaces may have the same address
        multicast_if = address.packed if sys.platform == "win32" else membership(group, interface)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, multicast_if)
    else:
        hops = (multicast_ttl or SITE_LOCAL_HOPS) if group == SITE_LOCAL_GROUP else 1
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
        if unicast_ttl is not None:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, unicast_ttl)
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface.index)


def membership(group: str, interface: Interface) -> bytes:
    """struct ip_mreqn for an IPv4 *group*; on Windows struct ip_mreq, which has no index."""
    address = next(address for address in interface.addresses if address.version == 4).packed
    packed = socket.inet_aton(group) + address
    return packed if sys.platform == "win32" else packed + struct.pack("@i", interface.index)


def socket_address(address: str, port: int, interface: Interface) -> Address:
    """The form in which the system takes *address* of *interface*, or a group there."""
    return (address, port, 0, scope_of(address, interface.index)) if ":" in address else (address, port)


def scope_of(address: str, index: int) -> int:
    """The scope of an IPv6 *address* on the interface with *index*; 0 unless the address exists on each link.

    Linux and macOS ignore a scope that an address does not need. Windows takes the one of FF05::C for the number of a
    site, which it checks (RFC 4007 §6).
    """
    parsed = ip_address(address)
    return index if parsed.is_link_local or address.lower() == LINK_LOCAL_GROUP else 0
