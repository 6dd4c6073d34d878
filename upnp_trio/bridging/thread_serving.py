"""How `upnp_trio.threads` works: the device runs in a thread of its own, for programs without an event loop."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar, Unpack

import trio

from upnp_trio.bridging.event_buffer import EventBuffer
from upnp_trio.bridging.running_device import EVENTS_BUFFERED, RunningDevice, failure_of
from upnp_trio.bridging.sigterm import exit_on_sigterm
from upnp_trio.bridging.trio_thread import TrioThread
from upnp_trio.bridging.worker_threads import WorkerThreads
from upnp_trio.server.identity import require_root_devices
from upnp_trio.server.options import ServeOptions, settings_of
from upnp_trio.server.serve import serve_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from uuid import UUID

    from upnp_trio.bridging.into_trio import Submitted
    from upnp_trio.model.device import RootDevice
    from upnp_trio.model.names import Udn
    from upnp_trio.monitoring.events import Event
    from upnp_trio.server.running import Running as TrioRunning

__all__ = ["EventIterator", "Running", "serve_device_thread", "serve_devices_in_thread", "serve_in_thread"]

R = TypeVar("R")


class EventIterator:
    """Events of a device as they come: ``for event in running.subscribe(): ...``, which ends after byebye.

    It may be read and closed in any thread.
    """

    def __init__(self, max_buffered: int) -> None:
        self._news = threading.Condition()
        self._buffer = EventBuffer(max_buffered, self, partial(_notify, self._news))

    def __iter__(self) -> EventIterator:
        return self

    def __next__(self) -> Event:
        if (event := self.get()) is None:
            raise StopIteration
        return event

    def __enter__(self) -> EventIterator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def get(self, timeout: float | None = None) -> Event | None:
        """Wait for the next event; ``None`` after the end. Raises `TimeoutError` after *timeout* seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._news:
            while (event := self._buffer.take()) is None:
                if self._buffer.is_ended or self._buffer.is_unwanted:
                    return None
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError(f"there was no event within {timeout} s")
                self._news.wait(left)
        return event

    def close(self) -> None:
        """End it at once, also for a reader that waits."""
        self._buffer.end()


def _notify(news: threading.Condition) -> None:
    with news:
        news.notify_all()


class Running(RunningDevice):
    """Devices that are being served in a thread of their own; everything here may be used from any thread.

    The methods block until what they do is done. If the device fails by itself, each of them raises `DeviceFailed`, and
    `RuntimeError` after the end.
    """

    def add(self, device: RootDevice) -> RootDevice:
        """Serve one more root device; see `upnp_trio.Running.add`."""
        return self._wait(self._submit(self._there().add, device))

    def remove(self, udn: Udn | UUID | str) -> None:
        """Take the root device with *udn* off the network; see `upnp_trio.Running.remove`."""
        self._wait(self._submit(self._there().remove, udn))

    def update(self, device: RootDevice) -> RootDevice:
        """Serve *device* in place of the root device with its UDN; see `upnp_trio.Running.update`."""
        return self._wait(self._submit(self._there().update, device))

    def subscribe(self, max_buffered: int = EVENTS_BUFFERED) -> EventIterator:
        """Events from now on; see `EventIterator`.

        A slow reader misses the newest of more than *max_buffered* events, which ``stats.events_dropped`` counts.
        """
        events = EventIterator(max_buffered)
        self._add_receiver(events._buffer, max_buffered)
        return events

    def _wait(self, submitted: Submitted[R]) -> R:
        try:
            submitted.done.wait()
            return submitted.future.result()
        except (trio.ClosedResourceError, trio.RunFinishedError):
            self._thread.wait_until_ended()  # the end has begun
            raise self._no_longer_served() from None
        except BaseException:  # such as KeyboardInterrupt, which ends the wait alone
            submitted.cancel()
            raise


@contextmanager
def serve_in_thread(device: RootDevice, **options: Unpack[ServeOptions]) -> Iterator[Running]:
    """Put *device* on the network for as long as the body runs, in a thread with a trio loop of its own.

    The body starts when a search sent at that moment would be answered, and the ``with`` ends after byebye. *options*
    are those of `upnp_trio.serve_device`.

    Plain functions of services run in worker threads, one call at a time of one service, and may block; a call that has
    not ended after 25 seconds is answered with an error, and its function is left to itself. Coroutine functions, and
    ``run_while_served``, run in the trio loop. Variables may be assigned in any thread.

    *Errors*: `DescriptionError` and `NetworkError` leave before the body starts, as themselves. An exception of the
    body leaves as itself, after byebye. If the device fails by itself, its methods raise `DeviceFailed`, or
    `HandlerFailed`, and the ``with`` does at its end.

    *The end of the program*: byebye is sent when the body is left, by whatever exception, and when the interpreter
    ends otherwise. SIGTERM would end Python without either. So, in the main thread, and if the program has not set a
    handler, it raises ``SystemExit(0)`` there for as long as the body runs, as ``sys.exit()`` does.

    *Fork*: a child process does not have the thread. Serve after the fork, in one process.
    """
    with serve_devices_in_thread([device], **options) as running:
        yield running


@contextmanager
def serve_devices_in_thread(devices: Sequence[RootDevice], **options: Unpack[ServeOptions]) -> Iterator[Running]:
    """Like `serve_in_thread`, for several root devices that share sockets and port; there may be none at first."""
    # here and not in the thread, whose traceback has nothing to say about a wrong value
    settings = settings_of(options)
    require_root_devices(devices)

    def serve() -> AbstractAsyncContextManager[TrioRunning]:
        return serve_with(settings, devices, WorkerThreads())

    with exit_on_sigterm(), serve_device_thread(TrioThread(serve, "upnp_trio")) as running:
        yield running


@contextmanager
def serve_device_thread(thread: TrioThread[TrioRunning]) -> Iterator[Running]:
    """Start *thread*, which serves devices, and end it after the body."""
    try:
        thread.start()
        thread.wait_until_open()
        try:
            yield Running(thread)
        except BaseException as error:
            thread.wait()
            failure = failure_of(thread)
            if failure is None or isinstance(error, type(failure)):
                raise
            failure.add_note(f"the body had failed before: {error!r}")
            raise failure from failure.__cause__
        thread.wait()
        if (failure := failure_of(thread)) is not None:
            raise failure
    finally:
        thread.wait()  # an interruption, such as Ctrl-C, may have come just before another wait
