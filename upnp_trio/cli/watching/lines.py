"""Events as lines of text: what ``watch`` writes where there is no screen, and the log on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from upnp_trio.cli.printable import printable
from upnp_trio.cli.watching.devices import short_type
from upnp_trio.cli.watching.happenings import (
    AnsweredLate,
    DeviceChanged,
    DeviceDescribed,
    LocationAnswered,
    LocationFailed,
    SearchedByOther,
)

if TYPE_CHECKING:
    from upnp_trio.cli.watching.happenings import Happening
    from upnp_trio.cli.watching.model import WatchModel

__all__ = ["KEYWORD_COLUMNS", "end_lines", "keyword_of", "line_of", "short_time", "text_of"]

#: what `keyword_of` takes at the most
KEYWORD_COLUMNS = 9


def line_of(happening: Happening, time: str) -> str:
    """The whole line; *time* is when it was."""
    return f"{time}  {keyword_of(happening):<{KEYWORD_COLUMNS}}  {text_of(happening)}"


def keyword_of(happening: Happening) -> str:
    """What happened, in a word."""
    match happening:
        case DeviceChanged():
            return happening.kind
        case DeviceDescribed():
            return "described"
        case LocationFailed():
            return "silent"
        case LocationAnswered():
            return "answers"
        case AnsweredLate():
            return "late"
        case SearchedByOther():
            return "search"
        case _:
            assert_never(happening)


def text_of(happening: Happening) -> str:
    """The rest of the line, in printable characters."""
    match happening:
        case DeviceChanged(kind="appeared"):
            return _appeared(happening)
        case DeviceChanged():
            return _who(happening) + (f": {happening.reason}" if happening.reason else "")
        case DeviceDescribed():
            described = happening.described
            named = f"{printable(described.name) or 'no name'}: {printable(described.make)}"
            return f"{named}, after {short_time(happening.seconds)}  {printable(happening.udn)}"
        case LocationFailed():
            return f"{_who(happening)}: {printable(happening.state)}: {printable(happening.why, 200)}"
        case LocationAnswered():
            return f"{_who(happening)}: {printable(happening.url)} again, after {short_time(happening.seconds)}"
        case AnsweredLate():
            late = f"{happening.late_by:.2f} s after MX {happening.mx}"
            return f"{_who(happening)} answered on {happening.interface} {late}"
        case SearchedByOther():
            agent = f"  ({printable(happening.user_agent)})" if happening.user_agent else ""
            mx = "no MX" if happening.mx is None else f"MX {happening.mx}"
            target = printable(happening.search_target)
            return f"{happening.address} on {happening.interface} searched {target}, {mx}{agent}"
        case _:
            assert_never(happening)


def end_lines(model: WatchModel, *, missed: int, lines_dropped: int) -> str:
    """What was seen in all."""
    table, totals = model.table, model.totals
    counts = [
        f"{table.present} device{'s' if table.present != 1 else ''}",
        f"{table.appeared} came",
        f"{table.gone} went",
        f"{totals.datagrams} datagrams",
        f"{totals.searches} searches of others",
        f"{totals.answers} answers to ours, {model.latencies.late} of them late",
        f"{model.locations.silent} LOCATIONs silent",
    ]
    if totals.malformed:
        counts.append(f"{totals.malformed} datagrams malformed")
    if table.not_kept:
        counts.append(f"{table.not_kept} devices too many")
    if missed:
        counts.append(f"{missed} datagrams missed")
    if lines_dropped:
        counts.append(f"{lines_dropped} lines dropped")
    return "Stopped: " + ", ".join(counts)


def short_time(seconds: float) -> str:
    """A duration such as ``12 ms`` or ``1.50 s``."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


def _appeared(change: DeviceChanged) -> str:
    device = change.device
    kind = printable(short_type(change.device_type)) or "a device"
    place = device.locations[0]
    left = max(round(device.expires_at - change.at), 0)
    return f"{_who(change)}  {kind} at {place.sender} on {place.interface}, valid for {left} s"


def _who(happening: DeviceChanged | LocationFailed | LocationAnswered | AnsweredLate) -> str:
    udn = happening.device.udn if isinstance(happening, DeviceChanged) else happening.udn
    return printable(happening.name or udn)
