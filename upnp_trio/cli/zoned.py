"""Addresses with the zone that they need (RFC 4007 §11)."""

from __future__ import annotations

from ipaddress import ip_address

__all__ = ["zoned"]


def zoned(address: str, interface: str) -> str:
    """*address* of a neighbour on *interface* as a user can give it to a program: with its zone if it needs one.

    >>> zoned("fe90::1", "eth0"), zoned("192.0.2.7", "eth0")
    ('fe90::1%eth0', '192.0.2.7')
    """
    return f"{address}%{interface}" if ":" in address and ip_address(address).is_link_local else address
