"""``upnp-trio announce``: announce web pages that others serve, as long as they answer."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from upnp_trio.cli.parsing import UsageError, make_parser, read_words, udn, whole_number
from upnp_trio.cli.serve_options import ServingArguments, add_serving_options
from upnp_trio.cli.verbs import VERBS
from upnp_trio.errors import DescriptionError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Sequence

    from upnp_trio.cli.output import Outputs
    from upnp_trio.model.names import DeviceType, Udn
    from upnp_trio.model.web_url import WebUrl

__all__ = ["AnnounceArguments", "parse", "parser", "runner"]

T = TypeVar("T")

DESCRIPTION = """\
Announce web pages that others serve, such as a NAS, a container or a printer,
until Ctrl-C: each appears as a UPnP device, in Windows's Network folder and
other lists, with the page's title and icon. Opening it opens the URL. A page
is announced as long as it answers: any status counts but 404, 410 and 5xx.

The page itself is not passed on: people must be able to open the URL. A page
at localhost is announced at this host's addresses, where it must answer, too.
"""
EXAMPLES = """\
examples:
  upnp-trio announce http://nas.local:5000/          a page in the network
  upnp-trio announce http://localhost:8000           one of this host
  upnp-trio announce https://192.0.2.9/ --name Printer --category Printers
  upnp-trio announce pages.toml --interface eth0     several, from a file

not for this command:
  other ways to be found: DNS-SD (avahi-publish), WS-Discovery (wsdd)
  passing UPnP on between networks (udp-broadcast-relay-redux, multicast-relay)
"""


class AnnounceArguments(ServingArguments):
    """The words of ``upnp-trio announce``."""

    urls: list[WebUrl]
    files: list[Path]
    name: str | None
    icon: str | None
    device_type: DeviceType | None
    category: str | None
    check: WebUrl | None
    udn: Udn | None
    every: int | None
    failures: int | None


def parser() -> ArgumentParser:
    """A parser of the options."""
    # these import values of the model alone
    from upnp_trio.cli.announcing.health import DEFAULT_EVERY, DEFAULT_FAILURES, MAX_EVERY, MAX_FAILURES

    made = make_parser(VERBS["announce"], description=DESCRIPTION, epilog=EXAMPLES)
    add = made.add_argument
    add("--name", metavar="NAME", type=_read("tidy_line"), help="The name that people see. [default: the page's title]")
    add(
        "--icon",
        metavar="FILE|URL",
        help="The picture that people see: PNG, JPEG, GIF or ICO. [default: the page's own]",
    )
    add(
        "--type",
        dest="device_type",
        metavar="TYPE",
        type=_read("device_type"),
        help="The UPnP type, such as Printer:1 or a URN. [default: Basic:1]",
    )
    add(
        "--category",
        metavar="CATEGORY",
        type=_read("category"),
        help="The place in Windows's Network folder, such as Storage, Printers, MediaDevices, HomeAutomation or "
        "NetworkInfrastructure.Router. [default: Other]",
    )
    add("--uuid", dest="udn", metavar="UUID", type=udn, help="Its UUID. [default: derived from this host and the URL]")
    add(
        "--check",
        metavar="URL",
        type=_read("web_url"),
        help="Ask for this URL, such as one that tells health, to see whether the page is there. [default: the page]",
    )
    add(
        "--every",
        metavar="SECONDS",
        type=whole_number(1, MAX_EVERY),
        help=f"How often to ask. [default: as in the file, or {DEFAULT_EVERY}]",
    )
    add(
        "--failures",
        metavar="N",
        type=whole_number(1, MAX_FAILURES),
        help="After how many failures in a row the page is taken off, 1 for at once. "
        f"[default: as in the file, or {DEFAULT_FAILURES}]",
    )
    return add_serving_options(made)


def parse(words: Sequence[str]) -> AnnounceArguments:
    """What *words* ask for; raises `UsageError` and `TextWanted`."""
    asked = AnnounceArguments()
    others = read_words(parser(), words, asked)
    if not others:
        raise UsageError("announce: name a page, as in http://localhost:8000, or a file of pages, as in pages.toml")
    asked.files = [Path(word) for word in others if _is_file(word)]
    asked.urls = [_url(word) for word in others if not _is_file(word)]
    if len(asked.urls) != 1 or asked.files:
        for option in ("name", "icon", "type", "category", "uuid", "check"):
            if getattr(asked, {"type": "device_type", "uuid": "udn"}.get(option, option)) is not None:
                raise UsageError(f"--{option} is for a single page; write a file with a table [[page]] for each")
    return asked


def _is_file(word: str) -> bool:
    return "://" not in word and word.lower().endswith(".toml")


def _url(word: str) -> WebUrl:
    from upnp_trio.cli.announcing.page_values import web_url

    try:
        return web_url(word)
    except DescriptionError as error:
        raise UsageError(f"announce: {error}") from error


def _read(name: str) -> Callable[[str], object]:
    """A reader of an option, by the function *name* of `page_values`."""

    def read(text: str) -> object:
        from upnp_trio.cli.announcing import page_values  # help and completion do not need it

        try:
            return getattr(page_values, name)(text)
        except DescriptionError as error:
            raise ArgumentTypeError(str(error)) from error

    return read


def runner() -> Callable[[AnnounceArguments, Outputs], int]:
    """Import what announces."""
    from upnp_trio.cli.announce import announce  # trio

    return announce
