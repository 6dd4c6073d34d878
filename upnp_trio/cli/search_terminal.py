"""``upnp-trio search`` on a terminal: a device is shown when it answers, and its line moves up once it has a name.

rich is imported here alone, because its import takes some time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
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
# A search that is over before this needs no progress.
PROGRESS_AFTER_SECONDS = 1.0


@attrs.define(eq=False)
class TerminalView:
    """The lines of devices that wait for their names, below those that have them."""

    _console: Console
    _live: Live
    _styles: Styles
    _is_long: bool
    #: what is going on, for the last line
    _progress: Callable[[float], str]
    patience: float | None = None
    _waiting: dict[FoundRoot, Found] = attrs.field(factory=dict)
    _lines: list[str] = attrs.field(factory=list)
    _has_head: bool = False
    _changed: trio.Event = attrs.field(factory=trio.Event)

    def answered(self, found: Found) -> None:
        """Show the device in the lower part."""
        self._waiting[found.root] = found
        self._changed.set()

    def show(self, found: Found) -> None:
        """Move the device to the upper part."""
        self._waiting.pop(found.root, None)
        columns = self._columns()
        if not self._has_head:
            self._lines.append(self._styles.dim(columns.head()))
            self._has_head = True
        self._lines.append(columns.line(found, self._styles))
        if self._is_long:
            self._lines += map(self._styles.dim, details(found))
        self._changed.set()

    def forget(self, found: Found) -> None:
        """Show the device no more."""
        self._waiting.pop(found.root, None)
        self._changed.set()

    async def run(self) -> NoReturn:
        """Draw what changes, until cancelled."""
        start = trio.current_time()
        while True:
            self.draw(trio.current_time() - start)
            await trio.sleep(ROUND_SECONDS)
            with trio.move_on_after(1.0):  # the seconds of the progress
                await self._changed.wait()

    def draw(self, seconds: float | None) -> None:
        """Draw everything; *seconds* have passed, or ``None`` at the end, when the lower part disappears."""
        self._changed = trio.Event()
        if self._lines:
            self._console.print(Text.from_ansi("\n".join(self._lines)), soft_wrap=True)
            self._lines.clear()
        columns = self._columns()
        room = max(self._console.height - 3, 1)
        waiting = [] if seconds is None else list(self._waiting.values())
        lines = [columns.line(found, self._styles) for found in waiting[:room]]
        if len(waiting) > room:
            lines.append(f"… and {len(waiting) - room} more")
        if seconds is not None and seconds >= PROGRESS_AFTER_SECONDS:
            lines.append(self._styles.dim(self._progress(seconds)))
        self._live.update(Text.from_ansi("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)

    def _columns(self) -> Columns:
        return Columns.of_terminal(self._console.width)


@contextmanager
def open_terminal_view(
    outputs: Outputs, styles: Styles, *, is_long: bool, progress: Callable[[float], str]
) -> Iterator[TerminalView]:
    """A view on standard output, which is a terminal; *progress* says what is going on after so many seconds."""
    console = Console(file=cast("IO[str]", outputs.output), highlight=False)
    shared = outputs.share_terminal
    with Live(console=console, auto_refresh=False, transient=True, redirect_stderr=shared) as live:
        if shared:
            logging.getLogger().handlers = [RichHandler(console=console, show_path=False)]
        view = TerminalView(console, live, styles, is_long, progress)
        yield view
        view.draw(None)
