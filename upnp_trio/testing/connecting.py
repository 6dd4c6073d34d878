"""TCP connections between hosts in memory: how they are opened, and how that fails."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.testing.pipes import CAPACITY, PipeStream, connected_pair
from upnp_trio.testing.udp import refused

if TYPE_CHECKING:
    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.interfaces import IpAddress
    from upnp_trio.testing.hosts import Host
    from upnp_trio.testing.links import Nic

__all__ = ["OpenedConnection", "connect"]

# How long a connection to an address that nobody has takes to fail.
UNREACHABLE_SECONDS = 3.0


@attrs.define(eq=False)
class OpenedConnection:
    """A connection that a program on a host has opened, or tried to."""

    time: float
    source: str
    address: str
    port: int
    #: the end of this host, once it is there
    stream: PipeStream | None = None


async def connect(host: Host, address: IpAddress, port: int, served: ServedAddress) -> PipeStream:
    """Connect from *served* to *port* of *address*. Raises `OSError`."""
    opened = OpenedConnection(trio.current_time(), served.address, str(address), port)
    host.connections.append(opened)
    if error := host.connect_errors.get((str(address), port)):
        await trio.lowlevel.checkpoint()
        raise error
    own = host.routes.nic_of(served.address, served.index)
    way = host.routes.route(
        own, (str(address), port, 0, served.index) if address.version == 6 else (str(address), port)
    )
    recorded = way.link.recording.add_connection(
        trio.current_time(), way.link.name, served.address, (str(address), port)
    )
    try:
        stream = await _connect(own, way, str(address), port, served)
    except OSError as error:
        recorded.outcome = "refused" if error.errno == errno.ECONNREFUSED else "unreachable"
        raise
    except trio.Cancelled:
        recorded.outcome = "cancelled"
        raise
    recorded.outcome = "accepted"
    opened.stream = stream
    return stream


async def _connect(own: Nic, way: Nic, address: str, port: int, served: ServedAddress) -> PipeStream:
    target = way if way.has(address) else way.link.nic_with(address)
    if target is None or not way.link.joins(way, target):
        await trio.sleep(UNREACHABLE_SECONDS)
        raise refused(errno.EHOSTUNREACH)
    seconds = 0.0 if target is way else way.link.seconds
    await trio.sleep(seconds)
    if port in target.silent_ports:
        await trio.sleep_forever()
    listener = target.listeners.get((address, port))
    if listener is None or listener.is_closed:
        await trio.sleep(seconds)
        raise refused(errno.ECONNREFUSED)
    near, far = connected_pair(served.address, address, seconds=seconds, capacity=CAPACITY)
    for pipe in (near.incoming, near.outgoing):
        own.pipes[pipe] = served.address
        target.pipes[pipe] = address
    listener.offer(far)
    try:
        await trio.sleep(seconds)
    except trio.Cancelled:
        near.reset()
        raise
    return near
