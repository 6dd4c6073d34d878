"""``python -m tests.chaos.slow DEVICE-ADDRESS PORT PATH COUNT SECONDS``: so many slow HTTP connections at any time.

A quarter each: heads that come byte by byte, bodies that never end, readers that do not read, and peers that say
nothing. Whoever is thrown out comes again. Prints as JSON how often that was, and how many were there on average.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import signal
import socket
import sys
from collections import Counter
from typing import NoReturn

import attrs
import trio

from tests.chaos.arena import SLOW_SOURCES

__all__ = ["main"]

# The pause of a peer whose connection was closed.
REST_SECONDS = 0.2
# The pause between two bytes: slow enough to cost nothing here, fast enough to look alive.
DRIP_SECONDS = 1.0
SMALL_BUFFER = 4096
# So many requests at once that no send buffer holds all answers.
PIPELINED = 100


@attrs.define(eq=False)
class Slow:
    """The slow peers of one device."""

    address: str
    port: int
    path: str
    there: int = 0
    turns: Counter[str] = attrs.field(factory=Counter)

    async def keep_one(self, kind: str, source: str) -> NoReturn:
        """One connection of *kind*, again and again."""
        behave = {
            "head": self.drip_head,
            "body": self.drip_body,
            "reader": self.never_read,
            "silent": self.send_nothing,
        }
        while True:
            self.turns[kind] += 1
            with trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
                try:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
                    await connection.bind((source, 0))
                    await connection.connect((self.address, self.port))
                    self.there += 1
                    try:
                        await behave[kind](connection)
                    finally:
                        self.there -= 1
                except OSError as error:
                    self.turns[f"{kind}: {error.strerror}"] += 1
            await trio.sleep(REST_SECONDS)

    async def drip_head(self, connection: trio.socket.SocketType) -> None:
        """Send a head that does not end, byte by byte."""
        await self._drip(connection, f"GET {self.path} HTTP/1.1\r\nHost: {self.address}:{self.port}\r\nX: ")

    async def drip_body(self, connection: trio.socket.SocketType) -> None:
        """Send a body that does not end, byte by byte."""
        head = f"POST {self.path} HTTP/1.1\r\nHost: {self.address}:{self.port}\r\nContent-Length: 60000\r\n\r\n"
        await connection.send(head.encode())
        await self._drip(connection, "")

    async def _drip(self, connection: trio.socket.SocketType, start: str) -> None:
        for byte in itertools.chain(start.encode(), itertools.repeat(ord("x"))):
            await connection.send(bytes([byte]))
            with trio.move_on_after(DRIP_SECONDS):
                while await connection.recv(1024):
                    pass
                return

    async def never_read(self, connection: trio.socket.SocketType) -> None:
        """Send requests and do not read the answers."""
        asked = f"GET {self.path} HTTP/1.1\r\nHost: {self.address}:{self.port}\r\n\r\n".encode() * PIPELINED
        while asked:  # send fails when the device has closed the connection
            asked = asked[await connection.send(asked) :]
        while True:
            await trio.sleep(DRIP_SECONDS)
            await connection.send(b"G")

    async def send_nothing(self, connection: trio.socket.SocketType) -> None:
        """Send nothing."""
        await connection.recv(1024)


async def main(address: str, port: int, path: str, count: int, seconds: float) -> None:
    """Keep *count* connections for so long."""
    slow = Slow(address, port, path)
    first, sources = ipaddress.ip_address(SLOW_SOURCES[0]), SLOW_SOURCES[1]
    seen: list[int] = []
    with trio.move_on_after(seconds), trio.open_signal_receiver(signal.SIGTERM) as ends:
        async with trio.open_nursery() as nursery:
            for number, kind in zip(range(count), itertools.cycle(["head", "body", "reader", "silent"]), strict=False):
                nursery.start_soon(slow.keep_one, kind, str(first + number % sources))

            async def look() -> NoReturn:
                while True:
                    await trio.sleep(0.5)
                    seen.append(slow.there)

            nursery.start_soon(look)
            async for _ in ends:
                nursery.cancel_scope.cancel()
                break
    print(json.dumps({"there on average": sum(seen) / max(len(seen), 1), "turns": slow.turns}), flush=True)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
