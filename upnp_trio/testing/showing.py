"""What was recorded, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from upnp_trio.errors import MalformedMessage
from upnp_trio.model.printable import printable
from upnp_trio.ssdp.messages import GROUP, Alive, ByeBye, Search, SearchResponse, Update
from upnp_trio.testing.recording import Recorded, RecordedConnection, RecordedDatagram
from upnp_trio.testing.udp import at

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from upnp_trio.ssdp.messages import Message

__all__ = ["line", "shown"]

# What a peer wrote may be long; this much tells which message it was.
MAX_WORDS = 120


def shown(entries: Sequence[Recorded], *, marked: Collection[int] = (), most: int) -> str:
    """*entries* as lines, those whose ``id`` is *marked* with a sign; of more than *most*, the middle is left out."""
    numbers = list(range(len(entries)))
    if len(entries) > most:
        numbers = [*numbers[: most - most // 3], *numbers[len(entries) - most // 3 :]]
    lines: list[str] = []
    previous = -1
    for number in numbers:
        if number != previous + 1:
            lines.append(f"  ... {number - previous - 1} more ...")
        entry = entries[number]
        lines.append(("> " if id(entry) in marked else "  ") + line(entry))
        previous = number
    if previous != len(entries) - 1:
        lines.append(f"  ... {len(entries) - 1 - previous} more")
    return "\n".join(lines)


def line(entry: Recorded) -> str:
    """One of them, in one line."""
    where = f"{entry.time:12.3f}  {entry.link:8}  "
    if isinstance(entry, RecordedConnection):
        return f"{where}{entry.source} > {at(*entry.destination)}  connection {entry.outcome}"
    to = "everyone" if entry.destination == (GROUP, 1900) else at(*entry.destination)
    return f"{where}{at(*entry.source)} > {to}  {_words(entry)}"


def _words(entry: RecordedDatagram) -> str:
    try:
        return printable(_said(entry.message), MAX_WORDS)
    except MalformedMessage as error:
        start = printable(entry.payload[:40].decode("latin-1"), 40)
        return f"malformed ({error}): {start!r}, {len(entry.payload)} bytes"


def _said(message: Message) -> str:
    match message:
        case Search():
            return f"search for {message.search_target}" + ("" if message.mx is None else f", MX {message.mx}")
        case SearchResponse():
            return f"response {message.usn} at {_authority(message.location)}"
        case Alive():
            return f"alive {message.usn} at {_authority(message.location)}"
        case Update():
            ids = f"BOOTID {message.boot_id} to {message.next_boot_id}"
            return f"update {message.usn} at {_authority(message.location)}, {ids}"
        case ByeBye():
            return f"byebye {message.usn}"
        case _:
            assert_never(message)


def _authority(location: str) -> str:
    """LOCATION up to its path, which seldom matters and is long."""
    start, slashes, rest = location.partition("://")
    return f"{start}{slashes}{rest.partition('/')[0]}"
