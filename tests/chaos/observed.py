"""``python -m tests.chaos.observed FILE ARGUMENTS``: ``python -m upnp_trio ARGUMENTS``, whose tasks can be counted.

On SIGUSR2 it writes how many trio tasks and how many objects it has to FILE; beside that it is the command itself.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import sys
from pathlib import Path

import trio

__all__ = ["main"]


def main(file: Path, arguments: list[str]) -> None:
    """Become the command with *arguments*."""

    def report(number: int, frame: object) -> None:
        gc.collect()
        stock = {"tasks": trio.lowlevel.current_statistics().tasks_living, "objects": len(gc.get_objects())}
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps(stock))
        os.replace(beside, file)

    signal.signal(signal.SIGUSR2, report)
    sys.argv = ["upnp_trio", *arguments]
    runpy.run_module("upnp_trio", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
