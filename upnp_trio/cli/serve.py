"""``upnp-trio serve``: put devices on the network until a signal ends that."""

from __future__ import annotations

import linecache
import logging
import os
import time
from contextlib import ExitStack, nullcontext
from functools import partial
from typing import TYPE_CHECKING, NoReturn, Protocol

import attrs
import trio

from upnp_trio.cli.devices import load_devices
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.signals import STOP_SIGNALS, call_on_signals, ignore_signals
from upnp_trio.cli.view import LINES_PER_ROUND, View, counter_table, introduce, summary
from upnp_trio.errors import UpnpTrioError
from upnp_trio.server.options import ServeOptions
from upnp_trio.server.serve import serve_devices
from upnp_trio.server.web_servers import Elsewhere
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE
from upnp_trio.state import state_directory

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from pathlib import Path

    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.readiness import Readiness
    from upnp_trio.cli.serve_options import ServeArguments, ServingArguments
    from upnp_trio.model.device import RootDevice
    from upnp_trio.monitoring.stats import Stats
    from upnp_trio.server.running import Running

__all__ = ["Companion", "prepare", "serve", "serve_until_stopped", "serving_options"]

logger = logging.getLogger(__name__)

# It prints the counters; Windows does not have it.
COUNTERS_SIGNAL = "SIGUSR1"


class Companion(Protocol):
    """What a verb does while devices are served."""

    def introduction(self, running: Running, *, styled: bool) -> str:
        """The first lines; *styled* adds a terminal's colours."""
        ...

    async def run(
        self, running: Running, view: View, readiness: Readiness | None, *, task_status: trio.TaskStatus[None]
    ) -> None:
        """Do it until cancelled or done; started when the service manager may take the verb for ready."""
        ...


class _Devices:
    """Devices that are served from the start."""

    def introduction(self, running: Running, *, styled: bool) -> str:
        return introduce(running.devices, running.where, running.choices, styled=styled)

    async def run(
        self, running: Running, view: View, readiness: Readiness | None, *, task_status: trio.TaskStatus[None]
    ) -> None:
        task_status.started()


def serve(asked: ServeArguments, outputs: Outputs) -> int:
    """Serve devices until a signal comes; it returns the exit status once byebye is sent.

    From then on, the signals that this command knows are ignored, so nothing but the end of the process may follow.
    """
    prepare(asked, outputs)
    roots = load_devices(asked.devices, asked.friendly_name, asked.udn)
    if asked.presentation is not None:
        roots = [attrs.evolve(root, presentation=asked.presentation) for root in roots]
    return serve_until_stopped(roots, _all_options(asked), _Devices(), outputs, quiet=asked.quiet)


def prepare(asked: ServingArguments, outputs: Outputs) -> None:
    """Begin to log, and check what can be checked before anything is opened; raises `UsageError`."""
    level, form = asked.log_level.upper(), "%(levelname)s: %(message)s"
    logging.basicConfig(level=level, format=form, stream=outputs.errors)
    if asked.max_age is not None and asked.max_age < DEFAULT_MAX_AGE:
        logger.warning("--max-age is %s; UDA requires %s or more, less suits tests", asked.max_age, DEFAULT_MAX_AGE)
    _check_state_directory(asked.state_dir)


def serve_until_stopped(
    roots: Sequence[RootDevice], options: ServeOptions, companion: Companion, outputs: Outputs, *, quiet: bool
) -> int:
    """Serve *roots* until a signal comes; returns the exit status once byebye is sent.

    From then on, the signals that this command knows are ignored, so nothing but the end of the process may follow.
    """
    linecache.clearcache()  # attrs and cattrs keep the source of every method there that they generate: half a MiB
    try:
        trio.run(_serve, roots, options, companion, quiet, outputs)
    finally:
        ignore_signals(*STOP_SIGNALS, COUNTERS_SIGNAL)
    return 0


def _all_options(asked: ServeArguments) -> ServeOptions:
    options = serving_options(asked)
    options["http"] = None if asked.location is None else Elsewhere(asked.location)
    options["max_subscriptions"] = asked.max_subscriptions
    return options


