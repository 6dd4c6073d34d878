"""TCP as HTTP needs it: trio's streams with fewer turns of the loop.

`trio.SocketStream` gives way to other tasks at each send, also when the kernel takes all of it at once. Here one
request is one turn: waiting for it. That is fair enough, as a connection answers nothing without such a wait.
"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Protocol

import trio

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HttpStream", "TcpListener", "TcpStream"]

# What the kernel holds for a peer that reads slowly. By itself, Linux takes 2.5 MiB for each on loopback, which counts
# as this process's memory. Enough for 1 MiB a second to a peer that is 100 ms away.
SEND_BUFFER_BYTES = 128 * 1024

# What befell a connection while it waited in the kernel (accept(2)); the listener is none the worse.
_LOST_ERRNOS = frozenset(
    getattr(errno, name)
    for name in (
        *("ECONNABORTED", "ECONNRESET", "EPERM", "EPROTO", "ENETDOWN", "ENOPROTOOPT"),
        *("EHOSTDOWN", "ENONET", "EHOSTUNREACH", "EOPNOTSUPP", "ENETUNREACH", "ETIMEDOUT"),
    )
    if hasattr(errno, name)
)


class HttpStream(Protocol):
    """A connection as HTTP needs it: `TcpStream`, or one that a test made."""

    @property
    def peer(self) -> str:
        """The address at the other end, without a port."""
        ...

    async def receive_some(self, max_bytes: int) -> bytes:
        """What has arrived; nothing at the end. Raises `trio.BrokenResourceError` when the peer is gone."""
        ...

    def receive_now(self, max_bytes: int) -> bytes | None:
        """What has arrived, without waiting: nothing at the end, ``None`` if that is to be waited for."""
        ...

    def send_now(self, pieces: Sequence[bytes]) -> int:
        """Send what there is room for, without waiting; how many bytes that was."""
        ...

    async def send_all(self, data: memoryview) -> None:
        """Send all of *data*. Raises `trio.BrokenResourceError` when the peer is gone."""
        ...

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        ...

    def close(self) -> None:
        """Close at once; no task may wait for this connection."""
        ...


class TcpStream:
    """An accepted connection; the methods check for cancellation only where they wait."""

    def __init__(self, connected: socket.socket, *, peer: str) -> None:
        self._socket = connected
        #: the address at the other end, without a port
        self.peer = peer

    async def receive_some(self, max_bytes: int) -> bytes:
        """What has arrived; nothing at the end. Raises `trio.BrokenResourceError` when the peer is gone."""
        while True:
            if self._socket.fileno() < 0:
                raise trio.ClosedResourceError("this connection is closed")
            await trio.lowlevel.wait_readable(self._socket)
            if (arrived := self.receive_now(max_bytes)) is not None:
                return arrived

    def receive_now(self, max_bytes: int) -> bytes | None:
        """What has arrived, without waiting: nothing at the end, ``None`` if that is to be waited for."""
        try:
            return self._socket.recv(max_bytes)
        except BlockingIOError:
            return None
        except OSError as error:
            raise self._translated(error) from error

    def send_now(self, pieces: Sequence[bytes | memoryview]) -> int:
        """Send what the kernel has room for, without waiting; how many bytes that was."""
        try:
            if len(pieces) > 1 and hasattr(self._socket, "sendmsg"):  # Windows has none
                return self._socket.sendmsg(pieces)
            return self._socket.send(pieces[0])
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._translated(error) from error

    async def send_all(self, data: memoryview) -> None:
        """Send all of *data*. Raises `trio.BrokenResourceError` when the peer is gone."""
        left = data
        while left:
            left = left[self.send_now([left]) :]
            if left:
                await trio.lowlevel.wait_writable(self._socket)

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        await trio.lowlevel.checkpoint()
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise self._translated(error) from error

    def close(self) -> None:
        """Close at once; no task may wait for this connection."""
        self._socket.close()

    def _translated(self, error: OSError) -> trio.BrokenResourceError | trio.ClosedResourceError:
        if self._socket.fileno() < 0:
            return trio.ClosedResourceError("this connection is closed")
        return trio.BrokenResourceError(f"the connection to {self.peer} is broken: {error.strerror}")


class TcpListener:
    """A listening socket, which is taken over and must not block."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        # connections inherit both
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

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

    def close(self) -> None:
        """Close at once; whoever waits for a connection is woken with `trio.ClosedResourceError`."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()
