"""The address of a host from which a peer is reached."""

from __future__ import annotations

import socket
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

from upnp_trio.errors import NetworkError
from upnp_trio.network.interfaces import on_link
from upnp_trio.network.listeners import served_address
from upnp_trio.network.system_errors import translated
from upnp_trio.ssdp.messages import PORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface

__all__ = ["facing"]


def facing(
    address: IpAddress,
    zone: str,
    interfaces: Iterable[Interface],
    source_towards: Callable[[IpAddress], tuple[IpAddress, int]] | None = None,
) -> ServedAddress:
    """The address, of those of *interfaces*, from which a host reaches *address*; nothing is sent.

    *zone* is the name or the number of the interface that leads there. Without it, the host's routes decide, and an
    IPv6 link-local address is looked for on the only interface that has any. *source_towards* gives the address that
    the routes lead from, and the interface's number, or 0 where that is not said; by default it asks this system.
    Raises `NetworkError` if there is no way to *address*.
    """
    interfaces = list(interfaces)
    if not zone and address.version == 6 and address.is_link_local:
        zone = str(_only_zone(address, interfaces).index)
    if zone:
        return _facing_in_zone(address, zone, interfaces)
    with translated(f"find a way to {address}"):
        source, index = (source_towards or _source_towards)(address)
    for interface in interfaces:
        if index in (0, interface.index) and any(own.ip == source for own in interface.addresses):
            return served_address(source, interface)
    raise NetworkError(f"there is no way to {address}: it leads from {source}, which no interface has any more")


def _only_zone(address: IpAddress, interfaces: list[Interface]) -> Interface:
    with_own = [each for each in interfaces if any(own.ip == address for own in each.addresses)]
    with_any = [
        each for each in interfaces if each.is_up and any(own.ip.is_link_local for own in each.of_family(6).addresses)
    ]
    found = with_own or with_any
    if len(found) == 1:
        return found[0]
    names = ", ".join(each.name for each in found) or "none"
    raise NetworkError(
        f"there is no way to {address} without its zone; write the interface behind it, as in {address}%eth0 "
        f"(this host has: {names})"
    )


def _facing_in_zone(address: IpAddress, zone: str, interfaces: list[Interface]) -> ServedAddress:
    for interface in interfaces:
        if zone in (interface.name, str(interface.index)):
            own = sorted(interface.of_family(address.version).addresses, key=partial(_distance, address))
            if own and interface.is_up:
                return served_address(own[0].ip, interface)
            problem = f"has no address of IPv{address.version}" if interface.is_up else "is down"
            raise NetworkError(f"there is no way to {address} on {interface.name}, which {problem}")
    names = ", ".join(interface.name for interface in interfaces)
    raise NetworkError(f"there is no way to {address}%{zone}: no interface {zone!r} on this host; it has {names}")


def _distance(address: IpAddress, own: IpInterface) -> tuple[bool, ...]:
    """How far *own* is from *address*: the nearest is equal, the next on its link, the next of its scope."""
    return own.ip != address, address not in on_link(own), own.is_link_local != address.is_link_local


def _source_towards(address: IpAddress) -> tuple[IpAddress, int]:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((str(address), PORT))  # sends nothing; the port does not matter
        source, _, *rest = probe.getsockname()
    return ip_address(source), rest[1] if rest else 0
