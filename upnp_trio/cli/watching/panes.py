"""The panes under the list of devices: answers to our searches, searches of others, and the log."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from upnp_trio.cli.printable import printable
from upnp_trio.cli.watching.frames import Cell, Line, Style, clipped, rule
from upnp_trio.cli.watching.happenings import DeviceChanged, DeviceDescribed
from upnp_trio.cli.watching.lines import KEYWORD_COLUMNS, keyword_of, short_time, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from upnp_trio.cli.watching.frames import Size
    from upnp_trio.cli.watching.happenings import Happening
    from upnp_trio.cli.watching.model import WatchModel

__all__ = ["pane_rows", "panes"]

# The panes need as many rows to be of use, and leave the greater part of the screen to the list.
LEAST_TABLE_ROWS = 3
LEAST_SCREEN_ROWS = 16
SIDE_BY_SIDE_COLUMNS = 100
# Parts of the time from 0 to MX and the second after it.
BAR_COUNT = 24
BARS = " ▁▂▃▄▅▆▇█"
LATE_SECONDS = 1.0
_STYLES: dict[str, Style] = {
    "appeared": "good",
    "answers": "good",
    "gone": "bad",
    "silent": "bad",
    "late": "late",
    "rebooted": "late",
}


def pane_rows(size: Size) -> int:
    """How many rows of the screen they take."""
    return 2 + _table_rows(size) if size.rows >= LEAST_SCREEN_ROWS else 0


def _table_rows(size: Size) -> int:
    return max((size.rows - 4) // 3, LEAST_TABLE_ROWS)


def panes(
    model: WatchModel,
    size: Size,
    time_of_day: Callable[[float], str],
    *,
    is_passive: bool,
    shows_embedded: bool,
) -> list[Line]:
    """The lines, as many as `pane_rows` says."""
    shown = (each for each in reversed(model.log) if shows_embedded or not _is_embedded(each, model))
    lines: list[Line] = [_answers(model, is_passive=is_passive)]
    height = _table_rows(size)
    if size.columns >= SIDE_BY_SIDE_COLUMNS:
        left = size.columns // 2 - 1
        pairs = (
            _searches(model, 0, left, height, time_of_day),
            _log(shown, left + 2, size.columns - left - 2, height, time_of_day),
        )
        lines += [first + second for first, second in zip(*pairs, strict=True)]
    else:
        upper = height // 2
        lines += _searches(model, 0, size.columns, upper, time_of_day)
        lines += _log(shown, 0, size.columns, height - upper - 1, time_of_day)
    return lines


def _answers(model: WatchModel, *, is_passive: bool) -> Line:
    if is_passive:
        return (Cell(0, "Answers: nothing is searched for, as --passive is given", "dim"),)
    latencies, label = model.latencies, f"Answers, MX {model.mx}:"
    half, most = latencies.quantile(0.5), latencies.quantile(0.99)
    if half is None or most is None:
        return (Cell(0, f"{label} none", "dim"),)
    start = len(label) + 1
    counts = latencies.histogram(model.mx + LATE_SECONDS, BAR_COUNT)
    in_time = round(model.mx / (model.mx + LATE_SECONDS) * BAR_COUNT)
    bars = _bars(counts)
    late = f", {latencies.late} late" if latencies.late else ", none late"
    words = f"{latencies.answers} answers, half within {short_time(half)}, 99 % within {short_time(most)}"
    return (
        Cell(0, label, "dim"),
        Cell(start, bars[:in_time], "good"),
        Cell(start + in_time, "│", "dim"),
        Cell(start + in_time + 1, bars[in_time:], "late"),
        Cell(start + BAR_COUNT + 3, words + late + f", the slowest {short_time(latencies.worst)}"),
    )


def _bars(counts: Sequence[int]) -> str:
    """A bar for each of *counts*; a small one for whatever is not 0."""
    most = max(counts)
    return "".join(BARS[0 if not count else max(round(count / most * (len(BARS) - 1)), 1)] for count in counts)


def _searches(
    model: WatchModel, start: int, width: int, height: int, time_of_day: Callable[[float], str]
) -> list[Line]:
    total = f", {model.searches.total} in all" if model.searches.total else ""
    lines: list[Line] = [(rule(f"Searches of others{total}", start, width),)]
    for row in islice(model.searches.latest(), height):
        mx = "-" if row.mx is None else str(row.mx)
        agent = f"  {printable(row.user_agent)}" if row.user_agent else ""
        text = f"{row.address}  {printable(row.search_target)}  MX {mx}  ×{row.count}{agent}"
        lines.append((Cell(start, time_of_day(row.last_at), "dim"), Cell(start + 10, clipped(text, width - 10))))
    return [*lines, *[()] * (height + 1 - len(lines))]


def _log(
    shown: Iterable[Happening], start: int, width: int, height: int, time_of_day: Callable[[float], str]
) -> list[Line]:
    lines: list[Line] = [(rule("Events", start, width),)]
    text_at = 10 + KEYWORD_COLUMNS + 2
    for happening in islice(shown, height):
        keyword = keyword_of(happening)
        lines.append(
            (
                Cell(start, time_of_day(happening.at), "dim"),
                Cell(start + 10, keyword, _STYLES.get(keyword, "")),
                Cell(start + text_at, clipped(text_of(happening), width - text_at)),
            )
        )
    return [*lines, *[()] * (height + 1 - len(lines))]


def _is_embedded(happening: Happening, model: WatchModel) -> bool:
    if not isinstance(happening, DeviceChanged | DeviceDescribed):
        return False
    udn = happening.device.udn if isinstance(happening, DeviceChanged) else happening.udn
    row = model.devices.get(udn.lower())
    return happening.is_embedded if row is None else model.table.is_part(row)  # it may be known better by now
