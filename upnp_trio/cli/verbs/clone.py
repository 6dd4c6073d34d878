"""``upnp-trio clone``: copy a device of the network into a folder that can be served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio.cli.asking_options import AskingArguments, add_asking_options
from upnp_trio.cli.parsing import UsageError, make_parser, read_words
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["CloneArguments", "parse", "parser", "runner"]

DESCRIPTION = """\
Copy a device into a new folder: its description, the descriptions of its
services, its icons, and how it answers searches. upnp-trio serve puts the
clone on the network, with services that act as their descriptions say.
"""
EXAMPLES = """\
examples:
  upnp-trio clone "Living room" living-room     a device that was seen lately
  upnp-trio clone uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363 lamp
  upnp-trio clone http://192.0.2.7:49152/description.xml lamp --answers
  upnp-trio serve lamp                          the clone on the network
"""


class CloneArguments(AskingArguments):
    """The words of ``upnp-trio clone``."""

    device: str
    directory: Path
    same_udn: bool
    answers: bool


def parser() -> ArgumentParser:
    """A parser of the options."""
    made = make_parser(VERBS["clone"], description=DESCRIPTION, epilog=EXAMPLES)
    add = made.add_argument
    add(
        "--same-udn",
        action="store_true",
        help="Keep the UDNs and the name of the device. Its clone can then not be on the same network. "
        "[default: others, which are derived from them and from this host]",
    )
    add(
        "--answers",
        action="store_true",
        help="Also subscribe to the services, for the values of their variables, and call once each action that takes "
        "no arguments and gives a result, which may have effects.",
    )
    return add_asking_options(
        made,
        timeout="Give up then. [default: some two minutes, if the device is slow in everything]",
        json="Write one JSON object about the clone.",
    )


def parse(words: Sequence[str]) -> CloneArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = CloneArguments()
    names = read_words(parser(), words, asked)
    if len(names) != 2:
        raise UsageError(f"clone: name a device and a new folder, not {len(names)} words; quote a name that has spaces")
    asked.device = names[0]
    if not names[1]:  # it would mean the working directory
        raise UsageError("clone: the name of the folder is empty")
    asked.directory = Path(names[1])
    return asked


def runner() -> Callable[[CloneArguments, Outputs], int]:
    """Import the control point."""
    from upnp_trio.cli.cloning import clone

    return clone
