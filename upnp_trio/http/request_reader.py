"""Reads requests with h11: those that are not plain, or come in pieces, and malformed ones."""

from __future__ import annotations

import attrs
import h11
import trio

from upnp_trio.exchange import error_response
from upnp_trio.http.phases import Phase, PhaseTimer
from upnp_trio.http.request_rules import (
    MAX_HEAD_BYTES,
    Refused,
    check_folding,
    has_too_many_fields,
)
from upnp_trio.network.streams import HttpStream

__all__ = ["READ_BYTES", "RequestReader"]

# As long as the longest head, so that most requests arrive in one read.
READ_BYTES = 16 * 1024


@attrs.define(eq=False, repr=False)
class RequestReader:
    """The h11 state of one connection, and the bytes that have arrived for it."""

    _stream: HttpStream
    _timer: PhaseTimer
    #: ``None`` if no request has begun with it
    _h11: h11.Connection | None = None

    @property
    def protocol(self) -> h11.Connection:
        """The state machine of this connection."""
        if self._h11 is None:
            self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        return self._h11

    @property
    def may_go_on(self) -> bool:
        """Whether the connection may have another request, now that the response is sent."""
        return self.protocol.our_state is h11.DONE and self.protocol.their_state is h11.DONE

    @property
    def peer_is_done(self) -> bool:
        """Whether the peer will not send anything more."""
        return self.protocol.their_state in (h11.MUST_CLOSE, h11.CLOSED) and not self.protocol.trailing_data[0]

    def receive(self, arrived: bytes) -> None:
        """Take *arrived*, or the end of the connection if that is empty."""
        self.protocol.receive_data(arrived)

    def begin_next_cycle(self) -> bytes:
        """Be ready for the next request, and return what has arrived of it already."""
        rest = self.protocol.trailing_data[0]
        if rest:
            self._h11 = None  # a new one will not have seen it
        else:
            self.protocol.start_next_cycle()
        return rest

    async def read_head(self) -> h11.Request | None:
        """The next request's head; ``None`` when the peer has closed instead. Raises `Refused`."""
        while True:
            unread = self.protocol.trailing_data[0]
            if has_too_many_fields(unread):
                raise Refused(error_response(431), "too many fields")
            event = self.protocol.next_event()
            if isinstance(event, h11.Request):
                check_folding(unread[: len(unread) - len(self.protocol.trailing_data[0])])
                return event
            if isinstance(event, h11.ConnectionClosed):
                return None
            if self._timer.phase is Phase.IDLE:  # only a part has arrived; most heads arrive whole
                self._timer.enter(Phase.HEAD)
            await self._receive_more()

    async def read_body(self, max_bytes: int, *, keep: bool) -> bytes:
        """The body of the request, or nothing if it is not to be kept. Raises `Refused` for one that is too long."""
        body = bytearray()
        size = 0
        while True:
            event = self.protocol.next_event()
            if isinstance(event, h11.Data):
                size += len(event.data)
                if size > max_bytes:
                    raise Refused(error_response(413), "body too long")
                if keep:
                    body += event.data
                # one piece that arrived may hold thousands of chunks, which take turns with all other tasks
                self._timer.ensure(Phase.BODY)
                await trio.lowlevel.checkpoint()
            elif event is h11.NEED_DATA:
                self._timer.ensure(Phase.BODY)
                await self._receive_more()
            elif isinstance(event, h11.EndOfMessage):
                return bytes(body)
            else:  # ConnectionClosed cannot come here: h11 raises for a body cut short
                raise AssertionError(f"unexpected {event!r} within a body")

    async def _receive_more(self) -> None:
        self.protocol.receive_data(await self._stream.receive_some(READ_BYTES))
