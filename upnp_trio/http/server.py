"""The HTTP/1.1 server: accepts connections, bounds their number and serves each in a task."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.http.connection_table import ConnectionTable, NoSlot
from upnp_trio.http.host_check import HostCheck, HostName
from upnp_trio.http.request_rules import MAX_BODY_BYTES
from upnp_trio.model.peers import peer_of
from upnp_trio.monitoring.log_limit import LogLimit
from upnp_trio.network.descriptors import descriptor_limit
from upnp_trio.network.listeners import Listener
from upnp_trio.network.system_errors import BUG_ERRNOS, RESOURCE_ERRNOS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.exchange import ServedAddress  # noqa: TC004
    from upnp_trio.http.connection import Connection  # noqa: TC004  # only cattrs would evaluate it
    from upnp_trio.http.response_writer import ResponseWriter  # noqa: TC004  # likewise
    from upnp_trio.network.listeners import HttpListener
    from upnp_trio.network.streams import HttpStream

__all__ = ["HttpServer"]

logger = logging.getLogger(__name__)

# The control points of a home open far fewer.
MAX_CONNECTIONS = 256
# A browser opens 6; several control points may share an address.
MAX_CONNECTIONS_PER_PEER = 64
# Connections take at most one in this many of the file descriptors that the process may have. Otherwise other hosts
# could use up the descriptors that the device's own sockets need when the network changes.
DESCRIPTORS_PER_CONNECTION = 2
# At most so many connections get the response 503 at the same time, in all and of one peer. Each holds a
# descriptor for about a second, so any further connection is closed without a response.
MAX_REFUSALS = 64
MAX_REFUSALS_PER_PEER = 8
# They have descriptors as well, and take at most this part of them.
DESCRIPTORS_PER_REFUSAL = 16
# The pause after a connection could not be accepted. Without it, the loop would be busy until a descriptor is free.
RETRY_SECONDS = 0.1


def _open_table() -> ConnectionTable[Connection]:
    limit = max(min(MAX_CONNECTIONS, descriptor_limit() // DESCRIPTORS_PER_CONNECTION), 1)
    return ConnectionTable(limit, max(limit * MAX_CONNECTIONS_PER_PEER // MAX_CONNECTIONS, 1))


def _import_connection() -> type[Connection]:
    # imported with the first one, because importing h11 takes time and a device should be found soon after its start
    from upnp_trio.http.connection import Connection

    return Connection


@attrs.frozen(eq=False, repr=False)
class _Listening:
    """Where connections come from, and what is common to all of them."""

    listener: Listener
    served: ServedAddress
    host_check: HostCheck


@attrs.define(eq=False, repr=False)
class HttpServer:
    """Serves HTTP on listeners, within bounds on the number of connections."""

    writer: ResponseWriter
    #: names that are accepted in Host beside the listener's own address
    allowed_hosts: frozenset[HostName] = frozenset()
    max_body_bytes: int = MAX_BODY_BYTES
    _table: ConnectionTable[Connection] = attrs.field(factory=_open_table)
    _max_refusals: int = attrs.field(factory=lambda: min(MAX_REFUSALS, descriptor_limit() // DESCRIPTORS_PER_REFUSAL))
    #: how many connections are getting the response 503, by peer
    _refusals: Counter[str] = attrs.field(factory=Counter)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)
    _stopping: bool = False
    _nursery: trio.Nursery | None = None
    #: kept, as an import statement for each connection would be a twelfth of what it and its GET take
    _connection_class: type[Connection] | None = None
    #: of `accept`, for each listener
    _accepting: set[trio.CancelScope] = attrs.field(factory=set)
    _all_accepted: trio.Event = attrs.field(factory=trio.Event)

    @property
    def open_connections(self) -> int:
        """How many connections are being served now."""
        return len(self._table)

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Run all connections until cancelled, then let requests in flight finish within `GRACE_SECONDS`."""
        async with trio.open_nursery() as self._nursery:
            try:
                task_status.started()
                await trio.sleep_forever()
            finally:
                self._stop()
                # `accept` may have accepted a connection at this moment, which needs the nursery
                if self._accepting:
                    with trio.CancelScope(shield=True):
                        await self._all_accepted.wait()
        raise AssertionError("unreachable: sleeping for ever has no end")

    async def accept(self, http_listener: HttpListener, allowed_hosts: Iterable[HostName] = ()) -> NoReturn:
        """Accept connections until cancelled, or until `run` ends. They outlive this call, as long as `run` goes on.

        *allowed_hosts* are accepted in Host as well, on this listener's connections alone.
        """
        assert self._nursery is not None, "start run first"
        # A listener is bound to one address, which is the local address of all its connections.
        listening = _Listening(
            http_listener.listener,
            http_listener.served,
            HostCheck(http_listener.authority, {*self.allowed_hosts, *allowed_hosts}),
        )
        scope = trio.CancelScope()
        self._accepting.add(scope)
        try:
            with scope:
                await self._accept_each(listening, self._nursery)
        finally:
            http_listener.listener.close()
            self._accepting.discard(scope)
            if self._stopping and not self._accepting:
                self._all_accepted.set()
        await trio.sleep_forever()  # `run` has failed, and whoever runs both of them learns of that from it
        raise AssertionError("unreachable: sleeping for ever has no end")

    async def _accept_each(self, listening: _Listening, nursery: trio.Nursery) -> NoReturn:
        while True:
            try:
                self._admit(await listening.listener.accept(), listening, nursery)
            except OSError as error:
                if error.errno in BUG_ERRNOS:
                    raise
                # The process or the system has no descriptor or memory left, or a firewall or sandbox refuses.
                self.writer.stats.refused[f"accept failed: {error.strerror or error}"] += 1
                if error.errno in RESOURCE_ERRNOS and len(self._table):
                    self._displace(self._table.heaviest())
                await trio.sleep(RETRY_SECONDS)

    def _admit(self, stream: HttpStream, listening: _Listening, nursery: trio.Nursery) -> None:
        """Serve a new connection if there is a slot for it; else answer 503, or just close it.

        Raises `OSError` when the system has no room for the modules that the first connection needs.
        """
        try:
            connection_class = self._connection_class = self._connection_class or _import_connection()
        except OSError:
            stream.close()
            raise
        self.writer.stats.connections += 1
        connection = connection_class(stream, listening.host_check, self.writer, listening.served, self.max_body_bytes)
        try:
            displaced = self._table.admit(connection)
        except NoSlot as reason:
            self.writer.stats.refused[str(reason)] += 1
            self._refuse(connection, nursery)
            return
        if displaced is not None:
            self._displace(displaced)
        # Starting a task costs as much as a GET, and on most connections the only request has arrived already.
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
        nursery.start_soon(self._send_refusal, connection, peer)

    async def _send_refusal(self, connection: Connection, peer: str) -> None:
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
        """Log a fault of ours, which ends only this connection."""
        if isinstance(error, trio.BrokenResourceError | trio.ClosedResourceError):
            return  # the peer may leave at any time
        self.writer.stats.refused["a fault of ours"] += 1
        # a peer that can cause a fault may do so again and again
        if self._log_limit.is_news("fault", connection.address, trio.current_time()):
            logger.error("a fault while serving %s; its connection is closed", connection.address, exc_info=error)

    def _end(self, connection: Connection) -> None:
        self._table.discard(connection)
        connection.stream.close()

    def _displace(self, connection: Connection) -> None:
        """Close *connection*, because a newer one takes its slot."""
        self._table.discard(connection)
        self.writer.stats.refused["gave way to another connection"] += 1
        connection.give_way()

    def _stop(self) -> None:
        self._stopping = True
        for scope in self._accepting:
            scope.cancel(reason="no connection is served any more")
        for connection in self._table:
            connection.stop()
