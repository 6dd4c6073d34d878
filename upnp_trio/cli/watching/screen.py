"""The whole screen, as a pure function of the model, the controls and the size."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.printable import cells, fit, printable
from upnp_trio.cli.watching.columns import Place, columns_for
from upnp_trio.cli.watching.frames import Cell, Frame, Line, Size, clipped, filled, within
from upnp_trio.cli.watching.pages import details, help_lines
from upnp_trio.cli.watching.panes import pane_rows, panes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.watching.controls import Controls
    from upnp_trio.cli.watching.devices import WatchedDevice
    from upnp_trio.cli.watching.model import WatchModel

__all__ = ["Facts", "draw", "list_height"]

# In the order in which a narrow screen keeps them.
KEYS = (
    ("↑↓", "select"),
    ("Enter", "details"),
    ("/", "filter"),
    ("s", "sort"),
    ("p", "pause"),
    ("w", "save"),
    ("?", "help"),
    ("q", "quit"),
    ("r", "reverse"),
    ("e", "embedded"),
)
KEYS_OF_TEXT = (("↑↓", "scroll"), ("Esc", "back"), ("p", "pause"), ("w", "save"), ("q", "quit"))


@attrs.frozen(kw_only=True)
class Facts:
    """What the screen shows besides the model."""

    #: by trio's clock
    now: float
    #: makes hh:mm:ss of a moment on trio's clock
    time_of_day: Callable[[float], str]
    #: the interfaces, such as ``eth0 192.0.2.9``
    where: str
    #: what is being saved, or an empty string
    saving: str = ""
    #: whether nothing is sent and nothing fetched
    is_passive: bool = False
    #: datagrams that this program was too slow for
    missed: int = 0


def list_height(size: Size) -> int:
    """How many rows of the list are visible; of a text, how many lines less one."""
    # title, heads of the columns, and the keys
    return max(size.rows - 3 - pane_rows(size), 1)


def draw(model: WatchModel, rows: Sequence[WatchedDevice], controls: Controls, size: Size, facts: Facts) -> Frame:
    """The screen. *rows* are the devices of the list, and *controls* are arranged for them."""
    lines: list[Line] = [_title(model, controls, size, facts)]
    if controls.page == "list":
        lines += _list(model, rows, controls, size, facts)
        if pane_rows(size):
            lines += panes(
                model,
                size,
                facts.time_of_day,
                is_passive=facts.is_passive,
                shows_embedded=controls.shows_embedded,
            )
    else:
        lines += _text(model, controls, size, facts)
    above = size.rows - 1
    bottom, column = _bottom(rows, controls, size)
    lines = [*lines[:above], *[()] * (above - len(lines)), bottom]
    visible = tuple(within(line, size.columns) for line in lines)
    return Frame(visible, None if column is None else (above, min(column, size.columns - 1)))


def _title(model: WatchModel, controls: Controls, size: Size, facts: Facts) -> Line:
    there = [row for row in model.devices.values() if row.gone_at is None]
    embedded = sum(map(model.table.is_part, there))
    gone = len(model.devices) - len(there)
    devices = f"{len(there) - embedded} device{'s' if len(there) - embedded != 1 else ''}"
    devices += (f" + {embedded} embedded" if embedded else "") + (f", {gone} gone" if gone else "")
    parts = [devices, f"{model.totals.datagrams} datagrams"]
    if model.totals.malformed:
        parts.append(f"{model.totals.malformed} malformed")
    if facts.missed:
        parts.append(f"{facts.missed} missed")
    if facts.is_passive:
        parts.append("passive")
    if facts.saving:
        parts.append(f"saving {printable(facts.saving)}")
    if controls.is_paused:
        parts.append("PAUSED")
    end = "  ".join([*parts, facts.time_of_day(facts.now)]) + " "
    room = size.columns - cells(end)
    start = fit(f" upnp-trio watch  {facts.where}", room)
    return (Cell(0, fit(start + end, size.columns), "selected"),)


# --- the list ------------------------------------------------------------------------------------------------------


def _list(model: WatchModel, rows: Sequence[WatchedDevice], controls: Controls, size: Size, facts: Facts) -> list[Line]:
    places = columns_for(size.columns)
    height = list_height(size)
    lines: list[Line] = [_head(places, controls)]
    for number, row in enumerate(rows[controls.top : controls.top + height], start=controls.top):
        line = _row(model, row, places, facts.now)
        lines.append(filled(line, size.columns, "selected") if number == controls.index else line)
    if not rows:
        lines.append((Cell(0, _why_empty(model, controls), "dim"),))
    return [*lines, *[()] * (height + 1 - len(lines))]


def _head(places: Sequence[Place], controls: Controls) -> Line:
    def title(place: Place) -> str:
        mark = "" if place.column.name != controls.sort else "▼" if controls.is_reversed else "▲"
        return clipped(place.column.title, place.width - len(mark)) + mark

    return tuple(Cell(place.start, title(place), "head") for place in places)


def _row(model: WatchModel, row: WatchedDevice, places: Sequence[Place], now: float) -> Line:
    line = []
    for place in places:
        text, style = place.column.show(row, model, now)
        line.append(Cell(place.start, clipped(text, place.width), "dim" if row.gone_at is not None else style))
    return tuple(line)


def _why_empty(model: WatchModel, controls: Controls) -> str:
    if model.devices and controls.filter:
        return f"None of {len(model.devices)} devices matches {printable(controls.filter)!r}; Escape shows all."
    return "No device yet."


# --- texts, and the bottom line ------------------------------------------------------------------------------------


def _text(model: WatchModel, controls: Controls, size: Size, facts: Facts) -> list[Line]:
    if controls.page == "help":
        lines = help_lines()
    else:
        row = model.devices.get(controls.selected or "")
        lines = [(Cell(0, "This device is gone.", "dim"),)] if row is None else details(row, model, facts.now)
    height = size.rows - 2
    start = min(controls.scroll, max(len(lines) - height, 0))
    return lines[start : start + height]


def _bottom(rows: Sequence[WatchedDevice], controls: Controls, size: Size) -> tuple[Line, int | None]:
    """The last line, and where the cursor is in it."""
    if controls.prompt is not None:
        label = "filter: " if controls.prompt.purpose == "filter" else "save to: "
        room = max(size.columns - len(label) - 1, 1)
        text = printable(controls.prompt.text[-room:], room)
        return (Cell(0, label, "key"), Cell(len(label), text)), len(label) + cells(text)
    if controls.notice:
        return (Cell(0, printable(controls.notice, size.columns), "notice"),), None
    line: list[Cell] = []
    column = 0
    if controls.filter and controls.page == "list":
        text = f"{len(rows)} with {printable(controls.filter, 30)!r}"
        line.append(Cell(0, text, "notice"))
        column = cells(text) + 2
    for key, meaning in KEYS if controls.page == "list" else KEYS_OF_TEXT:
        width = len(key) + 1 + len(meaning)
        if column + width > size.columns:
            break
        line += [Cell(column, key, "key"), Cell(column + len(key) + 1, meaning, "dim")]
        column += width + 2
    return tuple(line), None
