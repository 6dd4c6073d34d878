"""Pipes that take nothing more, such as the pipe to a pager that was stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import attrs

__all__ = ["FullPipe", "open_full_pipe"]

PAGE_BYTES = 4096


@attrs.frozen(eq=False)
class FullPipe:
    """Both ends of a pipe in which *filled* bytes wait and no more have room; a write to it blocks."""

    reading: int
    writing: int
    filled: int
    _open: ExitStack

    def read_until_end(self) -> bytes:
        """Close our writing end; returns what other processes write to theirs, until they are closed as well."""
        self._open.close()
        with open(self.reading, "rb", closefd=False) as file:
            return file.read()[self.filled :]


@contextmanager
def open_full_pipe() -> Iterator[FullPipe]:
    """A full pipe, which is closed at the end."""
    reading, writing = os.pipe()
    with ExitStack() as stack, ExitStack() as ours:
        stack.callback(os.close, reading)
        ours.callback(os.close, writing)
        filled = 0
        os.set_blocking(writing, False)
        with suppress(BlockingIOError):
            while True:
                filled += os.write(writing, b"-" * PAGE_BYTES)
        os.set_blocking(writing, True)
        yield FullPipe(reading, writing, filled, ours)
