"""``upnp-trio serve``: put devices on the network until a signal ends that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from upnp_trio.cli.parsing import make_parser, read_words
from upnp_trio.cli.serve_options import ServeArguments, add_serve_options, check_single, serve_runner
from upnp_trio.cli.verbs import VERBS

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

    from upnp_trio.cli.references import Reference

__all__ = ["parse", "parser", "runner"]

DESCRIPTION = """\
Put UPnP devices on the network until Ctrl-C: the devices that the files
describe, or a default device if there are no files. lamp.py:device is the
object called device of the Python file lamp.py, and package.module:device one
of a module: a RootDevice, a list of them, or a function without arguments
that returns one of these.
"""
EXAMPLES = """\
examples:
  upnp-trio                                     a default device everywhere
  upnp-trio --friendly-name "Living room"       the same under another name
  upnp-trio examples/jambon3000.toml            a device from a file
  upnp-trio a.toml b.xml --interface eth0       two devices on one interface
  upnp-trio examples/light.py:device            a device written in Python
  upnp-trio demo light                          a light to try things with
  upnp-trio --interface 192.0.2.7 --port 49200  on one address and port
  upnp-trio interfaces                          what would be served, and why
"""


def parser() -> ArgumentParser:
    """The parser of the options; they may also stand without the verb."""
    return add_serve_options(make_parser(VERBS["serve"], description=DESCRIPTION, epilog=EXAMPLES))


def parse(words: Sequence[str]) -> ServeArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = ServeArguments()
    files = read_words(parser(), words, asked)
    asked.devices = [_device(file) for file in files]
    check_single(asked, f"there are {len(files)} files; set it in the files")
    return asked


def _device(word: str) -> Path | Reference:
    if ":" not in word and not word.lower().endswith(".py"):
        return Path(word)
    from upnp_trio.cli.references import as_reference  # only devices written in Python need it

    return as_reference(word) or Path(word)


runner = serve_runner
