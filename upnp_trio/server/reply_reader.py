"""Reads a subscriber's reply to an event message, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
import trio

from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.messages import MAX_REPLY_BODY_BYTES, Reply, read_plain_reply

if TYPE_CHECKING:
    from upnp_trio.network.streams import HttpStream

__all__ = ["read_reply"]

# More than a usual reply has, which arrives in one read.
READ_BYTES = 4096
# As long as the longest head of a request.
MAX_HEAD_BYTES = 16 * 1024
# Interim responses have no use for a NOTIFY.
MAX_INTERIM_RESPONSES = 4


async def read_reply(stream: HttpStream) -> Reply | None:
    """The reply that arrives on *stream*; ``None`` if the peer closes the connection before it.

    The caller sets a deadline. Raises `MalformedMessage`, and `trio.BrokenResourceError` when the peer is gone.
    """
    arrived = await stream.receive_some(READ_BYTES)
    if not arrived:
        return None
    plain = read_plain_reply(arrived)
    if plain is not None:
        reply, size = plain
        return reply if size == len(arrived) else Reply(reply.status, keeps_open=False)
    try:
        return await _read_with_h11(stream, arrived)
    except h11.RemoteProtocolError as error:
        raise MalformedMessage(f"the reply is not HTTP: {error}") from error


async def _read_with_h11(stream: HttpStream, arrived: bytes) -> Reply:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    connection.send(h11.Request(method="NOTIFY", target="/", headers=[("Host", "subscriber")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(arrived)
    status = 0
    size = interim = 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await stream.receive_some(READ_BYTES))
        elif isinstance(event, h11.InformationalResponse):
            interim += 1
            if interim > MAX_INTERIM_RESPONSES:
                raise MalformedMessage("the reply has too many interim responses")
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            size += len(event.data)
            if size > MAX_REPLY_BODY_BYTES:
                raise MalformedMessage(f"the reply has more than {MAX_REPLY_BODY_BYTES} bytes")
            await trio.lowlevel.checkpoint()  # one piece may hold thousands of chunks
        else:  # the end of the message, or of the connection
            is_whole = isinstance(event, h11.EndOfMessage)
            keeps_open = is_whole and connection.their_state is h11.DONE and not connection.trailing_data[0]
            return Reply(status, keeps_open)
