"""HTTP/1.1 for the device's documents: h11 over trio streams, with bounds on all that a peer can stretch.

A connection is one task with one cancel scope whose deadline moves from phase to phase: waiting for a request,
its head, its body, the answer on its way. The scope is shielded, so that stopping the device does not tear an
answer: idle connections end at once, busy ones get `GRACE_SECONDS`.
"""

from __future__ import annotations

import enum
import errno
import logging
import math
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NoReturn, Protocol

import attrs
import h11
import trio

from upnp_trio.dates import http_date
from upnp_trio.server.events import EventHandler, RequestAnswered, Stats
from upnp_trio.server.gate import HOST_MALFORMED, Gate, HostName
from upnp_trio.server.quiet import Quiet
from upnp_trio.site import REASONS, Request, Response, error_response

if TYPE_CHECKING:
    from upnp_trio.network.listeners import Door

__all__ = ["HttpServer", "Responding"]

logger = logging.getLogger(__name__)

# The longest real heads (browsers with their cookies) stay below 8 KiB; h11's own default is 16 KiB.
MAX_HEAD_BYTES = 16 * 1024
# Browsers send some 20 fields.
MAX_HEAD_FIELDS = 64
# A head fits into a few packets; whoever needs longer holds the connection open on purpose (slowloris).
HEAD_SECONDS = 5.0
# SOAP calls have 1 to 4 KiB; libupnp's limit is the same.
MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10.0
# Between two requests. Windows fetches description, SCPDs and icons within a second; GUPnP keeps one for longer.
IDLE_SECONDS = 15.0
# A write that makes no headway.
STALLED_WRITE_SECONDS = 10.0
# Much below the 1,024 file descriptors that a process has by default.
MAX_CONNECTIONS = 256
# A browser opens 6; several control points may share an address.
MAX_CONNECTIONS_PER_PEER = 64
# Connections that are being told 503; beyond them, a flood is closed without a word.
MAX_REFUSALS = 64
# When this process, or the system, has no file descriptor left for one more.
FULL_ERRNOS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
FULL_SECONDS = 0.1
# For a request in flight when the device stops.
GRACE_SECONDS = 2.0
# After an error, what the peer is still sending is read and forgotten, or the kernel would answer it with a reset
# that overtakes our response (RFC 9112 §9.6); as long as a peer needs to notice.
LINGER_SECONDS = 1.0
MAX_LINGER_BYTES = 256 * 1024

# What who does not belong here is told: nothing, not even by the size of it.
FORBIDDEN = Response(403)
# Heads of responses that are kept for a second; more than a site has that anybody asks for so often.
MAX_KEPT_HEADS = 1024

READ_BYTES = 16 * 1024
WRITE_BYTES = 64 * 1024


class Responding(Protocol):
    """What the server asks for answers: `upnp_trio.site.Site`, or anything like it."""

    def respond(self, request: Request) -> Response:
        """The response to *request*."""
        ...

    def takes_body(self, request: Request) -> bool:
        """Whether the body of *request* is worth waiting for (``Expect: 100-continue``)."""
        ...


class _Phase(enum.Enum):
    """What a connection waits for; it says what to do when the deadline comes."""

    IDLE = enum.auto()
    HEAD = enum.auto()
    BODY = enum.auto()
    WRITING = enum.auto()
    LINGERING = enum.auto()


class _GiveUp(Exception):
    """The request cannot be served; answer with *response* and close."""

    def __init__(self, response: Response, reason: str | None = None) -> None:
        super().__init__(response.status)
        self.response = response
        self.reason = reason


