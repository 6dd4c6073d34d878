"""``python -m tests.chaos.client DEVICE-ADDRESS PORT PATH SECONDS``: a good control point, from an address of its own.

Once a second it searches (MX 1) and fetches the description, each on a socket of its own. Each outcome is a line of
JSON: what was tried, when (on the monotonic clock), after how many seconds it was answered, or null and why not.
"""

from __future__ import annotations

import json
import socket
import sys
import time

import trio

from tests.chaos.arena import CLIENT_ADDRESS
from tests.network.ssdp import GROUP, PORT, m_search

__all__ = ["MX", "PATIENCE_SECONDS"]

MX = 1
# An answer that comes later than this counts as none; the lateness of the others is reported.
PATIENCE_SECONDS = 5.0
TARGET = "upnp:rootdevice"


def report(kind: str, moment: float, why_not: str | None) -> None:
    """Print the outcome of what began at *moment*."""
    seconds = None if why_not else time.monotonic() - moment
    print(json.dumps({"kind": kind, "moment": moment, "seconds": seconds, "why_not": why_not}), flush=True)


async def search() -> None:
    """Search once, with one datagram."""
    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(CLIENT_ADDRESS))
        await asking.bind((CLIENT_ADDRESS, 0))
        moment, why_not = time.monotonic(), "no answer"
        await asking.sendto(m_search(TARGET, mx=MX), (GROUP, PORT))
        with trio.move_on_after(PATIENCE_SECONDS):
            answer = await asking.recv(2048)
            why_not = "" if answer.startswith(b"HTTP/1.1 200 OK\r\n") else repr(answer[:80])
    report("search", moment, why_not or None)


async def fetch(address: str, port: int, path: str) -> None:
    """Fetch the description once, on a new connection."""
    moment, why_not = time.monotonic(), "no answer"
    asked = f"GET {path} HTTP/1.1\r\nHost: {address}:{port}\r\nUser-Agent: chaos/1\r\nConnection: close\r\n\r\n"
    with trio.move_on_after(PATIENCE_SECONDS):
        try:
            async with await trio.open_tcp_stream(address, port, local_address=CLIENT_ADDRESS) as stream:
                await stream.send_all(asked.encode())
                answer = b"".join([bytes(part) async for part in stream])
            whole = answer.startswith(b"HTTP/1.1 200 ") and answer.rstrip().endswith(b"</root>")
            why_not = "" if whole else repr(answer[:80])
        except (OSError, trio.BrokenResourceError) as error:
            why_not = f"{error!r} {error.__cause__ or ''}"
    report("fetch", moment, why_not or None)


async def main(address: str, port: int, path: str, seconds: float) -> None:
    """Search and fetch once a second, whether or not it is answered."""
    async with trio.open_nursery() as nursery:
        start = trio.current_time()
        for number in range(int(seconds)):
            await trio.sleep_until(start + number)
            nursery.start_soon(search)
            nursery.start_soon(fetch, address, port, path)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
