"""How `upnp_trio.asyncio` works: the device runs in a thread of its own, and an asyncio loop tells it what to do.

Two ways were measured (`python -m benchmarks.loops`): a trio loop in another thread, and trio's guest mode, in which
trio shares the thread of asyncio's loop. On a busy machine with two cores, beside trio alone:

- A call takes 0.10 to 0.14 ms longer with the thread, at the 10th percentile; in guest mode 0.07 ms for a plain
  function, which is called without a crossing, and 0.19 ms for a coroutine function.
- A search costs 6 % more CPU time with the thread, for the interpreter's lock, and 19 % more in guest mode, for which
  trio waits in yet another thread.
- While the program blocks its loop for 2 s, a search is answered after 0.3 ms with the thread, and after 2 s in guest
  mode.
- Neither wakes up while nothing happens.

A guest also needs the program's loop to end, so it could send no byebye after a program drops that loop; and a thread
can have one guest at most. Hence the thread.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar, Unpack

import trio

from upnp_trio.bridging.asyncio_handlers import AsyncioHandlers
from upnp_trio.bridging.asyncio_waiting import call_in_loop, outcome, until_done, until_done_or_impatient
from upnp_trio.bridging.event_buffer import EventBuffer
from upnp_trio.bridging.running_device import EVENTS_BUFFERED, RunningDevice, failure_of
from upnp_trio.bridging.sigterm import exit_on_sigterm
from upnp_trio.bridging.trio_thread import TrioThread
from upnp_trio.server.identity import require_root_devices
from upnp_trio.server.options import ServeOptions, settings_of
from upnp_trio.server.serve import serve_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from uuid import UUID

    from upnp_trio.model.device import RootDevice
    from upnp_trio.model.names import Udn
    from upnp_trio.monitoring.events import Event
    from upnp_trio.server.running import Running as TrioRunning

__all__ = ["EventStream", "Running", "serve_device", "serve_device_thread", "serve_devices"]

R = TypeVar("R")


class EventStream:
    """Events of a device as they come: ``async for event in running.subscribe(): ...``, which ends after byebye.

    One task may read it, in the loop in which it was made.
    """

    def __init__(self, max_buffered: int) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError("no asyncio loop runs here to read the events; subscribe in a coroutine") from None
        self._news = asyncio.Event()
        self._buffer = EventBuffer(max_buffered, self, partial(call_in_loop, loop, self._news.set))

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> Event:
        while (event := self._buffer.take()) is None:
            if self._buffer.is_ended or self._buffer.is_unwanted:
                raise StopAsyncIteration
            self._news.clear()
            if not self._buffer.has_news:
                await self._news.wait()
        return event

    async def __aenter__(self) -> EventStream:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    async def aclose(self) -> None:
        """End it at once."""
        self.close()

    def close(self) -> None:
        """End it at once; for code that cannot wait."""
        self._buffer.end()


class Running(RunningDevice):
    """Devices that are being served beside an asyncio loop.

    The properties and `service` may be used in any thread, `subscribe` in any coroutine of an asyncio loop; `add`,
    `remove` and `update` are awaited there. If the device fails by itself, each of them raises `DeviceFailed`; those
    that are awaited raise `RuntimeError` after the end.
    """

    async def add(self, device: RootDevice) -> RootDevice:
        """Serve one more root device; see `upnp_trio.Running.add`."""
        return await self._cross(self._there().add, device)

    async def remove(self, udn: Udn | UUID | str) -> None:
        """Take the root device with *udn* off the network; see `upnp_trio.Running.remove`."""
        await self._cross(self._there().remove, udn)

    async def update(self, device: RootDevice) -> RootDevice:
        """Serve *device* in place of the root device with its UDN; see `upnp_trio.Running.update`."""
        return await self._cross(self._there().update, device)

    def subscribe(self, max_buffered: int = EVENTS_BUFFERED) -> EventStream:
        """Events from now on; see `EventStream`.

        A slow reader misses the newest of more than *max_buffered* events, which ``stats.events_dropped`` counts.
        """
        stream = EventStream(max_buffered)
        self._add_receiver(stream._buffer, max_buffered)
        return stream

    async def _cross(self, function: Callable[..., Awaitable[R]], *arguments: object) -> R:
        try:
            return await outcome(self._submit(function, *arguments))
        except (trio.ClosedResourceError, trio.RunFinishedError):
            await until_done(self._thread.ended)  # which is about to be
            raise self._no_longer_served() from None


@asynccontextmanager
async def serve_device(device: RootDevice, **options: Unpack[ServeOptions]) -> AsyncIterator[Running]:
    """Put *device* on the network for as long as the body runs, beside an asyncio loop.

    The body starts when a search sent at that moment would be answered, and the ``async with`` ends after byebye.
    *options* are those of `upnp_trio.serve_device`.

    All code of services, actions and ``run_while_served``, plain functions and coroutine functions, runs in the thread
    of this loop, so that what the program keeps needs no locks. Variables may be assigned there and in other threads.
    A coroutine function is cancelled when its call has taken 25 seconds, or its service is no longer served. Searches
    and requests for documents are answered in a thread with a trio loop, whatever keeps this loop busy.

    *Errors*: `DescriptionError` and `NetworkError` leave before the body starts, as themselves. An exception of the
    body leaves as itself, after byebye. If the device fails by itself, the body is cancelled, and `DeviceFailed` or
    `HandlerFailed` leaves.

    *The end of the program*: byebye is sent however the body is left, and when the interpreter ends otherwise. In the
    main thread, and if the program has not set a handler, SIGTERM raises ``SystemExit(0)`` for as long as the body
    runs, upon which ``asyncio.run`` cancels its tasks.
    """
    async with serve_devices([device], **options) as running:
        yield running


@asynccontextmanager
async def serve_devices(devices: Sequence[RootDevice], **options: Unpack[ServeOptions]) -> AsyncIterator[Running]:
    """Like `serve_device`, for several root devices that share sockets and port; there may be none at first."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError("no asyncio loop runs here; use upnp_trio in a trio loop, or upnp_trio.threads") from None
    # here and not in the thread, whose traceback has nothing to say about a wrong value
    settings = settings_of(options)
    require_root_devices(devices)
    handlers = AsyncioHandlers()

    def serve() -> AbstractAsyncContextManager[TrioRunning]:
        handlers.use_current_trio_loop()
        return serve_with(settings, devices, handlers)

    with exit_on_sigterm():
        async with serve_device_thread(TrioThread(serve, "upnp_trio")) as running:
            yield running


