"""Where ``upnp-trio search`` shows devices: JSON objects or lines; `upnp_trio.cli.search_terminal` has the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

import attrs
import trio

from upnp_trio.cli.output import Output
from upnp_trio.cli.search_lines import Columns, details, device_json
from upnp_trio.cli.styles import Styles

if TYPE_CHECKING:
    from upnp_trio.cli.search_lines import Found

__all__ = ["JsonView", "LineView", "SearchView"]


class SearchView(Protocol):
    """What shows the devices. All of its functions return at once."""

    @property
    def is_patient(self) -> bool:
        """Whether a device is to be shown once it is described, however long that takes."""
        ...

    def answered(self, found: Found) -> None:
        """A device has answered, and is being described."""
        ...

    def show(self, found: Found) -> None:
        """Show a device for good."""
        ...

    def forget(self, found: Found) -> None:
        """The device is one that was shown before."""
        ...

    async def run(self) -> None:
        """Draw what changes, until cancelled."""
        ...


@attrs.define(eq=False)
class _WritingView:
    """A view that writes each device once, and cannot change it afterwards."""

    _output: Output

    def answered(self, found: Found) -> None:
        """Do nothing."""

    def forget(self, found: Found) -> None:
        """Do nothing."""

    async def run(self) -> None:
        """Do nothing."""
        await trio.lowlevel.checkpoint()


@attrs.define(eq=False)
class JsonView(_WritingView):
    """One object for each device, once it is described: a script wants it whole."""

    is_patient: bool = True

    def show(self, found: Found) -> None:
        """Write the object."""
        self._output.write_line(json.dumps(device_json(found)))


@attrs.define(eq=False)
class LineView(_WritingView):
    """One line for each device, which cannot be changed once it is written."""

    _is_long: bool = False
    is_patient: bool = False
    _has_head: bool = False

    def show(self, found: Found) -> None:
        """Write the line."""
        columns = Columns()
        if not self._has_head:
            self._output.write_line(columns.head())
            self._has_head = True
        lines = [columns.line(found, Styles(False)), *(details(found) if self._is_long else ())]
        self._output.write_line("\n".join(lines))
