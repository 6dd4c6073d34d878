"""How the sockets of SSDP are opened on an interface, by the rules of each system.

An endpoint has several sockets. The socket of a datagram then shows on which interface it arrived, and whether it
was sent to a group. That needs no look at HOST, which many searchers fill in wrongly, and no ancillary data, which
would cost time for each datagram:

- one bound to each group, and a member of it on this interface alone;
- one for each served address, its `Sender`, which receives unicast searches and sends everything;
- one for each broadcast address, as some control points search by broadcast (node-sonos #73).

All share port 1900 with other programs. Windows binds no socket to a group: there a sender of each group joins it, and
a search that has MX counts as multicast.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from upnp_trio.errors import PortTaken
from upnp_trio.network.endpoint import Endpoint, Receiver, Sender
from upnp_trio.network.group_sockets import join_group, naming_the_holder, open_group_receivers
from upnp_trio.network.system_errors import translated
from upnp_trio.network.udp_sockets import (
    REPLY_TTL,
    group_of,
    host_of,
    open_udp_socket,
    set_up_sending,
    socket_address,
)
from upnp_trio.ssdp.advertising import Origin
from upnp_trio.ssdp.messages import PORT

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface

__all__ = ["open_endpoint"]

# SEARCHPORT is one of the dynamic ports (UDA 2.0 §1.2.2).
SEARCH_PORTS = range(49152, 65536)


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
        with naming_the_holder():
            endpoint = _open(interface, base_urls, stack, listen=listen, multicast_ttl=multicast_ttl)
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
    if sys.platform == "win32" and listen:
        # one sender for each group, or what is sent to the group would arrive once for each address
        by_group = {group_of(address): senders[address.ip] for address in reversed(interface.addresses)}
        for group, sender in by_group.items():
            join_group(sender.socket, group, interface)
    receivers: list[Receiver] = []
    if listen:
        receivers += [
            Receiver(sender.socket, None if sys.platform == "win32" else False) for sender in senders.values()
        ]
        receivers += open_group_receivers(interface, stack)
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
        set_up_sending(opened, address, interface, multicast_ttl=multicast_ttl, unicast_ttl=REPLY_TTL)
    return Sender(
        interface=interface,
        address=address.ip,
        socket=opened,
        group=socket_address(group, PORT, interface),
        origin=Origin(
            base_url=base_url,
            host=host_of(group),
            search_port=search_port,
            adds_nls=address.version == 6,
        ),
    )


def _open_at(
    address: IpInterface, interface: Interface, stack: ExitStack, *, listen: bool
) -> tuple[socket.socket, int | None]:
    """A socket at *address*: on port 1900, or on another one, with its number (SEARCHPORT, UDA 2.0 §1.2.2)."""
    if not listen:
        return open_udp_socket(str(address.ip), 0, interface, stack), None
    try:
        return open_udp_socket(str(address.ip), PORT, interface, stack), None
    except PortTaken as taken:
        for port in SEARCH_PORTS:
            with suppress(PortTaken):
                return open_udp_socket(str(address.ip), port, interface, stack), port
        raise taken from None
