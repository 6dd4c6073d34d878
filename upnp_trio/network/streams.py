"""TCP connections as HTTP needs them: trio's streams with fewer turns of the event loop.

`trio.SocketStream` gives way to other tasks at each send, even when the kernel takes everything at once. Here, one
request takes one turn: the wait for it.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

import trio

from upnp_trio.network.system_errors import UNSUPPORTED_ERRNOS, tolerated
from upnp_trio.network.udp_sockets import SO_BINDTODEVICE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.interfaces import IpAddress

__all__ = ["LOST_ERRNOS", "SEND_BUFFER_BYTES", "HttpStream", "TcpListener", "TcpStream", "connect"]

# A connection that is under way; Windows has its own number for it.
_CONNECTING_ERRNOS = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 10035)})

# <linux/in.h>: choose the port of a bound socket when it connects. Otherwise it is the only one with this port at its
# address, as long as the kernel remembers it. A subscriber that lets us close each connection, which the kernel
# remembers for a minute, would use up the ports that lead to all others.
_IP_BIND_ADDRESS_NO_PORT = 24

# What the kernel holds for a peer that reads slowly. By itself, Linux takes 2.5 MiB for each on loopback, which counts
# as this process's memory. Enough for 1 MiB a second to a peer that is 100 ms away.
SEND_BUFFER_BYTES = 128 * 1024

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
# One connection in a turn of the event loop is the cheapest while turns are short: to look for a second one costs as
# much as another wait. After a longer wait, turns may be long, and all connections that have queued up are accepted, or
# a peer with busy connections and a queue of new ones would keep all others waiting.
LONG_WAIT_SECONDS = 0.005
MAX_ACCEPTS_IN_A_TURN = 256


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
        """Send what there is room for, without waiting; returns the number of bytes."""
        ...

    async def send_all(self, data: memoryview) -> None:
        """Send all of *data*. Raises `trio.BrokenResourceError` when the peer is gone."""
        ...

    async def send_eof(self) -> None:
        """Tell the peer that nothing more will be sent."""
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
            await self._wait(trio.lowlevel.wait_readable)
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
        """Send what the kernel has room for, without waiting; returns the number of bytes."""
        try:
            if sys.platform != "win32" and len(pieces) > 1:  # Windows has no sendmsg
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
                await self._wait(trio.lowlevel.wait_writable)

    async def send_eof(self) -> None:
        """Tell the peer that nothing more will be sent."""
        await trio.lowlevel.checkpoint()
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise self._translated(error) from error

    def close(self) -> None:
        """Close at once; no task may wait for this connection."""
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


async def connect(address: IpAddress, port: int, *, served: ServedAddress) -> TcpStream:
    """Connect from a served address to *port* of *address*.

    An address beyond the link is reached as the routes of this host say; one that exists on each link, a link-local
    one, is reached on the interface of *served*. The caller sets a deadline. Raises `OSError`.
    """
    is_ipv6 = address.version == 6
    connecting = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connecting.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if sys.platform == "linux":
            with suppress(OSError):  # a sandbox's kernel may not have it
                connecting.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)  # for IPv6, too
        if sys.platform == "linux" and not is_ipv6 and address.is_link_local and served.interface:
            # IPv4 has no scopes; without this, the routing table would choose one of the links
            with tolerated(UNSUPPORTED_ERRNOS):
                connecting.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, served.interface.encode())
        # a scope is for link-local addresses alone
        scope = served.index if address.is_link_local else 0
        own_scope = served.index if is_ipv6 and ip_address(served.address).is_link_local else 0
        connecting.bind((served.address, 0, 0, own_scope) if is_ipv6 else (served.address, 0))
        error = connecting.connect_ex((str(address), port, 0, scope) if is_ipv6 else (str(address), port))
        if error in _CONNECTING_ERRNOS:
            await trio.lowlevel.wait_writable(connecting)
            error = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise _error_of(error)
    except BaseException:
        connecting.close()
        raise
    return TcpStream(connecting, peer=str(address))


def _error_of(number: int) -> OSError:
    if sys.platform == "win32":
        from upnp_trio.network.windows import socket_error

        return socket_error(number)
    else:
        return OSError(number, os.strerror(number))


class TcpListener:
    """A listening socket that does not block. The listener owns it from now on."""

    def __init__(self, listening: socket.socket) -> None:
        self._socket = listening
        #: how many connections may be accepted before the next wait
        self._accepts_left = 0

    async def accept(self) -> TcpStream:
        """The next connection. Raises `OSError` when the system has no room for one (EMFILE and its like)."""
        lost = 0
        while True:
            if lost == MAX_LOST_IN_A_ROW:
                lost = 0
                await trio.sleep(LOST_SECONDS)
            if self._socket.fileno() < 0:
                raise trio.ClosedResourceError("this listener is closed")
            if self._accepts_left:
                self._accepts_left -= 1
            else:
                began = trio.current_time()
                await trio.lowlevel.wait_readable(self._socket)
                if trio.current_time() - began > LONG_WAIT_SECONDS:
                    self._accepts_left = MAX_ACCEPTS_IN_A_TURN - 1
            try:
                connected, address = self._socket.accept()
            except BlockingIOError:  # the queue is empty, or the peer left
                self._accepts_left = 0
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

    def close(self) -> None:
        """Close at once. A task that waits for a connection gets `trio.ClosedResourceError`."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()