@attrs.define(eq=False)
class HttpServer:
    """Serves *site* on listeners; the connections it has are counted and bounded."""

    site: Responding
    server_token: str
    utcnow: Callable[[], datetime]
    stats: Stats
    on_event: EventHandler
    #: names that are answered to beside the own addresses
    allowed_hosts: frozenset[HostName] = frozenset()
    _connections: set[_Connection] = attrs.field(factory=set)
    _per_peer: Counter[str] = attrs.field(factory=Counter)
    _quiet: Quiet = attrs.field(factory=Quiet)
    _stopping: bool = False
    _nursery: trio.Nursery | None = None
    _heads: dict[tuple[int, bool], tuple[Response, h11.Response]] = attrs.field(factory=dict)
    _heads_second: datetime | None = None
    _heads_date: str = ""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> NoReturn:
        """Be the home of all connections until cancelled; then let requests in flight end, within a grace."""
        async with trio.open_nursery() as self._nursery:
            try:
                task_status.started()
                await trio.sleep_forever()
            finally:
                self._stop()
        raise AssertionError("unreachable: sleeping for ever has no end")

    async def accept(self, door: Door) -> NoReturn:
        """Accept connections until cancelled; they go on when this ends, as long as `run` does."""
        assert self._nursery is not None, "run comes first"
        # A listener is bound to one address, so all its connections have that one for their local address.
        gate = Gate(door.authority, self.allowed_hosts)
        async with door.listener:
            while True:
                try:
                    stream = await door.listener.accept()
                except OSError as error:
                    # trio.serve_listeners goes on likewise, but logs each time, ten times a second
                    if error.errno not in FULL_ERRNOS:
                        raise
                    self.stats.refused["no file descriptor left"] += 1
                    await trio.sleep(FULL_SECONDS)
                else:
                    self._nursery.start_soon(self.handle, gate, stream)

    def head_of(self, response: Response, *, close: bool) -> h11.Response:
        """Status line and headers of *response*, checked by h11 once for each second that it is sent in."""
        now = self.utcnow().replace(microsecond=0)
        if now != self._heads_second or len(self._heads) >= MAX_KEPT_HEADS:
            self._heads_second, self._heads_date = now, http_date(now)
            self._heads.clear()
        # by identity: what a site serves again and again is one object; it is kept, so its id is not reused
        kept = self._heads.get((id(response), close))
        if kept is not None:
            return kept[1]
        headers = [("Date", self._heads_date), ("Server", self.server_token), *response.headers]
        if response.status != 304:
            headers.append(("Content-Length", str(len(response.body))))
        if close:
            headers.append(("Connection", "close"))
        reason = REASONS[response.status].encode()
        head = h11.Response(status_code=response.status, headers=headers, reason=reason)
        self._heads[id(response), close] = response, head
        return head

    def _stop(self) -> None:
        self._stopping = True
        for connection in self._connections:
            connection.stop()

    async def handle(self, gate: Gate, stream: trio.abc.Stream) -> None:
        """Serve one connection that came through *gate* to its end; a fault of ours is logged and ends it alone."""
        peer = _peer_address(stream)
        connection = _Connection(stream, peer, gate, self)
        full = len(self._connections) >= MAX_CONNECTIONS or self._per_peer[peer] >= MAX_CONNECTIONS_PER_PEER
        if full:
            self.stats.dropped["too many connections"] += 1
            if len(self._connections) >= MAX_CONNECTIONS + MAX_REFUSALS:
                await trio.aclose_forcefully(stream)
                return
        self._connections.add(connection)
        self._per_peer[peer] += 1
        try:
            await connection.run(refuse=full, stopping=self._stopping)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer went away; its right
        except Exception:
            self.stats.refused["a fault of ours"] += 1
            if self._quiet.is_news("fault", peer, trio.current_time()):  # who found out how to cause one will repeat it
                logger.exception("a fault while serving %s; its connection is closed", peer)
        finally:
            self._connections.discard(connection)
            self._per_peer[peer] -= 1
            if not self._per_peer[peer]:
                del self._per_peer[peer]
            await trio.aclose_forcefully(stream)


def _peer_address(stream: trio.abc.Stream) -> str:
    """Who is at the other end; an empty text when that is nobody's address, or nobody any more."""
    if not isinstance(stream, trio.SocketStream):
        return ""
    try:
        return str(stream.socket.getpeername()[0])
    except OSError:  # it went away before its turn came; the first read will say so
        return ""


