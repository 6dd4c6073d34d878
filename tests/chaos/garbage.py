"""Subscribers that lie: they accept the device's events and never read, reply with garbage, or reply by the byte."""

from __future__ import annotations

import itertools
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn

import attrs
import trio

from tests.chaos.arena import CLIENT_ADDRESS

__all__ = ["DEAD_PORT", "PORTS", "Liars"]

#: where nobody listens
DEAD_PORT = 5009
_SLOW_PORT, _GARBAGE_PORT, _DRIP_PORT = 5001, 5002, 5003
#: of those that a hostile subscriber gives in CALLBACK
PORTS = (_SLOW_PORT, _GARBAGE_PORT, _DRIP_PORT, DEAD_PORT)
_READ_BYTES = 65536
_DRIP_SECONDS = 1.0

_REPLIES = (
    b"\x00\xff" * 2000 + b"\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://%b:4004/good\r\nContent-Length: 0\r\n\r\n" % CLIENT_ADDRESS.encode(),
    b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 10_000,
    b"HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n" + b"x" * 100_000,
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 50,
    b"HTTP/1.1 500 Internal Server Error\r\nX: " + b"y" * 60_000,
    b"SSDP",
    b"",
)


@attrs.define(eq=False)
class Liars:
    """Listens on all addresses of this host."""

    #: the connections that the device has opened, by kind
    turns: Counter[str] = attrs.field(factory=Counter)
    _replies: itertools.cycle[bytes] = attrs.field(factory=lambda: itertools.cycle(_REPLIES))

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Accept connections until cancelled."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self._listen, _SLOW_PORT, "never reads", self._never_read)
            await nursery.start(self._listen, _GARBAGE_PORT, "garbage", self._reply_garbage)
            await nursery.start(self._listen, _DRIP_PORT, "drips", self._drip)
            task_status.started()

    async def _listen(
        self,
        port: int,
        kind: str,
        behave: Callable[[trio.socket.SocketType], Awaitable[None]],
        *,
        task_status: trio.TaskStatus[None],
    ) -> NoReturn:
        async with trio.open_nursery() as nursery:
            with trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                await listening.bind(("0.0.0.0", port))
                listening.listen()
                task_status.started()
                while True:
                    connection, _ = await listening.accept()
                    self.turns[kind] += 1
                    nursery.start_soon(self._serve, connection, behave)

    async def _serve(
        self, connection: trio.socket.SocketType, behave: Callable[[trio.socket.SocketType], Awaitable[None]]
    ) -> None:
        with connection, suppress(OSError):  # the device closes it, as it should
            await behave(connection)

    async def _never_read(self, connection: trio.socket.SocketType) -> NoReturn:
        await trio.sleep_forever()

    async def _reply_garbage(self, connection: trio.socket.SocketType) -> None:
        while await connection.recv(_READ_BYTES):
            reply = next(self._replies)
            if not reply:
                return
            await connection.send(reply)

    async def _drip(self, connection: trio.socket.SocketType) -> None:
        while await connection.recv(_READ_BYTES):
            for byte in itertools.chain(b"HTTP/1.1 200 OK\r\nX: ", itertools.repeat(ord("x"))):
                await connection.send(bytes([byte]))
                await trio.sleep(_DRIP_SECONDS)
