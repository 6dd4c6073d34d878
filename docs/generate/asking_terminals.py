"""The pictures of ``search`` and ``ping``: ``python -m docs.generate.asking_terminals`` runs them and writes them.

The verbs run on a terminal in a network namespace, and the demo devices in two others. Nothing reaches a real network.
Needs Linux, root, iproute2 and the repository as the current folder.
"""

from __future__ import annotations

import shlex
from contextlib import ExitStack, contextmanager
from io import StringIO
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import attrs
from rich.console import Console
from rich.text import Text

from docs.generate.terminal import ROOT, svg_of, without_ipv6
from tests.cli.sessions import open_session
from tests.network.following import make_switch
from tests.network.namespaces import LINK, Namespace, open_network
from tests.network.served import command, environment, open_served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.screens import Screen

__all__ = ["PICTURES", "Picture", "open_asker"]

ASKER_ADDRESS = "192.0.2.9"  # RFC 5737: addresses for documents
DEVICES = {"192.0.2.7": "light", "192.0.2.8": "jambon"}
COLUMNS, ROWS = 92, 30


@attrs.frozen
class Picture:
    """A command that ends by itself, and the picture of its terminal."""

    words: tuple[str, ...]

    @property
    def file(self) -> Path:
        """Where it is."""
        return ROOT / "docs" / f"{self.words[0]}.svg"

    def record(self, asker: Namespace) -> Screen:
        """What the command leaves on its terminal."""
        with TemporaryDirectory() as home:  # of a user who has found no device yet
            where = {**environment(), "XDG_STATE_HOME": home}
            words = asker.command(*command(*self.words))
            with open_session(words, cwd=ROOT, env=where, size=(COLUMNS, ROWS)) as session:
                assert session.wait() == 0, session.screen.text
                return session.screen

    def draw(self, screen: Screen) -> str:
        """The command and, below it, *screen*, without the empty rows at its end."""
        # three columns more, for the margins
        console = Console(width=COLUMNS + 3, record=True, file=StringIO(), force_terminal=True)
        words = (f'"{word}"' if word != shlex.quote(word) else word for word in self.words)
        shown = " ".join(("upnp-trio", *words))
        console.print(Text.assemble(("$ ", "green"), (shown, "bold")))
        last = max(number for number, line in enumerate(screen.lines) if line)
        for row in range(last + 1):
            runs = (f"\x1b[{style}m{text}\x1b[0m" if style else text for text, style in screen.styled(row))
            console.print(Text.from_ansi("".join(runs)), soft_wrap=True, crop=False)
        return svg_of(console, f"upnp-trio {self.words[0]} in a terminal", self.words[0])


PICTURES = (Picture(("search",)), Picture(("ping", "Demo light", "--count", "10", "--rate", "5")))


@contextmanager
def open_asker() -> Iterator[Namespace]:
    """A host that asks, on a link with two others, each of which serves a demo device."""
    with open_network() as network, ExitStack() as stack:
        asker = network.add_host("asker")
        hosts = {address: network.add_host(name) for address, name in DEVICES.items()}
        for host in (asker, *hosts.values()):
            without_ipv6(host)
        ends = ((host, LINK, f"{address}/24") for address, host in hosts.items())
        make_switch(network, (asker, LINK, f"{ASKER_ADDRESS}/24"), *ends)
        for address, host in hosts.items():
            stack.enter_context(open_served(host, "demo", DEVICES[address]))
        yield asker


if __name__ == "__main__":
    with open_asker() as asking:
        for each in PICTURES:
            each.file.write_text(each.draw(each.record(asking)), encoding="utf-8")
            print(f"written: {each.file}")
