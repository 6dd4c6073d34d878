"""``python -m upnp_trio [OPTIONS] [DEVICE]...``: options in, one served session, an exit status out.

SIGUSR1, where there is one, shows the counters. Exit status: 0 after SIGINT or SIGTERM once byebye is out, 2 for wrong
usage, 1 for everything else that fails.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import attrs
import click
import trio

from upnp_trio._version import __version__
from upnp_trio.cli.default_device import default_device
from upnp_trio.cli.readiness import open_readiness
from upnp_trio.cli.view import LINES_PER_ROUND, View, counter_table, counters, interface_table, introduce, refusals
from upnp_trio.errors import DescriptionError, DeviceFailed, UpnpTrioError
from upnp_trio.model.names import Udn
from upnp_trio.network.interfaces import choose, host_interfaces, missing
from upnp_trio.server.budget import DEFAULT_REPLY_BUDGET
from upnp_trio.server.options import ServeOptions
from upnp_trio.server.serve import serve_devices
from upnp_trio.ssdp.profiles import PROFILES
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from upnp_trio.model.device import RootDevice
    from upnp_trio.server.stats import Stats

__all__ = ["command"]

logger = logging.getLogger(__name__)

EXAMPLES = """\b
Examples:
  upnp-trio                                       a default device, on every network
  upnp-trio --friendly-name "Living room"         the same under another name
  upnp-trio examples/jambon3000.toml              a device from a file
  upnp-trio a.toml b.xml --interface eth0         two devices, on one interface
  upnp-trio --interface 192.0.2.7 --port 49200    on one address and port
  upnp-trio interfaces                            which interfaces there are, and which are served
"""


class _ServeByDefault(click.Group):
    """A group whose first word may be left out: ``upnp-trio DEVICE.toml`` is ``upnp-trio serve DEVICE.toml``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in self.commands:
            args = ["serve", *args]
        return super().parse_args(ctx, args)


def _udn(context: click.Context, parameter: click.Parameter, value: str | None) -> Udn | None:
    if value is None:
        return None
    try:
        udn = Udn(value)
    except DescriptionError as error:
        raise click.BadParameter(str(error)) from error
    if not udn.is_uuid:
        raise click.BadParameter(f"{value!r} is no UUID; write it as 8-4-4-4-12 hexadecimal digits")
    return udn


@click.group(cls=_ServeByDefault)
def command() -> None:
    """UPnP devices on the network."""


@command.command(
    "interfaces",
    context_settings={"help_option_names": ["-h", "--help"]},
    short_help="Show what would be served, and why.",
)
@click.argument("names", nargs=-1, metavar="[NAME|ADDRESS]...")
def show_interfaces(names: tuple[str, ...]) -> None:
    """Show this host's interfaces: their addresses, whether a device is served there, and why.

    With names or addresses, as if they were given to --interface.
    """
    interfaces = host_interfaces()
    click.echo(interface_table(choose(interfaces, names)))
    if problem := missing(interfaces, names):
        raise click.ClickException(problem)


