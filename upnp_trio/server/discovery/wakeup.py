"""Waiting for the earliest of many moments, when an earlier one may come up meanwhile."""

from __future__ import annotations

import attrs
import trio

__all__ = ["Wakeup"]


@attrs.define(eq=False, repr=False)
class Wakeup:
    """One task waits; others set the time, and only ever to an earlier one."""

    _nap: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    def set(self, time: float) -> None:
        """Let `wait` return at *time*, on trio's clock, unless it returns before."""
        if time < self._nap.deadline:
            self._nap.deadline = time

    async def wait(self) -> None:
        """Wait until the earliest time that was set since the last wait began."""
        with self._nap:
            await trio.sleep_forever()
        # at once, with no checkpoint in between, so that no time set from here on is lost
        self._nap = trio.CancelScope()
