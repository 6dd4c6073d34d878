"""HTTP's listening sockets: the served addresses, all on one port."""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import trio

from upnp_trio.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from ipaddress import IPv4Address

__all__ = ["Listener", "open_listeners"]

#: what accepts connections: sockets here, memory in tests
Listener = trio.abc.Listener[trio.abc.Stream]

# The dynamic ports (RFC 6335). Always starting at the first makes LOCATION the same after a restart.
FIRST_PORT = 49152
LAST_PORT = 65535
# Waiting connections; the kernel cuts it to its own limit (Linux: net.core.somaxconn, 4,096).
BACKLOG = 4096


@asynccontextmanager
async def open_listeners(
    addresses: Iterable[IPv4Address], port: int | None = None
) -> AsyncIterator[tuple[int, Sequence[trio.SocketListener]]]:
    """Listen at *addresses* on *port*, or on the first that is free at all of them; closed at the end.

    Gives the port and the listeners. Raises `NetworkError` that names the address, the port and the cure.
    """
    addresses = list(addresses)
    async with AsyncExitStack() as stack:
        listeners: list[trio.SocketListener] = []
        for candidate in [port] if port is not None else range(FIRST_PORT, LAST_PORT + 1):
            try:
                for address in addresses:
                    listeners.append(await _listen(address, candidate))
            except OSError as error:
                for listener in listeners:
                    await listener.aclose()
                listeners.clear()
                if port is None and error.errno in (errno.EADDRINUSE, errno.EACCES):
                    continue
                raise NetworkError(_explain(error, address, candidate)) from error
            for listener in listeners:
                stack.push_async_callback(listener.aclose)
            yield candidate, listeners
            return
    raise NetworkError(f"no TCP port from {FIRST_PORT} to {LAST_PORT} is free at every address; choose one with --port")


async def _listen(address: IPv4Address, port: int) -> trio.SocketListener:
    opened = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would let two programs share the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        await opened.bind((str(address), port))
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    return trio.SocketListener(opened)


def _explain(error: OSError, address: IPv4Address, port: int) -> str:
    cure = {
        errno.EADDRINUSE: "stop the program that holds it, choose another with --port, or leave --port out",
        errno.EACCES: "choose a port from 1024 on with --port",
        errno.EADDRNOTAVAIL: "check that the interface still has this address",
    }.get(error.errno or 0, "check the interface")
    return f"cannot listen on TCP port {port} at {address}: {error.strerror}; {cure}"
