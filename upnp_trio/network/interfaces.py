"""A host's interfaces and addresses as values, and the choice of those to serve a device on, with the reason."""

from __future__ import annotations

import ipaddress
import re
import sys
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, IPv6Network
from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "Choice",
    "Interface",
    "InterfaceAddress",
    "IpAddress",
    "IpInterface",
    "choose",
    "is_container_bridge",
    "missing",
    "on_link",
    "require_names",
]

IpAddress = IPv4Address | IPv6Address
IpInterface = IPv4Interface | IPv6Interface

# Bridges that container and VM engines make for their guests. Only the guests would find the device there, and no other
# machine of a home reaches it. A bridge with another name may be the host's own way to the network (br0, br-lan,
# vmbr0), so it is not among these.
_CONTAINER_BRIDGE = re.compile(
    r"docker\d+|docker_gwbridge|br-[0-9a-f]{12}|virbr\d+|lxcbr\d+|lxdbr\d+|incusbr\d+|podman\d+|cni\d+|cni-podman\d+"
    r"|cbr\d+|nerdctl\d+|flannel\.\d+|vmnet\d+|vboxnet\d+"
    # of Windows: Hyper-V's network behind this host, WSL's, that of its containers, VMware's and VirtualBox's
    r"|vEthernet \((Default Switch|WSL.*|nat)\)|VMware Network Adapter VMnet\d+|VirtualBox Host-Only .*"
)
# What `--interface` takes. Connections of Windows have names of several words.
_NAME = r"[^\s/]([^\t\r\n/]{0,254}[^\s/])?(/\d{1,3})?" if sys.platform == "win32" else r"[^\s/]{1,64}(/\d{1,3})?"
# Apple's links to devices nearby, for AirDrop and its like: no home network is behind them.
_NEARBY_LINK = re.compile(r"(awdl|llw|nan)\d+")


@attrs.frozen
class InterfaceAddress:
    """An address on the interface with *index*. Two interfaces may have the same link-local address."""

    index: int
    ip: IpAddress


@attrs.frozen(kw_only=True)
class Interface:
    """A network interface of a host, with the addresses that it had at one moment."""

    #: the system's name, such as ``eth0``
    name: str
    #: the system's number of the interface
    index: int
    #: each with the length of its prefix
    addresses: tuple[IpInterface, ...]
    #: whether it is enabled and has a link
    is_up: bool = True
    is_loopback: bool = False
    #: whether it leads to one other host, as a VPN does
    is_point_to_point: bool = False
    #: whether it can send to a group
    is_multicast: bool = True
    #: whether it is a member of a bridge, which has the addresses
    is_bridge_port: bool = False
    #: addresses that cannot be used yet, because the system is still checking them (IPv6, for a second or two)
    pending: frozenset[IpAddress] = attrs.field(default=frozenset(), eq=False)

    def of_family(self, version: int) -> Interface:
        """This interface with its addresses of one IP version."""
        return attrs.evolve(self, addresses=tuple(a for a in self.addresses if a.version == version))


def on_link(address: IpInterface) -> ipaddress.IPv4Network | IPv6Network:
    """The network whose addresses are neighbours of *address*.

    The prefix of a DHCPv6 address has 128 bits, which does not describe its link. The prefix of the link has 64
    (RFC 4291 §2.5.4).
    """
    network = address.network
    if isinstance(network, IPv6Network) and network.prefixlen > 64 and not address.is_loopback:
        return network.supernet(new_prefix=64)
    return network


@attrs.frozen
class Choice:
    """Whether an interface is served, and the reason in words for the user.

    If it is served, *interface* has only the addresses that it is served with.
    """

    interface: Interface
    served: bool
    reason: str


def choose(
    interfaces: Iterable[Interface], wanted: Sequence[str] = (), *, ipv4: bool = True, ipv6: bool = True
) -> list[Choice]:
    """Decide for each interface whether to serve on it, and with which addresses.

    *wanted* names interfaces, addresses or prefixes ("eth0", "192.0.2.7", "192.0.2.0/24"). What is wanted but missing
    or down is not served yet.

    Without *wanted*, an interface is served if it is up and takes multicast, unless it is loopback, point-to-point, a
    port of a bridge or a container engine's bridge, or has no IPv4 addresses but public ones. If that leaves none,
    container bridges are served, and if there are none, loopback.
    """
    versions = {version for version, on in ((4, ipv4), (6, ipv6)) if on}
    candidates = [
        attrs.evolve(interface, addresses=tuple(a for a in interface.addresses if a.version in versions))
        for interface in interfaces
    ]
    if wanted:
        return [_judge_wanted(interface, wanted) for interface in candidates]
    choices = [_judge(interface) for interface in candidates]
    for is_fallback, reason in _FALLBACKS:
        if any(choice.served for choice in choices):
            break
        choices = [
            Choice(_plainest(choice.interface), True, reason)
            if choice.interface.is_up and choice.interface.addresses and is_fallback(choice.interface)
            else choice
            for choice in choices
        ]
    return choices


