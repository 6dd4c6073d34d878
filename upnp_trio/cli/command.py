"""``python -m upnp_trio``: arguments in, one served session or one table, an exit status out.

SIGUSR1, where there is one, shows the counters. Exit status: 0 after SIGINT or SIGTERM once byebye is out, 2 for wrong
usage, 1 for everything else that fails.
"""

from __future__ import annotations

import linecache
import logging
import os
import signal
import sys
import time
from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.cli.arguments import InterfacesArguments, ServeArguments, UsageError, parse
from upnp_trio.cli.default_device import default_device
from upnp_trio.cli.view import LINES_PER_ROUND, View, counter_table, counters, interface_table, introduce, refusals
from upnp_trio.errors import DeviceFailed, UpnpTrioError
from upnp_trio.network.host_interfaces import host_interfaces
from upnp_trio.network.interfaces import choose, missing
from upnp_trio.server.options import ServeOptions
from upnp_trio.server.serve import serve_devices
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from upnp_trio.cli.readiness import Readiness
    from upnp_trio.model.device import RootDevice
    from upnp_trio.model.names import Udn
    from upnp_trio.server.monitoring.stats import Stats

__all__ = ["command"]

logger = logging.getLogger(__name__)


def command(words: Sequence[str]) -> int:
    """Do what *words* ask for, and give the exit status; ``--help`` and ``--version`` exit by themselves."""
    try:
        try:
            return _obey(parse(words))
        finally:
            print(end="", flush=True)  # here and not when Python ends, where an error could not be caught any more
    except UsageError as error:
        return _fail(error, 2)
    except BrokenPipeError:
        _go_on_unread()
        return 1
    except KeyboardInterrupt:  # before there was anything to say goodbye for
        return _fail("interrupted", 1)


def _obey(asked: ServeArguments | InterfacesArguments) -> int:
    if isinstance(asked, InterfacesArguments):
        return show_interfaces(asked.names)
    try:
        serve(asked)
    except DeviceFailed:
        raise  # a bug: its traceback is what a report needs
    except UpnpTrioError as error:
        if asked.debug:
            raise
        return _fail(error, 1)
    return 0


def _fail(problem: object, status: int) -> int:
    print(f"Error: {problem}", file=sys.stderr)
    return status


def show_interfaces(names: Sequence[str]) -> int:
    """Show this host's interfaces, as if *names* were given to --interface; gives the exit status."""
    interfaces = host_interfaces()
    print(interface_table(choose(interfaces, names)), flush=True)
    problem = missing(interfaces, names)
    return _fail(problem, 1) if problem else 0


def serve(asked: ServeArguments) -> None:
    """Put devices on the network until a signal comes."""
    logging.basicConfig(level=asked.log_level.upper(), format="%(levelname)s: %(message)s")
    if asked.max_age < DEFAULT_MAX_AGE:
        logger.warning("--max-age is %s; UDA wants %s or more, less suits tests only", asked.max_age, DEFAULT_MAX_AGE)
    options = ServeOptions(
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
        profile=asked.profile,
        metrics=asked.metrics,
    )
    roots = _load(asked.devices, asked.friendly_name, asked.udn)
    linecache.clearcache()  # attrs and cattrs keep the source of all methods there that they generate: half a MiB
    trio.run(_serve, roots, options, asked.quiet)


def _load(files: Sequence[Path], friendly_name: str | None, udn: Udn | None) -> list[RootDevice]:
    if files:
        from upnp_trio.documents.device_file import load_device  # not for nothing: it brings readers of TOML and XML
    roots = [load_device(file) for file in files] or [default_device()]
    if friendly_name:
        roots = [attrs.evolve(roots[0], friendly_name=friendly_name)]
    if udn:
        roots = [attrs.evolve(roots[0], udn=udn)]
    return roots


async def _serve(roots: Sequence[RootDevice], options: ServeOptions, quiet: bool) -> None:
    failure: UpnpTrioError | None = None
    with ExitStack() as stack:
        view = _open_view(stack, quiet)
        readiness = _open_readiness(stack)
        # from the start, as the signal ends a process that does not know it
        asked = stack.enter_context(trio.open_signal_receiver(*_signals("SIGUSR1")))
        async with trio.open_nursery() as nursery:
            signalled: trio.CancelScope = await nursery.start(_cancel_on_signal)
            if readiness is not None:
                nursery.start_soon(readiness.keep_alive)
            try:
                async with serve_devices(roots, **options) as running:
                    nursery.start_soon(_show_counters, asked, running.stats)
                    on_terminal = view.status is not None
                    view.show(introduce(running.devices, running.where, running.choices, styled=on_terminal))
                    view.show("Press Ctrl-C to leave.\n")
                    events = None if quiet else running.subscribe(LINES_PER_ROUND)
                    with signalled, readiness.served(running.devices) if readiness is not None else nullcontext():
                        if events is not None:
                            await view.run(events, running.stats)
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
        _show_plainly(f"Gone: {counters(running.stats)}")
        if refused := refusals(running.stats.snapshot()):
            _show_plainly(f"Refused: {refused}")


async def _show_counters(asked: AsyncIterator[int], stats: Stats) -> None:
    async for _ in asked:
        print(counter_table(stats.snapshot()), file=sys.stderr)


def _signals(*names: str) -> list[signal.Signals]:
    """Those of the signals that this system has."""
    return [signal.Signals[name] for name in names if name in signal.Signals.__members__]


async def _outlive(boot_id: int) -> None:
    """Wait until the second that *boot_id* names is over, so that the next start has a larger one (UDA 2.0 §1.2.2).

    That is no wait at all for a device that was served for longer than a second.
    """
    await trio.sleep(min(max(boot_id + 1 - time.time(), 0.0), 1.0))


async def _cancel_on_signal(*, task_status: trio.TaskStatus[trio.CancelScope]) -> NoReturn:
    """Cancel the scope that this starts with on the first signal to end; swallow the ones that impatience adds."""
    scope = trio.CancelScope()
    with trio.open_signal_receiver(*_signals("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")) as received:
        task_status.started(scope)
        async for number in received:
            name = signal.Signals(number).name
            logger.info("leaving on %s", name)
            scope.cancel(reason=name)
    raise AssertionError("unreachable: signals come without end")


def _open_readiness(stack: ExitStack) -> Readiness | None:
    if not os.environ.get("NOTIFY_SOCKET"):
        return None
    from upnp_trio.cli.readiness import open_readiness  # here, as without a service manager it would be for nothing

    return stack.enter_context(open_readiness(os.environ))


def _open_view(stack: ExitStack, quiet: bool) -> View:
    if quiet:
        return View(show=lambda line: None)
    if not sys.stdout.isatty():
        return View(show=_show_plainly)
    # Here and not above: half of the command's start would be this import, and pipes do not need it.
    from rich.console import Console
    from rich.live import Live
    from rich.logging import RichHandler
    from rich.text import Text

    console = Console(highlight=False)
    live = stack.enter_context(Live(console=console, auto_refresh=False, transient=True))
    logging.getLogger().handlers = [RichHandler(console=console, show_path=False)]

    def show(line: str) -> None:
        console.print(Text.from_ansi(line), soft_wrap=True)

    def status(line: str) -> None:
        live.update(Text(line, style="reverse"), refresh=True)

    return View(show=show, status=status)


def _show_plainly(line: str) -> None:
    try:
        print(line, flush=True)
    except BrokenPipeError:  # that is no reason to take a device off the network
        _go_on_unread()


def _go_on_unread() -> None:
    """Write to nowhere from now on, as nobody reads any more (`| head`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
