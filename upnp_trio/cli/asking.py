"""How a verb that asks devices does its work: under trio, until it is done or a signal stops it.

Ctrl-C and the other signals that stop a program cancel the work. What it opened is closed then, so that neither a
socket nor a subscription is left behind, and no traceback is shown.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import contextmanager, suppress
from functools import partial
from signal import Signals
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.output import Outputs
from upnp_trio.cli.signals import STOP_SIGNALS, call_on_signals, handlers_of, ignore_signals, set_handlers
from upnp_trio.cli.statuses import FAILED, INTERRUPTED
from upnp_trio.controlpoint.control_point import open_control_point
from upnp_trio.errors import RequestFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

    from upnp_trio.cli.asking_options import AskingArguments
    from upnp_trio.cli.output import Output
    from upnp_trio.controlpoint.control_point import ControlPoint

__all__ = ["open_asked", "room", "run_asking", "within"]

logger = logging.getLogger(__name__)

# A pipe's reader takes its 64 KiB in less.
ROOM_SECONDS = 0.01


def run_asking(
    work: Callable[[], Awaitable[int]],
    asked: AskingArguments,
    outputs: Outputs,
    *,
    stopped: Callable[[], int] = lambda: INTERRUPTED,
) -> int:
    """Run *work*, which returns the exit status, and wait until its output is written.

    If a signal cancels it, the exit status is what *stopped* returns: a verb that ends in no other way shows its
    summary there. From then on, signals are ignored until the process ends. The work is also cancelled when nobody
    reads the output any more; that raises `ReaderGone`.
    """
    level = "DEBUG" if asked.debug else "WARNING"
    logging.basicConfig(level=level, format="%(levelname)s: %(message)s", stream=outputs.errors)
    before = handlers_of(*STOP_SIGNALS)
    run = _Run(work, outputs)
    try:
        status = trio.run(run.until_stopped)
    finally:
        if run.signal is None:
            set_handlers(before)  # a signal ends the waiting for a slow reader
        else:
            ignore_signals(*STOP_SIGNALS)
    if run.signal is not None and status is None:
        return stopped()
    outputs.output.finish()
    return FAILED if status is None else status


@attrs.define(eq=False)
class _Run:
    """The work, and what cancels it."""

    work: Callable[[], Awaitable[int]]
    outputs: Outputs
    #: the signal that came
    signal: Signals | None = None
    _stopping: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def until_stopped(self) -> int | None:
        """The exit status; ``None`` if the work was cancelled."""
        call_on_signals(self._stop_on_signal, *STOP_SIGNALS)
        token = trio.lowlevel.current_trio_token()
        self.outputs.output.on_error = partial(self._stop_from_thread, token)
        with self._stopping:
            return await self.work()
        return None

    def _stop_on_signal(self, number: Signals) -> None:
        logger.info("stopping on %s", number.name)
        self.signal = number
        self._stopping.cancel(reason=number.name)

    def _stop_from_thread(self, token: trio.lowlevel.TrioToken) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(partial(self._stopping.cancel, reason="the output cannot be written"))


async def room(output: Output) -> None:
    """Wait until *output* has room for a text; for results that must not be dropped because their reader is slow."""
    await trio.lowlevel.checkpoint()
    while not output.has_room:  # noqa: ASYNC110  # a thread makes room, and should not have to wake us each time
        await trio.sleep(ROOM_SECONDS)


def open_asked(asked: AskingArguments, *, listen: bool) -> AbstractAsyncContextManager[ControlPoint]:
    """The control point that the options ask for; *listen* if it is to receive announcements."""
    return open_control_point(
        interfaces=asked.interfaces, ipv4=asked.family != "ipv6", ipv6=asked.family != "ipv4", listen=listen
    )


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Raise `RequestFailed` if the body takes longer than ``--timeout`` allows."""
    try:
        with trio.CancelScope() if seconds is None else trio.fail_after(seconds):
            yield
    except trio.TooSlowError as error:
        raise RequestFailed(f"not done within {seconds:g} s; --timeout gives it longer") from error
