"""The lines and the objects that ``upnp-trio search`` shows: one for each device, or one for each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.latency_text import in_ms, milliseconds
from upnp_trio.cli.printable import fit, printable
from upnp_trio.cli.search_groups import FoundRoot
from upnp_trio.cli.short_types import short_type
from upnp_trio.model.device import RootDevice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upnp_trio.cli.styles import Styles
    from upnp_trio.controlpoint.received import SearchResult

__all__ = ["Columns", "Found", "answer_json", "answer_line", "details", "device_json", "product_of"]

HEAD = ("NAME", "TYPE", "MAKER AND MODEL", "LATENCY", "ADDRESS")
# "1234 ms"
LATENCY_COLUMNS = 7
# An IPv4 address; a longer one stands out at the end of the line, where that does no harm.
ADDRESS_COLUMNS = 15


@attrs.frozen(kw_only=True)
class Found:
    """A root device that has answered, with what else is known of it."""

    root: FoundRoot
    #: the description, if it could be read
    device: RootDevice | None = None
    #: why it could not; empty if it is not known yet
    problem: str = ""
    #: the name that the device had when it was seen before
    recent_name: str = ""

    @property
    def udn(self) -> str:
        """That of the description, or else of the answers."""
        described = self.device and self.device.udn
        return str(described) if described else self.root.udn

    @property
    def address(self) -> str:
        """Where the first answer came from; with a zone where it needs one."""
        first = self.root.first
        return f"{first.sender}%{first.interface}" if first.sender.lower().startswith("fe80") else first.sender


# --- lines -----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Columns:
    """The widths of the first three columns, and whether longer texts are cut."""

    name: int = 24
    device_type: int = 18
    product: int = 24
    #: the columns of a terminal, or 0 elsewhere
    total: int = 0

    @classmethod
    def of_terminal(cls, columns: int) -> Columns:
        """Those that fill a terminal of *columns*."""
        gaps = 2 * (len(HEAD) - 1)
        room = max(columns - gaps - LATENCY_COLUMNS - ADDRESS_COLUMNS, 30)
        name, device_type = room * 2 // 5, min(room // 4, 24)
        return cls(name, device_type, room - name - device_type, columns)

    def head(self) -> str:
        """The names of the columns."""
        name, device_type, product, latency, address = HEAD
        return self._line((name, device_type, product, f"{latency:>{LATENCY_COLUMNS}}", address))

    def line(self, found: Found, styles: Styles) -> str:
        """The line of a device."""
        device = found.device
        name = printable(device.friendly_name if device else found.recent_name or found.udn)
        cells = (
            name,
            _type_of(found),
            printable(product_of(device)) if device else "",
            f"{milliseconds(found.root.latency) + ' ms':>{LATENCY_COLUMNS}}",
            printable(found.address),
        )
        line = self._line(cells)
        shown_name = self._fit(name, self.name)
        line = styles.bold(shown_name) + line.removeprefix(shown_name) if device else line
        if not found.problem:
            return line
        return f"{line}  {styles.red(printable(found.problem, 400))}"

    def _line(self, cells: Sequence[str]) -> str:
        name, device_type, product, latency, address = cells
        widths = ((name, self.name), (device_type, self.device_type), (product, self.product))
        return "  ".join([*(self._fit(text, width) for text, width in widths), latency, address])

    def _fit(self, text: str, width: int) -> str:
        return fit(text, width, cut=bool(self.total))


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
    line = (
        f"{milliseconds(result.latency) + ' ms':>{LATENCY_COLUMNS}}  {fit(result.sender, ADDRESS_COLUMNS, cut=False)}  "
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
        "model": device and device.model_name,
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
