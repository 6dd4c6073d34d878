"""``upnp-trio search``: find the devices on the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.asking_options import AskingArguments, add_asking_options
from upnp_trio.cli.parsing import UsageError, address, make_parser, read_words, whole_number
from upnp_trio.cli.search_targets import search_target
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["SearchArguments", "parse", "parser", "runner"]

DESCRIPTION = """\
Find the devices on the network: one line for each root device, with its name
as soon as its description is read. TARGET limits what is searched for:

  root                     all root devices, which is the default
  all                      everything; a device answers with all that it has
  MediaServer:1            a device type; without the version it is 1
  service:SwitchPower:1    a service type
  uuid:... or urn:...      a device by its UDN, or any other search target
"""
EXAMPLES = """\
examples:
  upnp-trio search                              all root devices
  upnp-trio search MediaRenderer --mx 3         wait longer for slow devices
  upnp-trio search all --all                    every answer
  upnp-trio search --to 192.0.2.7               ask one address
  upnp-trio search --json | jq -r .location     for scripts

exit status: 0 if a device answered, 3 if none did, 1 if nothing could be sent
"""


class SearchArguments(AskingArguments):
    """The words of ``upnp-trio search``."""

    target: str
    mx: int
    to: str | None
    all: bool
    long: bool


def parser() -> ArgumentParser:
    """A parser of the options."""
    made = make_parser(VERBS["search"], description=DESCRIPTION, epilog=EXAMPLES)
    add = made.add_argument
    add(
        "--mx",
        type=whole_number(1, 5),
        default=1,
        metavar="SECONDS",
        help="How long devices may take to answer, 1 to 5. More spreads the answers of large networks. "
        "[default: %(default)s]",
    )
    add("--to", type=address, metavar="ADDRESS", help="Ask this address alone, by unicast.")
    add("--all", action="store_true", help="Show every answer, and read no descriptions.")
    add("-l", "--long", action="store_true", help="Show the UDN and the URLs of each device, too.")
    return add_asking_options(
        made,
        timeout="End the search then. [default: a second after the last answer is due]",
        json="Write one JSON object for each device, or with --all for each answer.",
    )


def parse(words: Sequence[str]) -> SearchArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = SearchArguments()
    targets = read_words(parser(), words, asked)
    if len(targets) > 1:
        raise UsageError(f"search: name one target, not {len(targets)}")
    asked.target = search_target(targets[0] if targets else "root")
    return asked


def runner() -> Callable[[SearchArguments, Outputs], int]:
    """Import the control point."""
    from upnp_trio.cli.searching import search

    return search
