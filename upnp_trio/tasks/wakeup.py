"""Waiting for the earliest of many dates, while earlier ones may be added."""

from __future__ import annotations

import attrs
import trio

__all__ = ["Wakeup"]


@attrs.define(eq=False, repr=False)
class Wakeup:
    """One task waits. Others set when it wakes up, and can only make that earlier."""

    _sleep: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    def set(self, time: float) -> None:
        """Let `wait` return at *time*, on trio's clock, or earlier."""
        if time < self._sleep.deadline:
            self._sleep.deadline = time

    async def wait(self) -> None:
        """Wait until the earliest time that was set since the last wait ended."""
        with self._sleep:
            await trio.sleep_forever()
        # A new scope without a checkpoint in between, so that every time that is set from now on counts.
        self._sleep = trio.CancelScope()
