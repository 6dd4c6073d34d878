"""One HTTP/1.1 connection, with bounds on everything that the peer can make long or slow.

A connection is one task with one cancel scope. Its deadline moves from phase to phase: waiting for a request, reading
the head, reading the body, sending the response. The scope is shielded, so that stopping the device does not cut off a
response: idle connections end at once, busy ones get `GRACE_SECONDS`.

h11 is the state machine. A plain GET that arrives in one piece leaves its state unchanged, so it is read without h11
(`upnp_trio.server.http.plain_request`). Its response is made, rendered and sent like every other one.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING

import attrs
import h11
import trio

from upnp_trio.exchange import Peer, Request, Response, ServedAddress, error_response
from upnp_trio.network.streams import HttpStream
from upnp_trio.server.http.host_check import HostCheck
from upnp_trio.server.http.plain_request import parse_plain_request
from upnp_trio.server.http.request_rules import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    MAX_HEAD_FIELDS,
    Refused,
    check_folding,
    check_number_of_fields,
    check_request,
    refused_by_h11,
    request_of,
)
from upnp_trio.server.http.response_writer import Deferred, ResponseWriter, join

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Connection"]

# A head fits into a few packets. A peer that takes longer holds the connection open on purpose (slowloris).
HEAD_SECONDS = 5.0
# A body of the longest kind needs a few round trips. A peer that takes longer holds the connection open on purpose.
BODY_SECONDS = 10.0
# The time between two requests. Windows fetches description, SCPDs and icons within a second. GUPnP keeps a connection
# longer.
IDLE_SECONDS = 15.0
# A deadline that is too late by no more than this is not moved, as moving it costs as much as a read.
IDLE_SLACK_SECONDS = 1.0
# A peer that takes nothing for this long has stopped reading.
STALLED_WRITE_SECONDS = 10.0
# A request in flight when the device stops may take this long. Most take milliseconds, and the user is waiting.
GRACE_SECONDS = 2.0
# After an error, what the peer still sends is read and dropped. Otherwise the kernel would answer it with a reset that
# overtakes our response (RFC 9112 §9.6). A peer notices the end within this time.
LINGER_SECONDS = 1.0
# Enough for what a peer has sent before it reads the error: four bodies of the longest kind.
MAX_LINGER_BYTES = 256 * 1024

# As long as the longest head, so that most requests arrive in one read.
READ_BYTES = 16 * 1024
# A large body is sent in pieces of this size, so that the deadline of a write moves with its progress.
WRITE_BYTES = 64 * 1024


class _Phase(enum.Enum):
    """What a connection waits for, and so what happens when its deadline passes."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    MAKING = "response"
    WRITING = "write"
    LINGERING = "linger"


@attrs.frozen(eq=False)
class _Owed:
    request: Request
    deferred: Deferred
    closes: bool


