"""HTTP/1.1 for the device's documents: the connections there are, how many there may be, and what they share."""

from __future__ import annotations

import errno
import logging
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.network.streams import TcpStream
from upnp_trio.server.http.host_check import HostCheck, HostName
from upnp_trio.server.http.response_writer import ResponseWriter
from upnp_trio.server.monitoring.log_limit import LogLimit

if TYPE_CHECKING:
    from upnp_trio.network.listeners import HttpListener, Listener
    from upnp_trio.server.http.connection import Connection  # noqa: TC004  # only cattrs would evaluate it

__all__ = ["HttpServer"]

logger = logging.getLogger(__name__)

# Much below the 1,024 file descriptors that a process has by default.
MAX_CONNECTIONS = 256
# A browser opens 6; several control points may share an address.
MAX_CONNECTIONS_PER_PEER = 64
# Connections that are being told 503; beyond them, a flood is closed without a word.
MAX_REFUSALS = 64
# When this process, or the system, has no file descriptor left for one more.
FULL_ERRNOS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
FULL_SECONDS = 0.1


@attrs.define(eq=False, repr=False)
class HttpServer:
    """Serves on listeners; the connections it has are counted and bounded."""

    writer: ResponseWriter
    #: names that are answered to beside the own addresses
    allowed_hosts: frozenset[HostName] = frozenset()
    _connections: set[Connection] = attrs.field(factory=set)
    _per_peer: Counter[str] = attrs.field(factory=Counter)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)
    _stopping: bool = False
    _nursery: trio.Nursery | None = None
    _accepting: int = 0
    _all_accepted: trio.Event = attrs.field(factory=trio.Event)

    @property
    def open_connections(self) -> int:
        """How many connections there are now."""
        return len(self._connections)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Be the home of all connections until cancelled; then let requests in flight end, within a grace."""
        async with trio.open_nursery() as self._nursery:
            try:
                task_status.started()
                await trio.sleep_forever()
            finally:
                self._stop()
                # accepting stops at the same moment, and what it has in its hands by then must find us here
                if self._accepting:
                    with trio.CancelScope(shield=True):
                        await self._all_accepted.wait()
        raise AssertionError("unreachable: sleeping for ever has no end")

    async def accept(self, http_listener: HttpListener) -> NoReturn:
        """Accept connections until cancelled; they go on when this ends, as long as `run` does."""
        assert self._nursery is not None, "run comes first"
        # A listener is bound to one address, so all its connections have that one for their local address.
        host_check = HostCheck(http_listener.authority, self.allowed_hosts)
        self._accepting += 1
        try:
            async with http_listener.listener:
                await self._accept_each(host_check, http_listener.listener, self._nursery)
        finally:
            self._accepting -= 1
            if self._stopping and not self._accepting:
                self._all_accepted.set()

    async def _accept_each(self, host_check: HostCheck, listener: Listener, nursery: trio.Nursery) -> NoReturn:
        while True:
            try:
                stream = await listener.accept()
            except OSError as error:
                if error.errno not in FULL_ERRNOS:
                    raise
                self.writer.stats.refused["no file descriptor left"] += 1
                await trio.sleep(FULL_SECONDS)
            else:
                nursery.start_soon(self.handle, host_check, stream)

    def _stop(self) -> None:
        self._stopping = True
        for connection in self._connections:
            connection.stop()

    async def handle(self, host_check: HostCheck, stream: trio.abc.Stream) -> None:
        """Serve one connection to its end; a fault of ours is logged and ends this connection alone."""
        # here and not above: a device is found before it is read, and h11's import is a twentieth of its start
        from upnp_trio.server.http.connection import Connection

        peer = stream.peer if isinstance(stream, TcpStream) else ""
        connection = Connection(stream, peer, host_check, self.writer)
        stats = self.writer.stats
        stats.connections += 1
        full = len(self._connections) >= MAX_CONNECTIONS
        crowded = self._per_peer[peer] >= MAX_CONNECTIONS_PER_PEER
        if full or crowded:
            stats.refused["too many connections" if full else "too many connections of one peer"] += 1
            if len(self._connections) >= MAX_CONNECTIONS + MAX_REFUSALS:
                await _close(stream)
                return
        self._connections.add(connection)
        self._per_peer[peer] += 1
        try:
            await connection.run(refuse=full or crowded, stopping=self._stopping)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer went away; its right
        except Exception:
            stats.refused["a fault of ours"] += 1
            if self._log_limit.is_news(
                "fault", peer, trio.current_time()
            ):  # who found out how to cause one will repeat it
                logger.exception("a fault while serving %s; its connection is closed", peer)
        finally:
            self._connections.discard(connection)
            self._per_peer[peer] -= 1
            if not self._per_peer[peer]:
                del self._per_peer[peer]
            await _close(stream)


async def _close(stream: trio.abc.Stream) -> None:
    if isinstance(stream, TcpStream):
        stream.close()
    else:
        await trio.aclose_forcefully(stream)