@asynccontextmanager
async def serve_device_thread(thread: TrioThread[TrioRunning]) -> AsyncIterator[Running]:
    """Start *thread*, which serves devices, and end it after the body, which is cancelled if the devices fail."""
    try:
        try:
            thread.start()
            await until_done(thread.opened)
            running = Running(thread)
        except BaseException:
            await _end(thread)
            raise
        body = _Body(thread)
        try:
            yield running
        except BaseException as error:
            body.end()
            await body.end_thread()
            failure = failure_of(thread)
            if failure is None or isinstance(error, type(failure)):
                raise
            if not body.is_cancelled_by(error):
                failure.add_note(f"the body had failed before: {error!r}")
            raise failure from failure.__cause__
        body.end()
        await body.end_thread()
        if (failure := failure_of(thread)) is not None:
            raise failure
    finally:
        thread.stop()  # an interruption, such as a second Ctrl-C, may have come just before another end


async def _end(thread: TrioThread[TrioRunning]) -> None:
    if not thread.is_of_this_process:
        return
    thread.stop()
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # the program has dropped its loop with all that was in it
        return
    try:
        await until_done_or_impatient(thread.ended)
    finally:
        if thread.ended.done():
            thread.join()


class _Body:
    """The body of an ``async with`` in the task that runs it, which is cancelled when *thread* fails.

    It is not cancelled when the interpreter ends, which stops the thread, while a daemon thread has the body.
    """

    def __init__(self, thread: TrioThread[TrioRunning]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._thread = thread
        self._task = task
        self._cancellations = task.cancelling()
        self._is_over = False
        self._is_cancelled = False
        loop = asyncio.get_running_loop()

        def note(ended: Future[None]) -> None:
            if ended.exception() is not None:
                call_in_loop(loop, self._cancel)

        thread.ended.add_done_callback(note)

    def _cancel(self) -> None:
        if not self._is_over:
            self._is_cancelled = True
            self._task.cancel("the device has failed")

    def end(self) -> None:
        """Note that the body was left."""
        self._is_over = True
        self._is_only_ours = self._is_cancelled and self._task.uncancel() <= self._cancellations

    def is_cancelled_by(self, error: BaseException) -> bool:
        """Whether *error* is the cancellation that the devices' failure has led to."""
        return self._is_cancelled and isinstance(error, asyncio.CancelledError)

    async def end_thread(self) -> None:
        """End the thread. A cancellation of ours that arrives only now, as the body never waited, is not raised."""
        try:
            await _end(self._thread)
        except asyncio.CancelledError:
            if not self._is_only_ours:
                raise
