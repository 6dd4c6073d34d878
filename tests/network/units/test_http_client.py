"""The HTTP client over real sockets, on loopback: whatever a device does, no descriptor is left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trio

from tests.network.units.shortage import descriptors_left, open_descriptors
from upnp_trio.errors import RequestFailed
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import HttpClient
from upnp_trio.model.literal_url import IpAddress, LiteralUrl
from upnp_trio.network.streams import TcpStream, connect

HERE = ServedAddress(interface="lo", address="127.0.0.1")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<root/>"
REFUSED = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"


async def _connect(address: IpAddress, port: int, served: ServedAddress) -> TcpStream:
    return await connect(address, port, served=served)


@asynccontextmanager
async def device_that(serve: Callable[[trio.SocketStream], Awaitable[None]]) -> AsyncIterator[LiteralUrl]:
    """The URL of a device on whose connections *serve* runs; nothing of them is left open."""

    async def serve_one(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):  # the client has closed
            await serve(stream)
        await trio.aclose_forcefully(stream)

    with trio.fail_after(30):
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, serve_one, listeners)
            yield LiteralUrl.parse(f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/description.xml")
            nursery.cancel_scope.cancel()


async def test_documents_are_fetched_over_one_connection_and_calls_over_their_own() -> None:
    connections = 0

    async def serve(stream: trio.SocketStream) -> None:
        nonlocal connections
        connections += 1
        while await stream.receive_some():
            await stream.send_all(ANSWER)

    before = open_descriptors()
    async with device_that(serve) as url:
        client = HttpClient(_connect, user_agent="test")
        with client.keeping(url):
            for _ in range(20):
                assert (await client.get(url, HERE)).body == b"<root/>"
        for _ in range(5):
            assert (await client.request("POST", url, HERE, body=b"<x/>")).status == 200
    assert connections == 6
    assert open_descriptors() == before


async def test_the_refusal_of_a_device_that_does_not_read_a_long_request_is_read() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some(10)
        await stream.send_all(REFUSED)
        await stream.send_eof()
        await trio.sleep_forever()

    before = open_descriptors()
    async with device_that(serve) as url:
        client = HttpClient(_connect, user_agent="test")
        answer = await client.request("POST", url, HERE, body=bytes(50_000_000))
        assert (answer.status, answer.body) == (413, b"no")
    assert open_descriptors() == before


async def test_a_reset_and_an_endless_body_fail_in_words() -> None:
    async def reset(stream: trio.SocketStream) -> None:
        await stream.receive_some(10)  # what is left unread makes the end of the connection a reset

    async def endless(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await stream.send_all(bytes(65536))

    before = open_descriptors()
    for serve, words in ((reset, "is broken: Connection reset by peer"), (endless, "more than 1048576 bytes")):
        async with device_that(serve) as url:
            with pytest.raises(RequestFailed, match=words):
                await HttpClient(_connect, user_agent="test").get(url, HERE)
    assert open_descriptors() == before


async def test_without_descriptors_a_request_fails_and_the_next_one_works() -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(ANSWER)

    async with device_that(serve) as url:
        client = HttpClient(_connect, user_agent="test")
        with descriptors_left(0), pytest.raises(RequestFailed, match="too many files open; raise its limit"):
            await client.get(url, HERE)
        assert (await client.get(url, HERE)).body == b"<root/>"