@command.command(epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("devices", nargs=-1, type=click.Path(path_type=Path), metavar="[DEVICE.toml|DEVICE.xml]...")
@click.option("--friendly-name", metavar="NAME", help="The name that people see.")
@click.option("--uuid", "udn", metavar="UUID", callback=_udn, help="The device's UUID. [default: made from this host]")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The TCP port of HTTP. [default: the first free one from 49152]"
)
@click.option(
    "--interface",
    "interfaces",
    multiple=True,
    metavar="NAME|ADDRESS",
    help="Serve on this interface only: its name, an address or a prefix of it. Repeatable. [default: all that are up]",
)
@click.option("--ipv4-only", "family", flag_value="ipv4", help="Serve no IPv6.")
@click.option("--ipv6-only", "family", flag_value="ipv6", help="Serve no IPv4.")
@click.option(
    "--advertise-url",
    metavar="URL",
    help="Host and port that everybody is told in place of this host's own, as in http://192.0.2.1:8080, "
    "for containers and forwarded ports.",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME[:PORT]",
    help="A name that HTTP answers to beside its own addresses, such as a reverse proxy's; without PORT, with any "
    "port. Repeatable.",
)
@click.option("--announce-only", is_flag=True, help="Hear no searches, only announce; needs no UDP port 1900.")
@click.option(
    "--answer-off-link", is_flag=True, help="Answer searchers beyond the interface's own link, too: routed networks."
)
@click.option(
    "--reply-budget",
    type=click.IntRange(1),
    default=DEFAULT_REPLY_BUDGET,
    show_default=True,
    metavar="N",
    help="How many answers a second one address is sent in the long run; half a minute's worth may leave at once.",
)
@click.option(
    "--multicast-ttl",
    type=click.IntRange(1, 255),
    help="How many hops announcements live. [default: 2; 10 in an IPv6 site]",
)
@click.option(
    "--max-age",
    type=click.IntRange(1, 2**31 - 1),
    default=DEFAULT_MAX_AGE,
    show_default=True,
    help="How many seconds an announcement holds.",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="uda",
    show_default=True,
    help="windows also answers searches without MX and for pnp:rootdevice, which UDA does not.",
)
@click.option("--metrics", is_flag=True, help="Serve the counters at /metrics, in Prometheus's text format.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    default="warning",
    show_default=True,
    help="What is logged to standard error; debug shows every datagram.",
)
@click.option("--quiet", "-q", is_flag=True, help="Show nothing but warnings and errors.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, prog_name="upnp-trio", message="%(prog)s %(version)s")
def serve(
    devices: tuple[Path, ...],
    friendly_name: str | None,
    udn: Udn | None,
    port: int | None,
    interfaces: tuple[str, ...],
    family: str | None,
    advertise_url: str | None,
    allowed_hosts: tuple[str, ...],
    announce_only: bool,
    answer_off_link: bool,
    reply_budget: int,
    multicast_ttl: int | None,
    max_age: int,
    profile: str,
    metrics: bool,
    log_level: str,
    quiet: bool,
    debug: bool,
) -> None:
    """Put UPnP devices on the network until Ctrl-C.

    Serves the devices that the files describe, or a default device if there are none.
    """
    logging.basicConfig(level=log_level.upper(), format="%(levelname)s: %(message)s")
    if max_age < DEFAULT_MAX_AGE:
        logger.warning("--max-age is %s; UDA wants %s or more, less suits tests only", max_age, DEFAULT_MAX_AGE)
    try:
        roots = _load(devices, friendly_name, udn)
        options = ServeOptions(
            interfaces=interfaces,
            ipv4=family != "ipv6",
            ipv6=family != "ipv4",
            port=port,
            advertise_url=advertise_url,
            allowed_hosts=allowed_hosts,
            announce_only=announce_only,
            answer_off_link=answer_off_link,
            reply_budget=reply_budget,
            multicast_ttl=multicast_ttl,
            max_age=max_age,
            profile=profile,
            metrics=metrics,
        )
        trio.run(_serve, roots, options, quiet)
    except DeviceFailed:
        raise  # a bug: its traceback is what a report needs
    except UpnpTrioError as error:
        if debug:
            raise
        raise click.ClickException(str(error)) from error


def _load(files: Sequence[Path], friendly_name: str | None, udn: Udn | None) -> list[RootDevice]:
    if len(files) > 1 and (friendly_name or udn):
        raise click.UsageError("--friendly-name and --uuid mean one device, and there are several files")
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
        readiness = stack.enter_context(open_readiness(os.environ))
        # from the start, as the signal ends a process that does not know it
        asked = stack.enter_context(trio.open_signal_receiver(*_signals("SIGUSR1")))
        async with trio.open_nursery() as nursery:
            signalled: trio.CancelScope = await nursery.start(_cancel_on_signal)
            nursery.start_soon(readiness.keep_alive)
            try:
                async with serve_devices(roots, **options) as running:
                    nursery.start_soon(_show_counters, asked, running.stats)
                    view.show(introduce(running.devices, running.where, running.choices))
                    view.show("Press Ctrl-C to leave.\n")
                    events = None if quiet else running.subscribe(LINES_PER_ROUND)
                    with signalled, readiness.served(running.devices):
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
        click.echo(counter_table(stats.snapshot()), err=True)


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
        click.echo(line)
    except BrokenPipeError:  # nobody reads any more (`| head`); that is no reason to take a device off the network
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
