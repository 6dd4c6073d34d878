"""A program on a terminal of its own: a test reads its screen, presses keys, and waits for it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from codecs import getincrementaldecoder
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from tests.cli.screens import Screen
from tests.cli.terminals import Terminal, become_leader, open_terminal
from tests.network.processes import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Session", "open_session"]

READ_BYTES = 65536


@attrs.define(eq=False)
class Session:
    """A terminal with an emulated screen, and the program that leads the session on it."""

    terminal: Terminal
    process: subprocess.Popen[bytes]
    screen: Screen
    #: the terminal's mode before the program started
    mode: list[Any]
    _decoder: object = attrs.field(factory=lambda: getincrementaldecoder("utf-8")("strict"))

    def press(self, keys: str) -> None:
        """Press *keys*."""
        os.write(self.terminal.controller, keys.encode())

    def look(self, seconds: float = 0.0) -> Screen:
        """The screen after it has shown what came within *seconds*."""
        deadline = time.monotonic() + seconds
        while select.select([self.terminal.controller], [], [], max(deadline - time.monotonic(), 0.0))[0]:
            try:
                data = os.read(self.terminal.controller, READ_BYTES)
            except OSError:  # the program has closed it
                break
            self.screen.feed(self._decoder.decode(data))  # type: ignore[attr-defined]
        return self.screen

    def wait_until(self, enough: Callable[[Screen], bool], what: str, seconds: float = PATIENCE_SECONDS) -> Screen:
        """The screen as soon as it is *enough*; AssertionError if *what* is late."""
        deadline = time.monotonic() + seconds
        while not enough(self.look(0.05)):
            assert time.monotonic() < deadline, f"{what} is not on the screen:\n{self.screen.text}"
        return self.screen

    def wait_for(self, text: str) -> Screen:
        """The screen as soon as it shows *text*."""
        return self.wait_until(lambda screen: text in screen.text, repr(text))

    def wait_without(self, text: str) -> Screen:
        """The screen as soon as it does not show *text*."""
        return self.wait_until(lambda screen: text not in screen.text, f"no {text!r}")

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as a window does."""
        import termios

        self.screen.resize(columns, rows)
        termios.tcsetwinsize(self.terminal.device, (rows, columns))

    def wait(self) -> int:
        """Its exit status, after all that it shows."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None:
            self.look(0.05)
            assert time.monotonic() < deadline, f"it still runs, and shows:\n{self.screen.text}"
        self.look()
        return self.process.returncode

    def wait_until_stopped(self) -> None:
        """Wait until the program has stopped itself, as Ctrl-Z asks for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while os.waitpid(self.process.pid, os.WNOHANG | os.WUNTRACED)[0] == 0:
            self.look(0.05)
            assert time.monotonic() < deadline, f"it still runs, and shows:\n{self.screen.text}"
        self.look()

    @property
    def is_given_back(self) -> bool:
        """Whether the terminal is as it was: the screen, the cursor, the wrapping, and the mode."""
        import termios

        screen = self.screen
        is_plain = not screen.is_alternate and screen.is_cursor_visible and screen.wraps and not screen.style
        return is_plain and termios.tcgetattr(self.terminal.device) == self.mode


@contextmanager
def open_session(
    command: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    env: Mapping[str, str],
    size: tuple[int, int] = (120, 30),
    on_hangup: signal.Handlers = signal.SIG_DFL,
) -> Iterator[Session]:
    """*command* on a terminal; it is killed at the end if it still runs."""
    assert sys.platform != "win32"
    import termios

    def prepare() -> None:
        become_leader()
        signal.signal(signal.SIGHUP, on_hangup)

    with open_terminal() as terminal:
        termios.tcsetwinsize(terminal.device, (size[1], size[0]))
        mode = termios.tcgetattr(terminal.device)
        with subprocess.Popen(
            command,
            cwd=cwd,
            env={**env, "TERM": "xterm-256color"},
            stdin=terminal.device,
            stdout=terminal.device,
            stderr=terminal.device,
            start_new_session=True,
            preexec_fn=prepare,
        ) as process:
            try:
                yield Session(terminal, process, Screen(*size), mode)
            finally:
                if process.poll() is None:
                    process.kill()
