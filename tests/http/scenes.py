"""An HTTP server on a listener in memory, with a site of few documents, and requests to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import attrs
import trio
import trio.testing

from tests.http.responses import take_response
from tests.server.scenes import NOON, PEER, serving_http
from upnp_trio.exchange import Request, Response, error_response
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.testing.pipes import Listener, PipeStream

__all__ = [
    "A_MOMENT",
    "CHUNKED",
    "GET",
    "POST",
    "OneDocument",
    "Served",
    "exchange",
    "read_until_silent",
    "responses",
    "serving",
]

GET = b"GET /doc HTTP/1.1\r\nHost: 192.0.2.7:49152\r\n\r\n"
POST = b"POST /control HTTP/1.1\r\nHost: 192.0.2.7:49152\r\nContent-Length: 5\r\n\r\n"
CHUNKED = POST.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")
# longer than the server needs to do anything, shorter than anything it waits for
A_MOMENT = 0.001


class OneDocument:
    """A site of one document, one large picture and one control URL."""

    version = 0

    def respond(self, request: Request) -> Response:
        if request.target == "/doc":
            return Response(200, (("Content-Type", 'text/xml; charset="utf-8"'),), b"<root/>")
        if request.target == "/large":
            return Response(200, (("Content-Type", "image/png"),), bytes(300_000))
        if request.target == "/same":
            return Response(304, (("ETag", '"1"'),))
        if request.target == "/control":
            return Response(500, (), b"<fault/>")
        if request.target == "/bug":
            raise RuntimeError("a bug in the site")
        return error_response(404)

    def takes_body(self, request: Request) -> bool:
        return request.target == "/control"


@attrs.frozen
class Served:
    listener: Listener
    stats: Stats
    events: Events
    nursery: trio.Nursery

    def client(self, peer: str = PEER) -> PipeStream:
        """A connection from *peer*; the peer's end."""
        return self.listener.connect(peer)

    def stop(self) -> None:
        self.nursery.cancel_scope.cancel()


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    stats = Stats()
    writer = ResponseWriter(OneDocument(), "s/1", lambda: NOON, stats, events := Events(stats))
    listener = Listener()
    async with serving_http(writer, listener) as nursery:
        yield Served(listener, stats, events, nursery)


async def read_until_silent(client: PipeStream) -> tuple[bytes, bool]:
    """Everything that the server sends until it waits, and whether it closed."""
    received = b""
    while True:
        with trio.move_on_after(A_MOMENT) as nothing_there:  # the clock moves only when all tasks wait
            data = await client.receive_some()
        if nothing_there.cancelled_caught:
            return received, False
        if not data:
            return received, True
        received += data


def responses(received: bytes, *methods: str) -> list[tuple[int, dict[str, str], bytes]]:
    """The responses in *received*, parsed by h11, one for each of *methods*; asserts that nothing is left."""
    found = []
    for method in methods:
        taken = take_response(received, method)
        assert taken is not None, f"incomplete response: {received!r}"
        head, body, received = taken
        fields = {name.decode(): value.decode() for name, value in head.headers}
        found.append((head.status_code, fields, body))
    assert received == b""
    return found


async def exchange(served: Served, *sent: bytes, method: str = "GET") -> tuple[int, dict[str, str], bytes, bool]:
    """Send pieces on a new connection, read one response, and return whether the server closed then, too."""
    client = served.client()
    async with client:
        for piece in sent:
            await client.send_all(piece)
            await trio.testing.wait_all_tasks_blocked()
        received, closed = await read_until_silent(client)
        ((status, headers, body),) = responses(received, method)
        return status, headers, body, closed
