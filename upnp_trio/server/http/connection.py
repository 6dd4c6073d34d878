"""One HTTP/1.1 conversation: h11 over one stream, with bounds on all that the peer can stretch.

A connection is one task with one cancel scope whose deadline moves from phase to phase: waiting for a request,
its head, its body, the answer on its way. The scope is shielded, so that stopping the device does not tear an
answer: idle connections end at once, busy ones get `GRACE_SECONDS`.

Two ways lead from a request to its answer. The plain one is h11's. What went that way once, and is sure to get the very
same bytes again, is answered from memory the next time (`upnp_trio.server.http.response_writer`).
"""

from __future__ import annotations

import enum
import math

import attrs
import h11
import trio

from upnp_trio.network.streams import TcpStream
from upnp_trio.server.http.host_check import HOST_MALFORMED, HostCheck
from upnp_trio.server.http.response_writer import CachedResponse, ResponseWriter
from upnp_trio.site import REASONS, Request, Response, error_response

__all__ = ["Connection"]

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
# A deadline that is later than it had to be by no more than this is left alone; moving it costs as much as a read.
IDLE_SLACK_SECONDS = 1.0
# A write that makes no headway.
STALLED_WRITE_SECONDS = 10.0
# For a request in flight when the device stops.
GRACE_SECONDS = 2.0
# After an error, what the peer is still sending is read and forgotten, or the kernel would answer it with a reset
# that overtakes our response (RFC 9112 §9.6); as long as a peer needs to notice.
LINGER_SECONDS = 1.0
MAX_LINGER_BYTES = 256 * 1024

# What h11 finds wrong, and the reason that is counted for it.
PROTOCOL_ERRORS = {400: "malformed request", 431: "head too long", 501: "unknown transfer coding"}
# What who does not belong here is told: nothing, not even by the size of it.
FORBIDDEN = Response(403)
READ_BYTES = 16 * 1024
WRITE_BYTES = 64 * 1024


