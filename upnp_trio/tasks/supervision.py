"""Tasks that run beside the body of an ``async with``, and which error leaves when something fails."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from upnp_trio.errors import HandlerFailed, UpnpTrioError
from upnp_trio.tasks.groups import only_error, split_cancellation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["supervised"]


@asynccontextmanager
async def supervised(failed: type[UpnpTrioError], what: str) -> AsyncIterator[trio.Nursery]:
    """A nursery for the tasks of *what*, without an `ExceptionGroup` at its end, cancelled when the body ends.

    An exception of the body leaves as itself: it is carried past the nursery and not raised through it. A failed task
    cancels the body, and *failed* leaves, or `HandlerFailed` if it was a handler's own. Cancellation is raised through
    the nursery, as it belongs to the scopes inside and outside.
    """
    from_body: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                yield nursery
            except BaseException as error:
                cancelled, rest = split_cancellation(error)
                if rest is not None:
                    from_body = error
                if cancelled is not None:
                    raise cancelled from None
            nursery.cancel_scope.cancel(reason=f"{what} has ended")
    except BaseException as error:
        _, ours = split_cancellation(error)
        if ours is None:  # cancelled from outside
            if from_body is not None:
                raise from_body from None
            raise
        if isinstance(ours, KeyboardInterrupt | SystemExit) or not isinstance(ours, Exception):
            raise
        if from_body is not None:
            ours.add_note(f"the body had failed before: {from_body!r}")
        if isinstance(of_handler := only_error(ours), HandlerFailed):
            raise of_handler from of_handler.__cause__
        raise failed(f"a task of {what} failed; this is a bug in upnp_trio, please report it") from ours
    if from_body is not None:
        raise from_body
