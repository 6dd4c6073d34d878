"""``upnp-trio watch``: watch what happens on the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.asking_options import AskingArguments, add_asking_options, seconds
from upnp_trio.cli.parsing import OneOf, UsageError, make_parser, read_words, whole_number
from upnp_trio.cli.verbs import VERBS
from upnp_trio.cli.watching.controls import SORTS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["WatchArguments", "parse", "parser", "runner"]

# Devices announce themselves at least twice within max-age, which is half an hour or more. A search each two minutes
# tells sooner who has stopped answering, and is no burden.
DEFAULT_SEARCH_SECONDS = 120.0
DEFAULT_MX = 3

DESCRIPTION = """\
Watch the network: which devices come and go, when each expires, who searches
for what, how late answers are, and whose LOCATION does not answer. On a
terminal this is a screen with keys, which ? explains. Elsewhere it is a line
for each event.
"""
EXAMPLES = """\
examples:
  upnp-trio watch                               everything, on a screen
  upnp-trio watch --filter mediaserver          the media servers
  upnp-trio watch --passive                     send nothing, fetch nothing
  upnp-trio watch --save lan.pcapng             also save, for Wireshark
  upnp-trio watch --lines --searches            who searches, as lines
  upnp-trio watch --json | jq -r 'select(.event == "gone") | .name'

exit status: 0 after q, Ctrl-C or --timeout
"""


class WatchArguments(AskingArguments):
    """The words of ``upnp-trio watch``."""

    search: float
    passive: bool
    mx: int
    searches: bool
    embedded: bool
    filter: str | None
    sort: str
    save: str | None
    lines: bool


def parser() -> ArgumentParser:
    """A parser of the options."""
    made = make_parser(VERBS["watch"], description=DESCRIPTION, epilog=EXAMPLES)
    add = made.add_argument
    add(
        "--search",
        type=seconds,
        default=DEFAULT_SEARCH_SECONDS,
        metavar="SECONDS",
        help="Search for everything at the start, and again after so long. [default: %(default)g]",
    )
    add("--passive", action="store_true", help="Send nothing and fetch nothing; names are not known then.")
    add(
        "--mx",
        type=whole_number(1, 5),
        default=DEFAULT_MX,
        metavar="N",
        help="MX of the searches: within how many seconds devices are to answer, 1 to 5. [default: %(default)s]",
    )
    add("--filter", metavar="WORDS", help="Show only devices with all these words in their texts.")
    add(
        "--sort",
        type=OneOf(SORTS),
        default=SORTS[0],
        metavar="COLUMN",
        help=f"Sort the screen by this column: {', '.join(SORTS)}. [default: %(default)s]",
    )
    add("--embedded", action="store_true", help="Also show the devices that are embedded in others.")
    add("--searches", action="store_true", help="Also write a line for each search of others.")
    add(
        "--save",
        metavar="FILE",
        help="Save all datagrams to FILE.pcapng, for Wireshark, or with all events to FILE.jsonl, as JSON.",
    )
    add("--lines", action="store_true", help="Write lines on a terminal, too.")
    return add_asking_options(
        made,
        timeout="Stop after so long. [default: never]",
        json="Write one JSON object for each event.",
    )


def parse(words: Sequence[str]) -> WatchArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = WatchArguments()
    others = read_words(parser(), words, asked)
    if others:
        raise UsageError(f"watch: {others[0]!r} is no option; did you mean --filter {others[0]}?")
    return asked


def runner() -> Callable[[WatchArguments, Outputs], int]:
    """Import what watches."""
    from upnp_trio.cli.watching.run import watch

    return watch