@attrs.define(eq=False, repr=False)
class Connection:
    """One connection: its h11 state, its phase and its deadline."""

    stream: HttpStream
    host_check: HostCheck
    writer: ResponseWriter
    served: ServedAddress = attrs.field(factory=ServedAddress)
    #: when it last began to wait for its peer: for a request, or for room to send
    waiting_since: float = attrs.field(factory=trio.current_time)
    #: ``None`` as long as all requests were plain ones
    _h11: h11.Connection | None = None
    _scope: trio.CancelScope = attrs.field(factory=lambda: trio.CancelScope(shield=True))
    _phase: _Phase = _Phase.IDLE
    _last_moment: float = math.inf
    _gives_way: bool = False
    _request: Request | None = None
    #: received and not parsed yet
    _arrived: bytes | None = None
    #: rendered and not sent yet, because the send buffer was full
    _unsent: tuple[memoryview, ...] = ()
    #: a response that is still to be made, the request of which was a plain one
    _owed: _Owed | None = None
    _is_over: bool = False
    _peer: Peer = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._peer = Peer(self.stream.peer, self.served)

    @property
    def address(self) -> str:
        """The address at the other end."""
        return self.stream.peer

    def answer_at_once(self) -> bool:
        """Answer the plain request that came with the connection, if there is one, without waiting.

        Returns whether the connection is done. If it is not, `run` continues from here.
        """
        self._arrived = self.stream.receive_now(READ_BYTES)
        if self._arrived == b"":  # the peer has closed already
            self._is_over = True
        elif self._arrived is not None and self._answer_plain(self._arrived):
            self._arrived = None
        return self._is_over and not self._unsent and self._owed is None

    async def run(self, *, refuse: bool = False, stopping: bool = False) -> None:
        """Serve requests until either side closes or a deadline passes.

        With *refuse*, answer 503 and close; with *stopping*, the device is about to end.
        """
        self._scope.deadline = self.waiting_since + IDLE_SECONDS
        try:
            with self._scope:
                if stopping:
                    self.stop()
                if refuse:
                    await self._answer_and_close(error_response(503))
                else:
                    await self._send_rest()
                    await self._converse()
        finally:
            if self._owed is not None:
                self._owed.deferred.abandon()
        if not self._scope.cancelled_caught or self._gives_way:
            return
        if not self._stopping and self._phase is not _Phase.LINGERING:
            self.writer.stats.timeouts[self._phase.value] += 1
        if self._phase in (_Phase.HEAD, _Phase.BODY):
            with trio.CancelScope(shield=True, deadline=trio.current_time() + LINGER_SECONDS):
                await self._send(error_response(408), close=True)

    def stop(self) -> None:
        """The device stops: close now if idle, else within `GRACE_SECONDS`."""
        self._last_moment = trio.current_time() + GRACE_SECONDS
        if self._phase is _Phase.IDLE and not self._unsent and self._owed is None:
            self._scope.cancel(reason="the device stops")
        else:
            self._scope.deadline = min(self._scope.deadline, self._last_moment)

    def give_way(self) -> None:
        """Close now, because another connection needs the slot."""
        self._gives_way = True
        self._scope.cancel(reason="another connection needs the slot")

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

    def _wait_for_request(self) -> None:
        self._phase = _Phase.IDLE
        self.waiting_since = trio.current_time()
        left = self._scope.deadline - self.waiting_since
        if not IDLE_SECONDS - IDLE_SLACK_SECONDS <= left <= IDLE_SECONDS:
            self._enter(_Phase.IDLE, IDLE_SECONDS)

    async def _converse(self) -> None:
        try:
            await self._settle()
            while not self._is_over:
                await self._exchange()
        except h11.RemoteProtocolError as error:
            await self._refuse(refused_by_h11(error))
        except Refused as refused:
            await self._refuse(refused)

    async def _exchange(self) -> None:
        """Read one request and answer it, or notice the end of the connection."""
        if self._has_unread():
            # pipelined requests take turns with all other tasks
            self._enter(_Phase.HEAD, HEAD_SECONDS)
            await trio.lowlevel.checkpoint()
        else:
            arrived, self._arrived = self._arrived, None
            if arrived is None:
                if self._stopping:
                    self._is_over = True
                    return
                self._wait_for_request()
                arrived = await self.stream.receive_some(READ_BYTES)
            if self._answer_plain(arrived):
                await self._send_rest()
                await self._settle()
                return
            # an empty line after an earlier body is not a request (RFC 9112 §2.2)
            if arrived[:1] in (b"\r", b"\n") and not (arrived := arrived.lstrip(b"\r\n")):
                return
            self._protocol.receive_data(arrived)
        self._request = None
        head = await self._read_head()
        if head is None:
            self._is_over = True
            return
        answer = await self._read_request(head)
        if isinstance(answer, Response):
            await self._send(answer, close=self._stopping)
        else:
            await self._carry_out(answer, self._send_deferred)
        if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
            self._begin_next_cycle()
        else:
            self._is_over = True
            await self._linger()

    def _answer_plain(self, arrived: bytes) -> bool:
        """Answer *arrived* if it is a plain request, and return whether it was.

        h11 need not see such a request, because it leaves h11's state unchanged. A refused one is read again by h11.
        """
        plain = parse_plain_request(arrived, max_fields=MAX_HEAD_FIELDS, peer=self._peer)
        if plain is None or self._stopping:
            return False
        request, closes = plain
        if self.host_check.refusal(request.method, request.target, request.headers):
            return False
        answer = self.writer.site.respond(request)
        if isinstance(answer, Response):
            self._is_over = closes
            self._begin_to_send(self.writer.render(answer, head_only=request.method == "HEAD", closes=closes))
            self.writer.report(self.address, request, answer.status)
        else:
            self._owed = _Owed(request, answer, closes)
        return True

    async def _settle(self) -> None:
        """Send the response that is owed, if there is one."""
        if self._owed is None:
            return
        owed, self._owed = self._owed, None

        async def send(response: Response) -> None:
            closes = self._is_over = owed.closes or self._stopping
            self._request = owed.request
            await self._write(*self.writer.render(response, closes=closes))
            self.writer.report(self.address, owed.request, response.status)

        await self._carry_out(owed.deferred, send)

    async def _carry_out(self, deferred: Deferred, send: Callable[[Response], Awaitable[None]]) -> None:
        """Wait for a response, and *send* it."""
        is_sent = False
        try:
            self._enter(_Phase.MAKING, math.inf)  # whatever makes it has a deadline of its own
            # nobody's slot is free before its response: among the waiting connections this is the last to give way
            self.waiting_since = math.inf
            response = await deferred.respond()
            self.waiting_since = trio.current_time()
            await send(response)
            is_sent = True
        finally:
            if not is_sent:
                deferred.abandon()
        deferred.sent()

    def _begin_next_cycle(self) -> None:
        """Be ready for the next request, a part of which may have arrived already."""
        rest = self._protocol.trailing_data[0]
        if rest[:1] not in (b"\r", b"\n"):
            self._protocol.start_next_cycle()
            return
        # h11 takes an empty line after a body for a request, which it is not (RFC 9112 §2.2)
        self._h11 = None
        if rest := rest.lstrip(b"\r\n"):  # h11 would take no data for the end
            self._protocol.receive_data(rest)

    def _has_unread(self) -> bool:
        return self._h11 is not None and bool(self._h11.trailing_data[0])

    async def _read_head(self) -> h11.Request | None:
        """The next request's head; ``None`` when the peer has closed instead."""
        while True:
            unread = self._protocol.trailing_data[0]
            check_number_of_fields(unread)
            event = self._protocol.next_event()
            if isinstance(event, h11.Request):
                check_folding(unread[: len(unread) - len(self._protocol.trailing_data[0])])
                return event
            if isinstance(event, h11.ConnectionClosed):
                return None
            if self._phase is _Phase.IDLE:  # only a part has arrived; most heads arrive whole
                self._enter(_Phase.HEAD, HEAD_SECONDS)
            await self._receive()

    async def _receive(self) -> None:
        self._protocol.receive_data(await self.stream.receive_some(READ_BYTES))

    async def _read_request(self, head: h11.Request) -> Response | Deferred:
        """The response to a request whose body, if it has one, has been read."""
        self._request = request = request_of(head, self._peer)
        check_request(request, head.http_version, self.host_check)
        takes_body = self.writer.site.takes_body(request)
        if self._protocol.they_are_waiting_for_100_continue:
            if not takes_body:
                answer = self.writer.site.respond(request)
                if isinstance(answer, Response):
                    raise Refused(answer, None)
                answer.abandon()
                raise Refused(error_response(417), "unknown expectation")
            await self._write(self._protocol.send(h11.InformationalResponse(status_code=100, headers=[])))
        body = await self._read_body()
        if takes_body:
            self._request = request = attrs.evolve(request, body=body)
        return self.writer.site.respond(request)

    async def _read_body(self) -> bytes:
        body = bytearray()
        while True:
            event = self._protocol.next_event()
            if isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY_BYTES:
                    raise Refused(error_response(413), "body too long")
                # one piece that arrived may hold thousands of chunks, which take turns with all other tasks
                self._wait_for_body()
                await trio.lowlevel.checkpoint()
            elif event is h11.NEED_DATA:
                self._wait_for_body()
                await self._receive()
            elif isinstance(event, h11.EndOfMessage):
                return bytes(body)
            else:  # ConnectionClosed cannot come here: h11 raises for a body cut short
                raise AssertionError(f"unexpected {event!r} within a body")

    def _wait_for_body(self) -> None:
        if self._phase is not _Phase.BODY:
            self._enter(_Phase.BODY, BODY_SECONDS)

    async def _refuse(self, refused: Refused) -> None:
        if refused.reason is not None:
            self.writer.stats.refused[refused.reason] += 1
        await self._answer_and_close(refused.response)

    async def _answer_and_close(self, response: Response) -> None:
        await self._send(response, close=True)
        await self._linger()

    async def _send_deferred(self, response: Response) -> None:
        await self._send(response, close=self._stopping)

    async def _send(self, response: Response, *, close: bool) -> None:
        """Send *response* through h11, which adds ``Connection: close`` where it must."""
        body = b"" if response.status == 304 or (self._request and self._request.method == "HEAD") else response.body
        head = self._protocol.send(self.writer.head(response, closes=close))
        if body:
            self._protocol.send_with_data_passthrough(h11.Data(data=body))  # returns the same object
        self._protocol.send(h11.EndOfMessage())
        await self._write(*join(head, body))
        self.writer.report(self.address, self._request, response.status)

    async def _write(self, *pieces: bytes) -> None:
        self._begin_to_send(pieces)
        await self._send_rest()

    def _begin_to_send(self, pieces: tuple[bytes, ...]) -> None:
        """Send what the kernel accepts at once, which needs no deadline."""
        sent = self.stream.send_now(pieces)
        if sent < sum(map(len, pieces)):
            self._unsent = _without_start(pieces, sent)

    async def _send_rest(self) -> None:
        unsent, self._unsent = self._unsent, ()
        for piece in unsent:
            for start in range(0, len(piece), WRITE_BYTES):
                self.waiting_since = trio.current_time()
                self._enter(_Phase.WRITING, STALLED_WRITE_SECONDS)
                await self.stream.send_all(piece[start : start + WRITE_BYTES])

    async def _linger(self) -> None:
        """Stop sending, then read and drop what comes, so that the peer gets the whole response (RFC 9112 §9.6)."""
        if self._protocol.their_state in (h11.MUST_CLOSE, h11.CLOSED) and not self._protocol.trailing_data[0]:
            return  # the peer will not send anything more
        self._enter(_Phase.LINGERING, LINGER_SECONDS)
        await self.stream.send_eof()
        left = MAX_LINGER_BYTES
        while left > 0 and (data := await self.stream.receive_some(READ_BYTES)):
            left -= len(data)


def _without_start(pieces: tuple[bytes, ...], size: int) -> tuple[memoryview, ...]:
    """*pieces* without their first *size* bytes."""
    rest = []
    for piece in pieces:
        rest.append(memoryview(piece)[size:])
        size = max(size - len(piece), 0)
    return tuple(rest)
