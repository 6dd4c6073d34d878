"""Where a URL that a stranger announced may lead a request of ours: to a neighbour on the link, and nowhere else (H11).

Anyone who can send one datagram chooses the LOCATION that a control point fetches (VU#411059, arvidn/libtorrent#8714).
Without a rule, that is a way to services that trust this host: those that listen on loopback, those behind its other
interfaces, and the metadata service that gives a cloud's credentials to whatever runs on it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING

from upnp_trio.errors import UnsafeUrl
from upnp_trio.model.literal_url import unmapped, without_zone
from upnp_trio.network.interfaces import on_link

if TYPE_CHECKING:
    from upnp_trio.model.literal_url import LiteralUrl
    from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface

__all__ = ["METADATA_ADDRESSES", "own_address_towards"]

# Where clouds serve credentials, names and scripts to their machines, without a password. Such an address may look like
# a neighbour's: most are link-local, and the prefix of an interface may contain the others. A device that has drawn one
# of the first by chance (one in 65,000) is lost.
METADATA_ADDRESSES: frozenset[IpAddress] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # Amazon, Google, Microsoft, Oracle, DigitalOcean, OpenStack and most others
        "169.254.170.2",  # a container's credentials on Amazon ECS
        "169.254.170.23",  # a pod's credentials on Amazon EKS
        "169.254.169.253",  # Amazon's resolver
        "169.254.169.123",  # Amazon's clock
        "169.254.0.23",  # Tencent
        "169.254.42.42",  # Scaleway
        "168.63.129.16",  # Microsoft's host agent
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle, in its older regions
        "fd00:ec2::254",  # Amazon
        "fd00:ec2::253",  # Amazon's resolver
        "fd00:ec2::23",  # a pod's credentials on Amazon EKS
        "fd20:ce::254",  # Google
        "fd00:c1::a9fe:a9fe",  # Oracle
        "fd00:42::42",  # Scaleway
        "fe80::a9fe:a9fe",  # OpenStack
    )
)
# Enough of a URL for a person to know it again.
MAX_SHOWN_CHARACTERS = 200
_BROADCAST = IPv4Address("255.255.255.255")


def own_address_towards(url: LiteralUrl, interface: Interface, sender: str) -> IpInterface:
    """The address of *interface* that a request to *url* leaves from; *sender* announced it on that interface.

    *url* must lead to a neighbour: into a network of the interface, or to a link-local address. It may be an address of
    this very host there, for a device beside us. An IPv4 link-local address counts only if it is the sender's own or
    the interface has one, too. An IPv6 one is reached on this interface and no other, whatever zone *url* names (RFC
    6874 §1). Raises `UnsafeUrl`, which says why not.
    """
    address = unmapped(without_zone(url.address))
    if not 1 <= url.port <= 65535:
        raise _unsafe(url, f"has no port {url.port}")
    if address in METADATA_ADDRESSES:
        raise _unsafe(url, "is where clouds keep their machines' credentials")
    if address.is_unspecified or address.is_multicast or address == _BROADCAST or _is_edge(address, interface):
        raise _unsafe(url, "is no host's address")
    if address.is_loopback and not interface.is_loopback:
        raise _unsafe(url, "is this host itself")
    candidates = [own for own in interface.addresses if own.version == address.version]
    for own in candidates:
        if address in on_link(own):
            return own
    is_sender = address == unmapped(without_zone(ip_address(sender)))
    if candidates and address.is_link_local and (address.version == 6 or is_sender) and not interface.is_loopback:
        return min(candidates, key=lambda own: not own.is_link_local)
    raise _unsafe(url, f"is not on the link of {interface.name}, where it was announced")


def _is_edge(address: IpAddress, interface: Interface) -> bool:
    """Whether *address* is the network's own or its broadcast address."""
    networks = (on_link(own) for own in interface.addresses if own.version == 4)
    return any(
        network.prefixlen < 31 and address in (network.network_address, network.broadcast_address)
        for network in networks
    )


def _unsafe(url: LiteralUrl, reason: str) -> UnsafeUrl:
    return UnsafeUrl(f"{url.text[:MAX_SHOWN_CHARACTERS]} is not fetched: {url.address} {reason}")
