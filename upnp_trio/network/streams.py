"""TCP as HTTP needs it: trio's streams with fewer turns of the loop.

`trio.SocketStream` gives way to other tasks at each send, also when the kernel takes all of it at once. Here one
request is one turn: waiting for it. That is fair enough, as a connection answers nothing without such a wait.
"""

from __future__ import annotations

import errno
import socket

import trio

__all__ = ["TcpListener", "TcpStream"]

# What befell a connection while it waited in the kernel (accept(2)); the listener is none the worse.
_LOST_ERRNOS = frozenset(
    getattr(errno, name)
    for name in (
        *("ECONNABORTED", "ECONNRESET", "EPERM", "EPROTO", "ENETDOWN", "ENOPROTOOPT"),
        *("EHOSTDOWN", "ENONET", "EHOSTUNREACH", "EOPNOTSUPP", "ENETUNREACH", "ETIMEDOUT"),
    )
    if hasattr(errno, name)
)


class TcpStream(trio.abc.HalfCloseableStream):
    """An accepted connection.

    Its methods check for cancellation only when they wait: `receive_some` does, except for what had arrived before
    the first call, and `send_all` does when the kernel has no room.
    """

    def __init__(self, connected: socket.socket, *, peer: str) -> None:
        self._socket = connected
        self._is_fresh = True
        #: the address at the other end, without a port
        self.peer = peer

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """What has arrived; nothing at the end. Raises `trio.BrokenResourceError` when the peer is gone."""
        if not self._is_fresh:
            await self._wait_readable()
        self._is_fresh = False
        while True:
            try:
                return self._socket.recv(max_bytes or 65536)
            except BlockingIOError:
                await self._wait_readable()
            except OSError as error:
                raise self._translated(error) from error

    async def _wait_readable(self) -> None:
        if self._socket.fileno() < 0:
            raise trio.ClosedResourceError("this connection is closed")
        await trio.lowlevel.wait_readable(self._socket)

    def send_now(self, data: bytes | memoryview) -> int:
        """Send what the kernel has room for, without waiting; how many bytes that was."""
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
                await trio.lowlevel.wait_writable(self._socket)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the kernel has room."""
        await trio.lowlevel.wait_writable(self._socket)

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        await trio.lowlevel.checkpoint()
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise self._translated(error) from error

    async def aclose(self) -> None:
        """Close at once; whoever waits for this connection is woken with `trio.ClosedResourceError`."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close at once what no task waits for."""
        self._socket.close()

    def _translated(self, error: OSError) -> trio.BrokenResourceError | trio.ClosedResourceError:
        if self._socket.fileno() < 0:
            return trio.ClosedResourceError("this connection is closed")
        return trio.BrokenResourceError(f"the connection to {self.peer} is broken: {error.strerror}")


class TcpListener(trio.abc.Listener[TcpStream]):
    """A listening socket, which is taken over and must not block."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening

    async def accept(self) -> TcpStream:
        """The next connection. Raises `OSError` when the system has no room for one (``EMFILE`` and its like)."""
        while True:
            if self._socket.fileno() < 0:
                raise trio.ClosedResourceError("this listener is closed")
            # One at a time: to find that there is no other one costs as much as to be told of it.
            await trio.lowlevel.wait_readable(self._socket)
            try:
                connected, address = self._socket.accept()
            except BlockingIOError:  # it went away
                continue
            except OSError as error:
                if error.errno not in _LOST_ERRNOS:
                    raise
                continue
            connected.setblocking(False)
            return TcpStream(connected, peer=address[0].partition("%")[0])

    async def aclose(self) -> None:
        """Close at once."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """Close at once; whoever waits for a connection is woken with `trio.ClosedResourceError`."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()
