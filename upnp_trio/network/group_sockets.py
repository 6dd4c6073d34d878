"""The sockets that receive what is sent to SSDP's groups, and to the broadcast addresses, on one interface.

All share port 1900 with other programs. Windows binds no socket to a group: a device has none of these there, and a
control point has sockets that are bound to no address.
"""

from __future__ import annotations

import socket
import struct
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.network.endpoint import Receiver
from upnp_trio.network.holders import port_holder
from upnp_trio.network.system_errors import UNSUPPORTED_ERRNOS, OutOfResources, tolerated, translated
from upnp_trio.network.udp_sockets import group_of, membership, open_udp_socket
from upnp_trio.ssdp.messages import PORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.network.interfaces import Interface

__all__ = ["join_group", "naming_the_holder", "open_group_receivers", "open_receivers"]

# Linux: without these, a socket receives the groups that any other socket of this host has joined, on any interface.
_IP_MULTICAST_ALL = 49
_IPV6_MULTICAST_ALL = 29


def open_group_receivers(interface: Interface, stack: ExitStack) -> list[Receiver]:
    """Receive what is sent to the groups and the broadcast addresses of *interface*, until *stack* is closed.

    Raises `NetworkError`.
    """
    opened: list[socket.socket] = []
    if sys.platform != "win32":
        opened += [_open_group(group, interface, stack) for group in dict.fromkeys(map(group_of, interface.addresses))]
    return [Receiver(receiver, True) for receiver in opened + _open_broadcast(interface, stack)]


@contextmanager
def open_receivers(interface: Interface) -> Iterator[tuple[Receiver, ...]]:
    """Receive what is sent to all on *interface*, and leave to devices what is sent to its addresses.

    Raises `NetworkError`, and then nothing stays open.
    """
    with ExitStack() as stack:
        with naming_the_holder():
            if sys.platform == "win32":
                groups = dict.fromkeys(map(group_of, interface.addresses))
                receivers = [_open_member(group, interface, stack) for group in groups]
            else:
                receivers = open_group_receivers(interface, stack)
        yield tuple(receivers)


@contextmanager
def naming_the_holder() -> Iterator[None]:
    """Add the program that holds port 1900, if it is known, to `PortTaken`."""
    try:
        yield
    except PortTaken as taken:
        holder = port_holder(PORT)
        if holder is None:
            raise
        raise PortTaken(f"{taken} ({holder} holds it)") from taken


def _open_group(group: str, interface: Interface, stack: ExitStack) -> socket.socket:
    # membership of a site-local group does not show the interface that a datagram arrived on; the binding does
    receiver = open_udp_socket(group, PORT, interface, stack, bind_to_device=":" in group)
    if sys.platform == "linux":
        level, option = (
            (socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL) if ":" in group else (socket.IPPROTO_IP, _IP_MULTICAST_ALL)
        )
        # Linux has IPv6's since 4.20; before, the binding to the interface has to do
        with translated(f"receive {group} on {interface.name} alone"), tolerated(UNSUPPORTED_ERRNOS):
            receiver.setsockopt(level, option, 0)
    join_group(receiver, group, interface)
    return receiver


def _open_member(group: str, interface: Interface, stack: ExitStack) -> Receiver:
    """Windows: a socket at no address that is a member of *group*.

    What is sent to an address goes to the socket that is bound to it, if there is one: a device of this host ("Using
    SO_REUSEADDR and SO_EXCLUSIVEADDRUSE").
    """
    receiver = open_udp_socket("::" if ":" in group else "0.0.0.0", PORT, interface, stack)
    join_group(receiver, group, interface)
    return Receiver(receiver, None)


def join_group(receiver: socket.socket, group: str, interface: Interface) -> None:
    """Let *receiver* get what is sent to *group* on *interface*. Raises `NetworkError`."""
    with translated(f"join {group} on {interface.name} ({interface.addresses[0].ip})"):
        if ":" in group:
            packed = socket.inet_pton(socket.AF_INET6, group)
            receiver.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, packed + struct.pack("@I", interface.index)
            )
        else:
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership(group, interface))


def _open_broadcast(interface: Interface, stack: ExitStack) -> list[socket.socket]:
    """Receivers of searches that are sent to the broadcast addresses; there are none where the system refuses them."""
    opened: list[socket.socket] = []
    addresses = [address for address in interface.addresses if address.version == 4]
    if sys.platform == "linux" and addresses and not interface.is_loopback:
        own = {str(address.network.broadcast_address) for address in addresses if address.network.prefixlen < 31}
        for address in [*sorted(own), "255.255.255.255"]:
            try:
                opened.append(open_udp_socket(address, PORT, interface, stack, bind_to_device=True))
            except OutOfResources:  # that is no refusal: a later attempt opens them
                raise
            except NetworkError:
                continue
    return opened
