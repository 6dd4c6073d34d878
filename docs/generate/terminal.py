"""The picture of the command at work: ``python -m docs.generate.terminal`` runs it and writes ``docs/terminal.svg``.

The command runs in a network namespace, and a control point in a second one searches for the device and reads its
description. Nothing reaches a real network. Needs Linux, root, iproute2 and the repository as the current folder.
"""

from __future__ import annotations

import re
import signal
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.network.fetching import fetch
from tests.network.namespaces import LINK, Namespace, open_network
from tests.network.processes import Program
from tests.network.served import command, environment
from tests.network.ssdp import m_search, open_listener, open_searcher

__all__ = ["PICTURE", "draw", "record", "svg_of", "text_of", "without_ipv6"]

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "terminal.svg"
EXAMPLE = "examples/jambon3000.toml"
DEVICE_ADDRESS, CONTROL_POINT_ADDRESS = "192.0.2.7", "192.0.2.9"  # RFC 5737: addresses for documents
ROWS = 4  # of the example
COLUMNS = 96

THEME = TerminalTheme(
    (27, 31, 42),
    (214, 219, 230),
    # black, red, green, yellow, blue, magenta, cyan, white
    [
        *((92, 99, 112), (224, 108, 117), (152, 195, 121), (229, 192, 123)),
        *((97, 175, 239), (198, 120, 221), (86, 182, 194), (214, 219, 230)),
    ],
)
# rich's own template loads a font from the net; a reader's own monospaced one will do
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {terminal_width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>TITLE</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect fill="#1b1f2a" width="{terminal_width}" height="{height}" rx="10"/>
<g transform="translate(14, 12)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def record() -> str:
    """What the command writes while a control point finds the device and reads it, until SIGINT."""
    with open_network() as network:
        device, control_point = network.add_host("device"), network.add_host("control-point")
        for host in (device, control_point):
            without_ipv6(host)
        ends = [(device, DEVICE_ADDRESS), (control_point, CONTROL_POINT_ADDRESS)]
        network.join(*((host, LINK, f"{address}/24") for host, address in ends))
        with (
            open_listener(control_point) as announced,
            Program(device.command(*command(EXAMPLE)), cwd=ROOT, env=environment()) as program,
        ):
            location = program.wait_for(r"http://\S+").group()
            announced.receive(3 * ROWS)  # the set is announced three times at the start
            _find(control_point, program)
            fetch(control_point, location)
            program.wait_for("GET /")
            assert program.stop(signal.SIGINT) == 0, program.errors
            return program.output


def _find(control_point: Namespace, program: Program) -> None:
    with open_searcher(control_point) as searcher:
        searcher.send(m_search("ssdp:all", mx=1))
        searcher.receive(ROWS)
    program.wait_for("searched")


def draw(output: str) -> str:
    """*output* as a picture of a terminal."""
    console = Console(width=COLUMNS, record=True, file=StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "green"), (f"python -m upnp_trio {EXAMPLE}", "bold")))
    for line in output.splitlines():
        text = Text(line)
        text.highlight_regex(r"^\d\d:\d\d:\d\d", "dim")
        text.highlight_regex(r"http://\S+", "cyan")
        text.highlight_regex(r"^Jambon 3000$", "bold")
        console.print(text, soft_wrap=True, crop=False)
    return svg_of(console, "The command python -m upnp_trio in a terminal", "terminal")


def svg_of(console: Console, title: str, name: str) -> str:
    """What was printed on *console*; *name* tells the styles of one picture on a page from those of another."""
    code = SVG.replace("TITLE", title)
    return console.export_svg(title="", theme=THEME, code_format=code, unique_id=name, font_aspect_ratio=0.6)


def without_ipv6(host: Namespace) -> None:
    """One address makes a picture that can be read; a kernel without IPv6 has none of these files."""

    def disable() -> None:
        for path in Path("/proc/sys/net/ipv6/conf").glob("*/disable_ipv6"):
            path.write_text("1", encoding="ascii")

    host.inside(disable)


def text_of(picture: str) -> list[str]:
    """The lines that *picture* shows, without what differs from run to run: times, and how often it was announced."""
    lines: dict[str, str] = {}
    for row, text in re.findall(r"<text [^>]*y=\"([\d.]+)\"[^>]*>(.*?)</text>", picture):
        lines[row] = lines.get(row, "") + text.replace("&#160;", " ")
    return [re.sub(r"\d\d:\d\d:\d\d", "hh:mm:ss", line).rstrip() for line in lines.values()]


if __name__ == "__main__":
    PICTURE.write_text(draw(record()), encoding="utf-8")
    print(f"written: {PICTURE}")
