"""The flags and the index of an interface, as each system reports them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TypedDict

from upnp_trio.network.system_errors import HIDDEN_ERRNOS, INTERFACE_GONE_ERRNOS, tolerated, translated

__all__ = ["InterfaceFlags", "hardware_addresses", "interface_flags", "interface_index"]


class InterfaceFlags(TypedDict):
    """The facts that decide whether a device can be served on an interface."""

    is_up: bool
    is_loopback: bool
    is_point_to_point: bool
    is_multicast: bool
    is_bridge_port: bool


if sys.platform == "win32":
    from upnp_trio.network.windows import interface_row

    def interface_flags(name: str, index: int | None) -> InterfaceFlags | None:
        """The flags of the interface with *index*; ``None`` if it is gone. Windows does not say what takes multicast.

        Windows lists the addresses of interfaces that are not connected, too, and no socket can have them.
        """
        row = None if index is None else interface_row(index)
        if row is None:
            return None
        return {
            "is_up": row.is_up,
            "is_loopback": row.is_loopback,
            "is_point_to_point": row.is_point_to_point,
            "is_multicast": True,
            "is_bridge_port": False,
        }

    def interface_index(name: str) -> int | None:
        """The index of the interface *name*. Windows lists each interface with its index, so this one is gone."""
        return None

    def hardware_addresses() -> list[tuple[str, bytes]]:
        """Nothing: `uuid.getnode` asks Windows for them."""
        return []

else:
    import fcntl
    import socket
    import struct

    # <net/if.h>, <linux/sockios.h>; the BSDs have the same flags except MULTICAST
    _IFF_UP = 0x1
    _IFF_LOOPBACK = 0x8
    _IFF_POINTOPOINT = 0x10
    _IFF_MULTICAST = 0x1000 if sys.platform == "linux" else 0x8000
    _IFF_RUNNING = 0x40
    _SIOCGIFFLAGS = 0x8913 if sys.platform == "linux" else 0xC0206911
    _SIOCGIFHWADDR = 0x8927  # Linux
    _SIOCGIFINDEX = 0x8933  # Linux

    def interface_flags(name: str, index: int | None) -> InterfaceFlags | None:
        """The flags of the interface *name*; ``None`` if it is gone. Raises `OSError` if it cannot be read.

        An interface without a carrier (the cable is out) counts as down, as no datagram leaves it.
        """
        answer = _ask(_SIOCGIFFLAGS, name)
        if answer is None:
            return None
        (flags,) = struct.unpack_from("H", answer, 16)
        return {
            "is_up": bool(flags & _IFF_UP and flags & _IFF_RUNNING),
            "is_loopback": bool(flags & _IFF_LOOPBACK),
            "is_point_to_point": bool(flags & _IFF_POINTOPOINT),
            "is_multicast": bool(flags & _IFF_MULTICAST),
            "is_bridge_port": _is_bridge_port(name),
        }

    def interface_index(name: str) -> int | None:
        """The index of the interface *name*; ``None`` if it is gone. Raises `OSError` if it cannot be read."""
        if sys.platform == "linux":
            answer = _ask(_SIOCGIFINDEX, name)
            return None if answer is None else int(struct.unpack_from("i", answer, 16)[0])
        else:
            return None  # the BSDs need no descriptor to find an index, so ifaddr finds it unless the interface is gone

    def hardware_addresses() -> list[tuple[str, bytes]]:
        """Name and hardware address of each Ethernet interface, by index; on Linux alone.

        Raises `NetworkError` when they cannot be listed: the host's identity depends on them, so none may be missed.
        """
        found: list[tuple[str, bytes]] = []
        with translated("read the hardware addresses of this host"):
            for _, name in sorted(socket.if_nameindex()) if sys.platform == "linux" else ():
                answer = _ask(_SIOCGIFHWADDR, name)
                if answer is None:
                    continue
                family, hardware = struct.unpack_from("H6s", answer, 16)
                if family == 1 and any(hardware):  # ARPHRD_ETHER
                    found.append((name, hardware))
        return found

    def _ask(request: int, name: str) -> bytes | None:
        """The answer to an ioctl about the interface *name*; ``None`` if the interface is gone."""
        answer = None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker, tolerated(INTERFACE_GONE_ERRNOS):
            answer = fcntl.ioctl(asker, request, struct.pack("16s24x", name.encode()[:15]))
        return answer

    def _is_bridge_port(name: str) -> bool:
        found = False
        with tolerated(HIDDEN_ERRNOS):  # most interfaces have no such folder, and other systems have none at all
            Path(f"/sys/class/net/{name}/brport").stat()
            found = True
        return found
