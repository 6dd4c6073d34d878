"""Work that another thread gives to a trio loop: begun there, waited for and cancelled from here.

`submit` needs nothing but the token of the loop (`trio.lowlevel.current_trio_token`).
"""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs
import trio

from upnp_trio.bridging.latch import Latch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Submitted", "submit"]

R = TypeVar("R")


@attrs.define(eq=False, repr=False)
class Submitted(Generic[R]):
    """An async function that runs in a trio loop, as other threads see it."""

    _token: trio.lowlevel.TrioToken
    #: done when the function has ended, with what it returned or raised; with `trio.RunFinishedError` if the loop ended
    future: Future[R] = attrs.field(factory=Future)
    #: open after `future` is done, for a thread that signals interrupt
    done: Latch = attrs.field(factory=Latch)
    _scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    def __attrs_post_init__(self) -> None:
        self.future.add_done_callback(lambda _: self.done.open())

    def cancel(self) -> None:
        """Cancel the function; `future` is done when it has ended, and is cancelled if the function was."""
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._scope.cancel)

    def _begin(self, function: Callable[..., Awaitable[R]], arguments: tuple[object, ...]) -> None:
        try:
            trio.lowlevel.spawn_system_task(self._run, function, arguments, name=function)
        except RuntimeError:  # the loop is about to end, and takes no new tasks
            self.future.set_exception(_loop_ended())

    async def _run(self, function: Callable[..., Awaitable[R]], arguments: tuple[object, ...]) -> None:
        try:
            with self._scope:
                self.future.set_result(await function(*arguments))
        except Exception as error:
            self.future.set_exception(error)
        finally:
            if not self.future.done():
                if self._scope.cancelled_caught:
                    self.future.cancel()
                else:
                    self.future.set_exception(_loop_ended())


def submit(token: trio.lowlevel.TrioToken, function: Callable[..., Awaitable[R]], *arguments: object) -> Submitted[R]:
    """Call the async *function* in the trio loop of *token*, in a task of its own; callable from any thread."""
    submitted = Submitted[R](token)
    try:
        token.run_sync_soon(submitted._begin, function, arguments)
    except trio.RunFinishedError as error:
        submitted.future.set_exception(error)
    return submitted


def _loop_ended() -> trio.RunFinishedError:
    return trio.RunFinishedError("the trio loop has ended")
