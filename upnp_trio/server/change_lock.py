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
    """Lets changes happen one after the other, each of them entirely or not at all."""

    #: whether devices may change no more, as they leave
    ended: bool = False
    _lock: trio.Lock = attrs.field(factory=trio.Lock)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, and hold it for as long as the body runs.

        The waiting can be cancelled and then leaves no trace. The body cannot: it is shielded, and bounds the time that
        it takes itself.
        """
        async with self._lock:
            with trio.CancelScope(shield=True):
                yield

    async def end(self) -> None:
        """Let no device change from now on, and wait for the change that is under way."""
        self.ended = True
        async with self.turn():
            pass
