"""One HTTP/1.1 connection, with bounds on everything that the peer can make long or slow.

A connection is one task with one cancel scope. Its deadline moves from phase to phase: waiting for a request, reading
the head, reading the body, waiting for the response, sending it (`upnp_trio.http.phases`). When the device
stops, idle connections end at once, and busy ones get `GRACE_SECONDS`.

h11 is the state machine. A plain request that arrives in one piece leaves its state unchanged, so it is read and
answered without h11 (`upnp_trio.http.plain_request`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import h11
import trio

from upnp_trio.exchange import Peer, Request, Response, ServedAddress, error_response
from upnp_trio.http.host_check import HostCheck
from upnp_trio.http.lingering import linger
from upnp_trio.http.phases import LINGER_SECONDS, Phase, PhaseTimer
from upnp_trio.http.plain_request import parse_plain_request
from upnp_trio.http.request_reader import READ_BYTES, RequestReader
from upnp_trio.http.request_rules import (
    MAX_BODY_BYTES,
    MAX_HEAD_FIELDS,
    Refused,
    check_request,
    refused_by_h11,
    request_of,
)
from upnp_trio.http.responding import PendingResponse
from upnp_trio.http.response_writer import ResponseWriter, join, without_start
from upnp_trio.network.streams import HttpStream

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Connection"]

# A large body is sent in pieces of this size, so that the deadline of a write moves with its progress.
WRITE_BYTES = 64 * 1024


@attrs.frozen(eq=False)
class _PlainRequest:
    """A plain request whose response is still to be made."""

    request: Request
    pending: PendingResponse
    #: whether the connection ends with the response
    closes: bool


@attrs.define(eq=False, repr=False)
class Connection:
    """One connection: its requests, its responses, its phase and its deadline."""

    stream: HttpStream
    host_check: HostCheck
    writer: ResponseWriter
    served: ServedAddress = attrs.field(factory=ServedAddress)
    max_body_bytes: int = MAX_BODY_BYTES
    _timer: PhaseTimer = attrs.field(factory=PhaseTimer)
    _reader: RequestReader = attrs.field(
        init=False, default=attrs.Factory(lambda self: RequestReader(self.stream, self._timer), takes_self=True)
    )
    _request: Request | None = None
    #: received and not parsed yet
    _arrived: bytes | None = None
    #: rendered and not sent yet, because the send buffer was full
    _unsent: tuple[memoryview, ...] = ()
    _unanswered: _PlainRequest | None = None
    _is_over: bool = False
    _peer: Peer = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._peer = Peer(self.stream.peer, self.served)

    @property
    def address(self) -> str:
        """The address at the other end."""
        return self.stream.peer

    @property
    def waiting_since(self) -> float:
        """When it last began to wait for its peer; infinity while its peer waits for a response."""
        return self._timer.waiting_since

    def answer_at_once(self) -> bool:
        """Answer the plain request that came with the connection, if there is one, without waiting.

        Returns whether the connection is done. If it is not, `run` continues from here.
        """
        arrived = self.stream.receive_now(READ_BYTES)
        if arrived == b"":  # the peer has closed already
            self._is_over = True
        elif arrived is not None and not self._answer_plain(arrived):
            self._arrived = arrived
        return self._is_over and not self._unsent and self._unanswered is None

    async def run(self, *, refuse: bool = False, stopping: bool = False) -> None:
        """Serve requests until either side closes or a deadline passes.

        With *refuse*, answer 503 and close; with *stopping*, the device is about to end.
        """
        self._timer.begin()
        try:
            with self._timer.scope:
                if stopping:
                    self.stop()
                if refuse:
                    await self._answer_and_close(error_response(503))
                else:
                    await self._send_rest()
                    await self._converse()
        finally:
            if self._unanswered is not None:
                self._unanswered.pending.abandon()
        if not self._timer.timed_out:
            return
        phase = self._timer.phase
        if not self._timer.is_stopping and phase is not Phase.LINGERING:
            self.writer.stats.timeouts[phase.value] += 1
        if phase in (Phase.HEAD, Phase.BODY):
            with trio.CancelScope(shield=True, deadline=trio.current_time() + LINGER_SECONDS):
                await self._send(error_response(408), close=True)

    def stop(self) -> None:
        """The device stops: close now if idle, else within `GRACE_SECONDS`."""
        self._timer.stop(is_busy=bool(self._unsent) or self._unanswered is not None)

    def give_way(self) -> None:
        """Close now, because another connection needs the slot."""
        self._timer.give_way()

    async def _converse(self) -> None:
        try:
            await self._answer_pending()
            while not self._is_over:
                await self._exchange()
        except h11.RemoteProtocolError as error:
            await self._refuse(refused_by_h11(error))
        except Refused as refused:
            await self._refuse(refused)

    async def _exchange(self) -> None:
        """Read one request and answer it, or notice the end of the connection."""
        arrived, self._arrived = self._arrived, None
        if arrived is not None:
            # pipelined requests take turns with all other tasks
            self._timer.enter(Phase.HEAD)
            await trio.lowlevel.checkpoint()
        elif self._timer.is_stopping:
            self._is_over = True
            return
        else:
            self._timer.wait_for_request()
            arrived = await self.stream.receive_some(READ_BYTES)
        if self._answer_plain(arrived):
            await self._send_rest()
            await self._answer_pending()
            return
        # an empty line after an earlier body is not a request (RFC 9112 §2.2), and h11 would take it for one
        if arrived[:1] in (b"\r", b"\n") and not (arrived := arrived.lstrip(b"\r\n")):
            return
        self._reader.receive(arrived)
        self._request = None
        head = await self._reader.read_head()
        if head is None:
            self._is_over = True
            return
        answer = await self._read_request(head)
        if isinstance(answer, Response):
            await self._send_next(answer)
        else:
            await self._send_when_made(answer, self._send_next)
        if self._reader.may_go_on:
            self._arrived = self._reader.begin_next_cycle() or None
        else:
            self._is_over = True
            await self._linger()

    def _answer_plain(self, arrived: bytes) -> bool:
        """Answer the request at the start of *arrived* if it is a plain one, and return whether it was.

        What follows it is left for the next turn. h11 need not see such a request, because it leaves h11's state
        unchanged. A refused one is read again by h11.
        """
        plain = parse_plain_request(arrived, max_fields=MAX_HEAD_FIELDS, peer=self._peer)
        if plain is None or self._timer.is_stopping:
            return False
        request, closes, rest = plain
        if self.host_check.refusal(request.method, request.target, request.headers):
            return False
        self._arrived = rest or None
        answer = self.writer.site.respond(request)
        if isinstance(answer, Response):
            self._is_over = closes
            self._begin_to_send(self.writer.render(answer, head_only=request.method == "HEAD", closes=closes))
            self.writer.report(self.address, request, answer.status)
        else:
            self._unanswered = _PlainRequest(request, answer, closes)
        return True

    async def _answer_pending(self) -> None:
        """Answer the plain request whose response was still to be made, if there is one."""
        if self._unanswered is None:
            return
        plain, self._unanswered = self._unanswered, None

        async def send(response: Response) -> None:
            closes = self._is_over = plain.closes or self._timer.is_stopping
            head_only = plain.request.method == "HEAD"
            await self._write(*self.writer.render(response, head_only=head_only, closes=closes))
            self.writer.report(self.address, plain.request, response.status)

        await self._send_when_made(plain.pending, send)
        # If the peer has sent more, not knowing that the connection ends, the system would reset a connection that is
        # closed with that unread, and the reset can overtake the response.
        if self._is_over and not plain.closes and (self._arrived or self.stream.receive_now(READ_BYTES)):
            await self._linger()

    async def _send_when_made(self, pending: PendingResponse, send: Callable[[Response], Awaitable[None]]) -> None:
        """Wait for the response, and send it with *send*."""
        is_sent = False
        try:
            self._timer.enter(Phase.RESPONDING)
            response = await pending.respond()
            self._timer.enter(Phase.WRITING)
            await send(response)
            is_sent = True
        finally:
            if not is_sent:
                pending.abandon()
        pending.sent()

    async def _read_request(self, head: h11.Request) -> Response | PendingResponse:
        """The response to a request whose body, if it has one, has been read."""
        self._request = request = request_of(head, self._peer)
        check_request(request, head.http_version, self.host_check, self.max_body_bytes)
        takes_body = self.writer.site.takes_body(request)
        if self._reader.protocol.they_are_waiting_for_100_continue:
            if not takes_body:
                answer = self.writer.site.respond(request)
                if isinstance(answer, Response):
                    raise Refused(answer, None)
                answer.abandon()
                raise Refused(error_response(417), "unknown expectation")
            await self._write(self._reader.protocol.send(h11.InformationalResponse(status_code=100, headers=[])))
        body = await self._reader.read_body(self.max_body_bytes, keep=takes_body)
        if takes_body:
            self._request = request = attrs.evolve(request, body=body)
        return self.writer.site.respond(request)

    async def _refuse(self, refused: Refused) -> None:
        if refused.reason is not None:
            self.writer.stats.refused[refused.reason] += 1
        await self._answer_and_close(refused.response)

    async def _answer_and_close(self, response: Response) -> None:
        await self._send(response, close=True)
        await self._linger()

    async def _send_next(self, response: Response) -> None:
        await self._send(response, close=self._timer.is_stopping)

    async def _send(self, response: Response, *, close: bool) -> None:
        """Send *response* through h11, which adds ``Connection: close`` where it must."""
        body = b"" if response.status == 304 or (self._request and self._request.method == "HEAD") else response.body
        protocol = self._reader.protocol
        head = protocol.send(self.writer.head(response, closes=close))
        if body:
            protocol.send_with_data_passthrough(h11.Data(data=body))  # returns the same object
        protocol.send(h11.EndOfMessage())
        await self._write(*join(head, body))
        self.writer.report(self.address, self._request, response.status)

    async def _write(self, *pieces: bytes) -> None:
        self._begin_to_send(pieces)
        await self._send_rest()

    def _begin_to_send(self, pieces: tuple[bytes, ...]) -> None:
        """Send what the kernel accepts at once, which needs no deadline."""
        sent = self.stream.send_now(pieces)
        if sent < sum(map(len, pieces)):
            self._unsent = without_start(pieces, sent)

    async def _send_rest(self) -> None:
        unsent, self._unsent = self._unsent, ()
        for piece in unsent:
            for start in range(0, len(piece), WRITE_BYTES):
                self._timer.enter(Phase.WRITING)
                await self.stream.send_all(piece[start : start + WRITE_BYTES])

    async def _linger(self) -> None:
        if not self._reader.peer_is_done:
            await linger(self.stream, self._timer)
