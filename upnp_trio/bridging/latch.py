"""What a thread waits for that signals may interrupt, as Ctrl-C interrupts the main thread."""

from __future__ import annotations

import threading
import time

__all__ = ["Latch"]


class Latch:
    """Opened once, by one thread, and waited for by others.

    `threading.Event` and futures take their lock in Python code. An exception that a signal handler raises just after
    that leaves the lock taken, and the thread that sets them waits for it for ever. Here the lock is taken in C code.
    """

    def __init__(self) -> None:
        #: whether it is open; written before the lock is released, so that it is the truth even without the lock
        self.is_open = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def open(self) -> None:
        """Let all that wait go on; does nothing if it is open."""
        if not self.is_open:
            self.is_open = True
            self._lock.release()

    def wait(self, deadline: float | None = None) -> bool:
        """Block until it is open, or until *deadline* on the monotonic clock; returns whether it is open."""
        timeout = -1 if deadline is None else max(deadline - time.monotonic(), 0)
        if not self.is_open and self._lock.acquire(timeout=timeout):
            self._lock.release()
        return self.is_open
