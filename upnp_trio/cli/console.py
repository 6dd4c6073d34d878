"""Whether a terminal takes escape sequences: colours, and lines that are erased.

A console of Windows takes them once a program has asked for that, from Windows 10 on ("Console Virtual Terminal
Sequences"). Without it, they are shown as characters.
"""

from __future__ import annotations

import sys
from typing import TextIO

__all__ = ["takes_escapes"]

_ENABLE_VIRTUAL_TERMINAL_PROCESSING = 0x4


def takes_escapes(terminal: TextIO) -> bool:
    """Whether *terminal* takes escape sequences; a console of Windows is asked to."""
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        kernel32, mode = ctypes.windll.kernel32, ctypes.c_ulong()
        # handles have the size of a pointer
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(terminal.fileno()))
        if not kernel32.GetConsoleMode(handle, ctypes.byref(mode)):
            return True  # a terminal that is no console, such as a pipe of another system's terminal
        return bool(kernel32.SetConsoleMode(handle, mode.value | _ENABLE_VIRTUAL_TERMINAL_PROCESSING))
    else:
        return True
