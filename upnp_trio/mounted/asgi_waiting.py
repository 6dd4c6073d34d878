"""What an ASGI app waits for, in asyncio's loop or in trio's: bodies, answers, and clients that leave meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from upnp_trio.bridging.asyncio_waiting import end_of
from upnp_trio.bridging.into_trio import submit
from upnp_trio.exchange import Request, Response, error_response
from upnp_trio.http.phases import BODY_SECONDS
from upnp_trio.mounted.answers import done_answer, give_up
from upnp_trio.server.mounted_site import Answer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from upnp_trio.bridging.into_trio import Submitted
    from upnp_trio.server.mounted_site import MountedSite

__all__ = ["Disconnected", "Message", "Receive", "answer_of", "body_in_time"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

# Most answers are there much sooner. Only from then on is it worth two tasks to notice that a client leaves.
PROMPT_SECONDS = 0.1


class Disconnected(Exception):
    """The client has gone."""


async def body_in_time(receive: Receive, max_bytes: int) -> bytes | Response:
    """The body of a request, or the response to one that is longer than *max_bytes* or too slow."""
    try:
        if trio.lowlevel.in_trio_task():
            with trio.fail_after(BODY_SECONDS):
                return await _body(receive, max_bytes)
        async with asyncio.timeout(BODY_SECONDS):
            return await _body(receive, max_bytes)
    except (trio.TooSlowError, TimeoutError):
        return error_response(408)


async def _body(receive: Receive, max_bytes: int) -> bytes | Response:
    pieces: list[bytes] = []
    left = max_bytes
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        piece = message.get("body", b"")
        left -= len(piece)
        if left < 0:
            return error_response(413)
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] == "http.request":
        pass  # a body that is of no use


async def answer_of(site: MountedSite, request: Request, receive: Receive) -> Answer:
    """The answer of *site*, whose loop may be this one or another. Raises `Disconnected`."""
    if not trio.lowlevel.in_trio_task():
        return await _from_asyncio(submit(site.token, site.respond, request), site, receive)
    if trio.lowlevel.current_trio_token() is not site.token:
        submitted = submit(site.token, site.respond, request)
        return await _watched(partial(_from_trio, submitted, site), receive)
    begun = site.begin(request)
    if isinstance(begun, Response):
        await trio.lowlevel.checkpoint()
        return Answer(begun, site)
    return await _watched(partial(site.finish, request, begun), receive)


# --- in trio ---


async def _watched(function: Callable[[], Awaitable[Answer]], receive: Receive) -> Answer:
    """What *function* returns; it is cancelled if the client leaves."""
    answer: Answer | None = None
    try:
        async with trio.open_nursery() as nursery:

            async def watch() -> None:
                await _disconnect(receive)
                nursery.cancel_scope.cancel(reason="the client has gone")

            nursery.start_soon(watch)
            answer = await function()
            nursery.cancel_scope.cancel(reason="the answer is here")
    except BaseException:
        if answer is not None:
            answer.abandon()
        raise
    if answer is None:
        raise Disconnected
    return answer


async def _from_trio(submitted: Submitted[Answer], site: MountedSite) -> Answer:
    """The answer from another trio loop than this one."""
    token, done = trio.lowlevel.current_trio_token(), trio.Event()

    def note(_: Future[Answer]) -> None:
        token.run_sync_soon(done.set)

    submitted.future.add_done_callback(note)
    try:
        await done.wait()
    except trio.Cancelled:
        give_up(submitted)
        raise
    return done_answer(submitted, site)


# --- in asyncio ---


async def _from_asyncio(submitted: Submitted[Answer], site: MountedSite, receive: Receive) -> Answer:
    waiter = end_of(submitted.future)
    watching: asyncio.Task[None] | None = None
    try:
        await asyncio.wait([waiter], timeout=PROMPT_SECONDS)
        if not waiter.done():
            watching = asyncio.create_task(_disconnect(receive))
            await asyncio.wait([waiter, watching], return_when=asyncio.FIRST_COMPLETED)
        if not waiter.done():
            raise Disconnected
        return done_answer(submitted, site)
    except BaseException:
        give_up(submitted)
        raise
    finally:
        if watching is not None:
            watching.cancel()