@attrs.define(eq=False)
class _Connection:
    """One conversation: its h11 state, its phase and its deadline."""

    stream: trio.abc.Stream
    peer: str
    gate: Gate
    server: HttpServer
    _h11: h11.Connection = attrs.field(
        factory=lambda: h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
    )
    _scope: trio.CancelScope = attrs.field(factory=lambda: trio.CancelScope(shield=True))
    _phase: _Phase = _Phase.IDLE
    _last_moment: float = math.inf
    _request: Request | None = None

    async def run(self, *, refuse: bool = False, stopping: bool = False) -> None:
        """Converse until either side closes or a deadline passes.

        With *refuse*, say 503 and close; with *stopping*, the device is on its way out.
        """
        with self._scope:
            self._enter(_Phase.IDLE, IDLE_SECONDS)
            if stopping:
                self.stop()
            if refuse:
                await self._answer_and_close(error_response(503))
            else:
                await self._converse()
        if self._scope.cancelled_caught and self._phase in (_Phase.HEAD, _Phase.BODY):
            with trio.CancelScope(shield=True, deadline=trio.current_time() + LINGER_SECONDS):
                await self._send(error_response(408), close=True)

    def stop(self) -> None:
        """The device leaves: end now if idle, else soon."""
        self._last_moment = trio.current_time() + GRACE_SECONDS
        if self._phase is _Phase.IDLE:
            self._scope.cancel(reason="the device stops")
        else:
            self._scope.deadline = min(self._scope.deadline, self._last_moment)

    def _enter(self, phase: _Phase, seconds: float) -> None:
        self._phase = phase
        self._scope.deadline = min(trio.current_time() + seconds, self._last_moment)

    @property
    def _stopping(self) -> bool:
        return self._last_moment < math.inf

    async def _converse(self) -> None:
        try:
            while True:
                head = await self._next_head()
                if head is None:
                    return
                response = await self._read_request(head)
                await self._send(response, close=self._stopping)
                if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
                    return await self._linger()
                self._h11.start_next_cycle()
                self._request = None
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint if error.error_status_hint in (413, 431, 501) else 400
            await self._answer_and_close(error_response(status))
        except _GiveUp as given_up:
            if given_up.reason:
                self.server.stats.refused[given_up.reason] += 1
            await self._answer_and_close(given_up.response)

    async def _next_head(self) -> h11.Request | None:
        """The next request's head; ``None`` when the peer is done, or we are."""
        buffered = bool(self._h11.trailing_data[0])
        if self._stopping and not buffered:
            return None
        self._enter(_Phase.HEAD if buffered else _Phase.IDLE, HEAD_SECONDS if buffered else IDLE_SECONDS)
        while True:
            unread = self._h11.trailing_data[0]
            event = self._h11.next_event()
            if isinstance(event, h11.Request):
                end = len(unread) - len(self._h11.trailing_data[0])
                if unread.find(b"\n ", 0, end) >= 0 or unread.find(b"\n\t", 0, end) >= 0:
                    # a folded line, which others may read as a field of its own (RFC 9112 §5.2); h11 would join it
                    raise _GiveUp(error_response(400))
                return event
            if isinstance(event, h11.ConnectionClosed):
                return None
            if self._phase is _Phase.IDLE and self._h11.trailing_data[0]:  # it came in part; most come whole
                self._enter(_Phase.HEAD, HEAD_SECONDS)
            await self._receive()

    async def _receive(self) -> None:
        data = bytes(await self.stream.receive_some(READ_BYTES))
        if self._phase is _Phase.IDLE and data[:1] in (b"\r", b"\n"):
            # an empty line left over from an earlier body is no request (RFC 9112 §2.2)
            data = data.lstrip(b"\r\n")
            if not data:
                return
        self._h11.receive_data(data)

    async def _read_request(self, head: h11.Request) -> Response:
        """The response to a request whose body, if it has one, has been read and forgotten."""
        headers: dict[str, str] = {}
        for name, value in head.headers:
            headers.setdefault(name.decode("ascii"), value.decode("latin-1"))
        request = Request(head.method.decode("ascii"), head.target.decode("ascii"), headers)
        self._request = request
        if len(head.headers) > MAX_HEAD_FIELDS:
            raise _GiveUp(error_response(431))
        if not head.http_version.startswith(b"1."):
            raise _GiveUp(error_response(505))
        if reason := self.gate.refusal(request.method, request.target, headers):
            raise _GiveUp(error_response(400) if reason == HOST_MALFORMED else FORBIDDEN, reason)
        if "transfer-encoding" in headers and ("content-length" in headers or head.http_version == b"1.0"):
            raise _GiveUp(error_response(400))  # who frames a body twice, smuggles (RFC 9112 §6.1)
        if int(headers.get("content-length", "0")) > MAX_BODY_BYTES:
            raise _GiveUp(error_response(413))
        if self._h11.they_are_waiting_for_100_continue:
            if not self.server.site.takes_body(request):
                raise _GiveUp(self.server.site.respond(request))
            await self._write(self._h11.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        elif headers.get("expect", "100-continue").lower() != "100-continue":
            raise _GiveUp(error_response(417))
        await self._drop_body()
        return self.server.site.respond(request)

    async def _drop_body(self) -> None:
        # No action takes arguments yet; the body is read all the same, as the next request stands behind it.
        if self._h11.their_state is h11.SEND_BODY:
            self._enter(_Phase.BODY, BODY_SECONDS)
        size = 0
        while True:
            event = self._h11.next_event()
            if isinstance(event, h11.Data):
                size += len(event.data)
                if size > MAX_BODY_BYTES:
                    raise _GiveUp(error_response(413))
            elif event is h11.NEED_DATA:
                await self._receive()
            elif isinstance(event, h11.EndOfMessage):
                return
            else:  # ConnectionClosed cannot come here: h11 raises for a body cut short
                raise AssertionError(f"unexpected {event!r} within a body")

    async def _answer_and_close(self, response: Response) -> None:
        await self._send(response, close=True)
        await self._linger()

    async def _send(self, response: Response, *, close: bool) -> None:
        """Send *response*: status line, headers and a small body in one write."""
        body = b"" if response.status == 304 or (self._request and self._request.method == "HEAD") else response.body
        parts = [self._h11.send(self.server.head_of(response, close=close))]
        if body:
            parts.append(self._h11.send(h11.Data(data=body)))
        parts.append(self._h11.send(h11.EndOfMessage()))
        self._report(response)
        await self._write(b"".join(part for part in parts if part))

    async def _write(self, data: bytes) -> None:
        for start in range(0, len(data), WRITE_BYTES):
            self._enter(_Phase.WRITING, STALLED_WRITE_SECONDS)
            try:
                await self.stream.send_all(data[start : start + WRITE_BYTES])
            except BaseException:
                self._h11.send_failed()
                raise

    async def _linger(self) -> None:
        """Close so that the peer gets all of the last response (RFC 9112 §9.6)."""
        if self._h11.their_state in (h11.MUST_CLOSE, h11.CLOSED) and not self._h11.trailing_data[0]:
            return  # it has said all it had to say
        self._enter(_Phase.LINGERING, LINGER_SECONDS)
        if isinstance(self.stream, trio.abc.HalfCloseableStream):
            await self.stream.send_eof()
        left = MAX_LINGER_BYTES
        while left > 0 and (data := await self.stream.receive_some(READ_BYTES)):
            left -= len(data)

    def _report(self, response: Response) -> None:
        self.server.stats.requests[response.status] += 1
        request = self._request
        self.server.on_event(
            RequestAnswered(
                peer=self.peer,
                method=request.method if request else "?",
                target=request.target if request else "?",
                status=response.status,
                user_agent=request.headers.get("user-agent") if request else None,
            )
        )
