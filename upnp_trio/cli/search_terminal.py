"""``upnp-trio search`` on a terminal: a device is shown when it answers, and its line is filled when it is described.

rich is imported here alone, because its import takes some time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, NoReturn, cast

import attrs
import trio
from rich.console import Console
from rich.live import Live
from rich.logging import RichHandler
from rich.text import Text

from upnp_trio.cli.search_groups import FoundRoot
from upnp_trio.cli.search_lines import Columns, Found, details
from upnp_trio.cli.styles import Styles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.cli.output import Outputs

__all__ = ["TerminalView", "open_terminal_view"]

# The screen is drawn at once after a quiet time, and not more often than this when much happens.
ROUND_SECONDS = 0.05
# What is over before this needs no progress.
PROGRESS_SECONDS = 1.0
# How often the progress changes at the least.
PROGRESS_ROUND_SECONDS = 0.25


@attrs.define(eq=False)
class TerminalView:
    """A table that grows and fills while devices answer and are described; it is written for good at the end."""

    _console: Console
    _live: Live
    _styles: Styles
    _is_long: bool
    #: what is going on, for the last line
    _progress: Callable[[float], str]
    is_patient: bool = True
    _found: dict[FoundRoot, Found] = attrs.field(factory=dict)
    _changed: trio.Event = attrs.field(factory=trio.Event)

    def answered(self, found: Found) -> None:
        """Show the device without a name."""
        self.show(found)

    def show(self, found: Found) -> None:
        """Show the device, in place of what was shown of it before."""
        self._found[found.root] = found
        self._changed.set()

    def forget(self, found: Found) -> None:
        """Show the device no more."""
        self._found.pop(found.root, None)
        self._changed.set()

    async def run(self) -> NoReturn:
        """Draw what changes, until cancelled."""
        start = trio.current_time()
        while True:
            self._changed = trio.Event()
            self._draw(trio.current_time() - start)
            await trio.sleep(ROUND_SECONDS)
            with trio.move_on_after(PROGRESS_ROUND_SECONDS):
                await self._changed.wait()

    def finish(self) -> None:
        """Write all devices, by name."""
        found = sorted(self._found.values(), key=lambda each: (each.device is None, each.name.casefold()))
        if found:
            self._console.print(self._text(self._lines(found, is_long=self._is_long)), soft_wrap=True)

    def _draw(self, seconds: float) -> None:
        lines = self._lines(list(self._found.values()), is_long=False) if self._found else []
        room = max(self._console.height - 3, 2)
        if len(lines) > room:
            lines = [*lines[:room], f"… and {len(lines) - room} more"]
        if seconds >= PROGRESS_SECONDS:
            lines.append(self._styles.dim(self._progress(seconds)))
        self._live.update(self._text(lines), refresh=True)

    def _lines(self, found: Sequence[Found], *, is_long: bool) -> list[str]:
        columns = Columns.for_terminal(found, self._console.width)
        lines = [self._styles.dim(columns.head())]
        for each in found:
            lines.append(columns.line(each, self._styles))
            lines += map(self._styles.dim, details(each) if is_long else ())
        return lines

    def _text(self, lines: Sequence[str]) -> Text:
        return Text.from_ansi("\n".join(lines), no_wrap=True, overflow="ellipsis")


@contextmanager
def open_terminal_view(
    outputs: Outputs, styles: Styles, *, is_long: bool, progress: Callable[[float], str]
) -> Iterator[TerminalView]:
    """A view on standard output, which is a terminal; *progress* says what is going on after so many seconds."""
    console = Console(file=cast("IO[str]", outputs.output), highlight=False)
    shared = outputs.share_terminal
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stderr=shared)
    view = TerminalView(console, live, styles, is_long, progress)
    try:
        with live:
            if shared:
                logging.getLogger().handlers = [RichHandler(console=console, show_path=False)]
            yield view
    finally:  # also after Ctrl-C
        view.finish()