class _Phase(enum.Enum):
    """What a connection waits for; it says what to do when the deadline comes."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    WRITING = "write"
    LINGERING = "linger"


class _Refused(Exception):
    """The request cannot be served; answer with *response* and close. *reason* is what is counted, if anything."""

    def __init__(self, response: Response, reason: str | None) -> None:
        super().__init__(response.status)
        self.response = response
        self.reason = reason


@attrs.define(eq=False, repr=False)
class Connection:
    """One conversation: its h11 state, its phase and its deadline."""

    stream: trio.abc.Stream
    peer: str
    host_check: HostCheck
    writer: ResponseWriter
    #: ``None`` as long as everything was answered from memory
    _h11: h11.Connection | None = None
    _scope: trio.CancelScope = attrs.field(factory=lambda: trio.CancelScope(shield=True))
    _phase: _Phase = _Phase.IDLE
    _last_moment: float = math.inf
    _request: Request | None = None

    async def run(self, *, refuse: bool = False, stopping: bool = False) -> None:
        """Converse until either side closes or a deadline passes.

        With *refuse*, say 503 and close; with *stopping*, the device is on its way out.
        """
        self._scope.deadline = trio.current_time() + IDLE_SECONDS
        with self._scope:
            if stopping:
                self.stop()
            if refuse:
                await self._answer_and_close(error_response(503))
            else:
                await self._converse()
        if self._scope.cancelled_caught and not self._stopping and self._phase is not _Phase.LINGERING:
            self.writer.stats.timeouts[self._phase.value] += 1
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

    @property
    def _stopping(self) -> bool:
        return self._last_moment < math.inf

    @property
    def _protocol(self) -> h11.Connection:
        if self._h11 is None:
            self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        return self._h11

    def _enter(self, phase: _Phase, seconds: float) -> None:
        self._phase = phase
        self._scope.deadline = min(trio.current_time() + seconds, self._last_moment)

    def _rest(self) -> None:
        """Wait for the next request from now on."""
        self._phase = _Phase.IDLE
        left = self._scope.deadline - trio.current_time()
        if not IDLE_SECONDS - IDLE_SLACK_SECONDS <= left <= IDLE_SECONDS:
            self._enter(_Phase.IDLE, IDLE_SECONDS)

    async def _converse(self) -> None:
        try:
            while await self._exchange():
                pass
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint if error.error_status_hint in PROTOCOL_ERRORS else 400
            await self._refuse(error_response(status), PROTOCOL_ERRORS[status])
        except _Refused as refused:
            await self._refuse(refused.response, refused.reason)

    async def _exchange(self) -> bool:
        """One request and its answer; whether another may follow."""
        self._request = None
        arrived = b""
        if self._has_unread():
            self._enter(_Phase.HEAD, HEAD_SECONDS)
        else:
            if self._stopping:
                return False
            self._rest()
            arrived = await self._first_bytes()
            if not arrived:
                return False
            given = self.writer.cached(self.host_check, arrived)
            if given is not None:
                await self._write(given.data)
                self.writer.report(self.peer, given.request, given.status)
                return not given.closes
            self._protocol.receive_data(arrived)
        head = await self._read_head()
        if head is None:
            return False
        response = await self._read_request(head)
        data = await self._send(response, close=self._stopping)
        closes = self._protocol.our_state is not h11.DONE or self._protocol.their_state is not h11.DONE
        self._remember(arrived, response, data, closes=closes)
        if closes:
            await self._linger()
        else:
            self._begin_next_cycle()
        return not closes

    def _begin_next_cycle(self) -> None:
        """Be ready for the next request, of which there may be some already."""
        rest = self._protocol.trailing_data[0]
        if rest[:1] not in (b"\r", b"\n"):
            self._protocol.start_next_cycle()
            return
        # h11 takes an empty line behind a body for a request, which it is not (RFC 9112 §2.2)
        self._h11 = None
        if rest := rest.lstrip(b"\r\n"):  # nothing would mean the end to h11
            self._protocol.receive_data(rest)

    def _has_unread(self) -> bool:
        return self._h11 is not None and bool(self._h11.trailing_data[0])

    async def _first_bytes(self) -> bytes:
        """The first of the next request; nothing when the peer has left."""
        while True:
            arrived = bytes(await self.stream.receive_some(READ_BYTES))
            if arrived[:1] not in (b"\r", b"\n"):
                return arrived
            # an empty line left over from an earlier body is no request (RFC 9112 §2.2)
            if rest := arrived.lstrip(b"\r\n"):
                return rest

    def _remember(self, arrived: bytes, response: Response, data: bytes, *, closes: bool) -> None:
        """Keep *data* for whoever sends the bytes *arrived* on any connection, if all of them are to be sent it.

        Then they were a whole request and no more, without a body, and nothing but them led to the response.
        """
        request = self._request
        if (
            response.is_fixed
            and not self._stopping
            and request is not None
            and request.method in ("GET", "HEAD")
            and arrived.endswith(b"\r\n\r\n")
            and arrived.count(b"\r\n\r\n") == 1
            and not self._has_unread()
            and not request.headers.keys() & {"expect", "content-length", "transfer-encoding", "upgrade"}
        ):
            self.writer.remember(self.host_check, arrived, CachedResponse(request, response.status, data, closes))

    async def _read_head(self) -> h11.Request | None:
        """The head of a request that has begun; ``None`` when the peer leaves before it has."""
        while True:
            unread = self._protocol.trailing_data[0]
            event = self._protocol.next_event()
            if isinstance(event, h11.Request):
                end = len(unread) - len(self._protocol.trailing_data[0])
                if unread.find(b"\n ", 0, end) >= 0 or unread.find(b"\n\t", 0, end) >= 0:
                    # a folded line, which others may read as a field of its own (RFC 9112 §5.2); h11 would join it
                    raise _Refused(error_response(400), "malformed request")
                return event
            if isinstance(event, h11.ConnectionClosed):
                return None
            if self._phase is _Phase.IDLE:  # it came in part; most come whole
                self._enter(_Phase.HEAD, HEAD_SECONDS)
            await self._receive()

    async def _receive(self) -> None:
        self._protocol.receive_data(bytes(await self.stream.receive_some(READ_BYTES)))

    async def _read_request(self, head: h11.Request) -> Response:
        """The response to a request whose body, if it has one, has been read and forgotten."""
        headers: dict[str, str] = {}
        for name, value in head.headers:
            headers.setdefault(name.decode("ascii"), value.decode("latin-1"))
        request = Request(head.method.decode("ascii"), head.target.decode("ascii"), headers)
        self._request = request
        if len(head.headers) > MAX_HEAD_FIELDS:
            raise _Refused(error_response(431), "too many fields")
        if not head.http_version.startswith(b"1."):
            raise _Refused(error_response(505), "unknown version")
        if reason := self.host_check.refusal(request.method, request.target, headers):
            raise _Refused(error_response(400) if reason == HOST_MALFORMED else FORBIDDEN, reason)
        if "transfer-encoding" in headers and ("content-length" in headers or head.http_version == b"1.0"):
            # who frames a body twice, smuggles (RFC 9112 §6.1)
            raise _Refused(error_response(400), "malformed request")
        if int(headers.get("content-length", "0")) > MAX_BODY_BYTES:
            raise _Refused(error_response(413), "body too long")
        if self._protocol.they_are_waiting_for_100_continue:
            if not self.writer.site.takes_body(request):
                raise _Refused(self.writer.site.respond(request), None)
            await self._write(self._protocol.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        elif headers.get("expect", "100-continue").lower() != "100-continue":
            raise _Refused(error_response(417), "unknown expectation")
        await self._drop_body()
        return self.writer.site.respond(request)

    async def _drop_body(self) -> None:
        # No action takes arguments yet; the body is read all the same, as the next request stands behind it.
        if self._protocol.their_state is h11.SEND_BODY:
            self._enter(_Phase.BODY, BODY_SECONDS)
        size = 0
        while True:
            event = self._protocol.next_event()
            if isinstance(event, h11.Data):
                size += len(event.data)
                if size > MAX_BODY_BYTES:
                    raise _Refused(error_response(413), "body too long")
            elif event is h11.NEED_DATA:
                await self._receive()
            elif isinstance(event, h11.EndOfMessage):
                return
            else:  # ConnectionClosed cannot come here: h11 raises for a body cut short
                raise AssertionError(f"unexpected {event!r} within a body")

    async def _refuse(self, response: Response, reason: str | None) -> None:
        if reason is not None:
            self.writer.stats.refused[reason] += 1
        await self._answer_and_close(response)

    async def _answer_and_close(self, response: Response) -> None:
        await self._send(response, close=True)
        await self._linger()

    async def _send(self, response: Response, *, close: bool) -> bytes:
        """Send *response*, status line, headers and a small body in one write; gives what was sent."""
        body = b"" if response.status == 304 or (self._request and self._request.method == "HEAD") else response.body
        headers = self.writer.headers_of(response, close=close)
        head = h11.Response(status_code=response.status, headers=headers, reason=REASONS[response.status].encode())
        parts = [self._protocol.send(head)]
        if body:
            parts.append(self._protocol.send(h11.Data(data=body)))
        parts.append(self._protocol.send(h11.EndOfMessage()))
        data = b"".join(part for part in parts if part)
        await self._write(data)
        self.writer.report(self.peer, self._request, response.status)
        return data

    async def _write(self, data: bytes) -> None:
        sent = 0
        if isinstance(self.stream, TcpStream):  # what the kernel takes at once needs no deadline
            sent = self.stream.send_now(data)
        for start in range(sent, len(data), WRITE_BYTES):
            self._enter(_Phase.WRITING, STALLED_WRITE_SECONDS)
            await self.stream.send_all(data[start : start + WRITE_BYTES])

    async def _linger(self) -> None:
        """Close so that the peer gets all of the last response (RFC 9112 §9.6)."""
        if self._protocol.their_state in (h11.MUST_CLOSE, h11.CLOSED) and not self._protocol.trailing_data[0]:
            return  # it has said all it had to say
        self._enter(_Phase.LINGERING, LINGER_SECONDS)
        if isinstance(self.stream, trio.abc.HalfCloseableStream):
            await self.stream.send_eof()
        left = MAX_LINGER_BYTES
        while left > 0 and (data := await self.stream.receive_some(READ_BYTES)):
            left -= len(data)
