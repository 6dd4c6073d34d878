"""What finds devices for the hub: asyncio and sockets of its own, without anything of this package."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes

from tests.testing.integration.hub import Hub, Integration, SsdpChange, SsdpServiceInfo

__all__ = ["open_hub"]

GROUP = "239.255.255.250"
FETCH_SECONDS = 10.0


class _Scanner(asyncio.DatagramProtocol):
    """Hears announcements at the one socket and answers at the other, and tells the hub, in order."""

    def __init__(self, queue: asyncio.Queue[tuple[SsdpServiceInfo, SsdpChange]]) -> None:
        self.queue = queue

    def datagram_received(self, data: bytes, addr: object) -> None:
        first, _, rest = data.partition(b"\r\n")
        fields = message_from_bytes(rest)
        target, usn = fields["ST"] or fields["NT"], fields["USN"]
        if first.startswith(b"M-SEARCH") or not target or not usn:
            return
        change = SsdpChange.BYEBYE if fields["NTS"] == "ssdp:byebye" else SsdpChange.ALIVE
        self.queue.put_nowait((SsdpServiceInfo(usn, target, fields["LOCATION"]), change))


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as response:
        body: bytes = response.read()
    return body


@asynccontextmanager
async def open_hub(integration: Integration, address: str = "127.0.0.1") -> AsyncIterator[Hub]:
    """A hub on the interface with *address*. It searches once, and listens as long as the body runs."""
    loop = asyncio.get_running_loop()
    hub = Hub(integration, lambda url: asyncio.to_thread(_fetch, url))
    queue: asyncio.Queue[tuple[SsdpServiceInfo, SsdpChange]] = asyncio.Queue()

    async def tell() -> None:
        while True:
            await hub.discovered(*await queue.get())

    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((GROUP, 1900))
    member = socket.inet_aton(GROUP) + socket.inet_aton(address)
    listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    searching = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    searching.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    searching.bind((address, 0))
    opened = [
        (await loop.create_datagram_endpoint(lambda: _Scanner(queue), sock=sock))[0] for sock in (listening, searching)
    ]
    task = asyncio.create_task(tell())
    try:
        search = f'M-SEARCH * HTTP/1.1\r\nHOST: {GROUP}:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n'
        opened[1].sendto(search.encode(), (GROUP, 1900))
        yield hub
    finally:
        task.cancel()
        for transport in opened:
            transport.close()
        await asyncio.gather(task, return_exceptions=True)
