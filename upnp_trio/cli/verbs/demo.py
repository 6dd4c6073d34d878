"""``upnp-trio demo``: serve a device of ours to try things with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import UsageError, make_parser, read_words
from upnp_trio.cli.serve_options import ServeArguments, add_serve_options, check_single, serve_runner
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from upnp_trio.cli.references import Reference

__all__ = ["DEMOS", "parse", "parser", "runner"]

#: the modules of the devices, by their names
DEMOS = {
    "light": "upnp_trio.demo.light",
    "jambon": "upnp_trio.demo.jambon",
}
DESCRIPTION = """\
Serve a device to try things with, until Ctrl-C:

  light    a dimmable light: DimmableLight:1 with SwitchPower:1 and Dimming:1
  jambon   the Jambon 3000, a ham slicer with a service of its own
"""
EXAMPLES = """\
examples:
  upnp-trio demo light                          a light everywhere
  upnp-trio demo light jambon -q                both, without a word
  upnp-trio demo light --interface 192.0.2.7    a light on one address
"""


def parser() -> ArgumentParser:
    """A parser with the options of ``serve``."""
    return add_serve_options(make_parser(VERBS["demo"], description=DESCRIPTION, epilog=EXAMPLES))


def parse(words: Sequence[str]) -> ServeArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = ServeArguments()
    names = read_words(parser(), words, asked)
    if not names:
        raise UsageError(f"demo: name the device: {' or '.join(DEMOS)}")
    asked.devices = [_demo(name) for name in names]
    check_single(asked, f"there are {len(names)}")
    return asked


def _demo(name: str) -> Reference:
    if name not in DEMOS:
        raise UsageError(f"demo: there is no {name!r}; the devices are {', '.join(DEMOS)}")
    from upnp_trio.cli.references import Reference

    return Reference(name, DEMOS[name], "device")


runner = serve_runner
