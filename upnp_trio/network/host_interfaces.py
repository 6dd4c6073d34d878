"""The interfaces and addresses that this host has now."""

from __future__ import annotations

import os
import sys
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface
from pathlib import Path
from typing import TYPE_CHECKING

import ifaddr

from upnp_trio.errors import NetworkError
from upnp_trio.network.flags import interface_flags, interface_index
from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface
from upnp_trio.network.system_errors import HIDDEN_ERRNOS, tolerated, translated

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["host_interfaces"]

_IPV6_ADDRESSES = Path("/proc/net/if_inet6")  # Linux

# How good an IPv6 address is: a temporary one (RFC 8981) is gone tomorrow, a tentative one cannot be bound yet.
_PREFERRED, _TEMPORARY, _DEPRECATED, _TENTATIVE, _DUPLICATE = range(5)


def host_interfaces() -> list[Interface]:
    """The interfaces of this host, by index, without the addresses that cannot be used yet.

    Raises `NetworkError` when the system cannot list them, for example because no file descriptor is left. An interface
    that is missing from the list is not there; none is ever left out because of an error.
    """
    # Each call below needs one descriptor at most and gives it back, so one that is free is enough.
    with translated("list the interfaces of this host"):
        try:
            return sorted(_look(), key=lambda interface: interface.index)
        except ValueError as error:  # ifaddr reads names as UTF-8, and expects netmasks without gaps
            raise NetworkError(f"cannot list the interfaces of this host: {error}") from error


def _look() -> Iterator[Interface]:
    states = _ipv6_states()
    found: dict[str, list[IpInterface]] = {}
    indices: dict[str, int | None] = {}
    for adapter in ifaddr.get_adapters(include_unconfigured=True):
        name = _name_of(adapter)
        found.setdefault(name, []).extend(map(_address, adapter.ips))
        indices.setdefault(name, adapter.index)
    for name, addresses in found.items():
        # ifaddr gives no index to an interface that went away, nor to one that it had no descriptor to ask for
        index = indices[name] or interface_index(name)
        flags = interface_flags(name, index)
        if index is None or flags is None:
            continue
        state_of = {address: states.get((name, address.ip), _PREFERRED) for address in addresses}
        usable = sorted((a for a in addresses if state_of[a] < _TENTATIVE), key=state_of.__getitem__)
        yield Interface(
            name=name,
            index=index,
            addresses=tuple(usable),
            pending=frozenset(ip for (where, ip), state in states.items() if (where, state) == (name, _TENTATIVE)),
            **flags,
        )


def _name_of(adapter: ifaddr.Adapter) -> str:
    if sys.platform == "win32":
        # A person knows the connection ("Wi-Fi", "Ethernet 2"), which ifaddr tells with each address. An adapter
        # without an address has the device's name alone.
        return adapter.ips[0].nice_name if adapter.ips else adapter.nice_name
    else:
        # an address with a label comes as an adapter of its own: "eth0:1" is eth0
        return adapter.name.partition(":")[0]


def _address(ip: ifaddr.IP) -> IpInterface:
    if isinstance(ip.ip, str):
        return IPv4Interface(f"{ip.ip}/{ip.network_prefix}")
    return IPv6Interface(f"{ip.ip[0].partition('%')[0]}/{ip.network_prefix}")


def _ipv6_states() -> dict[tuple[str, IpAddress], int]:
    """The state of each IPv6 address, by interface and address; empty where the system does not report it."""
    table = b""
    with tolerated(HIDDEN_ERRNOS):
        table = _IPV6_ADDRESSES.read_bytes()
    states: dict[tuple[str, IpAddress], int] = {}
    for line in table.splitlines():
        digits, _, _, _, flags, name = line.split()
        bits = int(flags, 16)
        state = _PREFERRED
        if bits & 0x01:  # IFA_F_TEMPORARY
            state = _TEMPORARY
        if bits & 0x20:  # IFA_F_DEPRECATED
            state = _DEPRECATED
        if bits & 0x40:  # IFA_F_TENTATIVE
            state = _TENTATIVE
        if bits & 0x08:  # IFA_F_DADFAILED
            state = _DUPLICATE
        states[os.fsdecode(name), IPv6Address(int(digits, 16))] = state
    return states
