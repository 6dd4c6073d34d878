"""The picture of ``upnp-trio watch``: ``python -m docs.generate.watch`` runs it and writes ``docs/watch.svg``.

It runs on a pseudoterminal in a network namespace, on a link with devices of ours, somebody who searches, and a device
whose LOCATION does not answer. Nothing reaches a real network. Needs Linux, root, iproute2 and the repository as the
current folder.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from docs.generate.terminal import ROOT, svg_of, without_ipv6
from tests.cli.sessions import open_session
from tests.network.following import make_switch
from tests.network.namespaces import LINK, Namespace, open_network
from tests.network.served import command, environment, open_served
from tests.network.ssdp import m_search, open_searcher

if TYPE_CHECKING:
    from tests.cli.screens import Screen

__all__ = ["NAMES", "PICTURE", "draw", "names_of", "record", "text_of"]

PICTURE = ROOT / "docs" / "watch.svg"
SIZE = (128, 22)
# The width of a column in rich's pictures of this font.
CHARACTER = 12
#: RFC 5737: addresses for documents
ADDRESSES = {
    "asker": "192.0.2.9",
    "phone": "192.0.2.5",
    "hall": "192.0.2.7",
    "cellar": "192.0.2.8",
    "attic": "192.0.2.20",
}
#: what is seen, in its order
NAMES = ("Cellar NAS", "Jambon 3000", "Living room", "Passerelle")
LOST = "uuid:5c1e4d2a-6f0b-4c1e-9a1d-2b7c3e8f9a10"
NAS = """\
device_type = "urn:schemas-upnp-org:device:MediaServer:1"
friendly_name = "Cellar NAS"
manufacturer = "Example Storage"
model_name = "Disk"
model_number = "4"
"""


def record() -> Screen:
    """The screen after the first search, with every device on it."""
    with open_network() as network, ExitStack() as stack:
        hosts = {name: network.add_host(name) for name in ADDRESSES}
        for host in hosts.values():
            without_ipv6(host)
        make_switch(network, *((host, LINK, f"{ADDRESSES[name]}/24") for name, host in hosts.items()))
        for host in hosts.values():
            host.ip("route", "append", "239.0.0.0/8", "dev", LINK)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        (folder / "nas.toml").write_text(NAS, encoding="utf-8")
        for host, *words in (
            (hosts["hall"], "demo", "light", "--friendly-name", "Living room"),
            (hosts["hall"], "examples/jambon3000.toml"),
            (hosts["cellar"], str(folder / "nas.toml")),
            (hosts["attic"], "examples/gateway.toml"),
        ):
            stack.enter_context(open_served(host, *words))
        return _watch(hosts)


def _watch(hosts: dict[str, Namespace]) -> Screen:
    words = hosts["asker"].command(*command("watch", "--mx", "2"))
    with open_session(words, cwd=ROOT, env=environment(), size=SIZE) as session:
        session.wait_for("LOCATION")
        with open_searcher(hosts["phone"]) as searcher:
            for target, mx in (("ssdp:all", 3), ("urn:dial-multiscreen-org:service:dial:1", 1), ("ssdp:all", 3)):
                searcher.send(m_search(target, mx=mx))
            searcher.send(_announcement())
        session.wait_until(lambda screen: len(names_of(screen.lines)) == len(NAMES) + 1, "all names")
        session.wait_for("refused")
        session.look(5)  # until the last answer to the search is due
        screen = session.look(1)
        session.press("q")
        assert session.process.wait() == 0
        return screen


def _announcement() -> bytes:
    """Of a device that does not answer at its LOCATION."""
    lines = [
        "NOTIFY * HTTP/1.1",
        "HOST: 239.255.255.250:1900",
        "CACHE-CONTROL: max-age=1800",
        f"LOCATION: http://{ADDRESSES['phone']}:8080/description.xml",
        "NT: upnp:rootdevice",
        "NTS: ssdp:alive",
        "SERVER: Linux/5.4 UPnP/1.0 tv/2",
        f"USN: {LOST}::upnp:rootdevice",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def draw(screen: Screen) -> str:
    """*screen* as a picture."""
    # three columns more, for the margins
    console = Console(width=screen.columns + 3, record=True, file=StringIO(), force_terminal=True)
    for row in range(screen.rows):
        runs = (f"\x1b[{style}m{text}\x1b[0m" if style else text for text, style in screen.styled(row))
        console.print(Text.from_ansi("".join(runs)), soft_wrap=True, crop=False)
    return svg_of(console, "The screen of upnp-trio watch", "watch")


def text_of(picture: str) -> list[str]:
    """The lines that *picture* shows."""
    rows: dict[float, list[tuple[float, str]]] = {}
    for x, y, text in re.findall(r"<text [^>]*x=\"([\d.]+)\" y=\"([\d.]+)\"[^>]*>(.*?)</text>", picture):
        rows.setdefault(float(y), []).append((float(x), text.replace("&#160;", " ")))
    lines = []
    for _, parts in sorted(rows.items()):
        line = ""
        for x, text in sorted(parts):
            line = line.ljust(round(x / CHARACTER)) + text
        lines.append(line)
    return lines


def names_of(lines: list[str]) -> list[str]:
    """The names, or the starts of UDNs, in the list of devices of a screen with these lines."""
    names = []
    for line in lines[2:]:
        if not line.strip() or line.startswith("Answers"):
            break
        names.append(re.split(r"\s{2,}", line)[0])
    return names


if __name__ == "__main__":
    PICTURE.write_text(draw(record()), encoding="utf-8")
    print(f"written: {PICTURE}")
