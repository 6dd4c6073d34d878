"""Pipes that take nothing more, such as the pipe to a pager that was stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import attrs

__all__ = ["FullPipe", "open_full_pipe"]

PAGE_BYTES = 4096


@attrs.frozen
class FullPipe:
    """Both ends of a pipe in which *filled* bytes wait and no more have room; a write to it blocks."""

    reading: int
    writing: int
    filled: int

    def read_until_end(self) -> bytes:
        """Everything that was written behind the bytes that filled the pipe; every writing end must be closed."""
        with open(self.reading, "rb", closefd=False) as file:
            return file.read()[self.filled :]


@contextmanager
def open_full_pipe() -> Iterator[FullPipe]:
    """A full pipe; the body may close either end."""
    reading, writing = os.pipe()
    filled = 0
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            filled += os.write(writing, b"-" * PAGE_BYTES)
    os.set_blocking(writing, True)
    try:
        yield FullPipe(reading, writing, filled)
    finally:
        for descriptor in (reading, writing):
            with suppress(OSError):
                os.close(descriptor)
