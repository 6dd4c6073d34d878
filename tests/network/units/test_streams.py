"""TCP connections on loopback, and sockets that refuse what they are asked for."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from upnp_trio.network.streams import LOST_SECONDS, MAX_LOST_IN_A_ROW, TcpListener, TcpStream


@contextmanager
def listening(backlog: int = 200) -> Iterator[tuple[TcpListener, tuple[str, int]]]:
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as opened:
        opened.setblocking(False)
        listener = TcpListener(opened)
        yield listener, opened.getsockname()
        listener.close()


@contextmanager
def connected() -> Iterator[tuple[TcpStream, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield TcpStream(ours, peer="192.0.2.9"), theirs


async def test_connections_are_accepted_with_the_address_of_their_peer() -> None:
    with trio.fail_after(10), listening() as (listener, address):
        clients = [socket.create_connection(address, timeout=10) for _ in range(100)]
        accepted = [await listener.accept() for _ in clients]
        assert {stream.peer for stream in accepted} == {"127.0.0.1"}
        for client, stream in zip(clients, accepted, strict=True):
            client.sendall(b"hello")
            assert await stream.receive_some(100) == b"hello"
            await stream.send_all(memoryview(b"world"))
            assert client.recv(10) == b"world"
            client.close()
            assert await stream.receive_some(100) == b""
            stream.close()


class Refusing(socket.socket):
    """A listening socket whose next connections cannot be had."""

    refusals: list[int]
    has_address = True
    accepted = 0

    def accept(self) -> tuple[socket.socket, Any]:
        self.accepted += 1
        if self.refusals:
            number = self.refusals.pop(0)
            raise OSError(number, os.strerror(number))
        connected, address = super().accept()
        if not self.has_address:
            self.has_address = True
            return connected, None
        return connected, address


@contextmanager
def refusing(*refusals: int) -> Iterator[tuple[TcpListener, Refusing]]:
    """A listener whose accept fails with each of the errnos in turn; a connection waits for it."""
    with Refusing() as opened:
        opened.refusals = list(refusals)
        opened.bind(("127.0.0.1", 0))
        opened.listen()
        opened.setblocking(False)
        with socket.create_connection(opened.getsockname(), timeout=10):
            yield TcpListener(opened), opened


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EINVAL])
async def test_a_lack_of_resources_is_raised_and_the_connection_is_not_lost(number: int) -> None:
    with trio.fail_after(10), refusing(number) as (listener, _):
        with pytest.raises(OSError, match=os.strerror(number)):
            await listener.accept()
        (await listener.accept()).close()


@pytest.mark.parametrize("number", [errno.ECONNABORTED, errno.EPROTO, errno.EPERM, errno.ENETDOWN, errno.EAGAIN])
async def test_a_connection_that_was_lost_while_it_waited_is_skipped(number: int) -> None:
    with trio.fail_after(10), refusing(number, number, number) as (listener, opened):
        (await listener.accept()).close()
        assert opened.accepted == 4


async def test_a_connection_without_an_address_is_closed_and_skipped() -> None:
    # macOS gives no address for it
    with trio.fail_after(10), refusing() as (listener, opened):
        opened.has_address = False
        with socket.create_connection(opened.getsockname(), timeout=10):
            stream = await listener.accept()
            assert stream.peer == "127.0.0.1"
            stream.close()
        assert opened.accepted == 2


async def test_a_listener_that_loses_every_connection_does_not_keep_the_loop_busy(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with refusing(*[errno.EPERM] * 20_000) as (listener, opened):
        with trio.move_on_after(9.5 * LOST_SECONDS):
            await listener.accept()
        assert opened.accepted == 10 * MAX_LOST_IN_A_ROW


async def test_an_error_of_epoll_leaves_a_listener_and_breaks_a_connection(tmp_path: Path) -> None:
    class Unwatchable(socket.socket):
        """A socket that epoll refuses, as it refuses files."""

        def fileno(self) -> int:
            return file.fileno()

        def send(self, *arguments: object) -> int:
            raise BlockingIOError

    with (tmp_path / "file").open("wb") as file, Unwatchable() as unwatchable:
        with pytest.raises(PermissionError):
            await TcpListener(unwatchable).accept()
        stream = TcpStream(unwatchable, peer="192.0.2.9")
        for _ in range(2):
            with pytest.raises(trio.BrokenResourceError, match=r"192\.0\.2\.9"):
                await stream.receive_some(100)
        with pytest.raises(trio.BrokenResourceError, match=r"192\.0\.2\.9"):
            await stream.send_all(memoryview(b"x"))


async def test_a_closed_listener_raises_and_wakes_the_waiting_task() -> None:
    with trio.fail_after(10), listening() as (listener, _):

        async def wait() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await listener.accept()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            listener.close()
        with pytest.raises(trio.ClosedResourceError):
            await listener.accept()


async def test_connections_that_queued_up_during_a_long_turn_are_accepted_in_a_few(
    mock_clock: trio.testing.MockClock,
) -> None:
    number, turns = 60, 0

    async def take_long() -> None:
        nonlocal turns
        while True:
            turns += 1
            mock_clock.jump(0.1)
            await trio.lowlevel.checkpoint()

    with listening() as (listener, address), ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(closing(socket.create_connection(address)))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(take_long)
            for _ in range(number):
                stack.enter_context(closing(await listener.accept()))
            nursery.cancel_scope.cancel()
    assert turns < number / 4


async def test_data_that_the_kernel_has_no_room_for_is_sent_later() -> None:
    data = bytes(range(256)) * 20_000
    with trio.fail_after(20), connected() as (stream, peer):
        received = bytearray()

        async def read() -> None:
            while len(received) < len(data):
                await trio.lowlevel.wait_readable(peer)
                received.extend(peer.recv(65536))

        sent = stream.send_now([data])
        assert 0 < sent < len(data)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, memoryview(data)[sent:])
            nursery.start_soon(read)
        assert received == data


async def test_a_peer_that_is_gone_is_a_broken_resource() -> None:
    with connected() as (stream, peer):
        peer.close()
        with pytest.raises(trio.BrokenResourceError, match=r"192\.0\.2\.9"):
            await stream.send_all(memoryview(b"hello"))


async def test_a_closed_stream_raises() -> None:
    with trio.fail_after(10), connected() as (stream, _):
        stream.close()
        with pytest.raises(trio.ClosedResourceError):
            await stream.receive_some(100)
        with pytest.raises(trio.ClosedResourceError):
            stream.receive_now(100)
        with pytest.raises(trio.ClosedResourceError):
            await stream.send_all(memoryview(b"x"))
        stream.close()


async def test_what_has_arrived_is_received_without_waiting() -> None:
    with connected() as (stream, peer):
        assert stream.receive_now(100) is None
        peer.send(b"hello")
        assert stream.receive_now(3) == b"hel"
        assert stream.receive_now(100) == b"lo"
        peer.close()
        assert stream.receive_now(100) == b""


async def test_head_and_body_leave_without_being_joined() -> None:
    with connected() as (stream, peer):
        assert stream.send_now([b"head", memoryview(b"body")]) == 8
        assert peer.recv(100) == b"headbody"


async def test_the_end_follows_what_was_sent() -> None:
    with trio.fail_after(10), connected() as (stream, peer):
        await stream.send_all(memoryview(b"the end"))
        await stream.send_eof()
        assert peer.recv(20) == b"the end"
        assert peer.recv(20) == b""
        peer.send(b"a reply")
        assert await stream.receive_some(100) == b"a reply"
