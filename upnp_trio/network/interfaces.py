"""Which interfaces and addresses this host has, and which of them a device is served on, with the reason.

`host_interfaces` looks; `choose` decides and touches nothing.
"""

from __future__ import annotations

import ipaddress
import sys
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

import attrs
import ifaddr

from upnp_trio.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Choice", "Interface", "choose", "host_interfaces"]


@attrs.frozen(kw_only=True)
class Interface:
    """A network interface of this host with the IPv4 addresses it has, as it was when looked at."""

    name: str
    index: int
    addresses: tuple[IPv4Interface, ...]
    is_up: bool = True
    is_loopback: bool = False
    is_point_to_point: bool = False
    is_multicast: bool = True

    def address_towards(self, peer: IPv4Address) -> IPv4Address | None:
        """The own address whose network *peer* is in; ``None`` if it is not on this link."""
        for address in self.addresses:
            if peer in address.network:
                return address.ip
        return None


@attrs.frozen
class Choice:
    """Whether an interface is served, and why, in words for the user.

    *interface* has only the addresses that are served.
    """

    interface: Interface
    served: bool
    reason: str


def host_interfaces() -> list[Interface]:
    """The interfaces of this host that have an IPv4 address, by index."""
    found: dict[str, tuple[int, list[IPv4Interface]]] = {}
    for adapter in ifaddr.get_adapters():
        # an address with a label comes as an adapter of its own: "eth0:1" is eth0
        name = (adapter.nice_name if sys.platform == "win32" else adapter.name).partition(":")[0]
        addresses = [IPv4Interface(f"{ip.ip}/{ip.network_prefix}") for ip in adapter.ips if isinstance(ip.ip, str)]
        if addresses:
            found.setdefault(name, (adapter.index or 0, []))[1].extend(addresses)
    return sorted(
        (
            Interface(name=name, index=index, addresses=tuple(addresses), **_flags(name, addresses))
            for name, (index, addresses) in found.items()
        ),
        key=lambda interface: interface.index,
    )


# <net/if.h>; the same numbers on Linux and the BSDs but for MULTICAST
_IFF_UP = 0x1
_IFF_LOOPBACK = 0x8
_IFF_POINTOPOINT = 0x10
_IFF_MULTICAST = 0x1000 if sys.platform == "linux" else 0x8000
_SIOCGIFFLAGS = 0x8913 if sys.platform == "linux" else 0xC0206911


def _flags(name: str, addresses: Sequence[IPv4Interface]) -> dict[str, bool]:
    is_loopback = all(address.is_loopback for address in addresses)
    if sys.platform == "win32":
        # Windows lists no flags this way; what it lists is up, and all of it takes multicast.
        return {"is_up": True, "is_loopback": is_loopback, "is_point_to_point": False, "is_multicast": True}
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        try:
            answer = fcntl.ioctl(asker, _SIOCGIFFLAGS, struct.pack("16s16x", name.encode()[:15]))
        except OSError:  # it went away between two looks
            return {"is_up": False, "is_loopback": is_loopback, "is_point_to_point": False, "is_multicast": False}
    flags = struct.unpack_from("H", answer, 16)[0]
    return {
        "is_up": bool(flags & _IFF_UP),
        "is_loopback": bool(flags & _IFF_LOOPBACK),
        "is_point_to_point": bool(flags & _IFF_POINTOPOINT),
        "is_multicast": bool(flags & _IFF_MULTICAST),
    }


def choose(interfaces: Iterable[Interface], wanted: Sequence[str] = ()) -> list[Choice]:
    """Decide for each interface whether to serve on it.

    *wanted* names interfaces, addresses or prefixes ("eth0", "192.0.2.7", "192.0.2.0/24"); empty means: all that
    are up, take multicast and are neither loopback nor point-to-point nor on public addresses alone, and
    loopback only when nothing else is left. Raises `NetworkError` for a wanted one that cannot be served.
    """
    interfaces = list(interfaces)
    if wanted:
        return _choose_wanted(interfaces, wanted)
    choices = [_judge(interface) for interface in interfaces]
    if not any(choice.served for choice in choices):
        choices = [
            Choice(_with_best_addresses(choice.interface), True, "loopback, as nothing else can be served")
            if choice.interface.is_loopback and choice.interface.is_up
            else choice
            for choice in choices
        ]
    return choices


def _judge(interface: Interface) -> Choice:
    if not interface.is_up:
        return Choice(interface, False, "down")
    if interface.is_loopback:
        return Choice(interface, False, "loopback: only this host could find the device")
    if interface.is_point_to_point:
        return Choice(interface, False, "point-to-point, such as a VPN; name it to serve it")
    if not interface.is_multicast:
        return Choice(interface, False, "no multicast")
    if all(address.ip.is_global for address in interface.addresses):
        return Choice(interface, False, "public addresses only; name it to serve it")
    return Choice(_with_best_addresses(interface), True, "up")


def _with_best_addresses(interface: Interface) -> Interface:
    """Link-local addresses only where there is nothing better, and one address for each network."""
    better = [address for address in interface.addresses if not address.is_link_local]
    by_network = {address.network: address for address in reversed(better or interface.addresses)}
    kept = tuple(address for address in interface.addresses if by_network.get(address.network) == address)
    return attrs.evolve(interface, addresses=kept)


def _choose_wanted(interfaces: list[Interface], wanted: Sequence[str]) -> list[Choice]:
    served: dict[str, list[IPv4Interface]] = {}
    for name in wanted:
        matches = [(interface, addresses) for interface in interfaces if (addresses := _matching(interface, name))]
        if not matches:
            known = "; ".join(
                f"{interface.name} ({', '.join(str(address.ip) for address in interface.addresses)})"
                for interface in interfaces
            )
            raise NetworkError(f"no interface or IPv4 address {name!r} on this host; it has {known or 'none'}")
        for interface, addresses in matches:
            if not interface.is_up:
                raise NetworkError(f"the interface {interface.name} is down; bring it up, or choose another one")
            served.setdefault(interface.name, []).extend(addresses)
    return [
        Choice(attrs.evolve(interface, addresses=tuple(dict.fromkeys(served[interface.name]))), True, "asked for")
        if interface.name in served
        else Choice(interface, False, "not asked for")
        for interface in interfaces
    ]


def _matching(interface: Interface, name: str) -> tuple[IPv4Interface, ...]:
    """The addresses of *interface* that *name* means."""
    if name == interface.name:
        return _with_best_addresses(interface).addresses
    try:
        network = ipaddress.IPv4Network(name)
    except ValueError:
        return ()
    return tuple(address for address in interface.addresses if address.ip in network)
