"""Whatever one address does, other addresses are served as before (H17)."""

from __future__ import annotations

import errno
import socket
import sys
import tracemalloc
from contextlib import ExitStack, suppress

import attrs
import h11
import pytest
import trio
import trio.testing

from tests.devices import BASIC
from tests.http.scenes import GET, exchange, read_until_silent, responses, serving
from tests.server.scenes import HERE, NOON, PEER, services_of, serving_http
from upnp_trio.documents.publication import publish
from upnp_trio.exchange import Request, Response
from upnp_trio.http import server as server_module
from upnp_trio.http.connection import Connection
from upnp_trio.http.host_check import HostCheck
from upnp_trio.http.phases import LINGER_SECONDS
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.streams import TcpStream
from upnp_trio.site import Site
from upnp_trio.testing.pipes import Listener, PipeStream

Clock = trio.testing.MockClock
GOOD = "192.0.2.1"
BAD = "192.0.2.66"


async def status_for(listener: Listener, peer: str) -> int | None:
    """The status of one GET on a new connection from *peer*; ``None`` if it is closed without an answer."""
    async with listener.connect(peer) as client:
        try:
            await client.send_all(GET)
        except trio.BrokenResourceError:
            return None
        received, _ = await read_until_silent(client)
        return responses(received, "GET")[0][0] if received else None


async def connect_many(listener: Listener, *peers: str) -> list[PipeStream]:
    clients = []
    for peer in peers:
        clients.append(listener.connect(peer))
        await trio.sleep(0.001)  # so that no two have waited for the same time
    return clients


async def test_one_address_that_opens_hundreds_of_connections_costs_no_other(autojump_clock: Clock) -> None:
    async with serving() as served:
        await connect_many(served.listener, *[BAD] * server_module.MAX_CONNECTIONS_PER_PEER)
        for _ in range(3):
            await connect_many(served.listener, *[BAD] * 300)
            assert await status_for(served.listener, GOOD) == 200
            await trio.sleep(LINGER_SECONDS / 2)
        assert served.stats.refused == {"too many connections of one peer": 900}


async def test_a_bounded_number_of_refused_connections_gets_503(autojump_clock: Clock) -> None:
    async with serving() as served:
        await connect_many(served.listener, *[BAD] * server_module.MAX_CONNECTIONS_PER_PEER)
        refused = await connect_many(served.listener, *[BAD] * 20)
        replies = [(await read_until_silent(client))[0] for client in refused]
        assert sum(received.startswith(b"HTTP/1.1 503 ") for received in replies) == server_module.MAX_REFUSALS_PER_PEER
        assert sum(received == b"" for received in replies) == 20 - server_module.MAX_REFUSALS_PER_PEER


async def test_when_four_addresses_hold_all_slots_a_fifth_one_is_served(autojump_clock: Clock) -> None:
    async with serving() as served:
        holders = [f"192.0.2.{66 + number // 64}" for number in range(server_module.MAX_CONNECTIONS)]
        clients = await connect_many(served.listener, *holders)
        await trio.sleep(1)
        assert await status_for(served.listener, GOOD) == 200
        assert served.stats.refused == {"gave way to another connection": 1}
        assert (await read_until_silent(clients[0]))[1]  # the longest idle one
        assert not (await read_until_silent(clients[1]))[1]


async def test_a_displaced_connection_does_not_count_as_a_timeout(autojump_clock: Clock) -> None:
    async with serving() as served:
        await connect_many(served.listener, *[f"198.51.100.{number}" for number in range(256)])
        await connect_many(served.listener, GOOD)
        assert not served.stats.timeouts
        assert not served.stats.requests


async def test_one_host_s_many_ipv6_addresses_count_as_one_peer(autojump_clock: Clock) -> None:
    async with serving() as served:
        await connect_many(served.listener, *[f"2001:db8::{number:x}" for number in range(1, 300)])
        assert await status_for(served.listener, "2001:db8:0:1::1") == 200
        assert await status_for(served.listener, "2001:db8::ffff") == 200  # even a neighbour in the flooder's prefix


async def test_without_descriptors_the_longest_waiting_connection_gives_way(autojump_clock: Clock) -> None:
    async with serving() as served:
        clients = await connect_many(served.listener, BAD, BAD)
        served.listener.failures = [OSError(errno.EMFILE, "too many open files")]
        assert (await exchange(served, GET))[0] == 200
        assert [(await read_until_silent(client))[1] for client in clients] == [True, False]


def test_connections_leave_half_of_the_descriptors_to_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "descriptor_limit", lambda: 64)
    table = server_module._open_table()
    assert (table.limit, table.limit_per_peer) == (32, 8)
    monkeypatch.setattr(server_module, "descriptor_limit", lambda: 10**6)
    table = server_module._open_table()
    assert (table.limit, table.limit_per_peer) == (256, 64)


async def test_the_refused_ones_leave_descriptors_to_the_device_too(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "descriptor_limit", lambda: 64)
    async with serving() as served:
        await connect_many(served.listener, *[f"192.0.2.{66 + number // 8}" for number in range(32)])
        refused = await connect_many(served.listener, *[f"192.0.2.{66 + number // 8}" for number in range(32)])
        told = [(await read_until_silent(client))[0] for client in refused]
        assert sum(received.startswith(b"HTTP/1.1 503 ") for received in told) == 4
        assert sum(received == b"" for received in told) == 28


class FailingImports:
    """A finder that reports a lack of descriptors, as Python's own does."""

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == Connection.__module__ and self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "too many open files")


