"""Feeds: what a task of the control point gives to its reader, as an async iterator that ends the task with itself.

The task and its reader share a `FeedQueue`. The reader alone has the `Feed`; when that is closed, or dropped without
being closed, the task ends. So ``async for`` with a ``break`` leaves nothing behind.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import attrs
import trio

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Feed", "FeedQueue", "Values"]

T = TypeVar("T")

# A reader gives way to other tasks once in so many values, and whenever it waits. A turn of the event loop costs more
# than to find, keep and report a device.
VALUES_IN_A_TURN = 32


class Values(Protocol[T]):
    """What waits for the reader: a queue, or something that joins values."""

    def put(self, value: T) -> int:
        """Add *value*; returns how many values there was no room for, this one or those that gave way to it."""
        ...

    def take(self) -> T | None:
        """The next value; ``None`` if there is none."""
        ...


@attrs.define(eq=False, repr=False)
class FeedQueue(Generic[T]):
    """The side of the task: it puts values and ends the feed."""

    values: Values[T]
    #: how many values there was no room for
    missed: int = 0
    error: BaseException | None = None
    is_ended: bool = False
    _lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)
    #: how many values may be taken before the next turn of the event loop
    _values_left: int = 0

    def put(self, value: T) -> None:
        """Give *value* to the reader; it is counted as missed if the reader is too far behind."""
        self.missed += self.values.put(value)
        self._lot.unpark_all()

    def end(self, error: BaseException | None = None) -> None:
        """No value will follow. The reader takes what waits; then the feed ends, or raises *error* once."""
        if not self.is_ended:
            self.error, self.is_ended = error, True
            self._lot.unpark_all()

    def take_error(self) -> BaseException | None:
        """The error that the feed has ended with, once."""
        error, self.error = self.error, None
        return error

    async def get(self) -> T:
        """The next value; raises `StopAsyncIteration` at the end."""
        if self._values_left:
            self._values_left -= 1
            await trio.lowlevel.checkpoint_if_cancelled()
        else:
            self._values_left = VALUES_IN_A_TURN - 1
            await trio.lowlevel.checkpoint()
        while (value := self.values.take()) is None:
            if self.is_ended:
                if (error := self.take_error()) is not None:
                    raise error
                raise StopAsyncIteration
            await self._lot.park()
            self._values_left = VALUES_IN_A_TURN - 1
        return value


class Feed(Generic[T]):
    """Values as they come: ``async for value in feed``, or ``async with feed:`` around that.

    It ends by itself where its maker says so, by the caller's deadline, and when it is closed. One task reads it.
    """

    def __init__(self, queue: FeedQueue[T], on_close: Callable[[], None]) -> None:
        # set first, as `__del__` runs on an object that is half made, too
        self._on_close: Callable[[], None] | None = None
        self._queue = queue
        self._token = trio.lowlevel.current_trio_token()
        self._on_close = on_close

    @property
    def missed(self) -> int:
        """How many values this reader was too slow for."""
        return self._queue.missed

    def __aiter__(self) -> Feed[T]:
        return self

    async def __anext__(self) -> T:
        return await self._queue.get()

    async def __aenter__(self) -> Feed[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End it at once."""
        self.close()
        await trio.lowlevel.checkpoint()

    def close(self) -> None:
        """End it at once; for code that cannot wait."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            self._queue.end()
            on_close()

    def __del__(self) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close is None:
            return
        # The garbage collector runs in any thread, and in this one at any place, such as between two readers that a
        # value is given to. So this waits until no task runs. After the end of the run, the task has ended with it.
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(on_close)