def is_container_bridge(name: str) -> bool:
    """Whether container or VM engines give this *name* to the bridges of their guests."""
    return _CONTAINER_BRIDGE.fullmatch(name) is not None


_FALLBACKS = (
    (
        lambda interface: is_container_bridge(interface.name),
        "a container engine's bridge, as nothing else can be served",
    ),
    (lambda interface: interface.is_loopback, "loopback, as nothing else can be served"),
)


def _judge(interface: Interface) -> Choice:
    public = [address for address in interface.addresses if address.version == 4 and address.ip.is_global]
    if not interface.is_up:
        return Choice(interface, False, "down")
    if interface.is_loopback:
        return Choice(interface, False, "loopback: only this host could find the device")
    if interface.is_point_to_point:
        return Choice(interface, False, "point-to-point, such as a VPN; name it to serve it")
    if not interface.is_multicast:
        return Choice(interface, False, "no multicast")
    if interface.is_bridge_port:
        return Choice(interface, False, "a port of a bridge, which is served in its place; name it to serve it")
    if is_container_bridge(interface.name):
        return Choice(interface, False, "a container engine's bridge; name it to serve it")
    if _NEARBY_LINK.fullmatch(interface.name):
        return Choice(interface, False, "Apple's link to devices nearby (AirDrop); name it to serve it")
    if public and len(public) == sum(address.version == 4 for address in interface.addresses):
        return Choice(interface, False, "public addresses only; name it to serve it")
    if not interface.addresses:
        return Choice(interface, False, "no address")
    return Choice(_with_best_addresses(interface), True, "up")


def _with_best_addresses(interface: Interface) -> Interface:
    """*interface* with one address for each network, and with IPv4 link-local ones only if there is no other.

    An IPv6 link-local address always stays, as half of the announcements are sent from it (UDA 2.0 §A.2.3).
    """
    better = [a for a in interface.addresses if a.version == 4 and not a.is_link_local]
    kept: dict[object, IpInterface] = {}
    for address in interface.addresses:
        if address.version == 6 or not better or address in better:
            kept.setdefault(on_link(address), address)
    return attrs.evolve(interface, addresses=tuple(kept.values()))


def _plainest(interface: Interface) -> Interface:
    """*interface* as a fallback: with IPv4 alone if possible, which every program on this host and its guests has."""
    best = _with_best_addresses(interface)
    ipv4 = best.of_family(4)
    return ipv4 if ipv4.addresses else best


def _judge_wanted(interface: Interface, wanted: Sequence[str]) -> Choice:
    served = dict.fromkeys(address for name in wanted for address in _matching(interface, name))
    if not served:
        asked = interface.name in wanted
        return Choice(interface, False, "asked for, but without an address" if asked else "not asked for")
    if not interface.is_up:
        return Choice(interface, False, "asked for, but down")
    return Choice(attrs.evolve(interface, addresses=tuple(served)), True, "asked for")


def missing(interfaces: Iterable[Interface], wanted: Sequence[str]) -> str | None:
    """The first of *wanted* that a host with *interfaces* lacks, in words for the user; ``None`` if it has them all."""
    interfaces = list(interfaces)
    for name in wanted:
        if not any(name == interface.name or _matching(interface, name) for interface in interfaces):
            known = "; ".join(
                f"{interface.name} ({', '.join(str(address.ip) for address in interface.addresses) or 'no address'})"
                for interface in interfaces
            )
            return f"no interface or address {name!r} on this host; it has {known or 'none'}"
    return None


def _matching(interface: Interface, name: str) -> tuple[IpInterface, ...]:
    """The addresses of *interface* that *name* names."""
    if name == interface.name:
        return _with_best_addresses(interface).addresses
    try:
        wanted = ipaddress.ip_interface(name)
    except ValueError:
        return ()
    if wanted.ip != wanted.network.network_address:  # "192.0.2.7/24", as tools print an address
        return tuple(address for address in interface.addresses if address.ip == wanted.ip)
    return tuple(address for address in interface.addresses if address.ip in wanted.network)


def require_names(wanted: Sequence[str]) -> None:
    """Raise `NetworkError` if one of *wanted* cannot be the name of an interface, an address or a prefix."""
    for name in wanted:
        if not re.fullmatch(_NAME, name):
            raise NetworkError(f"{name!r} is not an interface name, an address or a prefix such as 192.0.2.0/24")
