"""The columns of the list of devices: what each shows, how it sorts, and how wide it is."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.printable import printable
from upnp_trio.cli.watching.devices import WatchedDevice, short_type
from upnp_trio.cli.watching.frames import Style
from upnp_trio.cli.watching.lines import short_time
from upnp_trio.cli.watching.model import WatchModel

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COLUMNS", "GAP", "Column", "Place", "columns_for", "listing", "time_left"]

GAP = 2
# A device that has not renewed its announcement by then is probably gone.
SOON_SECONDS = 30


def time_left(seconds: float) -> str:
    """How long something is valid, such as ``29:41`` or ``2 h 05``."""
    left = max(round(seconds), 0)
    if left < 3600:
        return f"{left // 60}:{left % 60:02}"
    hours, minutes = divmod(left // 60, 60)
    return f"{hours} h {minutes:02}" if hours < 100 else f"{hours // 24} d"


# --- what is shown -------------------------------------------------------------------------------------------------


def _name(row: WatchedDevice, model: WatchModel, now: float) -> tuple[str, Style]:
    return (printable(row.name), "bold") if row.name else (printable(row.device.udn), "")


def _type(row: WatchedDevice, model: WatchModel, now: float) -> tuple[str, Style]:
    return printable(short_type(row.device_type)), ""


def _make(row: WatchedDevice, model: WatchModel, now: float) -> tuple[str, Style]:
    return printable(row.make), ""


def _address(row: WatchedDevice, model: WatchModel, now: float) -> tuple[str, Style]:
    return row.address, ""


def _expires(row: WatchedDevice, model: WatchModel, now: float) -> tuple[str, Style]:
    if row.gone_at is not None:
        return f"{row.gone_reason}", "dim"
    left = row.expires_at - now
    return time_left(left), "late" if left < SOON_SECONDS else ""


def _boot(row: WatchedDevice, model: WatchModel, now: float) -> tuple[str, Style]:
    ids = (row.device.boot_id, row.device.config_id)
    return "/".join("-" if number is None else str(number) for number in ids), ""


def _location(row: WatchedDevice, model: WatchModel, now: float) -> tuple[str, Style]:
    states = [model.locations.state(place.url) for place in row.device.locations]
    failed = [state for state in states if state.state == "failed"]
    if failed:
        share = f" {len(failed)}/{len(states)}" if len(states) > 1 else ""
        return f"{printable(failed[0].word)}{share}", "bad"
    answered = [state for state in states if state.state == "ok"]
    return (f"ok {short_time(answered[0].seconds)}", "good") if answered else ("", "dim")


def _answer(row: WatchedDevice, model: WatchModel, now: float) -> tuple[str, Style]:
    if row.unanswered:
        return f"none ×{row.unanswered}", "bad"
    if row.latency is None:
        return "", "dim"
    late = " late" if row.is_late else ""
    return f"{short_time(row.latency)}{late}", "late" if late else ""


# --- how it sorts --------------------------------------------------------------------------------------------------


def _by_address(row: WatchedDevice, model: WatchModel) -> object:
    try:
        address = ip_address(row.address)
    except ValueError:
        return (0, 0)
    return (address.version, int(address))


def _by_location(row: WatchedDevice, model: WatchModel) -> object:
    states = [model.locations.state(place.url) for place in row.device.locations]
    return (not any(state.state == "failed" for state in states), -max(state.seconds for state in states))


def _by_answer(row: WatchedDevice, model: WatchModel) -> object:
    return (-row.unanswered, -row.late_answers, -(row.latency or 0.0))


@attrs.frozen
class Column:
    """One column. It has at least *least* cells, then up to *good* where there is room, and then up to *most*."""

    name: str
    title: str
    least: int
    good: int
    most: int
    #: which columns a narrow screen keeps: those of small numbers
    rank: int
    show: Callable[[WatchedDevice, WatchModel, float], tuple[str, Style]]
    #: what is wanted first sorts first: what expires soon, fails or is late
    sort: Callable[[WatchedDevice, WatchModel], object]


COLUMNS = (
    Column("name", "NAME", 12, 24, 40, 0, _name, lambda row, model: (not row.name, row.name.casefold())),
    Column("type", "TYPE", 10, 22, 30, 4, _type, lambda row, model: short_type(row.device_type).casefold()),
    Column("make", "MAKER AND MODEL", 12, 24, 40, 5, _make, lambda row, model: row.make.casefold()),
    Column("address", "ADDRESS", 15, 15, 26, 3, _address, _by_address),
    Column("expires", "EXPIRES", 8, 8, 14, 1, _expires, lambda row, model: row.expires_at),
    Column("boot", "BOOTID/CONFIGID", 15, 19, 21, 7, _boot, lambda row, model: -(row.device.boot_id or 0)),
    Column("location", "LOCATION", 10, 12, 16, 2, _location, _by_location),
    Column("answer", "ANSWERED", 8, 11, 12, 6, _answer, _by_answer),
)


@attrs.frozen
class Place:
    """Where a column is on the screen."""

    column: Column
    start: int
    width: int


def columns_for(width: int) -> tuple[Place, ...]:
    """The columns that a screen has room for, from left to right."""
    kept: list[Column] = []
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        if sum(each.least + GAP for each in [*kept, column]) - GAP > width and kept:
            break
        kept.append(column)
    kept.sort(key=COLUMNS.index)
    widths = {column.name: column.least for column in kept}
    spare = width - sum(widths.values()) - GAP * (len(kept) - 1)
    spare = _grow(widths, {column.name: column.good for column in kept}, spare)
    _grow(widths, {column.name: column.most for column in kept}, spare)
    places, start = [], 0
    for column in kept:
        places.append(Place(column, start, min(widths[column.name], max(width - start, 0))))
        start += widths[column.name] + GAP
    return tuple(places)


def _grow(widths: dict[str, int], bounds: dict[str, int], spare: int) -> int:
    """Widen all columns evenly up to their *bounds*; returns what is left of *spare*."""
    growing = list(widths)
    while spare > 0 and (growing := [name for name in growing if widths[name] < bounds[name]]):
        for name in growing[:spare]:
            widths[name] += 1
        spare -= len(growing[:spare])
    return spare


def listing(
    model: WatchModel, words: Sequence[str], sort: str, *, is_reversed: bool, shows_embedded: bool
) -> list[WatchedDevice]:
    """The devices that a filter lets through, in order."""
    wanted = tuple(words)
    rows = [
        row
        for row in model.devices.values()
        if (shows_embedded or not model.table.is_part(row)) and (not wanted or row.matches(wanted))
    ]
    by = next(column.sort for column in COLUMNS if column.name == sort)
    rows.sort(key=lambda row: (by(row, model), row.device.udn), reverse=is_reversed)
    return rows
