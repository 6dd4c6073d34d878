"""Who holds a UDP port, for the error message of who cannot have it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["port_holder"]


def port_holder(port: int) -> str | None:
    """The program that holds UDP *port*, as ``name (pid 123)``; ``None`` where the system does not tell (all but Linux,
    and there the processes of others)."""
    tables = ("udp", "udp6") if sys.platform == "linux" else ()
    inodes = {inode for table in tables for inode in _inodes(table, port)}
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in inodes:
                    name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                    return f"{name} (pid {process.name})"
    return None


def _inodes(table: str, port: int) -> list[str]:
    found = []
    with suppress(OSError):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(f":{port:04X}"):
                found.append(f"socket:[{fields[9]}]")
    return found
