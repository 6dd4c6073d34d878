"""Work that another host has to learn the end of, and that is therefore not cut off at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["finish_by"]


async def finish_by(work: Callable[[], Awaitable[object]], last_moment: Callable[[], float]) -> None:
    """Do *work*. If this is cancelled meanwhile, the work goes on until *last_moment*, which is asked for then.

    An exception of the work leaves as itself, unless this was cancelled.
    """
    failures: list[Exception] = []
    shield = trio.CancelScope(shield=True)
    done = trio.Event()

    async def run() -> None:
        try:
            with shield:
                await work()
        except Exception as error:  # raised below, as itself and not in a group
            failures.append(error)
        done.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        try:
            await done.wait()
        finally:
            if not done.is_set():
                shield.deadline = last_moment()
    if failures:
        raise failures[0]
