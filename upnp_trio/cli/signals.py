"""Signals as calls in the event loop.

`trio.open_signal_receiver` restores the default action at its end: a second Ctrl-C or SIGTERM, while the last lines of
output are written, would then change the exit status although byebye was sent. The handlers here stay.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STOP_SIGNALS", "call_on_signals", "handlers_of", "ignore_signals", "set_handlers"]

STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def call_on_signals(function: Callable[[signal.Signals], object], *names: str) -> None:
    """From now on, call *function* in the event loop on each signal of *names* that this system has.

    *function* must not raise. SIGHUP stays ignored where it is, as under ``nohup``.
    """
    token = trio.lowlevel.current_trio_token()

    def handle(number: int, frame: object) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(function, signal.Signals(number), idempotent=True)

    for number in _existing(names):
        if number.name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def ignore_signals(*names: str) -> None:
    """Ignore these signals until the process ends; Python itself restores the default action shortly before that."""
    for number in _existing(names):
        signal.signal(number, signal.SIG_IGN)


def handlers_of(*names: str) -> dict[signal.Signals, object]:
    """What each of these signals does now, for `set_handlers`."""
    return {number: signal.getsignal(number) for number in _existing(names)}


def set_handlers(handlers: dict[signal.Signals, object]) -> None:
    """Let each signal do again what it did before."""
    for number, handler in handlers.items():
        signal.signal(number, handler)  # type: ignore[arg-type]  # as typeshed has a private type for it


def _existing(names: tuple[str, ...]) -> list[signal.Signals]:
    return [signal.Signals[name] for name in names if name in signal.Signals.__members__]
