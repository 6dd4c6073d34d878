"""What the system says of an interface beside its addresses; each system in its own way."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Interface, IPv6Interface

__all__ = ["InterfaceFlags", "hardware_addresses", "interface_flags"]


class InterfaceFlags(TypedDict):
    """The facts that decide whether a device can be served on an interface."""

    is_up: bool
    is_loopback: bool
    is_point_to_point: bool
    is_multicast: bool
    is_bridge_port: bool


if sys.platform == "win32":

    def interface_flags(name: str, addresses: Sequence[IPv4Interface | IPv6Interface]) -> InterfaceFlags:
        """Windows lists no flags this way; what it lists is up, and all of it takes multicast."""
        return {
            "is_up": True,
            "is_loopback": all(address.is_loopback for address in addresses),
            "is_point_to_point": False,
            "is_multicast": True,
            "is_bridge_port": False,
        }

    def hardware_addresses() -> list[tuple[str, bytes]]:
        """Left to `uuid.getnode` on this system."""
        return []

else:
    import fcntl
    import socket
    import struct

    # <net/if.h>, <linux/sockios.h>; the BSDs have the same flags but for MULTICAST
    _IFF_UP = 0x1
    _IFF_LOOPBACK = 0x8
    _IFF_POINTOPOINT = 0x10
    _IFF_MULTICAST = 0x1000 if sys.platform == "linux" else 0x8000
    _IFF_RUNNING = 0x40
    _SIOCGIFFLAGS = 0x8913 if sys.platform == "linux" else 0xC0206911
    _SIOCGIFHWADDR = 0x8927  # Linux

    def interface_flags(name: str, addresses: Sequence[IPv4Interface | IPv6Interface]) -> InterfaceFlags:
        """The flags of the interface *name*; down if it went away between two looks.

        An interface without a carrier (the cable is out) counts as down: nobody receives us there.
        """
        try:
            (flags,) = struct.unpack_from("H", _ask(_SIOCGIFFLAGS, name), 16)
        except OSError:
            flags = 0
        return {
            "is_up": bool(flags & _IFF_UP and flags & _IFF_RUNNING),
            "is_loopback": bool(flags & _IFF_LOOPBACK),
            "is_point_to_point": bool(flags & _IFF_POINTOPOINT),
            "is_multicast": bool(flags & _IFF_MULTICAST),
            "is_bridge_port": Path(f"/sys/class/net/{name}/brport").exists(),  # Linux; no such path elsewhere
        }

    def hardware_addresses() -> list[tuple[str, bytes]]:
        """Name and hardware address of each interface that has one (Linux), by index."""
        found: list[tuple[str, bytes]] = []
        for _, name in sorted(socket.if_nameindex()) if sys.platform == "linux" else ():
            try:
                answer = _ask(_SIOCGIFHWADDR, name)
            except OSError:  # it went away between two looks
                continue
            family, hardware = struct.unpack_from("H6s", answer, 16)
            if family == 1 and any(hardware):  # ARPHRD_ETHER
                found.append((name, hardware))
        return found

    def _ask(request: int, name: str) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            return fcntl.ioctl(asker, request, struct.pack("16s24x", name.encode()[:15]))
