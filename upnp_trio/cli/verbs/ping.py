"""``upnp-trio ping``: measure how long devices take to answer."""

from __future__ import annotations

import math
import re
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from upnp_trio.cli.asking_options import AskingArguments, add_asking_options
from upnp_trio.cli.parsing import UsageError, make_parser, read_words, whole_number
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs
    from upnp_trio.cli.ping_series import Method

__all__ = ["PingArguments", "parse", "parser", "runner"]

DESCRIPTION = """\
Search for a device again and again, and measure how long its answers take.
Each search, a probe, has a socket of its own, so that a late answer counts for
its own probe. It is sent to the device's address, or with --multicast to the
group; devices delay their answers to those by a random time within MX. --http
fetches the description instead. Several ways and devices go side by side.
"""
EXAMPLES = """\
examples:
  upnp-trio ping 192.0.2.7                      until Ctrl-C
  upnp-trio ping "Living room" --count 100 --rate 20
  upnp-trio ping uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363 --multicast
  upnp-trio ping 192.0.2.7 192.0.2.9 --unicast --http

exit status: 0 if a device answered, 3 if none did
"""
# The figures of so many probes take 8 MB; at one a second they last for eleven days.
MAX_COUNT = 1_000_000
MAX_RATE = 1000.0
# Each waiting probe has a socket on each address of this host, and a process has 1,024 descriptors as a rule.
MAX_WAITING = 256
# UDA 2.0 §1.3.3 wants the answer to a unicast search within a second. A multicast one gets a second after MX.
UNICAST_SECONDS = 1.0
AFTER_MX_SECONDS = 1.0
HTTP_SECONDS = 5.0


class PingArguments(AskingArguments):
    """The words of ``upnp-trio ping``."""

    devices: list[str]
    methods: list[Method]
    count: int
    rate: float
    mx: int
    histogram: bool
    quiet: bool

    def seconds(self, method: Method) -> float:
        """How long a probe waits for its answer."""
        if self.timeout is not None:
            return self.timeout
        return {"unicast": UNICAST_SECONDS, "multicast": self.mx + AFTER_MX_SECONDS, "http": HTTP_SECONDS}[method]


def parser() -> ArgumentParser:
    """A parser of the options."""
    made = make_parser(VERBS["ping"], description=DESCRIPTION, epilog=EXAMPLES)
    add = made.add_argument
    for method, text in (
        ("unicast", "Search at the device's own address. [default, without one of the next two]"),
        ("multicast", "Search by multicast."),
        ("http", "Fetch the description."),
    ):
        add(f"--{method}", dest="methods", action="append_const", const=method, help=text)
    add(
        "-c",
        "--count",
        type=whole_number(1, MAX_COUNT),
        default=MAX_COUNT,
        metavar="N",
        help=f"End after so many probes of each device, 1 to {MAX_COUNT}. [default: until Ctrl-C]",
    )
    add(
        "--rate",
        type=_rate,
        default=1.0,
        metavar="N",
        help="Probes a second, 0.01 to 1000. Devices drop searches that come too fast. [default: 1]",
    )
    add(
        "--mx",
        type=whole_number(1, 5),
        default=1,
        metavar="SECONDS",
        help="How long devices may delay an answer to --multicast, 1 to 5. [default: %(default)s]",
    )
    add("--histogram", action="store_true", help="Show a histogram at the end. [default: on a terminal]")
    add("-q", "--quiet", action="store_true", help="Show the summary alone.")
    return add_asking_options(
        made,
        timeout="A probe without an answer is lost then. [default: 1; a second after MX; 5 with --http]",
        json="Write one JSON object for each probe, and at the end one for each summary.",
    )


def parse(words: Sequence[str]) -> PingArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = PingArguments()
    devices = read_words(parser(), words, asked)
    if not devices:
        raise UsageError("ping: name a device by its name, UDN, address or URL; upnp-trio search shows them")
    asked.methods = list(dict.fromkeys(asked.methods or ["unicast"]))
    asked.devices = devices
    waiting = len(devices) * sum(
        math.ceil(asked.rate * asked.seconds(method)) for method in asked.methods if method != "http"
    )
    if waiting > MAX_WAITING:
        raise UsageError(
            f"--rate {asked.rate:g} would let {waiting} probes wait at once if no device answers, and {MAX_WAITING} "
            "may; lower --rate or --timeout"
        )
    return asked


def runner() -> Callable[[PingArguments, Outputs], int]:
    """Import the control point."""
    from upnp_trio.cli.pinging import ping

    return ping


def _rate(text: str) -> float:
    number = float(text) if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", text, re.ASCII) else math.nan
    if not 0.01 <= number <= MAX_RATE:
        raise ArgumentTypeError(f"{text!r} is not a number from 0.01 to {MAX_RATE:.0f}")
    return number
