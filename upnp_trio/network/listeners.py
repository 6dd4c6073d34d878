"""HTTP's listening sockets: one for each served address, all on one port where it can be had."""

from __future__ import annotations

import errno
import logging
import socket
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.network.streams import TcpListener

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.network.interfaces import Interface, IpAddress
    from upnp_trio.network.streams import HttpStream

__all__ = ["DYNAMIC_PORTS", "HttpListener", "Listener", "authority", "find_port", "open_listener"]

logger = logging.getLogger(__name__)


class Listener(Protocol):
    """What accepts connections: `TcpListener`, or one that a test made."""

    async def accept(self) -> HttpStream:
        """The next connection. Raises `OSError` when the system has no room for one (``EMFILE`` and its like)."""
        ...

    def close(self) -> None:
        """Close at once; a task that waits for a connection is woken with `trio.ClosedResourceError`."""
        ...


# The dynamic ports (RFC 6335). Always starting at the first makes LOCATION the same after a restart.
DYNAMIC_PORTS = range(49152, 65536)
# Waiting connections; the kernel cuts it to its own limit (Linux: net.core.somaxconn, 4,096).
BACKLOG = 4096


@attrs.frozen(eq=False, repr=False)
class HttpListener:
    """Where HTTP is served: one listener, and the address and port that it has, as URLs name them."""

    authority: str
    listener: Listener


def authority(address: IpAddress, port: int) -> str:
    """Address and port as a URL has them, without a zone, which means nothing to others (UDA 2.0 §A)."""
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def find_port(interfaces: Iterable[Interface]) -> int:
    """The first dynamic port that is free at every address of *interfaces*."""
    places = [(address.ip, interface) for interface in interfaces for address in interface.addresses]
    for port in DYNAMIC_PORTS:
        with ExitStack() as stack, suppress(NetworkError):
            for address, interface in places:
                stack.enter_context(_listen(address, interface, port))
            return port
    raise PortTaken(
        f"no TCP port from {DYNAMIC_PORTS.start} to {DYNAMIC_PORTS.stop - 1} is free at every address; "
        "choose one with --port"
    )


@contextmanager
def open_listener(
    address: IpAddress, interface: Interface, port: int, *, or_another: bool = False
) -> Iterator[tuple[int, Listener]]:
    """Listen at *address* on *port*, or with *or_another* on the next dynamic one that is free; closed at the end.

    Gives the port and the listener. Raises `NetworkError` that names the address, the port and the cure.
    """
    try:
        opened = _listen(address, interface, port)
    except PortTaken:
        if not or_another:
            raise
        opened = _listen_anywhere(address, interface)
        logger.warning("TCP port %s is taken at %s; it is served on %s there", port, address, opened.getsockname()[1])
    opened.setblocking(False)
    listener = TcpListener(opened)
    try:
        yield opened.getsockname()[1], listener
    finally:
        listener.close()


def _listen_anywhere(address: IpAddress, interface: Interface) -> socket.socket:
    for port in DYNAMIC_PORTS:
        with suppress(PortTaken):
            return _listen(address, interface, port)
    raise PortTaken(f"no TCP port from {DYNAMIC_PORTS.start} on is free at {address}; choose one with --port")


def _listen(address: IpAddress, interface: Interface, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would let two programs share the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.version == 6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.bind((str(address), port, 0, interface.index))
        else:
            opened.bind((str(address), port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        kind = PortTaken if error.errno in (errno.EADDRINUSE, errno.EACCES) else NetworkError
        raise kind(_explain(error, address, port)) from error
    return opened


def _explain(error: OSError, address: IpAddress, port: int) -> str:
    cure = {
        errno.EADDRINUSE: "stop the program that holds it, choose another with --port, or leave --port out",
        errno.EACCES: "choose a port from 1024 on with --port",
        errno.EADDRNOTAVAIL: "check that the interface still has this address",
    }.get(error.errno or 0, "check the interface")
    return f"cannot listen on TCP port {port} at {address}: {error.strerror}; {cure}"
