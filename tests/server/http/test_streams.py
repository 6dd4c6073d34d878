"""TCP connections of our own, on loopback."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio
import trio.testing

from upnp_trio.network.streams import TcpListener, TcpStream


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


@pytest.mark.parametrize(
    ("number", "is_told"), [(errno.EMFILE, True), (errno.ECONNABORTED, False), (errno.EAGAIN, False)]
)
async def test_what_befell_a_connection_that_waited_is_passed_over_and_what_the_system_lacks_is_told(
    number: int, is_told: bool
) -> None:
    class Refusing:
        """A listening socket whose first connection cannot be had."""

        def __init__(self, listening: socket.socket) -> None:
            self.listening = listening
            self.has_refused = False

        def fileno(self) -> int:
            return self.listening.fileno()

        def accept(self) -> tuple[socket.socket, object]:
            if not self.has_refused:
                self.has_refused = True
                raise OSError(number, "refused")
            return self.listening.accept()

    with trio.fail_after(10), listening() as (listener, address):
        real = listener._socket
        listener._socket = Refusing(real)  # type: ignore[assignment]  # as much of a socket as is needed
        with socket.create_connection(address, timeout=10):
            if is_told:
                with pytest.raises(OSError, match="refused"):
                    await listener.accept()
            (await listener.accept()).close()
        listener._socket = real


async def test_a_closed_listener_says_so_and_wakes_the_task_that_waits() -> None:
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


async def test_what_the_kernel_has_no_room_for_is_sent_later() -> None:
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


async def test_a_closed_stream_says_so() -> None:
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
