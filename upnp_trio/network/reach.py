"""Where a URL that a stranger announced may lead a request of ours: to a neighbour on the link, and nowhere else (H11).

A forged answer could otherwise send us to a service of this very host, to the metadata service of a cloud, or into
another network, with our address as the sender (VU#411059, arvidn/libtorrent#8714).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from upnp_trio.errors import UnsafeUrl
from upnp_trio.network.interfaces import on_link

if TYPE_CHECKING:
    from upnp_trio.model.literal_url import LiteralUrl
    from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface

__all__ = ["METADATA_ADDRESSES", "own_address_towards"]

# Services that give a cloud machine its credentials, at addresses that look like those of neighbours. A device that has
# drawn one of the first two by chance (one in 65,000) is lost.
METADATA_ADDRESSES: frozenset[IpAddress] = frozenset(
    {
        IPv4Address("169.254.169.254"),  # most clouds
        IPv4Address("169.254.170.2"),  # containers of one of them
        IPv4Address("169.254.169.253"),  # its name service
        IPv4Address("100.100.100.200"),
        IPv4Address("192.0.0.192"),
        IPv6Address("fd00:ec2::254"),
        IPv6Address("fd00:ec2::253"),
        IPv6Address("fd20:ce::254"),
    }
)
_BROADCAST = IPv4Address("255.255.255.255")


def own_address_towards(url: LiteralUrl, interface: Interface, sender: str) -> IpInterface:
    """The address of *interface* that a request to *url* leaves from; *sender* announced it on that interface.

    *url* must lead to a neighbour: into a network of the interface, or to a link-local address. An IPv4 link-local
    address counts only if it is the sender's own or the interface has one, too. Raises `UnsafeUrl`, which says why not.
    """
    address = url.address
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
    if candidates and address.is_link_local and (address.version == 6 or address == ip_address(sender)):
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
    return UnsafeUrl(f"{url} is not fetched: {url.address} {reason}")
