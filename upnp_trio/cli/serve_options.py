"""The options of the verbs that serve devices: ``serve``, ``demo`` and ``announce``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import OneOf, UsageError, add_help, add_interface_options, directory, udn, whole_number
from upnp_trio.model.device import PRESENTATIONS
from upnp_trio.server.options import DEFAULT_MAX_SUBSCRIPTIONS
from upnp_trio.ssdp.budget import DEFAULT_REPLY_BUDGET
from upnp_trio.ssdp.profiles import PROFILES
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE
from upnp_trio.state import state_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.references import Reference
    from upnp_trio.model.names import Udn

__all__ = [
    "ServeArguments",
    "ServingArguments",
    "add_serve_options",
    "add_serving_options",
    "check_single",
    "serve_runner",
]

LOG_LEVELS = ("debug", "info", "warning", "error")


class ServingArguments(Namespace):
    """The options that these verbs share."""

    port: int | None
    interfaces: list[str]
    family: str | None
    advertise_url: str | None
    allowed_hosts: list[str]
    announce_only: bool
    answer_off_link: bool
    reply_budget: int
    multicast_ttl: int | None
    max_age: int | None
    profile: list[str]
    metrics: bool
    state_dir: Path | None
    log_level: str
    quiet: bool
    debug: bool


class ServeArguments(ServingArguments):
    """The words of ``upnp-trio serve`` and ``upnp-trio demo``."""

    devices: list[Path | Reference]
    friendly_name: str | None
    udn: Udn | None
    location: str | None
    max_subscriptions: int
    presentation: str | None


def add_serve_options(parser: ArgumentParser) -> ArgumentParser:
    """Add all options of ``serve``, and those for help; returns *parser*."""
    add = parser.add_argument
    add("--friendly-name", metavar="NAME", help="The name that people see. [default: as in the file]")
    add("--uuid", dest="udn", metavar="UUID", type=udn, help="The device's UUID. [default: derived from this host]")
    add(
        "--location",
        metavar="URL",
        help="The description is at this URL, on a web server of your own, as in 'http://{host}:8123/lamp.xml', where "
        "{host} is each interface's address; only announce it and answer searches. [default: serve it]",
    )
    add(
        "--max-subscriptions",
        type=whole_number(1),
        default=DEFAULT_MAX_SUBSCRIPTIONS,
        metavar="N",
        help="How many subscribers the events of each service may have; one host may have a quarter of them. "
        "[default: %(default)s]",
    )
    add(
        "--presentation",
        type=OneOf(PRESENTATIONS),
        metavar="|".join(PRESENTATIONS),
        help="What the device's page offers: values and a form for each action, values alone, or there is no page. "
        "[default: as in the file, or full]",
    )
    return add_serving_options(parser)


def add_serving_options(parser: ArgumentParser) -> ArgumentParser:
    """Add the options that all of these verbs have, and those for help; returns *parser*."""
    add = parser.add_argument
    add(
        "--port",
        type=whole_number(1, 65535),
        metavar="N",
        help="The TCP port of HTTP, 1 to 65535. [default: the first free one from 49152]",
    )
    add_interface_options(parser, verb="Serve")
    add(
        "--advertise-url",
        metavar="URL",
        help="Announce this host and port in place of this host's own, as in http://192.0.2.1:8080; for containers "
        "and forwarded ports.",
    )
    add(
        "--allow-host",
        dest="allowed_hosts",
        action="append",
        default=[],
        metavar="NAME[:PORT]",
        help="Answer HTTP requests for this name, too, such as a reverse proxy's; without PORT, for any port. "
        "Repeatable.",
    )
    add("--announce-only", action="store_true", help="Announce, but answer no searches; needs no UDP port 1900.")
    add(
        "--answer-off-link",
        action="store_true",
        help="Also answer searches from beyond the interface's own link, as in routed networks.",
    )
    add(
        "--reply-budget",
        type=whole_number(1),
        default=DEFAULT_REPLY_BUDGET,
        metavar="N",
        help="How many answers a second one address gets in the long run, 1 or more; half a minute's worth may "
        "leave at once. [default: %(default)s]",
    )
    add(
        "--multicast-ttl",
        type=whole_number(1, 255),
        metavar="N",
        help="How many hops announcements travel, 1 to 255. [default: 2; 10 in an IPv6 site]",
    )
    add(
        "--max-age",
        type=whole_number(1, 2**31 - 1),
        metavar="SECONDS",
        help=f"How long an announcement is valid. [default: as in the file, or {DEFAULT_MAX_AGE}]",
    )
    add(
        "--profile",
        type=OneOf(PROFILES),
        action="append",
        default=[],
        metavar="|".join(PROFILES),
        help="Also answer searches that UDA does not: of Windows, without MX and for pnp:rootdevice; of Roku remotes, "
        "without MX; of Hue apps, for libhue:idl and SsdpSearch:all. Repeatable. [default: uda]",
    )
    add(
        "--state-dir",
        type=directory,
        default=state_directory(),
        metavar="DIR",
        help="Keep BOOTID here, so that it rises over restarts. [default: where this system keeps state]",
    )
    add("--metrics", action="store_true", help="Serve the counters at /metrics, in Prometheus's text format.")
    add(
        "--log-level",
        type=OneOf(LOG_LEVELS),
        default="warning",
        metavar="LEVEL",
        help=f"What is logged to standard error: {', '.join(LOG_LEVELS)}; debug logs every datagram. "
        "[default: %(default)s]",
    )
    add("-q", "--quiet", action="store_true", help="Show only warnings and errors.")
    add("--debug", action="store_true", help="Show the traceback of an error.")
    return add_help(parser)


def check_single(asked: ServeArguments, otherwise: str) -> None:
    """Raise `UsageError`, which ends with *otherwise*, for an option of one device if there are several."""
    if len(asked.devices) > 1 and (asked.friendly_name or asked.udn):
        option = "--friendly-name" if asked.friendly_name else "--uuid"
        raise UsageError(f"{option} is for a single device and {otherwise}")


def serve_runner() -> Callable[[ServeArguments, Outputs], int]:
    """The `VerbModule.runner` of both verbs."""
    from upnp_trio.cli.serve import serve  # trio

    return serve
