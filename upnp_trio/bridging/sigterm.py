"""SIGTERM, which ends Python at once by default, as an exit that lets a program clean up."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["exit_on_sigterm"]

#: the bodies of `exit_on_sigterm` that the main thread of a process is in, and which process that is
_bodies: set[object] = set()
_process = os.getpid()


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """While the body runs, SIGTERM raises ``SystemExit(0)`` in the main thread, as `sys.exit` does.

    Nothing is changed if the program has set a handler of its own, or ignores the signal, and none of its handlers is
    ever replaced. Only the main thread can set handlers, so in others this does nothing.
    """
    global _process
    if not _is_ours_to_handle():
        yield
        return
    if _process != os.getpid():  # a child that was forked is in none of its own yet
        _bodies.clear()
        _process = os.getpid()
    body = object()
    try:
        _bodies.add(body)
        signal.signal(signal.SIGTERM, _exit)
        yield
    finally:
        _bodies.discard(body)
        if not _bodies and _is_ours_to_handle():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _is_ours_to_handle() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, _exit)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    if os.getpid() != _process:  # a child that was forked, which ends as it would have without us
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    raise SystemExit(0)