def serving_options(asked: ServingArguments) -> ServeOptions:
    """The options that all verbs have which serve devices."""
    return ServeOptions(
        interfaces=asked.interfaces,
        ipv4=asked.family != "ipv6",
        ipv6=asked.family != "ipv4",
        port=asked.port,
        advertise_url=asked.advertise_url,
        allowed_hosts=asked.allowed_hosts,
        announce_only=asked.announce_only,
        answer_off_link=asked.answer_off_link,
        reply_budget=asked.reply_budget,
        multicast_ttl=asked.multicast_ttl,
        max_age=asked.max_age,
        profile=asked.profile or "uda",
        metrics=asked.metrics,
        state_dir=asked.state_dir,
    )


def _check_state_directory(directory: Path | None) -> None:
    """Raise `UsageError` if *directory* is not this system's own and cannot be a directory.

    Without its own one, such as in a container, a device is served all the same.
    """
    if directory is None or directory == state_directory():
        return
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--state-dir: {str(directory)!r} cannot be used: {reason}; name a directory") from error


async def _serve(
    roots: Sequence[RootDevice], options: ServeOptions, companion: Companion, quiet: bool, outputs: Outputs
) -> None:
    failure: UpnpTrioError | None = None
    stopping, counters_wanted = trio.CancelScope(), trio.lowlevel.ParkingLot()
    call_on_signals(partial(_stop, stopping), *STOP_SIGNALS)
    call_on_signals(lambda number: counters_wanted.unpark_all(), COUNTERS_SIGNAL)
    with ExitStack() as stack:
        view = _open_view(stack, outputs, quiet)
        readiness = _open_readiness(stack)
        async with trio.open_nursery() as nursery:
            if readiness is not None:
                nursery.start_soon(readiness.keep_alive)
            try:
                async with serve_devices(roots, **options) as running:
                    nursery.start_soon(_show_counters, counters_wanted, view, running.stats, outputs)
                    introduction = companion.introduction(running, styled=view.status is not None)
                    view.show(f"{introduction}\nPress Ctrl-C to stop.\n")
                    events = None if quiet else running.subscribe(LINES_PER_ROUND)
                    with stopping:
                        async with trio.open_nursery() as until_stopped:
                            if events is not None:
                                until_stopped.start_soon(view.run, events, running.stats)
                            await until_stopped.start(companion.run, running, view, readiness)
                            with nullcontext() if readiness is None else readiness.served(running.devices):
                                await trio.sleep_forever()
                if events is not None:
                    view.flush(events, running.stats)
                await _outlive(running.boot_id)
            except UpnpTrioError as error:  # carried past the nursery, which would put a group around it
                failure = error
            nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not quiet:
        outputs.output.write_line(summary(running.stats, outputs.lines_dropped))


def _stop(stopping: trio.CancelScope, number: signal.Signals) -> None:
    logger.info("stopping on %s", number.name)
    stopping.cancel(reason=number.name)


async def _show_counters(wanted: trio.lowlevel.ParkingLot, view: View, stats: Stats, outputs: Outputs) -> NoReturn:
    while True:
        await wanted.park()
        view.report(counter_table(stats.snapshot(), outputs.lines_dropped))


async def _outlive(boot_id: int) -> None:
    """Wait until the second that *boot_id* names is over, so that the next start has a larger one (UDA 2.0 §1.2.2).

    A device that was served for longer than a second does not wait.
    """
    await trio.sleep(min(max(boot_id + 1 - time.time(), 0.0), 1.0))


def _open_readiness(stack: ExitStack) -> Readiness | None:
    if not os.environ.get("NOTIFY_SOCKET"):
        return None
    from upnp_trio.cli.readiness import open_readiness  # only a service manager needs it

    return stack.enter_context(open_readiness(os.environ))


def _open_view(stack: ExitStack, outputs: Outputs, quiet: bool) -> View:
    report = outputs.errors.write_line
    if quiet:
        return View(show=lambda line: None, report=report)
    if not outputs.output.isatty():
        return View(show=outputs.output.write_line, report=report)
    from upnp_trio.cli.terminal import open_terminal_view

    return stack.enter_context(open_terminal_view(outputs))
