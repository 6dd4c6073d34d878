"""``python -m tests.chaos.client DEVICE-ADDRESS PORT PATH SECONDS``: a good control point, from an address of its own.

Once a second it searches (MX 1), fetches the description, and calls an action that changes a variable, each on a socket
of its own; and it subscribes to that variable. Each outcome is a line of JSON: what was tried, when (on the monotonic
clock), after how many seconds it was answered, or null and why not.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import time

import attrs
import trio

from tests.chaos.arena import CLIENT_ADDRESS
from tests.chaos.counter import CONTROL_PATH, SERVICE_TYPE
from tests.chaos.subscriber import Subscriber
from tests.network.ssdp import GROUP, PORT, m_search

__all__ = ["MX", "PATIENCE_SECONDS"]

MX = 1
# An answer that comes later than this counts as none; the lateness of the others is reported.
PATIENCE_SECONDS = 5.0
TARGET = "upnp:rootdevice"

_RESULT = re.compile(rb"<Number>(\d+)</Number>")


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


@attrs.frozen(eq=False)
class Device:
    """The device over HTTP."""

    address: str
    port: int
    path: str

    @property
    def host(self) -> str:
        """The value of HOST."""
        return f"{self.address}:{self.port}"

    async def ask(self, request: bytes) -> bytes:
        """The answer to *request*, which closes the connection, or why there is none."""
        with trio.move_on_after(PATIENCE_SECONDS):
            try:
                async with await trio.open_tcp_stream(self.address, self.port, local_address=CLIENT_ADDRESS) as stream:
                    await stream.send_all(request)
                    return b"".join([bytes(part) async for part in stream])
            except (OSError, trio.BrokenResourceError) as error:
                return f"{error!r} {error.__cause__ or ''}".encode()
        return b"no answer"

    async def fetch(self) -> None:
        """Fetch the description once."""
        moment = time.monotonic()
        answer = await self.ask(
            f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\n"
            "User-Agent: chaos/1\r\nConnection: close\r\n\r\n".encode()
        )
        whole = answer.startswith(b"HTTP/1.1 200 ") and answer.rstrip().endswith(b"</root>")
        report("fetch", moment, None if whole else repr(answer[:80]))

    async def call(self, action: str) -> bytes:
        """Call *action*, which has no arguments."""
        body = (
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
            's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f'<u:{action} xmlns:u="{SERVICE_TYPE}"/></s:Body></s:Envelope>'
        )
        return await self.ask(
            f"POST {CONTROL_PATH} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: text/xml\r\n"
            f'SOAPACTION: "{SERVICE_TYPE}#{action}"\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n'
            f"{body}".encode()
        )

    async def count(self, subscriber: Subscriber) -> None:
        """Have the device count, and its subscriber be told the number."""
        moment = time.monotonic()
        answer = await self.call("Next")
        number = _RESULT.search(answer)
        whole = answer.startswith(b"HTTP/1.1 200 ") and number is not None
        report("call", moment, None if whole else repr(answer[:80]))
        if number is not None:
            await subscriber.expect(int(number[1]), moment)

    async def inquire(self) -> None:
        """Call an action whose handler has to be waited for."""
        moment = time.monotonic()
        answer = await self.call("Ask")
        report("call", moment, None if answer.startswith(b"HTTP/1.1 200 ") else repr(answer[:80]))


async def main(address: str, port: int, path: str, seconds: float) -> None:
    """Search, fetch and call once a second, whether or not it is answered."""
    device = Device(address, port, path)
    subscriber = Subscriber(device.host, device.ask, report)
    async with trio.open_nursery() as nursery:
        await nursery.start(subscriber.listen)
        nursery.start_soon(subscriber.keep)
        start = trio.current_time()
        for number in range(int(seconds)):
            await trio.sleep_until(start + number)
            nursery.start_soon(search)
            nursery.start_soon(device.fetch)
            await trio.sleep_until(start + number + 0.5)
            nursery.start_soon(device.count, subscriber)
            nursery.start_soon(device.inquire)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
