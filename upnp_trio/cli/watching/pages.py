"""The pages that are text: everything about one device, and the help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.printable import printable
from upnp_trio.cli.watching.columns import time_left
from upnp_trio.cli.watching.frames import Cell, Line, Style
from upnp_trio.cli.watching.lines import short_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.cli.watching.devices import WatchedDevice
    from upnp_trio.cli.watching.model import WatchModel
    from upnp_trio.ssdp.found import FoundLocation

__all__ = ["HELP", "details", "help_lines"]

LABEL_COLUMNS = 14
# As long as the longest line of a datagram; the screen cuts it.
MAX_CHARACTERS = 1024

HELP = (
    ("up, down, j, k", "move the cursor; Page up, Page down, Home and End move it further"),
    ("Enter", "everything about the device under the cursor; Escape leads back"),
    ("/", "filter: all words must be in its name, type, maker, UDN, SERVER or URLs;"),
    ("", "a word after ! must not, as in: mediaserver !minidlna"),
    ("s", "sort by the next column"),
    ("r", "reverse the order"),
    ("e", "show embedded devices, or leave them out"),
    ("p", "pause: the screen stays as it is, and what arrives is kept in mind"),
    ("w", "save the datagrams to a file: .pcapng for Wireshark, .jsonl for programs"),
    ("Ctrl-L", "draw the screen again"),
    ("q, Ctrl-C", "quit"),
)


def help_lines() -> list[Line]:
    """What the keys do, and what the columns mean."""
    columns = (
        ("EXPIRES", "how long the announcement is valid; why a device has gone, for a while"),
        ("LOCATION", "how long the description took, or why it failed; k/n: k of n LOCATIONs fail"),
        ("ANSWERED", "the slowest answer to our latest search, and whether it was later than MX"),
        ("", "none ×3 means that it did not answer the last three"),
    )
    return [
        (Cell(0, "KEYS", "head"),),
        *((Cell(2, keys, "key"), Cell(2 + LABEL_COLUMNS + 2, text)) for keys, text in HELP),
        (),
        (Cell(0, "COLUMNS", "head"),),
        *((Cell(2, title, "key"), Cell(2 + LABEL_COLUMNS + 2, text)) for title, text in columns),
    ]


def details(row: WatchedDevice, model: WatchModel, now: float) -> list[Line]:
    """Everything that is known of one device."""
    device = row.device
    lines: list[Line] = [(Cell(0, printable(row.name or device.udn), "title"),)]
    if row.gone_at is not None:
        lines.append(_fact("gone", f"{row.gone_reason}, {time_left(now - row.gone_at)} ago", "bad"))
    lines += [
        _fact("UDN", device.udn),
        *_facts("type", device.device_types),
        _fact("made by", row.make),
        _fact("SERVER", device.server),
        _fact("BOOTID", _number(device.boot_id)),
        _fact("CONFIGID", _number(device.config_id)),
        _fact("SEARCHPORT", _number(device.search_port)),
        _fact("seen for", time_left(now - row.appeared_at)),
        _fact("valid for", time_left(row.expires_at - now)),
        _fact("answers", _answers(row, model), "bad" if row.unanswered else "late" if row.is_late else ""),
        *_section("LOCATIONS", (line for place in device.locations for line in _location(place, model, now))),
        *_section("ROWS", _plain(device.usns)),
        *_section("RULES THAT IT BREAKS", _plain(_forgiven(row))),
        *_section("DESCRIPTION", _plain(row.described.tree if row.described else ())),
        *_section("LATEST DATAGRAM", _plain(row.headers.decode("latin-1").splitlines())),
    ]
    return lines


def _location(place: FoundLocation, model: WatchModel, now: float) -> Iterator[Line]:
    state = model.locations.state(place.url)
    words: tuple[str, Style] = ("not asked yet", "dim")
    if state.state == "ok":
        words = f"ok {short_time(state.seconds)}, {time_left(now - state.at)} ago", "good"
    elif state.state == "failed":
        words = f"{printable(state.word)}, {state.failures} times in a row", "bad"
    yield (Cell(2, printable(place.url, MAX_CHARACTERS)),)
    yield (Cell(4, f"{place.interface} from {place.sender}, valid for {time_left(place.expires_at - now)}", "dim"),)
    yield (Cell(4, *words),)
    if state.why:
        yield (Cell(4, printable(state.why, MAX_CHARACTERS), "dim"),)


def _answers(row: WatchedDevice, model: WatchModel) -> str:
    if not model.search_number:
        return "nothing was searched"
    if row.unanswered:
        return f"none to the last {row.unanswered} searches" if row.unanswered > 1 else "none to the last search"
    if row.latency is None:
        return ""
    late = f"; {row.late_answers} late" if row.late_answers else ""
    return f"within {short_time(row.latency)}, MX {model.mx}{late}"


def _forgiven(row: WatchedDevice) -> tuple[str, ...]:
    return (*row.device.forgiven, *(row.described.forgiven if row.described else ()))


def _section(title: str, lines: Iterable[Line]) -> list[Line]:
    found = list(lines)
    return [(), (Cell(0, title, "head"),), *found] if found else []


def _plain(texts: Iterable[str]) -> Iterator[Line]:
    return ((Cell(2, printable(text, MAX_CHARACTERS)),) for text in texts)


def _facts(label: str, texts: Iterable[str]) -> list[Line]:
    return [_fact(label if number == 0 else "", text) for number, text in enumerate(texts)]


def _fact(label: str, text: str, style: Style = "") -> Line:
    return (Cell(0, label, "dim"), Cell(LABEL_COLUMNS, printable(text, MAX_CHARACTERS) or "-", style))


def _number(number: int | None) -> str:
    return "" if number is None else str(number)
