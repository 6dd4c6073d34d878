"""Pseudoterminals. Windows lacks the modules that they need, so those are imported only when one is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import attrs

__all__ = ["Terminal", "become_leader", "open_terminal"]


@attrs.frozen(eq=False)
class Terminal:
    """Both ends: a program writes to *device*, and what it shows is read from *controller*."""

    controller: int
    device: int
    _open: ExitStack

    def pause(self) -> None:
        """Do what Ctrl-S does: writes to the device block."""
        import termios

        termios.tcflow(self.device, termios.TCOOFF)

    def go_on(self) -> None:
        """Do what Ctrl-Q does."""
        import termios

        termios.tcflow(self.device, termios.TCOON)

    def close(self) -> None:
        """Close the terminal's window: its session gets SIGHUP, and writes to the device fail."""
        self._open.close()

    def read_until(self, text: bytes) -> bytes:
        """What is shown, up to *text* and a little beyond."""
        shown = b""
        while text not in shown:
            shown += os.read(self.controller, 65536)
        return shown


@contextmanager
def open_terminal() -> Iterator[Terminal]:
    """A terminal; the body may close it."""
    import pty

    with ExitStack() as stack:
        terminal = Terminal(*pty.openpty(), stack)
        stack.callback(os.close, terminal.controller)
        stack.callback(os.close, terminal.device)
        yield terminal


def become_leader() -> None:
    """Make standard input the controlling terminal of this process, which leads a session without one."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
