"""Handlers of a device beside asyncio: all their code runs in the thread of the program's event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.errors import UpnpError

if TYPE_CHECKING:
    from upnp_trio.model.handler import Handler
    from upnp_trio.service_calls import Call

__all__ = ["AsyncioHandlers"]

# How many calls the event loop may have at once. At most half of them are waited for (`MAX_WAITING_CALLS`); the others
# were given up and have not ended, as when the loop is blocked.
MAX_UNFINISHED_CALLS = 256
# How long to wait for the end of a cancelled `run_while_served`. A loop that is blocked, or no longer runs, delays the
# end of the device by this much.
TASK_END_SECONDS = 1.0


class _Cancelled(Exception):
    """asyncio has cancelled what a trio task waits for, because the program ends or the handler wanted it."""


@attrs.define(eq=False, repr=False)
class AsyncioHandlers:
    """Runs the code of handlers in *loop*; see `HandlerRunner`. It is made in that loop's thread."""

    _loop: asyncio.AbstractEventLoop = attrs.field(factory=asyncio.get_running_loop)
    #: what handlers see of context variables
    _context: Context = attrs.field(factory=copy_context)
    _thread: int = attrs.field(factory=threading.get_ident)
    #: set when the device's loop runs
    _token: trio.lowlevel.TrioToken | None = None
    #: calls; asyncio itself keeps weak references to tasks only
    _unfinished: set[_Crossing] = attrs.field(factory=set)
    #: `run_while_served` of handlers, of which there are as many as the program wants
    _tasks: set[_Crossing] = attrs.field(factory=set)
    #: whether `_step_ended` is going to be called
    _is_step_noted: bool = False
    _deliver: Callable[[], None] | None = None

    def use_current_trio_loop(self) -> None:
        """The device runs in this trio loop."""
        self._token = trio.lowlevel.current_trio_token()

    async def call(self, call: Call) -> object:
        """Carry out *call* in the loop's thread. It is cancelled there when nobody waits any more."""
        if len(self._unfinished) >= MAX_UNFINISHED_CALLS:
            raise UpnpError(501, "Action Failed: too many calls before this one have not ended")
        function = partial(call.action.call, call.service.handler, call.arguments, call.caller)
        try:
            return await self._cross(function, self._unfinished).wait()
        except _Cancelled as error:
            raise UpnpError(501, f"Action Failed: {error}") from None

    async def run_while_served(self, handler: Handler) -> None:
        """Run it in the loop. If this is cancelled, wait a moment for its end, and raise what it raises."""
        crossing = self._cross(handler.run_while_served, self._tasks)
        crossing.is_end_awaited = True
        try:
            await crossing.wait()
        except _Cancelled:  # as when the program ends, which cancels all tasks of its loop
            return
        except trio.Cancelled:
            with trio.move_on_after(TASK_END_SECONDS, shield=True):
                await crossing.ended.wait()
            if crossing.error is not None and not isinstance(crossing.error, _Cancelled):
                raise crossing.error from None
            raise

    def post(self, deliver: Callable[[], None]) -> bool:
        """Deliver in the device's loop: at once, or from the program's loop when its current step has ended.

        Changes that a handler makes without an ``await`` in between therefore leave in one event.
        """
        if threading.get_ident() != self._thread:
            self._post(deliver)
            return True
        if not self._is_step_noted:
            self._deliver = deliver
            try:
                self._loop.call_soon(self._step_ended)
            except RuntimeError:  # the loop is closed
                self._post(deliver)
                return True
            self._is_step_noted = True
        return False

    def _step_ended(self) -> None:
        self._is_step_noted = False
        assert self._deliver is not None
        self._post(self._deliver)

    def _post(self, deliver: Callable[[], None]) -> None:
        assert self._token is not None
        with suppress(trio.RunFinishedError):  # nobody is told any more
            self._token.run_sync_soon(deliver)

    def _cross(self, function: Callable[[], object], unfinished: set[_Crossing]) -> _Crossing:
        assert self._token is not None
        return _Crossing(function, self._loop, self._context.copy(), self._token, unfinished)


@attrs.define(eq=False, repr=False)
class _Crossing:
    """One function that a trio task calls in the thread of an asyncio loop."""

    _function: Callable[[], object]
    _loop: asyncio.AbstractEventLoop
    _context: Context
    _token: trio.lowlevel.TrioToken
    _unfinished: set[_Crossing]
    #: set, in trio's thread, when the function has ended, also if nobody waits for it
    ended: trio.Event = attrs.field(factory=trio.Event)
    #: the trio task, while it waits
    _waiting: trio.lowlevel.Task | None = None
    #: written in trio's thread, and read in the loop's
    _is_given_up: bool = False
    _task: asyncio.Future[object] | None = None
    _returned: object = None
    error: Exception | None = None
    #: whether somebody looks for its error after it was given up
    is_end_awaited: bool = False

    # --- in trio's thread ---

    async def wait(self) -> object:
        """What the function returns or raises; it is cancelled if this is."""
        self._unfinished.add(self)
        try:
            self._loop.call_soon_threadsafe(self._begin, context=self._context)
        except RuntimeError:
            self._unfinished.discard(self)
            self.ended.set()
            await trio.lowlevel.checkpoint()
            raise _Cancelled("the event loop of its handler is closed") from None
        self._waiting = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(self._give_up)
        if self.error is not None:
            raise self.error
        return self._returned

    def _give_up(self, _: Callable[[], None]) -> trio.lowlevel.Abort:
        self._waiting, self._is_given_up = None, True
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:  # the loop is closed, and starts nothing any more
            self._note_end()
        return trio.lowlevel.Abort.SUCCEEDED

    def _note_end(self) -> None:
        self._unfinished.discard(self)
        self.ended.set()
        task, self._waiting = self._waiting, None
        if task is not None:
            trio.lowlevel.reschedule(task)

    # --- in the loop's thread ---

    def _begin(self) -> None:
        if self._is_given_up:
            self._end()
            return
        try:
            returned = self._function()
            if hasattr(type(returned), "__await__"):
                awaitable: Awaitable[object] = returned  # type: ignore[assignment]
                # an awaitable of another loop is an error, and an eager task may raise an exit at once
                self._task = asyncio.ensure_future(awaitable, loop=self._loop)
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, Exception | asyncio.CancelledError):
                raise  # an exit, which asyncio's loop passes on
            return
        if self._task is not None:
            self._task.add_done_callback(self._task_ended)
        else:
            self._returned = returned
            self._end()

    def _task_ended(self, task: asyncio.Future[object]) -> None:
        if task.cancelled():
            self._fail(asyncio.CancelledError())
        elif self._is_given_up and not self.is_end_awaited:
            self._end()  # nobody reads its exception, so asyncio logs that
        elif (error := task.exception()) is not None:
            self._fail(error)
        else:
            self._returned = task.result()
            self._end()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, Exception):
            self.error = error
        else:
            self.error = _Cancelled(f"its handler ended by {type(error).__name__}")
        self._end()

    def _end(self) -> None:
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._note_end)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel("nobody waits for it any more")
