"""What the tests of the plugin test, in processes of their own: a device, and programs that look for it."""

from __future__ import annotations

import contextlib
import socket

import attrs
import trio

from tests.testing import lamps
from upnp_trio.testing import MemoryNetwork

__all__ = ["LAMP", "find", "search"]

#: it has no UDN of its own
LAMP = attrs.evolve(lamps.LAMP, udn=None)

SEARCH = (
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
)
# MX and half a second for a machine that is busy.
SEARCH_SECONDS = 1.5
UDN_CHARACTERS = 41


def search(on: str | None = "127.0.0.1") -> set[str]:
    """The UDNs of all root devices that a program's own sockets find, from the interface with the address *on*."""
    found: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as searching:
        searching.settimeout(SEARCH_SECONDS)
        if on is not None:
            searching.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(on))
        searching.sendto(SEARCH, ("239.255.255.250", 1900))
        with contextlib.suppress(TimeoutError):
            while True:
                fields = searching.recv(4096).decode().splitlines()
                found |= {field[5:][:UDN_CHARACTERS] for field in fields if field.startswith("USN: ")}
    return found


async def find(network: MemoryNetwork) -> bool:
    """Whether a phone finds a lamp, and nothing else, an hour after both were switched on."""
    lamp, phone = network.host("lamp"), network.host("phone")
    async with lamp.serve(LAMP) as running, phone.control_point() as control_point:
        await trio.sleep(3600)
        found = [result.udn async for result in control_point.search("upnp:rootdevice")]
        return found == [str(running.device.udn)]
