"""Web servers in memory, and a web that leads to them by names and addresses."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import attrs
import trio

from upnp_trio.model.web_url import WebUrl
from upnp_trio.network.web_streams import WebStream
from upnp_trio.testing.pipes import PipeStream, connected_pair

__all__ = ["MemoryWeb", "Pages", "answer", "open_web"]

Server = Callable[[PipeStream], Awaitable[None]]


def answer(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    """An answer whose end is that of the connection."""
    fields = {"content_type": "text/html; charset=utf-8", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode() + body


@attrs.define(eq=False)
class Pages:
    """A server of *answers* by path; any other path is 404."""

    answers: dict[str, bytes] = attrs.field(factory=dict)
    #: the heads of all requests
    requests: list[bytes] = attrs.field(factory=list)

    async def __call__(self, stream: PipeStream) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = await stream.receive_some(65536)
            if not more:
                return
            head += more
        self.requests.append(head)
        path = head.split()[1].decode()
        await stream.send_all(memoryview(self.answers.get(path, answer(b"no", 404))))
        stream.close()

    @property
    def paths(self) -> list[str]:
        """What was asked for."""
        return [request.split()[1].decode() for request in self.requests]


@attrs.define(eq=False)
class MemoryWeb:
    """A `Web`: *names* have addresses, and *servers* listen at addresses and ports."""

    nursery: trio.Nursery
    names: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    servers: dict[tuple[str, int], Server] = attrs.field(factory=dict)
    #: where connections led to, also those that were refused
    opened: list[tuple[str, int]] = attrs.field(factory=list)
    looked_up: list[str] = attrs.field(factory=list)

    async def open(self, url: WebUrl, address: str = "") -> WebStream:
        to = address or sorted(await self.addresses_of(url.host))[0]
        await trio.lowlevel.checkpoint()
        self.opened.append((to, url.port))
        server = self.servers.get((to, url.port))
        if server is None:
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        near, far = connected_pair("192.0.2.1", to)
        self.nursery.start_soon(_run, server, far)
        return near

    async def addresses_of(self, host: str) -> frozenset[str]:
        await trio.lowlevel.checkpoint()
        self.looked_up.append(host)
        bare = host.strip("[]")
        if bare[:1].isdigit() or ":" in bare:
            return frozenset({bare})
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return frozenset(self.names[host])


async def _run(server: Server, stream: PipeStream) -> None:
    with suppress(trio.BrokenResourceError):  # whoever asked may leave at any time
        await server(stream)


@asynccontextmanager
async def open_web() -> AsyncIterator[MemoryWeb]:
    """A web without servers; what servers do ends with it."""
    async with trio.open_nursery() as nursery:
        yield MemoryWeb(nursery)
        nursery.cancel_scope.cancel()
