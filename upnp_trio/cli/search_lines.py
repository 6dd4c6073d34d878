"""The lines and the objects that ``upnp-trio search`` shows: one for each device, or one for each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.latency_text import in_ms, milliseconds
from upnp_trio.cli.printable import cells, fit, printable
from upnp_trio.cli.recent_devices import RecentDevice
from upnp_trio.cli.search_groups import FoundRoot
from upnp_trio.cli.short_types import short_type
from upnp_trio.cli.zoned import zoned
from upnp_trio.model.device import RootDevice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.styles import Styles
    from upnp_trio.controlpoint.received import SearchResult

__all__ = ["Columns", "Found", "answer_json", "answer_line", "details", "device_json", "product_of"]

HEAD = ("NAME", "TYPE", "MAKER AND MODEL", "LATENCY", "ADDRESS")
# "0.123 ms"
LATENCY_COLUMNS = 8
# An IPv4 address.
ADDRESS_COLUMNS = 15
# For the first three columns on a very narrow terminal, where lines are wrapped.
LEAST_ROOM = 24


@attrs.frozen(kw_only=True)
class Found:
    """A root device that has answered, with what else is known of it."""

    root: FoundRoot
    #: the description, if it could be read
    device: RootDevice | None = None
    #: why it could not; empty if it is not known yet
    problem: str = ""
    #: what it was when it was seen before
    recent: RecentDevice | None = None

    @property
    def udn(self) -> str:
        """That of the description, or else of the answers."""
        described = self.device and self.device.udn
        return str(described) if described else self.root.udn

    @property
    def name(self) -> str:
        """What there is to call it."""
        if self.device is not None:
            return self.device.friendly_name
        return self.recent.name if self.recent is not None else self.root.udn

    @property
    def address(self) -> str:
        """Where an answer came from, IPv4 if there is one; with a zone where it needs one."""
        places = list(self.root.locations.values())
        interface, sender = next((place for place in places if ":" not in place[1]), places[0])
        return zoned(sender, interface)


# --- lines -----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Columns:
    """The widths of the first three columns, and whether longer texts are cut."""

    name: int = 24
    device_type: int = 18
    product: int = 24
    is_cut: bool = False

    @classmethod
    def for_terminal(cls, found: Sequence[Found], columns: int) -> Columns:
        """Those that *found* needs, or fewer if a line would be longer than *columns*."""
        rows = [HEAD, *map(_cells, found)]
        name, device_type, product, _, address = (max(map(cells, column)) for column in zip(*rows, strict=True))
        gaps = 2 * (len(HEAD) - 1)
        room = max(columns - gaps - LATENCY_COLUMNS - address, LEAST_ROOM)
        # the type is short and tells most; each of the two others has half of the rest, and what the other leaves
        device_type = min(device_type, room // 3)
        rest = room - device_type
        name, product = min(name, max(rest - product, rest // 2)), min(product, max(rest - name, rest - rest // 2))
        return cls(name, device_type, product, is_cut=True)

    def head(self) -> str:
        """The names of the columns."""
        return self._line(HEAD)

    def line(self, found: Found, styles: Styles) -> str:
        """The line of a device."""
        cells_of_line = _cells(found)
        line = self._line(cells_of_line)
        if found.device is not None:
            name = self._fit(cells_of_line[0], self.name)
            line = styles.bold(name) + line.removeprefix(name)
        return f"{line}  {styles.red(printable(found.problem, 400))}" if found.problem else line

    def _line(self, cells_of_line: Sequence[str]) -> str:
        name, device_type, product, latency, address = cells_of_line
        widths = ((name, self.name), (device_type, self.device_type), (product, self.product))
        fitted = (self._fit(text, width) for text, width in widths)
        return "  ".join([*fitted, f"{latency:>{LATENCY_COLUMNS}}", address])

    def _fit(self, text: str, width: int) -> str:
        return fit(text, width, cut=self.is_cut)


def _cells(found: Found) -> tuple[str, ...]:
    """What the line of *found* has in each column."""
    device = found.device
    return (
        printable(found.name),
        _type_of(found),
        printable(product_of(device)) if device else "",
        f"{milliseconds(found.root.latency)} ms",
        printable(found.address),
    )


def details(found: Found) -> list[str]:
    """What ``--long`` adds below the line of a device."""
    places = found.root.locations.items()
    return [
        f"  {printable(found.udn)}",
        *(f"  {printable(url, 1024)}  {printable(interface)}" for url, (interface, _) in places),
    ]


def answer_line(result: SearchResult, styles: Styles) -> str:
    """One answer."""
    late = f"{milliseconds(result.late_by)} ms later than MX allows" if result.late_by else ""
    notes = [printable(note) for note in (late, *result.forgiven) if note]
    sender = fit(printable(result.sender), ADDRESS_COLUMNS, cut=False)
    line = (
        f"{milliseconds(result.latency) + ' ms':>{LATENCY_COLUMNS}}  {sender}  "
        f"{printable(result.usn, 1024)}  {styles.cyan(printable(result.location, 1024))}"
    )
    return f"{line}  {styles.red('; '.join(notes))}" if notes else line


def product_of(device: RootDevice) -> str:
    """Maker and model, the maker once."""
    maker, model = device.manufacturer.strip(), device.model_name.strip()
    number = device.model_number or ""
    model = f"{model} {number}" if number and number not in model else model
    return model if model.casefold().startswith(maker.casefold()) else f"{maker} {model}"


def _type_of(found: Found) -> str:
    if found.device is not None:
        return short_type(str(found.device.device_type))
    if found.recent is not None:
        return short_type(found.recent.device_type)
    target = found.root.first.search_target
    return short_type(target) if ":device:" in target else ""


# --- objects ---------------------------------------------------------------------------------------------------------


def device_json(found: Found) -> dict[str, object]:
    """The object of a device; what its description would say is ``null`` if that could not be read."""
    device, first = found.device, found.root.first
    return {
        "udn": found.udn,
        "name": device and device.friendly_name,
        "type": device and str(device.device_type),
        "manufacturer": device and device.manufacturer,
        "model_name": device and device.model_name,
        "model_number": device and device.model_number,
        "address": found.address,
        "interface": first.interface,
        "location": first.location,
        "locations": list(found.root.locations),
        "latency_ms": in_ms(found.root.latency),
        **_message_json(first),
        "problem": found.problem or None,
    }


def answer_json(result: SearchResult) -> dict[str, object]:
    """The object of an answer."""
    return {
        "usn": result.usn,
        "search_target": result.search_target,
        "location": result.location,
        "address": result.sender,
        "port": result.port,
        "interface": result.interface,
        "send": result.send,
        "latency_ms": in_ms(result.latency),
        "late_ms": in_ms(result.late_by),
        **_message_json(result),
    }


def _message_json(result: SearchResult) -> dict[str, object]:
    return {
        "server": result.server,
        "max_age": result.max_age,
        "boot_id": result.boot_id,
        "config_id": result.config_id,
        "search_port": result.search_port,
        "forgiven": list(result.forgiven),
    }
