"""TCP connections as HTTP needs them: trio's streams with fewer turns of the event loop.

`trio.SocketStream` gives way to other tasks at each send, even when the kernel takes everything at once. Here, one
request takes one turn: the wait for it.
"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["LOST_ERRNOS", "TcpListener", "TcpStream"]

#: Errors of a connection that waited in the kernel (accept(2)). They leave the listener as it is.
LOST_ERRNOS = frozenset(
    getattr(errno, name)
    for name in (
        *("ECONNABORTED", "ECONNRESET", "EPERM", "EPROTO", "ENETDOWN", "ENOPROTOOPT"),
        *("EHOSTDOWN", "ENONET", "EHOSTUNREACH", "EOPNOTSUPP", "ENETUNREACH", "ETIMEDOUT"),
    )
    if hasattr(errno, name)
)
# An error that is not of one connection (EPERM of a sandbox) comes back at once and for ever. There is a pause after so
# many in a row, or the event loop would do nothing else.
MAX_LOST_IN_A_ROW = 256
LOST_SECONDS = 0.1


class TcpStream(trio.abc.HalfCloseableStream):
    """An accepted connection.

    Its methods check for cancellation only when they wait. `receive_some` waits, except for what had arrived before
    its first call. `send_all` waits when the kernel has no room.
    """

    def __init__(self, connected: socket.socket, *, peer: str) -> None:
        self._socket = connected
        self._is_fresh = True
        #: the address at the other end, without a port
        self.peer = peer

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What has arrived; nothing at the end. Raises `trio.BrokenResourceError` when the peer is gone."""
        if not self._is_fresh:
            await self._wait(trio.lowlevel.wait_readable)
        self._is_fresh = False
        while True:
            try:
                return self._socket.recv(max_bytes or 65536)
            except BlockingIOError:
                await self._wait(trio.lowlevel.wait_readable)
            except OSError as error:
                raise self._translated(error) from error

    def send_now(self, data: bytes | memoryview) -> int:
        """Send what the kernel has room for, without waiting; gives the number of bytes."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._translated(error) from error

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of *data*. Raises `trio.BrokenResourceError` when the peer is gone."""
        left = memoryview(data)
        while left:
            left = left[self.send_now(left) :]
            if left:
                await self._wait(trio.lowlevel.wait_writable)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the kernel has room."""
        await self._wait(trio.lowlevel.wait_writable)

    async def send_eof(self) -> None:
        """Tell the peer that nothing more will be sent."""
        await trio.lowlevel.checkpoint()
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise self._translated(error) from error

    async def aclose(self) -> None:
        """Close at once. A task that waits for this connection gets `trio.ClosedResourceError`."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close at once a connection that no task waits for."""
        self._socket.close()

    async def _wait(self, until_ready: Callable[[socket.socket], Awaitable[None]]) -> None:
        if self._socket.fileno() < 0:
            raise trio.ClosedResourceError("this connection is closed")
        try:
            await until_ready(self._socket)
        except OSError as error:  # epoll has no room for it
            raise self._translated(error) from error

    def _translated(self, error: OSError) -> trio.BrokenResourceError | trio.ClosedResourceError:
        if self._socket.fileno() < 0:
            return trio.ClosedResourceError("this connection is closed")
        return trio.BrokenResourceError(f"the connection to {self.peer} is broken: {error.strerror}")


class TcpListener(trio.abc.Listener[TcpStream]):
    """A listening socket that does not block. The listener owns it from now on."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening

    async def accept(self) -> TcpStream:
        """The next connection. Raises `OSError` when the system has no room for one (EMFILE and its like)."""
        lost = 0
        while True:
            if lost == MAX_LOST_IN_A_ROW:
                lost = 0
                await trio.sleep(LOST_SECONDS)
            if self._socket.fileno() < 0:
                raise trio.ClosedResourceError("this listener is closed")
            # One connection at a time: to look for a second one costs as much as another wait.
            await trio.lowlevel.wait_readable(self._socket)
            try:
                connected, address = self._socket.accept()
            except BlockingIOError:  # the peer left
                continue
            except OSError as error:
                if error.errno not in LOST_ERRNOS:
                    raise
                lost += 1
                continue
            if not address:  # macOS accepts a connection whose peer has left, and has no address for it
                connected.close()
                lost += 1
                continue
            connected.setblocking(False)
            return TcpStream(connected, peer=address[0].partition("%")[0])

    async def aclose(self) -> None:
        """Close at once."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close at once. A task that waits for a connection gets `trio.ClosedResourceError`."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()
