"""The terminal as a source of keys: each as it is pressed, without an echo."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.watching.frames import Size
from upnp_trio.cli.watching.keys import KeyReader

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Keyboard"]

READ_BYTES = 1024
# For a terminal that does not tell its size.
USUAL_SIZE = Size(80, 24)
# Nobody has a larger one, and a wrong number must not make us busy.
MAX_SIZE = Size(1000, 500)
# A terminal sends the rest of a sequence along with its start, unless the line to it is very slow.
ESCAPE_SECONDS = 0.1
# After a read that gave nothing, such as that of a program which has been put into the background.
RETRY_SECONDS = 0.25

assert sys.platform != "win32"  # it has neither termios nor terminals that can be read like this

import termios  # noqa: E402


@attrs.define(eq=False, repr=False)
class Keyboard:
    """The terminal behind a descriptor; `open` changes its mode, and `close` gives it back as it was."""

    _descriptor: int
    _saved: list[int | list[bytes | int]] | None = None

    def open(self) -> None:
        """Let keys come at once; Ctrl-C, Ctrl-Z and Ctrl-S keep their meanings. Does nothing in the background."""
        if not self.is_in_foreground:
            return
        with suppress(termios.error):  # the terminal is gone
            mode = termios.tcgetattr(self._descriptor)
            if self._saved is None:
                self._saved = termios.tcgetattr(self._descriptor)
            local_modes, characters = mode[3], mode[6]
            assert isinstance(local_modes, int)
            assert isinstance(characters, list)
            mode[3] = local_modes & ~(termios.ECHO | termios.ICANON)
            # A read never waits, also if another process has taken what was there.
            characters[termios.VMIN] = characters[termios.VTIME] = 0
            # TCSANOW: the others would wait until a terminal that is stopped by Ctrl-S goes on.
            termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)

    def close(self) -> None:
        """Restore the mode; in the background the shell has done that, and the terminal is another program's.

        A terminal that Ctrl-S has stopped goes on, or it could not be given back.
        """
        if self._saved is not None and self.is_in_foreground:
            with suppress(termios.error):
                termios.tcflow(self._descriptor, termios.TCOON)
                termios.tcsetattr(self._descriptor, termios.TCSANOW, self._saved)

    @property
    def size(self) -> Size:
        """How large the terminal is."""
        try:
            columns, rows = os.get_terminal_size(self._descriptor)
        except OSError:  # it is gone
            return USUAL_SIZE
        if not columns or not rows:
            return USUAL_SIZE
        return Size(min(columns, MAX_SIZE.columns), min(rows, MAX_SIZE.rows))

    @property
    def is_in_foreground(self) -> bool:
        """Whether this process may use its terminal; otherwise the system stops it if it tries."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # it is no controlling terminal, or it is gone
            return True

    async def run(self, on_keys: Callable[[list[str]], object]) -> None:
        """Call *on_keys* with the keys that are pressed, until the terminal is gone."""
        reader = KeyReader()
        while True:
            with trio.move_on_after(ESCAPE_SECONDS if reader.is_inside else float("inf")) as waiting:
                await trio.lowlevel.wait_readable(self._descriptor)
            if waiting.cancelled_caught:
                on_keys(reader.flush())
                continue
            if not self.is_in_foreground:
                await trio.sleep(RETRY_SECONDS)
                continue
            try:
                data = os.read(self._descriptor, READ_BYTES)
                if not data:  # another process has read it, or the terminal is gone
                    termios.tcgetattr(self._descriptor)
            except (OSError, termios.error):  # gone; SIGHUP says the same, unless it is ignored
                return
            if not data:
                await trio.sleep(RETRY_SECONDS)
            on_keys(reader.feed(data))
