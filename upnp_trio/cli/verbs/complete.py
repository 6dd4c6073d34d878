"""``upnp-trio complete``: what the completion scripts ask when Tab is pressed. People have no use for it."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import UsageError, add_help, make_parser
from upnp_trio.cli.verbs import VERBS
from upnp_trio.cli.verbs.completion import SHELLS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["CompleteArguments", "parse", "parser", "runner"]

DESCRIPTION = """\
Write the words that WORD, the last one, may become, one on each line.
"""
EXAMPLES = """\
examples:
  upnp-trio complete bash search --m
"""


class CompleteArguments(Namespace):
    """The words of ``upnp-trio complete``."""

    shell: str
    #: those that follow ``upnp-trio`` on the command line; the last one is incomplete, or empty
    words: list[str]


def parser() -> ArgumentParser:
    """A parser without options of its own."""
    return add_help(make_parser(VERBS["complete"], description=DESCRIPTION, epilog=EXAMPLES))


def parse(words: Sequence[str]) -> CompleteArguments:
    """What *words* ask for; raises `UsageError`. Options among them are those of the command line to be completed."""
    asked = CompleteArguments()
    if not words or words[0] not in SHELLS:
        raise UsageError(f"complete: name the shell: {', '.join(SHELLS)}")
    asked.shell, asked.words = words[0], [*words[1:]] or [""]
    return asked


def runner() -> Callable[[CompleteArguments, Outputs], int]:
    """Import what knows the words."""
    from upnp_trio.cli.completing import complete

    return complete
