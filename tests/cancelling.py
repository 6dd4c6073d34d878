"""Cancelling at every step, to see that nothing is left behind."""

from __future__ import annotations

import trio

__all__ = ["CancelAt"]


class CancelAt(trio.abc.Instrument):
    """Cancels a scope just before the n-th step that any task takes."""

    def __init__(self, scope: trio.CancelScope, step: int) -> None:
        self.scope, self.steps_left = scope, step

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps_left -= 1
        if self.steps_left == 0:
            self.scope.cancel()
