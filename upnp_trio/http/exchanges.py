"""One request and its answer on a connection, where the answer may come before the request is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.errors import MalformedMessage
from upnp_trio.http.answer_reader import read_answer
from upnp_trio.network.streams import HttpStream

if TYPE_CHECKING:
    import h11

    from upnp_trio.http.answer_reader import HttpAnswer

__all__ = ["send_and_read"]


@attrs.define(eq=False)
class _Sending:
    stream: HttpStream
    message: bytes
    sent: int = 0
    is_broken: bool = False

    @property
    def is_complete(self) -> bool:
        return self.sent == len(self.message)

    def send_now(self) -> None:
        try:
            self.sent = self.stream.send_now([self.message])
        except trio.BrokenResourceError:
            self.is_broken = True

    async def send_rest(self) -> None:
        try:
            await self.stream.send_all(memoryview(self.message)[self.sent :])
        except trio.BrokenResourceError:
            self.is_broken = True
        else:
            self.sent = len(self.message)


async def send_and_read(
    stream: HttpStream, message: bytes, protocol: h11.Connection, *, max_body_bytes: int
) -> tuple[HttpAnswer | None, bool]:
    """The answer to *message*, as `read_answer` gives it, and whether all of *message* was sent before it.

    A device that refuses a request may say so, and close the connection, before it has read all. So a connection that
    breaks while we send is still read.
    """
    sending = _Sending(stream, message)
    sending.send_now()
    if sending.is_broken or sending.is_complete:
        answer = await read_answer(stream, protocol, max_body_bytes=max_body_bytes)
        return answer, sending.is_complete
    answer, failed = None, None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sending.send_rest)
        try:
            answer = await read_answer(stream, protocol, max_body_bytes=max_body_bytes)
        except (MalformedMessage, trio.BrokenResourceError) as error:
            failed = error  # raised outside of the nursery, which would put it into a group
        nursery.cancel_scope.cancel(reason="the answer is here")
    if failed is not None:
        raise failed
    return answer, sending.is_complete
