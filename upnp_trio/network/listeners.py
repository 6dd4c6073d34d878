"""The listening sockets of HTTP: one for each served address, all on one port if possible."""

from __future__ import annotations

import errno
import logging
import socket
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio.errors import PortTaken
from upnp_trio.exchange import ServedAddress
from upnp_trio.model.advertised_url import host_text
from upnp_trio.network.interfaces import on_link
from upnp_trio.network.streams import SEND_BUFFER_BYTES, TcpListener
from upnp_trio.network.system_errors import AddressGone, translated
from upnp_trio.network.udp_sockets import socket_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.network.interfaces import Interface, IpAddress
    from upnp_trio.network.streams import HttpStream

__all__ = ["DYNAMIC_PORTS", "HttpListener", "Listener", "authority", "find_port", "open_listener", "served_address"]

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
# Connections that wait to be accepted. The kernel has a limit of its own (Linux: net.core.somaxconn, 4,096).
BACKLOG = 4096

_PORT_CURES = {
    errno.EADDRINUSE: "stop the program that holds it, choose another with --port or port=, or leave that out",
    errno.EACCES: (
        # Hyper-V and WSL keep hundreds of the dynamic ports; also of a port that a program holds for itself alone
        "choose another with --port or port=: a program holds it, or Windows keeps it "
        "(netsh interface ipv4 show excludedportrange protocol=tcp)"
        if sys.platform == "win32"
        else "choose a port from 1024 on with --port or port=, or let this process use the lower ones: by "
        "AmbientCapabilities=CAP_NET_BIND_SERVICE in a systemd unit, or for all by "
        "'sysctl net.ipv4.ip_unprivileged_port_start=80'"
        if sys.platform == "linux"
        else "choose a port from 1024 on with --port or port=, or run as root"
    ),
}


@attrs.frozen(eq=False, repr=False)
class HttpListener:
    """Where HTTP is served: a listener, its address and port as URLs name them, and its interface."""

    authority: str
    listener: Listener
    served: ServedAddress


def authority(address: IpAddress, port: int) -> str:
    """Address and port as a URL has them, without a zone, which means nothing to others (UDA 2.0 §A)."""
    return f"{host_text(address)}:{port}"


def served_address(address: IpAddress, interface: Interface) -> ServedAddress:
    """*address* of *interface*, as the connections that are accepted there know it."""
    links = tuple(on_link(own) for own in interface.addresses if own.version == address.version)
    return ServedAddress(interface=interface.name, index=interface.index, address=str(address), links=links)


def find_port(interfaces: Iterable[Interface]) -> int:
    """The first dynamic port that is free at every address of *interfaces*.

    An address that went away meanwhile does not count: opening it reports that, and the others need a port anyway.
    Raises `PortTaken` if no port is free everywhere, and `NetworkError` for an error that another port cannot cure.
    """
    places = [(address.ip, interface) for interface in interfaces for address in interface.addresses]
    taken: PortTaken | None = None
    for port in DYNAMIC_PORTS:
        with ExitStack() as stack:
            try:
                for address, interface in places:
                    with suppress(AddressGone):
                        stack.enter_context(_listen(address, interface, port))
            except PortTaken as error:
                taken = error
            else:
                return port
    raise PortTaken(
        f"no TCP port from {DYNAMIC_PORTS.start} to {DYNAMIC_PORTS.stop - 1} is free at every address; "
        f"choose one with --port or port=. The last attempt: {taken}"
    ) from taken


@contextmanager
def open_listener(
    address: IpAddress, interface: Interface, port: int | None, *, or_another: bool = False
) -> Iterator[tuple[int, Listener]]:
    """Listen at *address* on *port*, or with *or_another* on the first dynamic port that is free; closed at the end.

    Port ``None`` means the first dynamic port that is free in any case, and 0 one that the system chooses. Gives the
    port and the listener. Raises `NetworkError`, which names the address, the port and the cure.
    """
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(
                _listen_anywhere(address, interface) if port is None else _listen(address, interface, port)
            )
        except PortTaken:
            if not or_another or port is None:
                raise
            opened = stack.enter_context(_listen_anywhere(address, interface))
        with translated(f"listen at {address}"):
            actual_port = opened.getsockname()[1]
        if port not in (None, 0, actual_port):
            logger.warning("TCP port %s is taken at %s; HTTP is on %s there", port, address, actual_port)
        listener = TcpListener(opened)
        stack.callback(listener.close)
        yield actual_port, listener


def _listen_anywhere(address: IpAddress, interface: Interface) -> socket.socket:
    for port in DYNAMIC_PORTS:
        with suppress(PortTaken):
            return _listen(address, interface, port)
    raise PortTaken(f"no TCP port from {DYNAMIC_PORTS.start} on is free at {address}; choose one with --port or port=")


def _listen(address: IpAddress, interface: Interface, port: int) -> socket.socket:
    task = f"listen on TCP port {port} at {address}"
    with ExitStack() as stack, translated(task):
        opened = stack.enter_context(
            socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        )
        opened.setblocking(False)
        if sys.platform == "win32":  # there, SO_REUSEADDR would let two programs share the port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # accepted connections inherit both
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if address.version == 6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        with translated(task, port_cures=_PORT_CURES):
            opened.bind(socket_address(str(address), port, interface))
            opened.listen(BACKLOG)
        stack.pop_all()
    return opened
