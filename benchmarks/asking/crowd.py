"""A crowd of devices, each with an address of its own: it announces itself, or answers one search.

python -m benchmarks.asking.crowd announce|answer COUNT SECONDS

It prints the monotonic time of its first datagram in nanoseconds, and how many it sent.
"""

import ipaddress
import socket
import struct
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.clients import SSDP_GROUP
from benchmarks.namespaces import CONTROL_POINTS_LINK, FIRST_CONTROL_POINT
from upnp_trio.ssdp.messages import PORT, Alive, SearchResponse
from upnp_trio.ssdp.rendering import render_alive, render_search_response

SERVER = "Linux/6.1 UPnP/1.1 Crowd/1.0"
MAX_AGE = 1800
SEARCH_SECONDS = 30.0


def rows(number: int) -> Iterator[tuple[str, str]]:
    """The (NT, USN) pairs of a device with one service."""
    udn = f"uuid:6f1d0a52-7c1e-4b6c-9a54-{number:012x}"
    yield "upnp:rootdevice", f"{udn}::upnp:rootdevice"
    yield udn, udn
    for kind in ("urn:schemas-upnp-org:device:Basic:1", "urn:schemas-upnp-org:service:JamControl:1"):
        yield kind, f"{udn}::{kind}"


def address_of(number: int) -> str:
    """The address of a device."""
    return str(ipaddress.IPv4Address(FIRST_CONTROL_POINT) + number)


def announcements(number: int) -> list[bytes]:
    """The alive messages of one device."""
    return [render_alive(Alive(notification_type=kind, **_said(number, usn))) for kind, usn in rows(number)]


def answers(number: int) -> list[bytes]:
    """The answers of one device to ssdp:all."""
    return [
        render_search_response(SearchResponse(search_target=kind, **_said(number, usn))) for kind, usn in rows(number)
    ]


def _said(number: int, usn: str) -> dict[str, Any]:
    """What an announcement and an answer have in common."""
    return {
        "usn": usn,
        "location": f"http://{address_of(number)}:49152/description.xml",
        "server": SERVER,
        "max_age": MAX_AGE,
        "boot_id": 1,
        "config_id": 1,
    }


def main(kind: str, count: int, seconds: float) -> None:
    """Send the messages of *count* devices, evenly over *seconds*."""
    rendered = [announcements(number) if kind == "announce" else answers(number) for number in range(count)]
    destination = (SSDP_GROUP, PORT) if kind == "announce" else _wait_for_search()
    index = socket.if_nametoindex(CONTROL_POINTS_LINK)
    print(time.monotonic_ns(), flush=True)
    begin, sent, total = time.monotonic(), 0, sum(map(len, rendered))
    for number, datagrams in enumerate(rendered):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            device.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("@4s4si", b"", b"", index))
            device.bind((address_of(number), 0))
            for datagram in datagrams:
                device.sendto(datagram, destination)
                sent += 1
        wait = begin + seconds * sent / total - time.monotonic()
        if wait > 0:
            time.sleep(wait)
    print(sent, flush=True)


def _wait_for_search() -> tuple[str, int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as group:
        group.settimeout(SEARCH_SECONDS)
        group.bind((SSDP_GROUP, PORT))
        index = socket.if_nametoindex(CONTROL_POINTS_LINK)
        membership = struct.pack("@4s4si", socket.inet_aton(SSDP_GROUP), b"", index)
        group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        print("ready", flush=True)
        while True:
            datagram, source = group.recvfrom(4096)
            if datagram.startswith(b"M-SEARCH"):
                host, port = source
                return host, port


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
