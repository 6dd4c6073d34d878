"""The options that the verbs share that ask devices."""

from __future__ import annotations

import math
import re
from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import add_help, add_interface_options

if TYPE_CHECKING:
    from argparse import ArgumentParser

__all__ = ["AskingArguments", "add_asking_options", "seconds"]

# A day: longer waits are mistakes, such as milliseconds.
MAX_SECONDS = 86_400.0


class AskingArguments(Namespace):
    """The options that all verbs of the asking side have."""

    interfaces: list[str]
    family: str | None
    timeout: float | None
    json: bool
    debug: bool


def add_asking_options(parser: ArgumentParser, *, timeout: str, json: str) -> ArgumentParser:
    """Add the common options, and those for help; returns *parser*.

    *timeout* and *json* are the help of ``--timeout`` and ``--json``, whose meanings depend on the verb.
    """
    add = parser.add_argument
    add_interface_options(parser, verb="Ask")
    add("--timeout", type=seconds, metavar="SECONDS", help=timeout)
    add("--json", action="store_true", help=json)
    add("--debug", action="store_true", help="Show the traceback of an error, and log every datagram.")
    return add_help(parser)


def seconds(text: str) -> float:
    """A number of seconds above 0, such as ``2`` or ``0.5``."""
    number = float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text, re.ASCII) else math.nan
    if not 0 < number <= MAX_SECONDS:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds above 0 and up to {MAX_SECONDS:.0f}")
    return number
