"""What may be written behind ``upnp-trio``: the options, their defaults and ranges, the help, and what is wrong usage.

A first word that is no verb belongs to ``serve``; a device file that is named like a verb is written ``./interfaces``.
"""

from __future__ import annotations

from argparse import ArgumentError, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio._version import __version__
from upnp_trio.errors import DescriptionError
from upnp_trio.model.names import Udn
from upnp_trio.ssdp.budget import DEFAULT_REPLY_BUDGET
from upnp_trio.ssdp.profiles import PROFILES
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

__all__ = ["InterfacesArguments", "ServeArguments", "UsageError", "option_names", "parse", "serve_parser"]

# Longer lines are hard to read, however wide the terminal is.
HELP_COLUMNS = 100
LOG_LEVELS = ("debug", "info", "warning", "error")

SERVE = """\
Put UPnP devices on the network until Ctrl-C: those that the files describe,
or a default device if there are none.
"""
EXAMPLES = """\
examples:
  upnp-trio                                     a default device, everywhere
  upnp-trio --friendly-name "Living room"       the same under another name
  upnp-trio examples/jambon3000.toml            a device from a file
  upnp-trio a.toml b.xml --interface eth0       two devices, on one interface
  upnp-trio --interface 192.0.2.7 --port 49200  on one address and port
  upnp-trio interfaces                          what would be served, and why
"""
INTERFACES = """\
Show this host's interfaces: their addresses, whether a device is served
there, and why. With names or addresses, as if they were given to --interface.
"""
INTERFACES_EXAMPLES = """\
examples:
  upnp-trio interfaces                          all that there are
  upnp-trio interfaces eth0 192.0.2.0/24        what --interface would make of these
"""


class UsageError(Exception):
    """The command was called in a way that it does not know; the text names the option, the value and the cure."""


class ServeArguments(Namespace):
    """What was asked of ``upnp-trio serve``."""

    devices: list[Path]
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
    multicast_ttl: int | None
    max_age: int
    profile: str
    metrics: bool
    log_level: str
    quiet: bool
    debug: bool


class InterfacesArguments(Namespace):
    """What was asked of ``upnp-trio interfaces``."""

    names: list[str]


def parse(words: Sequence[str]) -> ServeArguments | InterfacesArguments:
    """What *words* ask for; prints and exits for ``--help`` and ``--version``, and raises `UsageError`."""
    verb = words[0] if words else None
    if verb == "interfaces":
        shown = InterfacesArguments()
        shown.names = _parse(_interfaces_parser(), words[1:], shown)
        return shown
    served = ServeArguments()
    files = _parse(serve_parser(), words[1:] if verb == "serve" else words, served)
    served.devices = [Path(file) for file in files]
    if len(files) > 1 and (served.friendly_name or served.udn):
        given = "--friendly-name" if served.friendly_name else "--uuid"
        raise UsageError(f"{given} means one device, and there are {len(files)} files; write it into the files")
    return served


