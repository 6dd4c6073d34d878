"""The view on a terminal: events scroll above a line of counters.

rich takes as long to import as half of everything else, so this module is imported on a terminal only.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from rich.console import Console
from rich.live import Live
from rich.logging import RichHandler
from rich.text import Text

from upnp_trio.cli.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.cli.output import Outputs

__all__ = ["open_terminal_view"]


@contextmanager
def open_terminal_view(outputs: Outputs) -> Iterator[View]:
    """A view on standard output, which is a terminal; log lines scroll there as well if standard error is the same."""
    console = Console(file=cast("IO[str]", outputs.output), highlight=False)
    shared = outputs.share_terminal

    def show(line: str) -> None:
        console.print(Text.from_ansi(line), soft_wrap=True)

    def status(line: str) -> None:
        live.update(Text(line, style="reverse"), refresh=True)

    with Live(console=console, auto_refresh=False, transient=True, redirect_stderr=shared) as live:
        if shared:
            logging.getLogger().handlers = [RichHandler(console=console, show_path=False)]
        yield View(show=show, report=show if shared else outputs.errors.write_line, status=status)
