"""Reads the answer to a request of ours, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import attrs
import h11
import trio

from upnp_trio.errors import MalformedMessage
from upnp_trio.http.lenient_head import (
    END_OF_HEAD,
    MAX_QUOTED_BYTES,
    AnswerHead,
    read_head,
)
from upnp_trio.http.request_rules import MAX_HEAD_BYTES, MAX_HEAD_FIELDS

__all__ = [
    "AnswerStart",
    "AnswerTooLong",
    "HttpAnswer",
    "Receiving",
    "asking",
    "may_be_kept",
    "read_answer",
    "read_start",
]

# Most descriptions arrive in one read.
READ_BYTES = 16 * 1024
# UPnP has no use for interim responses.
MAX_INTERIM_ANSWERS = 4
# h11 needs some 10 microseconds for each chunk, however short. Devices that write chunks line by line have some 40
# bytes in each, so this is more than the longest document needs.
MAX_CHUNKS = 64 * 1024
_PROTOCOL = b"HTTP/"


class Receiving(Protocol):
    """What an answer is read from: an `HttpStream` or a `WebStream`."""

    async def receive_some(self, max_bytes: int) -> bytes:
        """What has arrived; nothing at the end. Raises `trio.BrokenResourceError` when the peer is gone."""
        ...


class AnswerTooLong(MalformedMessage):
    """The body has more bytes than the caller takes."""


@attrs.frozen
class HttpAnswer:
    """An answer, whatever its status is."""

    status: int
    #: with lower-case names; of repeated ones the first
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = attrs.field(default=b"", repr=False)
    #: what the device says beside the status
    reason: str = ""
    #: what was overlooked in the head, in words
    forgiven: tuple[str, ...] = ()


@attrs.frozen
class AnswerStart:
    """An answer with the start of its body, as far as that was read."""

    answer: HttpAnswer
    #: whether the body has ended there, and not been cut
    is_whole: bool


def asking(method: str) -> h11.Connection:
    """The state of a connection on which somebody has sent a request: what `read_answer` needs to know of it."""
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    protocol.send(h11.Request(method=method, target="/", headers=[("Host", "peer")]))
    protocol.send(h11.EndOfMessage())
    return protocol


def may_be_kept(protocol: h11.Connection) -> bool:
    """Whether the connection may have another request, now that the answer was read."""
    done = protocol.our_state is h11.DONE and protocol.their_state is h11.DONE
    return done and protocol.trailing_data == (b"", False)  # nothing more has arrived, nor the end


async def read_answer(
    stream: Receiving, protocol: h11.Connection, *, max_body_bytes: int, arrived: bytes = b"", keeps_body: bool = True
) -> HttpAnswer | None:
    """The answer that arrives on *stream*, after *arrived*; ``None`` if the peer closes the connection before it.

    *protocol* knows what was asked. No more than *max_body_bytes* of the body are read, nor kept unless *keeps_body*.
    The caller sets a deadline. Raises `MalformedMessage`, and `trio.BrokenResourceError` when the peer is gone.
    """
    unread = bytearray(arrived)
    try:
        head = await _final_head(stream, protocol, unread)
        if head is None:
            return None
        return await _read_body(stream, protocol, head, max_body_bytes, keeps_body)
    except h11.RemoteProtocolError as error:
        raise MalformedMessage(f"the answer is not HTTP: {error}") from error


async def read_start(
    stream: Receiving, protocol: h11.Connection, *, max_body_bytes: int, seconds: float
) -> AnswerStart | None:
    """Like `read_answer`, with as much of the body as is there, up to *max_body_bytes* and within *seconds*.

    A body that is longer, comes later, or breaks the rules of HTTP ends there.
    """
    unread = bytearray()
    try:
        head = await _final_head(stream, protocol, unread)
        if head is None:
            return None
        answer = protocol.next_event()
    except h11.RemoteProtocolError as error:
        raise MalformedMessage(f"the answer is not HTTP: {error}") from error
    assert isinstance(answer, h11.Response)
    body, is_whole = bytearray(), False
    with trio.move_on_after(seconds), suppress(h11.RemoteProtocolError, trio.BrokenResourceError):
        chunks = 0
        while len(body) < max_body_bytes and chunks < MAX_CHUNKS:
            event = protocol.next_event()
            if event is h11.NEED_DATA:
                protocol.receive_data(await stream.receive_some(READ_BYTES))
            elif isinstance(event, h11.Data):
                body += event.data
                chunks += event.chunk_start
                await trio.lowlevel.checkpoint()  # one piece may hold thousands of chunks
            else:
                is_whole = isinstance(event, h11.EndOfMessage)
                break
    start, reason = bytes(body[:max_body_bytes]), answer.reason.decode("latin-1")
    return AnswerStart(HttpAnswer(answer.status_code, _headers(answer), start, reason, head.forgiven), is_whole)


def _headers(answer: h11.Response) -> dict[str, str]:
    """With lower-case names; of repeated ones the first."""
    headers: dict[str, str] = {}
    for name, value in answer.headers:
        headers.setdefault(name.decode("ascii"), value.decode("latin-1"))
    return headers


async def _final_head(stream: Receiving, protocol: h11.Connection, unread: bytearray) -> AnswerHead | None:
    """The head of the answer, which *protocol* has taken, and what has arrived after it."""
    for number in range(MAX_INTERIM_ANSWERS + 1):
        head = await _next_head(stream, unread)
        if head is None:
            if number:
                raise MalformedMessage("the connection ended after an interim answer")
            return None
        if head.status >= 200:
            protocol.receive_data(head.data + unread)
            return head
        protocol.receive_data(head.data)
        protocol.next_event()
    raise MalformedMessage("there are too many interim answers")


async def _next_head(stream: Receiving, unread: bytearray) -> AnswerHead | None:
    """Take the next head out of *unread*, into which more arrives; ``None`` if nothing does."""
    searched = 0
    while True:
        del unread[: len(unread) - len(unread.lstrip(b"\r\n"))]  # an empty line too many after the last answer
        if unread[: len(_PROTOCOL)].upper() != _PROTOCOL[: len(unread)]:
            raise MalformedMessage(f"the answer is not HTTP, but begins with {bytes(unread[:MAX_QUOTED_BYTES])!r}")
        end = END_OF_HEAD.search(unread, max(searched - 2, 0))
        length = len(unread) if end is None else end.end()
        if length > MAX_HEAD_BYTES:
            raise MalformedMessage(f"the head has more than {MAX_HEAD_BYTES} bytes")
        if unread.count(b"\n", 0, length) > MAX_HEAD_FIELDS + 2:  # beside the fields, the first line and the empty one
            raise MalformedMessage(f"the head has more than {MAX_HEAD_FIELDS} fields")
        if end is not None:
            head = bytes(unread[:length])
            del unread[:length]
            return read_head(head)
        searched = len(unread)
        more = await stream.receive_some(READ_BYTES)
        if not more:
            if unread:
                raise MalformedMessage("the connection ended within the head")
            return None
        unread += more


async def _read_body(
    stream: Receiving, protocol: h11.Connection, head: AnswerHead, max_body_bytes: int, keeps_body: bool
) -> HttpAnswer:
    answer = protocol.next_event()
    assert isinstance(answer, h11.Response)
    headers = _headers(answer)
    has_length = "content-length" in headers and answer.status_code not in (204, 304)
    if has_length and int(headers["content-length"]) > max_body_bytes:
        raise AnswerTooLong(f"the body has {headers['content-length']} bytes; at most {max_body_bytes} are read")
    body = bytearray()
    size = chunks = 0
    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(await stream.receive_some(READ_BYTES))
        elif isinstance(event, h11.Data):
            size += len(event.data)
            chunks += event.chunk_start
            if size > max_body_bytes:
                raise AnswerTooLong(f"the body has more than {max_body_bytes} bytes")
            if chunks > MAX_CHUNKS:
                raise AnswerTooLong(f"the body has more than {MAX_CHUNKS} chunks")
            if keeps_body:
                body += event.data
            await trio.lowlevel.checkpoint()  # one piece may hold thousands of chunks
        else:
            # h11 raises for a body cut short, so this is its end
            reason = answer.reason.decode("latin-1")
            return HttpAnswer(answer.status_code, headers, bytes(body), reason, head.forgiven)