def serve_parser() -> ArgumentParser:
    """The options of ``upnp-trio serve``."""
    parser = _parser(
        "upnp-trio",
        usage="upnp-trio [serve] [OPTIONS] [DEVICE.toml|DEVICE.xml]...\n       upnp-trio interfaces [NAME|ADDRESS]...",
        description=SERVE,
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    add("--friendly-name", metavar="NAME", help="The name that people see. [default: as in the file]")
    add("--uuid", dest="udn", metavar="UUID", type=_udn, help="The device's UUID. [default: made from this host]")
    add(
        "--port",
        type=_whole_number(1, 65535),
        metavar="N",
        help="The TCP port of HTTP, 1 to 65535. [default: the first free one from 49152]",
    )
    add(
        "--interface",
        dest="interfaces",
        action="append",
        default=[],
        metavar="NAME|ADDRESS",
        help="Serve on this interface only: its name, an address or a prefix of it. Repeatable. "
        "[default: all that are up]",
    )
    family = parser.add_mutually_exclusive_group().add_argument
    family("--ipv4-only", dest="family", action="store_const", const="ipv4", help="Serve no IPv6.")
    family("--ipv6-only", dest="family", action="store_const", const="ipv6", help="Serve no IPv4.")
    add(
        "--advertise-url",
        metavar="URL",
        help="Host and port that everybody is told in place of this host's own, as in http://192.0.2.1:8080, "
        "for containers and forwarded ports.",
    )
    add(
        "--allow-host",
        dest="allowed_hosts",
        action="append",
        default=[],
        metavar="NAME[:PORT]",
        help="A name that HTTP answers to beside its own addresses, such as a reverse proxy's; without PORT, with any "
        "port. Repeatable.",
    )
    add("--announce-only", action="store_true", help="Hear no searches, only announce; needs no UDP port 1900.")
    add(
        "--answer-off-link",
        action="store_true",
        help="Answer searchers beyond the interface's own link, too: routed networks.",
    )
    add(
        "--reply-budget",
        type=_whole_number(1),
        default=DEFAULT_REPLY_BUDGET,
        metavar="N",
        help="How many answers a second one address is sent in the long run, 1 or more; half a minute's worth may "
        "leave at once. [default: %(default)s]",
    )
    add(
        "--multicast-ttl",
        type=_whole_number(1, 255),
        metavar="N",
        help="How many hops announcements live, 1 to 255. [default: 2; 10 in an IPv6 site]",
    )
    add(
        "--max-age",
        type=_whole_number(1, 2**31 - 1),
        default=DEFAULT_MAX_AGE,
        metavar="SECONDS",
        help="How long an announcement holds. [default: %(default)s]",
    )
    add(
        "--profile",
        type=_one_of(PROFILES),
        default="uda",
        metavar="|".join(PROFILES),
        help="windows also answers searches without MX and for pnp:rootdevice, which UDA does not. "
        "[default: %(default)s]",
    )
    add("--metrics", action="store_true", help="Serve the counters at /metrics, in Prometheus's text format.")
    add(
        "--log-level",
        type=_one_of(LOG_LEVELS),
        default="warning",
        metavar="LEVEL",
        help=f"What is logged to standard error: {', '.join(LOG_LEVELS)}; debug shows every datagram. "
        "[default: %(default)s]",
    )
    add("-q", "--quiet", action="store_true", help="Show nothing but warnings and errors.")
    add("--debug", action="store_true", help="Show the traceback of an error.")
    _add_help(parser)
    return parser


def _interfaces_parser() -> ArgumentParser:
    name = "upnp-trio interfaces"
    parser = _parser(name, usage=f"{name} [NAME|ADDRESS]...", description=INTERFACES, epilog=INTERFACES_EXAMPLES)
    _add_help(parser)
    return parser


def option_names(parser: ArgumentParser) -> list[str]:
    """The options that *parser* knows, such as ``--port``."""
    return [name for action in parser._actions for name in action.option_strings]  # there is no public way


# --- how it is read ------------------------------------------------------------------------------------------------


def _parse(parser: ArgumentParser, words: Sequence[str], options: Namespace) -> list[str]:
    """Put what *words* say into *options*; gives the words that are neither option nor value."""
    # All that follows `--` is none. We part it off, as argparse forgets where it was.
    end = words.index("--") if "--" in words else len(words)
    try:
        _, others = parser.parse_known_args(words[:end], options)
    except ArgumentError as error:
        raise UsageError(_told(error)) from error
    for word in others:
        if word.startswith("-") and word != "-":
            raise UsageError(_unknown(parser, word.partition("=")[0]))
    return [*others, *words[end + 1 :]]


def _told(error: ArgumentError) -> str:
    name, message = error.argument_name, error.message
    if message == "expected one argument":
        return f"{name}: the value is missing; one that begins with '-' is written {name}=VALUE"
    # argparse says so, although it is an error
    return f"{name}: {message.replace('ignored explicit argument', 'takes no value; leave out')}"


def _unknown(parser: ArgumentParser, option: str) -> str:
    from difflib import get_close_matches  # here, as only who mistypes needs it

    close = get_close_matches(option, option_names(parser), n=1)
    return f"there is no option {option!r}; " + (f"did you mean {close[0]}?" if close else f"see {parser.prog} --help")


def _udn(text: str) -> Udn:
    try:
        udn = Udn(text)
    except DescriptionError as error:
        raise ArgumentTypeError(str(error)) from error
    if not udn.is_uuid:
        raise ArgumentTypeError(f"{text!r} is no UUID; write it as 8-4-4-4-12 hexadecimal digits")
    return udn


def _whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    wanted = f"of {least} or more" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise ArgumentTypeError(f"{text!r} is no whole number {wanted}")
        return number

    return read


def _one_of(choices: Collection[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ArgumentTypeError(f"{text!r} is none of {', '.join(choices)}")
        return text.lower()

    return read


# --- how it is told ------------------------------------------------------------------------------------------------


class _Formatter(RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        from shutil import get_terminal_size

        super().__init__(prog, max_help_position=28, width=min(get_terminal_size().columns, HELP_COLUMNS) - 2)


def _parser(name: str, *, usage: str, description: str, epilog: str) -> ArgumentParser:
    return ArgumentParser(
        name,
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=_Formatter,
        add_help=False,  # ours comes last
        allow_abbrev=False,  # or every new option could take the meaning of a script's abbreviation
        exit_on_error=False,
    )


def _add_help(parser: ArgumentParser) -> None:
    shown = f"upnp-trio {__version__}"
    parser.add_argument("--version", action="version", version=shown, help="Show the version and exit.")
    parser.add_argument("-h", "--help", action="help", help="Show this message and exit.")
