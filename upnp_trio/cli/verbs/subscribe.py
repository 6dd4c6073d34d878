"""``upnp-trio subscribe``: follow the events of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.asking_options import AskingArguments, add_asking_options
from upnp_trio.cli.parsing import UsageError, make_parser, read_words, whole_number
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs

__all__ = ["SubscribeArguments", "parse", "parser", "runner"]

MAX_COUNT = 1_000_000_000

DESCRIPTION = """\
Follow the events of a device: the values of its variables, and then each
change as it comes, from one service or from all that have events. The device
is subscribed to anew if it starts again or has lost an event, and
unsubscribed from at the end. It connects to this host to tell of a change, so
a firewall may have to let it.
"""
EXAMPLES = """\
examples:
  upnp-trio subscribe "Living room"             all services
  upnp-trio subscribe 2fac1234 SwitchPower      one service
  upnp-trio subscribe TV --count 0              the present values alone
  upnp-trio subscribe TV RenderingControl --json | jq -c .last_change

exit status: 0 after Ctrl-C, --count or --timeout, 3 if there is no such
device, 2 if it has no such service, 1 if it does not answer, refuses or has
no events
"""


class SubscribeArguments(AskingArguments):
    """The words of ``upnp-trio subscribe``."""

    device: str
    service: str | None
    count: int | None


def parser() -> ArgumentParser:
    """A parser of the options."""
    made = make_parser(VERBS["subscribe"], description=DESCRIPTION, epilog=EXAMPLES)
    made.add_argument(
        "--count",
        type=whole_number(0, MAX_COUNT),
        metavar="N",
        help="Stop after N events; those with the present values, at the start, do not count. [default: never]",
    )
    return add_asking_options(
        made,
        timeout="Stop after so long. [default: never]",
        json="Write one JSON object for each event.",
    )


def parse(words: Sequence[str]) -> SubscribeArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = SubscribeArguments()
    others = read_words(parser(), words, asked)
    if not 1 <= len(others) <= 2:
        raise UsageError(
            f"subscribe: name one device, and one of its services if you like, not {len(others)} words; quote a name "
            "that has spaces"
        )
    asked.device, asked.service = others[0], others[1] if len(others) == 2 else None
    return asked


def runner() -> Callable[[SubscribeArguments, Outputs], int]:
    """Import the control point."""
    from upnp_trio.cli.following import subscribe

    return subscribe
