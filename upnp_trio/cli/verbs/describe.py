"""``upnp-trio describe``: show what a device is, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.asking_options import AskingArguments, add_asking_options
from upnp_trio.cli.parsing import UsageError, make_parser, read_words
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["DescribeArguments", "parse", "parser", "runner"]

DESCRIPTION = """\
Show what a device says of itself: the device and those in it, their services,
the actions with their arguments, the state variables, and what its documents
have wrong. The device is named by its name, its UDN or the start of that, or
the URL of its description.
"""
EXAMPLES = """\
examples:
  upnp-trio describe "Living room"              by its name
  upnp-trio describe 2fac1234                   by the start of its UUID
  upnp-trio describe http://192.0.2.7:49152/d.xml
  upnp-trio describe "Living room" --json | jq '.services[].name'
  upnp-trio describe "Living room" --xml > description.xml
  upnp-trio describe "Living room" --toml > lamp.toml

exit status: 0 if it was described, 3 if there is no such device, 1 if it does
not answer or is no device
"""


class DescribeArguments(AskingArguments):
    """The words of ``upnp-trio describe``."""

    device: str
    xml: bool
    toml: bool


def parser() -> ArgumentParser:
    """A parser of the options."""
    made = make_parser(VERBS["describe"], description=DESCRIPTION, epilog=EXAMPLES)
    add_asking_options(
        made,
        timeout="Give up then. [default: a search takes 2 seconds, and a device has 30]",
        json="Write one JSON object.",
    )
    add = made.add_argument
    add("--xml", action="store_true", help="Write the description document as the device sent it.")
    add("--toml", action="store_true", help="Write a device file that upnp-trio serve takes, without icons and SCPDs.")
    return made


def parse(words: Sequence[str]) -> DescribeArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = DescribeArguments()
    others = read_words(parser(), words, asked)
    if len(others) != 1:
        raise UsageError(f"describe: name one device, not {len(others)}; quote a name that has spaces")
    if asked.json + asked.xml + asked.toml > 1:
        raise UsageError("describe: --json, --xml and --toml exclude each other")
    (asked.device,) = others
    return asked


def runner() -> Callable[[DescribeArguments, Outputs], int]:
    """Import the control point."""
    from upnp_trio.cli.describing import describe

    return describe
