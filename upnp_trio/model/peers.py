"""Which addresses count as one peer, where a bound is for each peer."""

from __future__ import annotations

from ipaddress import IPv6Address

__all__ = ["peer_of"]


def peer_of(address: str) -> str:
    """The peer of *address*: an IPv4 address itself, or the /64 of an IPv6 one, all of which a host may use."""
    if ":" not in address:
        return address
    ip = IPv6Address(address)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(IPv6Address(int(ip) >> 64 << 64))
