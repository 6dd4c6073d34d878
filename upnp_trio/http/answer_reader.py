"""Reads the answer to a request of ours, within bounds; h11 is the state machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import h11
import trio

from upnp_trio.errors import MalformedMessage
from upnp_trio.http.request_rules import has_too_many_fields

if TYPE_CHECKING:
    from upnp_trio.network.streams import HttpStream

__all__ = ["MAX_HEAD_BYTES", "AnswerTooLong", "ConnectionEnded", "HttpAnswer", "read_answer"]

READ_BYTES = 16 * 1024
# As long as the longest head of a request.
MAX_HEAD_BYTES = 16 * 1024
# Interim responses have no use for a device.
MAX_INTERIM_RESPONSES = 4


@attrs.frozen
class HttpAnswer:
    """What a device answered."""

    status: int
    #: by lower-case name; the first one of repeated fields
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)


class AnswerTooLong(MalformedMessage):
    """The body is longer than the caller wants."""


class ConnectionEnded(MalformedMessage):
    """The peer closed the connection before the first byte of an answer."""


async def read_answer(stream: HttpStream, protocol: h11.Connection, max_body_bytes: int) -> HttpAnswer:
    """The answer that arrives on *stream* to the request that *protocol* has sent.

    The caller sets a deadline. Raises `MalformedMessage` for what is no answer, or a longer one than *max_body_bytes*,
    and `trio.BrokenResourceError` when the peer is gone.
    """
    try:
        return await _read(stream, protocol, max_body_bytes)
    except h11.RemoteProtocolError as error:
        raise MalformedMessage(f"the answer is not HTTP: {error}") from error


async def _read(stream: HttpStream, protocol: h11.Connection, max_body_bytes: int) -> HttpAnswer:
    head = await _read_head(stream, protocol)
    headers: dict[str, str] = {}
    for name, value in head.headers:
        headers.setdefault(name.decode("ascii"), value.decode("latin-1"))
    length = headers.get("content-length", "0")
    if int(length) > max_body_bytes and head.status_code not in (204, 304):
        raise AnswerTooLong(f"the body has {length[:20]} bytes; at most {max_body_bytes} are read")
    if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise MalformedMessage("the body has a content coding, which was not asked for")
    body = bytearray()
    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(await stream.receive_some(READ_BYTES))
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > max_body_bytes:
                raise AnswerTooLong(f"the body has more than {max_body_bytes} bytes")
            await trio.lowlevel.checkpoint()  # one piece may hold thousands of chunks
        elif isinstance(event, h11.EndOfMessage):
            return HttpAnswer(head.status_code, headers, bytes(body))
        else:
            raise MalformedMessage("the connection ended within the answer")


async def _read_head(stream: HttpStream, protocol: h11.Connection) -> h11.Response:
    interim, has_begun = 0, False
    while True:
        if has_too_many_fields(protocol.trailing_data[0]):
            raise MalformedMessage("the answer has too many header fields")
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            arrived = await stream.receive_some(READ_BYTES)
            if not arrived and not has_begun:
                raise ConnectionEnded("the connection ended before an answer")
            has_begun = True
            protocol.receive_data(arrived)
        elif isinstance(event, h11.InformationalResponse):
            interim += 1
            if interim > MAX_INTERIM_RESPONSES:
                raise MalformedMessage("the answer has too many interim responses")
        elif isinstance(event, h11.Response):
            return event
        else:
            raise MalformedMessage("the connection ended within the answer")
