"""Frames as what a terminal understands: only the lines that have changed, each cell at its own place.

rich gives the colours that the terminal has. Its `Live`, `Layout` and `Table` are not used: they write the whole screen
each time, one text after the other, so that one character of doubtful width in a stranger's name would move the rest of
its line. textual would need an event loop of its own, as it is built on asyncio, and a second one in a thread beside
trio's; and it writes to the terminal itself, which can block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style as RichStyle

from upnp_trio.cli.watching.frames import Line, Style

if TYPE_CHECKING:
    from rich.color import ColorSystem

    from upnp_trio.cli.watching.frames import Frame

__all__ = ["ENTER", "LEAVE", "Painter", "palette"]

# xterm's control sequences: the other screen, no cursor, no wrapping at the right margin.
ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
_CLEAR = "\x1b[0m\x1b[2J"
_STYLES: dict[Style, str] = {
    "": "none",
    "bold": "bold",
    "dim": "bright_black",
    "title": "bold cyan",
    "head": "bold underline",
    "selected": "reverse",
    "good": "green",
    "late": "yellow",
    "bad": "red",
    "key": "bold cyan",
    "notice": "bold yellow",
}


def palette(console: Console) -> dict[Style, tuple[str, str]]:
    """For each style what goes before and after a text on this terminal."""
    system: ColorSystem | None = COLOR_SYSTEMS[console.color_system] if console.color_system else None
    made: dict[Style, tuple[str, str]] = {}
    for name, definition in _STYLES.items():
        style = RichStyle.parse(definition)
        if console.no_color:
            style = style.without_color
        before, _, after = style.render("\0", color_system=system).partition("\0")
        made[name] = before, after
    return made


@attrs.define(eq=False, repr=False)
class Painter:
    """Knows what the terminal shows, and gives what is to be written so that it shows a frame."""

    _palette: dict[Style, tuple[str, str]]
    #: of the terminal; a question mark stands for a character that it lacks, as an escape would take more columns
    _encoding: str = "utf-8"
    _shown: list[Line] = attrs.field(factory=list)

    def forget(self) -> None:
        """The terminal may show anything: the next frame is painted whole."""
        self._shown = []

    def paint(self, frame: Frame) -> str:
        """What makes the terminal show *frame*."""
        parts: list[str] = []
        if len(self._shown) != len(frame.lines):
            parts.append(_CLEAR)
            self._shown = [()] * len(frame.lines)
        for number, line in enumerate(frame.lines):
            if line != self._shown[number]:
                parts.append(self._line(number + 1, line))
                self._shown[number] = line
        if parts or frame.cursor is not None:
            parts.append("\x1b[?25l" if frame.cursor is None else self._cursor(*frame.cursor))
        return "".join(parts)

    def _line(self, row: int, line: Line) -> str:
        texts = [f"\x1b[{row};1H\x1b[2K"]
        for cell in line:
            before, after = self._palette[cell.style]
            text = cell.text.encode(self._encoding, "replace").decode(self._encoding)
            texts.append(f"\x1b[{row};{cell.column + 1}H{before}{text}{after}")
        return "".join(texts)

    def _cursor(self, row: int, column: int) -> str:
        return f"\x1b[{row + 1};{column + 1}H\x1b[?25h"
