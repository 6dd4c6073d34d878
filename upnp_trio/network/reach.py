"""Where a URL that a stranger gave may lead: to a neighbour on the link that it came in on, and nowhere else (H11).

Whoever can send one datagram chooses the LOCATION that a control point fetches. Without a rule, that is a way to
services that trust this host: those that listen on loopback, those behind its other interfaces, and the metadata
service that gives a cloud's credentials to whatever runs on it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import TYPE_CHECKING

from upnp_trio.errors import UnsafeUrl
from upnp_trio.model.literal_url import unmapped, without_zone

if TYPE_CHECKING:
    from collections.abc import Collection
    from ipaddress import IPv6Network

    from upnp_trio.model.literal_url import IpAddress, LiteralUrl

__all__ = ["METADATA_ADDRESSES", "check_location"]

# Where clouds serve credentials, names and scripts to their machines, without a password. Such an address may look like
# a neighbour's: most are link-local, and an address plan may contain the others. No device has one of them.
METADATA_ADDRESSES: frozenset[IpAddress] = frozenset(
    ip_address(text)
    for text in (
        "169.254.169.254",  # Amazon, Google, Microsoft, Oracle, DigitalOcean, OpenStack and most others
        "169.254.170.2",  # credentials of a container on Amazon ECS
        "169.254.170.23",  # credentials of a pod on Amazon EKS
        "169.254.169.253",  # Amazon's resolver, link-local form
        "169.254.169.123",  # Amazon's time service
        "169.254.0.23",  # Tencent
        "169.254.42.42",  # Scaleway
        "168.63.129.16",  # Microsoft's host agent
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle, before 2018
        "fd00:ec2::254",  # Amazon
        "fd00:ec2::253",  # Amazon's resolver
        "fd00:ec2::23",  # credentials of a pod on Amazon EKS
        "fd20:ce::254",  # Google
        "fd00:c1::a9fe:a9fe",  # Oracle
        "fd00:42::42",  # Scaleway
        "fe80::a9fe:a9fe",  # OpenStack
    )
)
_BROADCAST = IPv4Address("255.255.255.255")
_LINK_LOCAL_V4 = IPv4Network("169.254.0.0/16")


def check_location(
    url: LiteralUrl, links: Collection[IPv4Network | IPv6Network], sender: str, is_loopback: bool
) -> None:
    """Raise `UnsafeUrl` if *url* leads to anything but a neighbour, or to this host beside it.

    *links* are the networks of the interface that *url* came in on, *is_loopback* says whether that is loopback, and
    *sender* is the address that *url* came from. A link-local IPv6 address is reached on that interface and no other,
    whatever zone *url* names (RFC 6874 §1), so it is a neighbour's.
    """
    address = unmapped(without_zone(url.address))
    if (reason := _objection(address, links, unmapped(ip_address(sender)), is_loopback)) is not None:
        raise UnsafeUrl(f"{url.text[:200]} leads to {reason}; it came from {sender} and is not fetched")
    if not 1 <= url.port <= 65535:
        raise UnsafeUrl(f"{url.text[:200]} has the port {url.port}; it came from {sender} and is not fetched")


def _objection(
    address: IpAddress, links: Collection[IPv4Network | IPv6Network], sender: IpAddress, is_loopback: bool
) -> str | None:
    """What *address* is that no device's address is."""
    if address.is_unspecified:
        return "the unspecified address"
    if address.is_multicast:
        return "a multicast group"
    if address in METADATA_ADDRESSES:
        return "a cloud's metadata service"
    if address.is_loopback:
        return None if is_loopback else "this host itself (loopback)"
    if address == _BROADCAST:
        return "all hosts (broadcast)"
    if isinstance(address, IPv4Address) and address.is_link_local:
        has_such = any(isinstance(link, IPv4Network) and link.overlaps(_LINK_LOCAL_V4) for link in links)
        if not has_such and address != sender:
            return "a link-local address that is not its sender's, where this interface has none"
        links = [*links, _LINK_LOCAL_V4]
    elif address.is_link_local:
        return "a link-local address, which loopback does not have" if is_loopback else None
    link = next((link for link in links if address in link), None)
    if link is None:
        return "another link than the one it came from"
    if isinstance(link, IPv4Network) and link.prefixlen < 31:
        if address == link.broadcast_address:
            return f"all hosts of {link} (broadcast)"
        if address == link.network_address:
            return f"the network {link} itself, which is no host"
    return None
