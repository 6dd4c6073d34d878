"""``upnp-trio interfaces``: show this host's interfaces, which of them are served, and why."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import add_help, make_parser, read_words
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["InterfacesArguments", "parse", "parser", "runner"]

DESCRIPTION = """\
Show this host's interfaces: their addresses, whether a device is served
there, and why. Names and addresses have the meaning that they have for
--interface.
"""
EXAMPLES = """\
examples:
  upnp-trio interfaces                          all interfaces
  upnp-trio interfaces eth0 192.0.2.0/24        what --interface makes of these
"""


class InterfacesArguments(Namespace):
    """The words of ``upnp-trio interfaces``."""

    names: list[str]


def parser() -> ArgumentParser:
    """A parser without options of its own."""
    return add_help(make_parser(VERBS["interfaces"], description=DESCRIPTION, epilog=EXAMPLES))


def parse(words: Sequence[str]) -> InterfacesArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = InterfacesArguments()
    asked.names = read_words(parser(), words, asked)
    return asked


def runner() -> Callable[[InterfacesArguments, Outputs], int]:
    """Import what reads the interfaces."""
    from upnp_trio.cli.host_interfaces import show_interfaces

    return show_interfaces
