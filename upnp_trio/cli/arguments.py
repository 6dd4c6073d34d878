"""The verbs of ``upnp-trio`` and their options, defaults and help.

The verb is ``serve`` unless the first word is another one. A device file that is named like a verb is written with its
folder, as in ``./interfaces``. The verb ``stub``, which few need, is in a module of its own.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import (
    TextWanted,
    UsageError,
    add_help,
    directory,
    make_parser,
    one_of,
    read_words,
    udn,
    whole_number,
)
from upnp_trio.model.device import PRESENTATIONS
from upnp_trio.server.options import DEFAULT_MAX_SUBSCRIPTIONS
from upnp_trio.ssdp.budget import DEFAULT_REPLY_BUDGET
from upnp_trio.ssdp.profiles import PROFILES
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE
from upnp_trio.state import state_directory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.references import Reference
    from upnp_trio.cli.stub import StubArguments
    from upnp_trio.model.names import Udn

__all__ = [
    "DEMOS",
    "InterfacesArguments",
    "ServeArguments",
    "TextArguments",
    "demo_parser",
    "interfaces_parser",
    "parse",
    "serve_parser",
]

#: the modules of the devices of ``upnp-trio demo``, by their names
DEMOS = {
    "light": "upnp_trio.demo.light",
    "jambon": "upnp_trio.demo.jambon",
}

LOG_LEVELS = ("debug", "info", "warning", "error")

SERVE = """\
Put UPnP devices on the network until Ctrl-C: the devices that the files
describe, or a default device if there are no files. lamp.py:device is the
object called device of the Python file lamp.py, and package.module:device one
of a module: a RootDevice, a list of them, or a function without arguments
that returns one of these.
"""
EXAMPLES = """\
examples:
  upnp-trio                                     a default device everywhere
  upnp-trio --friendly-name "Living room"       the same under another name
  upnp-trio examples/jambon3000.toml            a device from a file
  upnp-trio a.toml b.xml --interface eth0       two devices on one interface
  upnp-trio examples/light.py:device            a device written in Python
  upnp-trio demo light                          a light to try things with
  upnp-trio --interface 192.0.2.7 --port 49200  on one address and port
  upnp-trio interfaces                          what would be served, and why
"""
DEMO = """\
Serve a device to try things with, until Ctrl-C:

  light    a dimmable light: DimmableLight:1 with SwitchPower:1 and Dimming:1
  jambon   the Jambon 3000, a ham slicer with a service of its own
"""
DEMO_EXAMPLES = """\
examples:
  upnp-trio demo light                          a light everywhere
  upnp-trio demo light jambon -q                both, without a word
  upnp-trio demo light --interface 192.0.2.7    a light on one address
"""
INTERFACES = """\
Show this host's interfaces: their addresses, whether a device is served
there, and why. Names and addresses have the meaning that they have for
--interface.
"""
INTERFACES_EXAMPLES = """\
examples:
  upnp-trio interfaces                          all interfaces
  upnp-trio interfaces eth0 192.0.2.0/24        what --interface makes of these
