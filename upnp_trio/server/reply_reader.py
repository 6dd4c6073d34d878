"""Reads a subscriber's reply to an event message, within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.eventing.messages import MAX_REPLY_BODY_BYTES, Reply, read_plain_reply
from upnp_trio.http.answer_reader import asking, may_be_kept, read_answer

if TYPE_CHECKING:
    from upnp_trio.network.streams import HttpStream

__all__ = ["read_reply"]

# More than a usual reply has, which arrives in one read.
READ_BYTES = 4096


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
    protocol = asking("NOTIFY")
    answer = await read_answer(stream, protocol, max_body_bytes=MAX_REPLY_BODY_BYTES, arrived=arrived, keeps_body=False)
    return None if answer is None else Reply(answer.status, may_be_kept(protocol))
