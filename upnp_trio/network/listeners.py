"""HTTP's listening sockets: the served addresses, all on one port."""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import trio

from upnp_trio.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from ipaddress import IPv4Address

__all__ = ["Listener", "open_listeners"]

#: what accepts connections: sockets here, memory in tests
Listener = trio.abc.Listener[trio.abc.Stream]

# The dynamic ports (RFC 6335). Always starting at the first makes LOCATION the same after a restart.
FIRST_PORT = 49152
LAST_PORT = 65535
# Waiting connections; the kernel cuts it to its own limit (Linux: net.core.somaxconn, 4,096).
BACKLOG = 4096


@contextmanager
def open_listeners(
    addresses: Iterable[IPv4Address], port: int | None = None
) -> Iterator[tuple[int, Sequence[trio.SocketListener]]]:
    """Listen at *addresses* on *port*, or on the first that is free at all of them; closed at the end.

    Gives the port and the listeners. Raises `NetworkError` that names the address, the port and the cure.
    """
    addresses = list(addresses)
    for candidate in [port] if port is not None else range(FIRST_PORT, LAST_PORT + 1):
        with ExitStack() as stack:
            try:
                listeners = [_listen(address, candidate, stack) for address in addresses]
            except _PortTaken as error:
                if port is None:
                    continue
                raise error.explanation from error.__cause__
            yield candidate, listeners
            return
    raise NetworkError(f"no TCP port from {FIRST_PORT} to {LAST_PORT} is free at every address; choose one with --port")


class _PortTaken(Exception):
    """This port cannot be had, another one may be."""

    def __init__(self, explanation: NetworkError) -> None:
        super().__init__(str(explanation))
        self.explanation = explanation


def _listen(address: IPv4Address, port: int, stack: ExitStack) -> trio.SocketListener:
    opened = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would let two programs share the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((str(address), port))
        opened.listen(BACKLOG)
    except OSError as error:
        explanation = NetworkError(_explain(error, address, port))
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise _PortTaken(explanation) from error
        raise explanation from error
    return trio.SocketListener(trio.socket.from_stdlib_socket(opened))


def _explain(error: OSError, address: IPv4Address, port: int) -> str:
    cure = {
        errno.EADDRINUSE: "stop the program that holds it, choose another with --port, or leave --port out",
        errno.EACCES: "choose a port from 1024 on with --port",
        errno.EADDRNOTAVAIL: "check that the interface still has this address",
    }.get(error.errno or 0, "check the interface")
    return f"cannot listen on TCP port {port} at {address}: {error.strerror}; {cure}"
