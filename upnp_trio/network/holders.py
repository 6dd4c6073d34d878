"""The program that holds a UDP port, for the error message of a program that cannot have it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["port_holder"]


def port_holder(port: int) -> str | None:
    """The other program that holds UDP *port*, as ``'name' (pid 123)``; ``None`` if there is none.

    It is ``None``, too, where the system does not report it: on all systems but Linux, and there for programs of other
    users. The name is quoted, and escaped as in Python, because any program may choose a name that steers a terminal.
    """
    tables = ("udp", "udp6") if sys.platform == "linux" else ()
    inodes = {inode for table in tables for inode in _inodes(table, port)}
    with suppress(OSError):
        for process in Path("/proc").iterdir() if inodes else ():
            if process.name.isdecimal() and int(process.name) != os.getpid() and _holds(process, inodes):
                name = (process / "comm").read_bytes().removesuffix(b"\n").decode("utf-8", "replace")
                return f"{name!r} (pid {process.name})"
    return None


def _inodes(table: str, port: int) -> list[str]:
    found = []
    with suppress(OSError):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}"):
                found.append(f"socket:[{fields[9]}]")
    return found


def _holds(process: Path, inodes: set[str]) -> bool:
    with suppress(OSError):  # it has ended, or belongs to another user
        return any(os.readlink(descriptor) in inodes for descriptor in (process / "fd").iterdir())
    return False
