"""What an asyncio task waits for in another thread."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, TypeVar

from upnp_trio.bridging.trio_thread import IMPATIENT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from upnp_trio.bridging.into_trio import Submitted

__all__ = ["end_of", "outcome", "until_done", "until_done_or_impatient"]

R = TypeVar("R")


async def outcome(submitted: Submitted[R]) -> R:
    """What the function that was submitted returns or raises.

    If this is cancelled, so is the function. `asyncio.CancelledError` is raised when that has ended, in whatever way.
    """
    try:
        await until_done(submitted.future)
    except asyncio.CancelledError:
        submitted.cancel()
        await until_done_or_impatient(submitted.future)
        raise
    return submitted.future.result()


async def until_done(future: Future[R]) -> None:
    """Wait until *future* is done, with a result or an error. If this is cancelled, *future* is not."""
    if not future.done():
        await end_of(future)


def end_of(future: Future[R]) -> asyncio.Future[None]:
    """A future of this loop that is done when *future* is."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def note(_: Future[R]) -> None:
        call_in_loop(loop, wake)

    future.add_done_callback(note)
    return waiter


async def until_done_or_impatient(future: Future[R]) -> None:
    """Wait until *future* is done. If this is cancelled, wait for `IMPATIENT_SECONDS` more at most, and raise that."""
    cancelled: asyncio.CancelledError | None = None
    loop = asyncio.get_running_loop()
    deadline: float | None = None
    with _shielded_from_anyio():
        while not future.done():
            try:
                async with asyncio.timeout_at(deadline):
                    await until_done(future)
            except TimeoutError:
                break
            except asyncio.CancelledError as error:
                cancelled = error
                deadline = deadline or loop.time() + IMPATIENT_SECONDS
    if cancelled is not None:
        raise cancelled


def _shielded_from_anyio() -> AbstractContextManager[object]:
    """Keep cancelled scopes of anyio outside, which cancel a task again in each turn of the loop until it has left."""
    anyio = sys.modules.get("anyio")
    return nullcontext() if anyio is None else anyio.CancelScope(shield=True)


def call_in_loop(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *arguments: object) -> None:
    """Call *function* in the thread of *loop*, soon; nothing happens if the loop is closed."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *arguments)
