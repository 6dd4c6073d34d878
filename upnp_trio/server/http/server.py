"""HTTP/1.1 for the device's documents: the connections there are, how many there may be, and what they share."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.network.descriptors import descriptor_limit
from upnp_trio.network.system_errors import BUG_ERRNOS, RESOURCE_ERRNOS
from upnp_trio.server.http.connection_table import ConnectionTable, NoPlace, peer_of
from upnp_trio.server.http.host_check import HostCheck, HostName
from upnp_trio.server.monitoring.log_limit import LogLimit

if TYPE_CHECKING:
    from upnp_trio.network.listeners import HttpListener, Listener
    from upnp_trio.network.streams import HttpStream
    from upnp_trio.server.http.connection import Connection  # noqa: TC004  # only cattrs would evaluate it
    from upnp_trio.server.http.response_writer import ResponseWriter  # noqa: TC004  # likewise

__all__ = ["HttpServer"]

logger = logging.getLogger(__name__)

# Many more than the control points of a home have.
MAX_CONNECTIONS = 256
# A browser opens 6; several control points may share an address.
MAX_CONNECTIONS_PER_PEER = 64
# Connections take at most this part of the file descriptors that the process may have, or strangers could use up those
# that its own sockets need when the network changes.
DESCRIPTORS_PER_CONNECTION = 2
# Connections that are being told 503, all together and of one peer; beyond them, a connection is closed without a word.
MAX_REFUSALS = 64
MAX_REFUSALS_PER_PEER = 8
# They have descriptors as well, and take at most this part of them.
DESCRIPTORS_PER_REFUSAL = 16
# When a connection cannot be accepted, the next attempt waits for so long.
RETRY_SECONDS = 0.1


def _open_table() -> ConnectionTable[Connection]:
    limit = max(min(MAX_CONNECTIONS, descriptor_limit() // DESCRIPTORS_PER_CONNECTION), 1)
    return ConnectionTable(limit, max(limit * MAX_CONNECTIONS_PER_PEER // MAX_CONNECTIONS, 1))


@attrs.define(eq=False, repr=False)
class HttpServer:
    """Serves on listeners; the connections it has are counted and bounded."""

    writer: ResponseWriter
    #: names that are answered to beside the own addresses
    allowed_hosts: frozenset[HostName] = frozenset()
    _table: ConnectionTable[Connection] = attrs.field(factory=_open_table)
    _max_refusals: int = attrs.field(factory=lambda: min(MAX_REFUSALS, descriptor_limit() // DESCRIPTORS_PER_REFUSAL))
    #: connections that are being told 503, by peer
    _refusals: Counter[str] = attrs.field(factory=Counter)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)
    _stopping: bool = False
    _nursery: trio.Nursery | None = None
    _accepting: int = 0
    _all_accepted: trio.Event = attrs.field(factory=trio.Event)

    @property
    def open_connections(self) -> int:
        """How many connections are being served now."""
        return len(self._table)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Hold all connections until cancelled; then let requests in flight end, within a grace."""
        async with trio.open_nursery() as self._nursery:
            try:
                task_status.started()
                await trio.sleep_forever()
            finally:
                self._stop()
                # accepting stops at the same moment; a connection that it accepts until then must find us here
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
            await self._accept_each(host_check, http_listener.listener, self._nursery)
        finally:
            http_listener.listener.close()
            self._accepting -= 1
            if self._stopping and not self._accepting:
                self._all_accepted.set()

    async def _accept_each(self, host_check: HostCheck, listener: Listener, nursery: trio.Nursery) -> NoReturn:
        while True:
            try:
                self._admit(host_check, await listener.accept(), nursery)
            except OSError as error:
                if error.errno in BUG_ERRNOS:
                    raise
                # The process or the system has no descriptor or no memory left, or a firewall or sandbox refuses.
                self.writer.stats.refused[f"accept failed: {error.strerror or error}"] += 1
                if error.errno in RESOURCE_ERRNOS and len(self._table):
                    self._displace(self._table.heaviest())
                await trio.sleep(RETRY_SECONDS)

    def _admit(self, host_check: HostCheck, stream: HttpStream, nursery: trio.Nursery) -> None:
        """Serve a new connection if there is a place for it; else tell it so, or just close it.

        Raises `OSError` when the system has no room for the modules that the first connection needs.
        """
        try:
            # here and not above: a device is found before it is read, and h11's import is a part of its start
            from upnp_trio.server.http.connection import Connection
        except OSError:
            stream.close()
            raise
        self.writer.stats.connections += 1
        connection = Connection(stream, host_check, self.writer)
        try:
            displaced = self._table.admit(connection)
        except NoPlace as reason:
            self.writer.stats.refused[str(reason)] += 1
            self._refuse(connection, nursery)
            return
        if displaced is not None:
            self._displace(displaced)
        # A task costs as much as a GET, and most connections bring their only request with them.
        try:
            is_over = connection.answer_at_once()
        except Exception as error:
            self._note_failure(connection, error)
            is_over = True
        if is_over:
            self._end(connection)
        else:
            nursery.start_soon(self._serve, connection)

    async def _serve(self, connection: Connection) -> None:
        try:
            await connection.run(stopping=self._stopping)
        except Exception as error:
            self._note_failure(connection, error)
        finally:
            self._end(connection)

    def _refuse(self, connection: Connection, nursery: trio.Nursery) -> None:
        peer = peer_of(connection.address)
        if self._refusals[peer] >= MAX_REFUSALS_PER_PEER or self._refusals.total() >= self._max_refusals:
            connection.stream.close()
            return
        self._refusals[peer] += 1
        nursery.start_soon(self._tell_refusal, connection, peer)

    async def _tell_refusal(self, connection: Connection, peer: str) -> None:
        try:
            await connection.run(refuse=True, stopping=self._stopping)
        except Exception as error:
            self._note_failure(connection, error)
        finally:
            connection.stream.close()
            self._refusals[peer] -= 1
            if not self._refusals[peer]:
                del self._refusals[peer]

    def _note_failure(self, connection: Connection, error: Exception) -> None:
        """Log a fault of ours, which ends this connection alone."""
        if isinstance(error, trio.BrokenResourceError | trio.ClosedResourceError):
            return  # the peer may leave at any time
        self.writer.stats.refused["a fault of ours"] += 1
        # a peer that found out how to cause a fault will repeat it
        if self._log_limit.is_news("fault", connection.address, trio.current_time()):
            logger.error("a fault while serving %s; its connection is closed", connection.address, exc_info=error)

    def _end(self, connection: Connection) -> None:
        self._table.discard(connection)
        connection.stream.close()

    def _displace(self, connection: Connection) -> None:
        """Let *connection* give its place to a newer one."""
        self._table.discard(connection)
        self.writer.stats.refused["gave way to another connection"] += 1
        connection.give_way()

    def _stop(self) -> None:
        self._stopping = True
        for connection in self._table:
            connection.stop()
