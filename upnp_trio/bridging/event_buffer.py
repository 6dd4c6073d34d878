"""Events of a device on their way from the thread that serves it to a reader in another thread."""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable

    from upnp_trio.monitoring.events import Event

__all__ = ["EventBuffer"]


class EventBuffer:
    """The events that wait for their reader; the thread that serves puts them in (`EventReceiver`).

    *wake* is called there after each event, and at the end. It must not refer to *reader*, the object that reads: a
    program may drop that without closing it.
    """

    def __init__(self, max_buffered: int, reader: object, wake: Callable[[], None]) -> None:
        self._max_buffered = max_buffered
        self._reader = weakref.ref(reader)
        self._wake = wake
        self._events: deque[Event] = deque()
        #: no event will follow
        self.is_ended = False
        #: nobody reads any more
        self.is_unwanted = False

    @property
    def has_news(self) -> bool:
        """Whether there is an event to take, or an end to note."""
        return bool(self._events) or self.is_ended or self.is_unwanted

    def take(self) -> Event | None:
        """The next event; ``None`` if none waits."""
        return self._events.popleft() if self._events else None

    def end(self) -> None:
        """Drop all events, from now on, too; called by the reader."""
        self.is_unwanted = True
        self._events.clear()
        self._wake()

    # --- in the thread that serves ---

    def has_reader(self) -> bool:
        """Whether anybody reads."""
        return not self.is_unwanted and self._reader() is not None

    def send_nowait(self, value: Event) -> None:
        """Add an event; see `EventReceiver`."""
        if not self.has_reader():
            raise trio.BrokenResourceError
        if len(self._events) >= self._max_buffered:
            raise trio.WouldBlock
        self._events.append(value)
        self._wake()

    def close(self) -> None:
        """No event will follow; see `EventReceiver`."""
        self.is_ended = True
        self._wake()
