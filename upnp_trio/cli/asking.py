"""How a verb that asks devices does its work: under trio, until it is done or a signal stops it.

Ctrl-C and the other signals that stop a program cancel the work. What it opened is closed then, so that neither a
socket nor a subscription is left behind, and no traceback is shown.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import trio

from upnp_trio.cli.signals import STOP_SIGNALS, call_on_signals, ignore_signals
from upnp_trio.cli.statuses import INTERRUPTED
from upnp_trio.controlpoint.control_point import open_control_point
from upnp_trio.errors import RequestFailed

if TYPE_CHECKING:
    import signal
    from collections.abc import Awaitable, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from upnp_trio.cli.asking_options import AskingArguments
    from upnp_trio.cli.output import Outputs
    from upnp_trio.controlpoint.control_point import ControlPoint

__all__ = ["open_asked", "run_asking", "within"]

logger = logging.getLogger(__name__)


def run_asking(
    work: Callable[[], Awaitable[int]],
    asked: AskingArguments,
    outputs: Outputs,
    *,
    stopped: Callable[[], int] | None = None,
) -> int:
    """Run *work*, which returns the exit status.

    If a signal cancels it, the exit status is `INTERRUPTED`, or what *stopped* returns: a verb that ends in no other
    way shows its summary there. From then on, signals are ignored until the process ends.
    """
    level = "DEBUG" if asked.debug else "WARNING"
    logging.basicConfig(level=level, format="%(levelname)s: %(message)s", stream=outputs.errors)
    try:
        status = trio.run(_run_until_stopped, work)
    finally:
        ignore_signals(*STOP_SIGNALS)
    if status is not None:
        return status
    return INTERRUPTED if stopped is None else stopped()


async def _run_until_stopped(work: Callable[[], Awaitable[int]]) -> int | None:
    with trio.CancelScope() as stopping:
        call_on_signals(partial(_stop, stopping), *STOP_SIGNALS)
        return await work()
    return None


def _stop(stopping: trio.CancelScope, number: signal.Signals) -> None:
    logger.info("stopping on %s", number.name)
    stopping.cancel(reason=number.name)


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
