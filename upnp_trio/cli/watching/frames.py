"""What a screen shows, as values: lines of cells, each at its column."""

from __future__ import annotations

from typing import Literal

import attrs

from upnp_trio.cli.printable import cells, fit

__all__ = ["Cell", "Frame", "Line", "Size", "Style", "clipped", "filled", "rule", "within"]

Style = Literal["", "bold", "dim", "title", "head", "selected", "good", "late", "bad", "key", "notice"]


@attrs.frozen
class Size:
    """Of a terminal."""

    columns: int
    rows: int


@attrs.frozen
class Cell:
    """A text that begins at *column*, from 0.

    Each cell is put where it belongs, and not after the one before it. So a character which a terminal shows wider or
    narrower than it is counted here cannot move what stands beside it.
    """

    column: int
    text: str
    style: Style = ""


Line = tuple[Cell, ...]


@attrs.frozen
class Frame:
    """A whole screen."""

    lines: tuple[Line, ...]
    #: row and column of the cursor, while something is typed
    cursor: tuple[int, int] | None = None


def clipped(text: str, width: int) -> str:
    """*text* cut to *width* columns."""
    return text if cells(text) <= width else fit(text, width)


def within(line: Line, width: int) -> Line:
    """*line* without what is beyond *width* columns."""
    return tuple(_within(cell, width) for cell in line if cell.column < width)


def _within(cell: Cell, width: int) -> Cell:
    room = width - cell.column
    return cell if cells(cell.text) <= room else attrs.evolve(cell, text=clipped(cell.text, room))


def filled(line: Line, width: int, style: Style) -> Line:
    """*line* all in one style, to the end of the screen."""
    return (Cell(0, " " * width, style), *(attrs.evolve(cell, style=style) for cell in line))


def rule(title: str, column: int, width: int) -> Cell:
    """A horizontal rule with a title in it."""
    start = clipped(f"── {title} ", width)
    return Cell(column, start + "─" * (width - cells(start)), "dim")
