"""``upnp-trio call``: call an action of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.asking_options import AskingArguments, add_asking_options
from upnp_trio.cli.parsing import UsageError, make_parser, read_words
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["CallArguments", "parse", "parser", "runner"]

DESCRIPTION = """\
Call an action of a device, and show what it answers. The service is named by
its name, its type or its ID, and arguments are written as upnp-trio describe
shows them, in any order. A boolean is true or false, 1 or 0, yes or no.
"""
EXAMPLES = """\
examples:
  upnp-trio call "Living room" SwitchPower SetTarget newTargetValue=true
  upnp-trio call 2fac1234 Dimming GetLoadLevelStatus
  upnp-trio call TV RenderingControl SetVolume InstanceID=0 Channel=Master \\
      DesiredVolume=20
  upnp-trio call TV AVTransport GetPositionInfo InstanceID=0 --json | jq .Track

exit status: 0 if the action was carried out, 4 if the device answered with a
UPnP error, 3 if there is no such device, 2 if it has no such service, action
or argument, 1 if it does not answer
"""


class CallArguments(AskingArguments):
    """The words of ``upnp-trio call``."""

    device: str
    service: str
    action: str
    arguments: list[tuple[str, str]]


def parser() -> ArgumentParser:
    """A parser of the options."""
    return add_asking_options(
        make_parser(VERBS["call"], description=DESCRIPTION, epilog=EXAMPLES),
        timeout="Give up then; the device may carry out the action all the same. [default: a search takes 2 seconds, "
        "and a device has 30]",
        json="Write one JSON object of the out arguments.",
    )


def parse(words: Sequence[str]) -> CallArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = CallArguments()
    others = read_words(parser(), words, asked)
    if len(others) < 3:
        what = ("the device, the service and the action", "the service and the action", "the action")[len(others)]
        raise UsageError(f"call: name {what}; upnp-trio describe shows what there is")
    asked.device, asked.service, asked.action, *pairs = others
    asked.arguments = [_argument(pair) for pair in pairs]
    names = [name for name, _ in asked.arguments]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"call: the argument {twice[0]} is there twice")
    return asked


def _argument(word: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not equals or not name:
        raise UsageError(f"call: write an argument as name=value, not {word!r}")
    return name, text


def runner() -> Callable[[CallArguments, Outputs], int]:
    """Import the control point."""
    from upnp_trio.cli.calling import call

    return call