"""


class ServeArguments(Namespace):
    """The words of ``upnp-trio serve``."""

    devices: list[Path | Reference]
    friendly_name: str | None
    udn: Udn | None
    port: int | None
    interfaces: list[str]
    family: str | None
    advertise_url: str | None
    allowed_hosts: list[str]
    announce_only: bool
    answer_off_link: bool
    reply_budget: int
    max_subscriptions: int
    multicast_ttl: int | None
    max_age: int
    profile: str
    presentation: str | None
    metrics: bool
    state_dir: Path | None
    log_level: str
    quiet: bool
    debug: bool


class InterfacesArguments(Namespace):
    """The words of ``upnp-trio interfaces``."""

    names: list[str]


class TextArguments(Namespace):
    """The text that ``--help`` or ``--version`` asks for."""

    text: str


def parse(words: Sequence[str]) -> ServeArguments | InterfacesArguments | StubArguments | TextArguments:
    """What *words* ask for; raises `UsageError`."""
    verb = words[0] if words else None
    try:
        if verb == "interfaces":
            return _parse_interfaces(words[1:])
        if verb == "demo":
            return _parse_demo(words[1:])
        if verb == "stub":
            from upnp_trio.cli.stub import parse_stub

            return parse_stub(words[1:])
        return _parse_serve(words[1:] if verb == "serve" else words)
    except TextWanted as wanted:
        return TextArguments(text=wanted.text)


def _parse_interfaces(words: Sequence[str]) -> InterfacesArguments:
    asked = InterfacesArguments()
    asked.names = read_words(interfaces_parser(), words, asked)
    return asked


def _parse_serve(words: Sequence[str]) -> ServeArguments:
    asked = ServeArguments()
    files = read_words(serve_parser(), words, asked)
    asked.devices = [_device(file) for file in files]
    _check_single(asked, f"there are {len(files)} files; set it in the files")
    return asked


def _device(word: str) -> Path | Reference:
    if ":" not in word and not word.lower().endswith(".py"):
        return Path(word)
    from upnp_trio.cli.references import as_reference  # only devices written in Python need it

    return as_reference(word) or Path(word)


def _parse_demo(words: Sequence[str]) -> ServeArguments:
    asked = ServeArguments()
    names = read_words(demo_parser(), words, asked)
    if not names:
        raise UsageError(f"demo: name the device: {' or '.join(DEMOS)}")
    asked.devices = [_demo(name) for name in names]
    _check_single(asked, f"there are {len(names)}")
    return asked


def _demo(name: str) -> Reference:
    if name not in DEMOS:
        raise UsageError(f"demo: there is no {name!r}; the devices are {', '.join(DEMOS)}")
    from upnp_trio.cli.references import Reference

    return Reference(name, DEMOS[name], "device")


def _check_single(asked: ServeArguments, otherwise: str) -> None:
    if len(asked.devices) > 1 and (asked.friendly_name or asked.udn):
        option = "--friendly-name" if asked.friendly_name else "--uuid"
        raise UsageError(f"{option} is for a single device and {otherwise}")


def serve_parser() -> ArgumentParser:
    """The parser of ``upnp-trio serve``."""
    usage = (
        "upnp-trio [serve] [OPTIONS] [DEVICE.toml|DEVICE.xml|CODE.py:NAME]...\n"
        "       upnp-trio demo [OPTIONS] light|jambon...\n"
        "       upnp-trio stub [OPTIONS] SCPD.xml\n"
        "       upnp-trio interfaces [NAME|ADDRESS]..."
    )
    return _with_options(make_parser("upnp-trio", usage=usage, description=SERVE, epilog=EXAMPLES))


def demo_parser() -> ArgumentParser:
    """The parser of ``upnp-trio demo``, which takes the options of ``serve``."""
    name = "upnp-trio demo"
    usage = f"{name} [OPTIONS] {'|'.join(DEMOS)}..."
    return _with_options(make_parser(name, usage=usage, description=DEMO, epilog=DEMO_EXAMPLES))


def _with_options(parser: ArgumentParser) -> ArgumentParser:
    add = parser.add_argument
    add("--friendly-name", metavar="NAME", help="The name that people see. [default: as in the file]")
    add("--uuid", dest="udn", metavar="UUID", type=udn, help="The device's UUID. [default: derived from this host]")
    add(
        "--port",
        type=whole_number(1, 65535),
        metavar="N",
        help="The TCP port of HTTP, 1 to 65535. [default: the first free one from 49152]",
    )
    add(
        "--interface",
        dest="interfaces",
        action="append",
        default=[],
        metavar="NAME|ADDRESS",
        help="Serve only on this interface, given by its name, an address or a prefix. Repeatable. "
        "[default: all that are up]",
    )
    family = parser.add_mutually_exclusive_group().add_argument
    family("--ipv4-only", dest="family", action="store_const", const="ipv4", help="Serve no IPv6.")
    family("--ipv6-only", dest="family", action="store_const", const="ipv6", help="Serve no IPv4.")
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
        "--max-subscriptions",
        type=whole_number(1),
        default=DEFAULT_MAX_SUBSCRIPTIONS,
        metavar="N",
        help="How many subscribers the events of each service may have; one host may have a quarter of them. "
        "[default: %(default)s]",
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
        default=DEFAULT_MAX_AGE,
        metavar="SECONDS",
        help="How long an announcement is valid. [default: %(default)s]",
    )
    add(
        "--profile",
        type=one_of(PROFILES),
        default="uda",
        metavar="|".join(PROFILES),
        help="windows also answers searches without MX and for pnp:rootdevice, which UDA does not. "
        "[default: %(default)s]",
    )
    add(
        "--state-dir",
        type=directory,
        default=state_directory(),
        metavar="DIR",
        help="Keep BOOTID here, so that it rises over restarts. [default: where this system keeps state]",
    )
    add(
        "--presentation",
        type=one_of(PRESENTATIONS),
        metavar="|".join(PRESENTATIONS),
        help="What the device's page offers: values and a form for each action, values alone, or there is no page. "
        "[default: as in the file, or full]",
    )
    add("--metrics", action="store_true", help="Serve the counters at /metrics, in Prometheus's text format.")
    add(
        "--log-level",
        type=one_of(LOG_LEVELS),
        default="warning",
        metavar="LEVEL",
        help=f"What is logged to standard error: {', '.join(LOG_LEVELS)}; debug logs every datagram. "
        "[default: %(default)s]",
    )
    add("-q", "--quiet", action="store_true", help="Show only warnings and errors.")
    add("--debug", action="store_true", help="Show the traceback of an error.")
    add_help(parser)
    return parser


def interfaces_parser() -> ArgumentParser:
    """The parser of ``upnp-trio interfaces``."""
    name = "upnp-trio interfaces"
    parser = make_parser(name, usage=f"{name} [NAME|ADDRESS]...", description=INTERFACES, epilog=INTERFACES_EXAMPLES)
    add_help(parser)
    return parser