async def test_a_first_connection_that_takes_the_last_descriptor_ends_nothing(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving() as served:
        monkeypatch.delitem(sys.modules, Connection.__module__)
        monkeypatch.setattr(sys, "meta_path", [FailingImports(1), *sys.meta_path])
        assert await status_for(served.listener, GOOD) is None
        await trio.sleep(1)
        assert await status_for(served.listener, GOOD) == 200
        assert served.stats.refused == {"accept failed: too many open files": 1}


@attrs.frozen
class OnePicture:
    picture: bytes

    def respond(self, request: Request) -> Response:
        return Response(200, (("Content-Type", "image/png"),), self.picture)

    def takes_body(self, request: Request) -> bool:
        return False


@pytest.mark.parametrize("request_bytes", [GET, GET.replace(b"Host", b"Content-Length: 0\r\nHost")])
async def test_readers_that_do_not_read_cost_no_copies_of_what_they_asked_for(request_bytes: bytes) -> None:
    picture = bytes(4 * 1024 * 1024)
    stats = Stats()
    writer = ResponseWriter(OnePicture(picture), "s/1", lambda: NOON, stats, Events(stats))

    async def serve(ours: socket.socket) -> None:
        with suppress(trio.BrokenResourceError):
            await Connection(TcpStream(ours, peer=GOOD), HostCheck(HERE), writer).run()

    with ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(64)]
        for both in pairs:
            for each in both:
                stack.enter_context(each).setblocking(False)
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        async with trio.open_nursery() as nursery:
            for ours, theirs in pairs:
                theirs.send(request_bytes)
                nursery.start_soon(serve, ours)
            await trio.testing.wait_all_tasks_blocked(0.01)
            _, peak = tracemalloc.get_traced_memory()
            assert all(theirs.recv(15) == b"HTTP/1.1 200 OK" for _, theirs in pairs)
            for _, theirs in pairs:
                theirs.close()
    assert peak < len(picture)


async def test_pipelined_requests_take_turns_with_all_other_tasks() -> None:
    publication = publish(BASIC)
    site = Site()
    site.add(publication)
    stats = Stats()
    writer = ResponseWriter(services_of(site, stats), "s/1", lambda: NOON, stats, Events(stats))
    request = f"GET {publication.description_path} HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode()
    number = 16 * 1024 // len(request)
    ours, theirs = socket.socketpair()
    turns = 0
    with ours, theirs:
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * 1024 * 1024)
        theirs.send(request * number)
        theirs.shutdown(socket.SHUT_WR)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Connection(TcpStream(ours, peer=GOOD), HostCheck(HERE), writer).run)
            while stats.requests[200] < number:
                await trio.lowlevel.checkpoint()
                turns += 1
                assert turns < 100_000
    assert turns >= number


async def test_the_chunks_of_a_body_take_turns_with_all_other_tasks() -> None:
    chunks = 2000
    stats = Stats()
    writer = ResponseWriter(OnePicture(b""), "s/1", lambda: NOON, stats, Events(stats))
    head = f"POST / HTTP/1.1\r\nHost: {HERE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    ours, theirs = socket.socketpair()
    turns = 0
    with ours, theirs:
        ours.setblocking(False)
        theirs.send(head + b"1\r\nx\r\n" * chunks + b"0\r\n\r\n")
        theirs.shutdown(socket.SHUT_WR)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Connection(TcpStream(ours, peer=GOOD), HostCheck(HERE), writer).run)
            while not stats.requests[200]:
                await trio.lowlevel.checkpoint()
                turns += 1
                assert turns < 100_000
    assert turns >= chunks


async def test_thousands_of_fields_are_refused_before_h11_reads_them(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    next_event = h11.Connection.next_event

    def note(connection: h11.Connection) -> object:
        read.append(len(connection.trailing_data[0]))
        return next_event(connection)

    async with serving() as served:
        monkeypatch.setattr(h11.Connection, "next_event", note)
        status, _, _, _ = await exchange(served, GET[:-2] + b"a:\r\n" * 3000 + b"\r\n")
        assert status == 431
        assert max(read, default=0) < 1000
        assert served.stats.refused == {"too many fields": 1}


async def test_responses_rendered_before_a_change_are_not_sent_after_it(autojump_clock: Clock) -> None:
    site = Site()
    publication = publish(BASIC)
    site.add(publication)
    stats = Stats()
    writer = ResponseWriter(services_of(site, stats), "s/1", lambda: NOON, stats, Events(stats))
    request = f"GET {publication.description_path} HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode()
    listener = Listener()
    async with serving_http(writer, listener), listener.connect(PEER, capacity=100) as slow:
        await slow.send_all(request)
        await trio.testing.wait_all_tasks_blocked()
        site.add(publish(attrs.evolve(BASIC, friendly_name="renamed")))
        assert b"renamed" not in (await read_until_silent(slow))[0]
        async with listener.connect(PEER) as quick:
            await quick.send_all(request)
            assert b"renamed" in (await read_until_silent(quick))[0]


async def test_a_request_that_comes_with_its_connection_is_answered_like_any_other(autojump_clock: Clock) -> None:
    async with serving() as served:
        for sent in (
            GET,
            GET.replace(b"Host", b"Connection: close\r\nHost"),
            GET[:10],
            b"\r\n",
            GET.replace(b"192.0.2.7", b"example.com"),
            GET.replace(b"/doc", b"/bug"),
            b"",
        ):
            later = served.client()
            await trio.testing.wait_all_tasks_blocked()  # it is accepted
            if sent:
                await later.send_all(sent)
            else:
                await later.send_eof()
            expected = await read_until_silent(later)
            at_once = served.client()
            if sent:
                at_once.send_now([sent])
            else:
                at_once.outgoing.close()
            assert await read_until_silent(at_once) == expected
            await later.aclose()
            await at_once.aclose()
