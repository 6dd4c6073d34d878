"""One change of what is served at a time: a device that comes, goes or changes, and a network that does."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["ChangeLock"]


@attrs.define(eq=False, repr=False)
class ChangeLock:
    """Lets one change happen at a time, entirely or not at all."""

    #: whether no device may change any more
    ended: bool = False
    _lock: trio.Lock = attrs.field(factory=trio.Lock)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, and hold it for as long as the body runs.

        The wait can be cancelled, and nothing has happened then. The body cannot be cancelled: it must take a bounded
        time.
        """
        async with self._lock:
            with trio.CancelScope(shield=True):
                yield

    async def end(self) -> None:
        """Let no device change from now on, and wait for the change that is under way."""
        self.ended = True
        async with self.turn():
            pass
