"""A thread with a trio loop of its own, in which a context manager is open for as long as other threads want it."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Generic, TypeVar

import attrs
import trio

from upnp_trio.bridging.latch import Latch

__all__ = ["IMPATIENT_SECONDS", "TrioThread"]

T = TypeVar("T")

# How long to wait for the end of a thread after Ctrl-C has interrupted that wait, or when the interpreter ends; and how
# long a loop that ends may take for one turn. Byebye and the grace of requests take three seconds at most, so a thread
# that takes longer is stuck in code of the program.
IMPATIENT_SECONDS = 5.0


@attrs.define(eq=False, repr=False, slots=False)
class TrioThread(Generic[T]):
    """Opens what *open* makes in the trio loop of a new thread, and closes it after `stop`.

    `opened` is done with its value, or with the error that it raised when it was opened. `ended` is done when the loop
    has ended, with the error that left after the opening, if there was one. Both may be waited for from any thread, and
    are done after `stop`, too, if the thread was never started, or its start was interrupted.

    The thread is a daemon, and an exit handler of the interpreter stops it and waits, so that a program may end in
    whatever way. After a fork, the child has the object and no thread.
    """

    _open: Callable[[], AbstractAsyncContextManager[T]]
    _name: str
    _clock: trio.abc.Clock | None = None
    opened: Future[T] = attrs.field(init=False, factory=Future)
    ended: Future[None] = attrs.field(init=False, factory=Future)
    #: whether `wait` has left the thread behind
    is_stuck: bool = attrs.field(init=False, default=False)
    _process: int = attrs.field(init=False, factory=os.getpid)
    _scope: trio.CancelScope = attrs.field(init=False, factory=trio.CancelScope)
    _token: trio.lowlevel.TrioToken | None = attrs.field(init=False, default=None)
    _thread: threading.Thread | None = attrs.field(init=False, default=None)
    #: open after `opened` and `ended` are done
    _opening: Latch = attrs.field(init=False, factory=Latch)
    _ending: Latch = attrs.field(init=False, factory=Latch)
    #: held from the look how far the thread has come until it is told to stop, and while it begins
    _lock: threading.RLock = attrs.field(init=False, factory=threading.RLock)
    #: one of these is set first, and the other never
    _has_begun: bool = attrs.field(init=False, default=False)
    _is_given_up: bool = attrs.field(init=False, default=False)

    def start(self) -> None:
        """Start the thread; raises `RuntimeError` if the system has none left, or the interpreter ends.

        `stop` belongs after it, whatever it raises.
        """
        # a daemon: others are waited for when the interpreter ends, and nobody would have told this one to stop
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    @property
    def token(self) -> trio.lowlevel.TrioToken:
        """The token of the loop, once `opened` is done."""
        assert self._token is not None
        return self._token

    @property
    def is_current(self) -> bool:
        """Whether the caller runs in this thread."""
        return self._thread is threading.current_thread()

    @property
    def is_of_this_process(self) -> bool:
        """Whether this process has the thread: it has not in a child that was forked."""
        return self._process == os.getpid()

    def stop(self) -> None:
        """Ask the thread to end; callable from any thread."""
        if not self.is_of_this_process:
            return
        with self._lock:
            if not self._has_begun:
                self._is_given_up = True
                if not self._ending.is_open:
                    self._note_end(None)
            elif self._token is None:  # the loop does not run yet
                self._scope.cancel(reason="stopped before it began")
        self._post(self._scope.cancel)

    def join(self) -> None:
        """Wait for the thread, whose last act was to set `ended`."""
        if self._thread is not None and self._has_begun and not self.is_current:
            self._thread.join()

    def wait_until_open(self) -> None:
        """Block until `opened` is done."""
        self._opening.wait()

    def wait_until_ended(self) -> None:
        """Block until `ended` is done, without asking for it."""
        self._ending.wait()

    def wait(self) -> None:
        """Stop, and block until the thread has ended.

        An exception that a signal handler raises meanwhile, such as `KeyboardInterrupt`, is raised at the end, and from
        then on the wait is short. A thread that still runs then, or whose loop is blocked, is left behind (`is_stuck`).
        """
        if not self.is_of_this_process or self.is_stuck:
            return
        interruption: BaseException | None = None
        deadline: float | None = None
        while True:
            try:
                self.stop()
                turns = Latch()
                self._post(turns.open)
                in_a_while = time.monotonic() + IMPATIENT_SECONDS
                if self._ending.wait(in_a_while if deadline is None else deadline):
                    break
                if deadline is not None or not turns.is_open:
                    self.is_stuck = True
                    break
            except BaseException as error:
                interruption = error
                deadline = deadline or time.monotonic() + IMPATIENT_SECONDS
        if not self.is_stuck:
            self.join()
        if interruption is not None:
            raise interruption

    def _post(self, function: Callable[[], object]) -> None:
        if self._token is not None:
            with suppress(trio.RunFinishedError):
                self._token.run_sync_soon(function)

    # --- in the thread ---

    def _run(self) -> None:
        with self._lock:
            if self._is_given_up:
                return
            self._has_begun = True
            _running.add(self)
        error: BaseException | None = None
        try:
            trio.run(self._main, clock=self._clock)
        except BaseException as raised:  # whatever it is, it leaves in the thread that waits for the end
            error = raised
        self._note_end(error)

    def _note_end(self, error: BaseException | None) -> None:
        _running.discard(self)
        if not self.opened.done():
            self.opened.set_exception(error or RuntimeError("it was stopped before it was open"))
            error = None
        self._opening.open()
        if error is not None:
            self.ended.set_exception(error)
        elif not self.ended.done():
            self.ended.set_result(None)
        self._ending.open()

    async def _main(self) -> None:
        with self._lock:
            self._token = trio.lowlevel.current_trio_token()
        with self._scope:
            async with self._open() as value:
                self.opened.set_result(value)
                self._opening.open()
                await trio.sleep_forever()


_running: set[TrioThread[Any]] = set()


def _end_all() -> None:
    """Stop all threads, and wait for them."""
    threads = [thread for thread in tuple(_running) if thread.is_of_this_process]
    for thread in threads:
        thread.stop()
    deadline = time.monotonic() + IMPATIENT_SECONDS
    for thread in threads:
        thread._ending.wait(deadline)


# These handlers are called when no thread is waited for any more, and while daemons still run.
atexit.register(_end_all)
