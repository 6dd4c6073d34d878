"""Handlers of a device beside threads: plain functions in worker threads, coroutine functions in the trio loop."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.model.handler import Handler
from upnp_trio.tasks.groups import only_error, split_cancellation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from upnp_trio.service_calls import Call

__all__ = ["WorkerThreads"]

# How many threads may run plain functions of handlers, for all services together. A service has one at most, also after
# a call was given up, as its function cannot be stopped. A device has a few services.
MAX_HANDLER_THREADS = 40


@attrs.define(eq=False, repr=False)
class WorkerThreads:
    """Runs the code of handlers for a device whose program has no event loop; see `HandlerRunner`.

    Plain functions may block. Those of one service are called one at a time. A call that is given up, because its
    deadline has passed, leaves its function behind in its thread, and the service's next call waits for that.
    """

    _token: trio.lowlevel.TrioToken = attrs.field(factory=trio.lowlevel.current_trio_token)
    _all: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(MAX_HANDLER_THREADS))
    #: by the identity of the handler, for those that are called at the moment
    _turns: dict[int, _Turn] = attrs.field(factory=dict)

    async def call(self, call: Call) -> object:
        """Call a plain function in a thread, a coroutine function here."""
        try:
            return await self._carry_out(call)
        except BaseException as error:
            action = call.action.description.name
            _check_exit(error, f"the function of {type(call.service.handler).__name__} for the action {action}")
            raise

    async def run_while_served(self, handler: Handler) -> None:
        """Run it here: it is a coroutine function."""
        try:
            await handler.run_while_served()
        except BaseException as error:
            _check_exit(error, "it")
            raise

    def post(self, deliver: Callable[[], None]) -> bool:
        """Deliver in the next turn of the loop."""
        with suppress(trio.RunFinishedError):  # nobody is told any more
            self._token.run_sync_soon(deliver)
        return True

    async def _carry_out(self, call: Call) -> object:
        action, handler = call.action, call.service.handler
        returned: object
        if action.may_block:
            turn = self._turns.get(id(handler)) or _Turn(handler, self._all, self._turns)
            (returned,) = await trio.to_thread.run_sync(
                _call_in_thread,
                call,
                abandon_on_cancel=True,
                limiter=turn,  # type: ignore[arg-type]  # as its documentation allows
            )
        else:
            returned = action.call(handler, call.arguments, call.caller)
        if hasattr(type(returned), "__await__"):
            awaitable: Awaitable[object] = returned  # type: ignore[assignment]
            return await awaitable
        return returned


def _call_in_thread(call: Call) -> tuple[object]:
    # in a tuple, as trio refuses a function that returns an awaitable
    return (call.action.call(call.service.handler, call.arguments, call.caller),)


def _check_exit(error: BaseException, what: str) -> None:
    """Raise `RuntimeError` if *error*, which *what* has raised, is an exit, such as `sys.exit()` raises.

    In this thread it would end the device, and not the program.
    """
    _, own = split_cancellation(error)
    if own is not None and not isinstance(own, Exception):
        name = repr(only_error(own))
        raise RuntimeError(f"{what} raised {name}, which ends a program from its main thread only") from error


@attrs.define(eq=False, repr=False)
class _Turn:
    """The turn of one handler, and a place among all threads: what `trio.to_thread.run_sync` takes for a limiter.

    trio gives both back when the thread has ended, not when its call is given up.
    """

    handler: Handler | None
    _all: trio.CapacityLimiter
    _turns: dict[int, _Turn]
    _own: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(1))

    async def acquire_on_behalf_of(self, borrower: object) -> None:
        """Wait for the turn, and then for the place."""
        self._turns[id(self.handler)] = self
        try:
            await self._own.acquire_on_behalf_of(borrower)
            try:
                await self._all.acquire_on_behalf_of(borrower)
            except BaseException:
                self._own.release_on_behalf_of(borrower)
                raise
        finally:
            self._forget_if_idle()

    def release_on_behalf_of(self, borrower: object) -> None:
        """Give both back."""
        self._all.release_on_behalf_of(borrower)
        self._own.release_on_behalf_of(borrower)
        self._forget_if_idle()

    def _forget_if_idle(self) -> None:
        if not self._own.borrowed_tokens and not self._own.statistics().tasks_waiting:
            self._turns.pop(id(self.handler), None)
