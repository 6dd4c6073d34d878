"""How the words of the command are read: argparse with our own messages, and the readers of values."""

from __future__ import annotations

import sys
from argparse import (
    SUPPRESS,
    Action,
    ArgumentError,
    ArgumentParser,
    ArgumentTypeError,
    Namespace,
    RawDescriptionHelpFormatter,
)
from collections.abc import Collection
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from upnp_trio._version import __version__
from upnp_trio.errors import DescriptionError
from upnp_trio.model.names import Udn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.verbs import Verb

__all__ = [
    "OneOf",
    "TextWanted",
    "UsageError",
    "add_help",
    "add_interface_options",
    "address",
    "directory",
    "make_parser",
    "option_names",
    "read_words",
    "udn",
    "whole_number",
]

# Longer lines are hard to read, however wide the terminal is.
HELP_COLUMNS = 100
# More digits than any option takes; without a limit, int() would raise for thousands of them.
MAX_DIGITS = 20


# The same text in every Python. argparse would also put escape sequences into a pipe if FORCE_COLOR is set.
_WITHOUT_COLOURS: dict[str, Any] = {"color": False} if sys.version_info >= (3, 14) else {}


class UsageError(Exception):
    """The words of the command are wrong; the message names the option, the value and the remedy."""


class TextWanted(Exception):
    """The words ask for *text*, the help or the version, whatever follows them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def make_parser(verb: Verb, *, description: str, epilog: str) -> ArgumentParser:
    """A parser of *verb* without options; `add_help` adds the last ones."""
    return ArgumentParser(
        f"upnp-trio {verb.name}",
        usage=verb.usage,
        description=description,
        epilog=epilog,
        formatter_class=_Formatter,
        add_help=False,
        allow_abbrev=False,  # otherwise a new option could change the meaning of an abbreviation in a script
        exit_on_error=False,
        **_WITHOUT_COLOURS,
    )


def add_help(parser: ArgumentParser) -> ArgumentParser:
    """Add ``--version`` and ``--help``, for which `read_words` raises `TextWanted`; returns *parser*."""
    version = f"upnp-trio {__version__}\n"
    parser.add_argument("--version", action=_Show, const=version, help="Show the version and exit.")
    parser.add_argument("-h", "--help", action=_Show, help="Show this message and exit.")
    return parser


def add_interface_options(parser: ArgumentParser, *, verb: str) -> None:
    """Add the options that choose interfaces and versions of IP, for a command that does *verb* on them."""
    parser.add_argument(
        "--interface",
        dest="interfaces",
        action="append",
        default=[],
        metavar="NAME|ADDRESS",
        help=f"{verb} only on this interface, given by its name, an address or a prefix. Repeatable. "
        "[default: all that are up]",
    )
    family = parser.add_mutually_exclusive_group().add_argument
    family("--ipv4-only", dest="family", action="store_const", const="ipv4", help=f"{verb} on no IPv6 address.")
    family("--ipv6-only", dest="family", action="store_const", const="ipv6", help=f"{verb} on no IPv4 address.")


def option_names(parser: ArgumentParser) -> list[str]:
    """The options of *parser*, such as ``--port``."""
    return [name for action in parser._actions for name in action.option_strings]  # there is no public way


def read_words(parser: ArgumentParser, words: Sequence[str], options: Namespace) -> list[str]:
    """Set *options* from *words*; returns the words that are neither an option nor its value.

    Raises `UsageError` and `TextWanted`.
    """
    # Nothing after `--` is an option. argparse drops its position, so it never sees that part.
    end = words.index("--") if "--" in words else len(words)
    try:
        _, others = parser.parse_known_args(words[:end], options)
    except ArgumentError as error:
        raise UsageError(_reworded(error)) from error
    for word in others:
        if word.startswith("-") and word != "-":
            raise UsageError(_unknown(parser, word.partition("=")[0]))
    return [*others, *words[end + 1 :]]


# --- values --------------------------------------------------------------------------------------------------------


def udn(text: str) -> Udn:
    """The UDN of a UUID, with or without ``uuid:`` before it."""
    try:
        read = Udn(text)
    except DescriptionError as error:
        raise ArgumentTypeError(str(error)) from error
    if not read.is_uuid:
        raise ArgumentTypeError(f"{text!r} is not a UUID; write it as 8-4-4-4-12 hexadecimal digits")
    return read


def address(text: str) -> str:
    """An IPv4 or IPv6 address, which may have a zone."""
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not an IP address such as 192.0.2.7 or fe80::1%eth0") from error


def directory(text: str) -> Path:
    """The path of a directory, which need not exist."""
    if not text:  # it would mean the working directory
        raise ArgumentTypeError("it must be the name of a directory")
    return Path(text)


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers in ASCII digits; `int` alone would take " 1_000 " and the digits of every script."""
    wanted = f"of {least} or more" if most is None else f"from {least} to {most}"

    def read(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
        number = int(text) if is_number else least - 1
        if number < least or (most is not None and number > most):
            raise ArgumentTypeError(f"{text!r} is not a whole number {wanted}")
        return number

    return read


@attrs.frozen(eq=False)  # argparse wants to hash it
class OneOf:
    """A reader of one of *choices*, in lower or upper case."""

    choices: Collection[str]

    def __call__(self, text: str) -> str:
        """The choice that *text* is."""
        if text.lower() not in self.choices:
            raise ArgumentTypeError(f"{text!r} is not one of {', '.join(self.choices)}")
        return text.lower()


# --- argparse ------------------------------------------------------------------------------------------------------


class _Show(Action):
    """Ends the reading with a text: the constant, or else the help."""

    def __init__(self, option_strings: Sequence[str], dest: str, const: str | None = None, help: str = "") -> None:
        super().__init__(option_strings, SUPPRESS, nargs=0, const=const, default=SUPPRESS, help=help)

    def __call__(self, parser: ArgumentParser, *others: object) -> None:
        raise TextWanted(self.const or parser.format_help())


class _Formatter(RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        from shutil import get_terminal_size  # only the help needs it

        super().__init__(prog, max_help_position=28, width=min(get_terminal_size().columns, HELP_COLUMNS) - 2)


def _reworded(error: ArgumentError) -> str:
    name, message = error.argument_name, error.message
    if message == "expected one argument":
        return f"{name}: the value is missing; write one that begins with '-' as {name}=VALUE"
    # argparse says "ignored" although it raises an error
    return f"{name}: {message.replace('ignored explicit argument', 'takes no value; leave out')}"


def _unknown(parser: ArgumentParser, option: str) -> str:
    from difflib import get_close_matches  # only a mistyped option needs it

    close = get_close_matches(option, option_names(parser), n=1)
    return f"unknown option {option!r}; " + (f"did you mean {close[0]}?" if close else f"see {parser.prog} --help")
