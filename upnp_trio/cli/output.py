"""Standard output and standard error, written without ever blocking the event loop.

A write can block forever: the reader of a pipe stops, Ctrl-S pauses a terminal, a file server hangs. Non-blocking mode
does not help, because that flag belongs to the open file, which other processes share. So a daemon thread writes, and
the event loop only appends to a bounded queue. A text is dropped and counted if the queue is full or the write fails; a
line in its place says how many lines are missing. The process can end while the thread is blocked in a write.
"""

from __future__ import annotations

import errno
import os
import select
import sys
import threading
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TYPE_CHECKING, Protocol, TextIO, cast

from upnp_trio.cli.console import takes_escapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Output", "OutputError", "Outputs", "ReaderGone", "open_outputs"]

# Some thousand lines. A single text may exceed it, such as the introduction of 5,000 devices.
MAX_WAITING_BYTES = 256 * 1024
# How long the process waits at its end until everything is written; a healthy reader needs some milliseconds.
DRAIN_SECONDS = 1.0
# As much as a pipe holds on Linux.
_CHUNK_BYTES = 64 * 1024
# A carriage return and "erase in line" (ECMA-48): what stands in the current line of the terminal.
_ERASE_LINE = "\r\x1b[2K"


class OutputError(Exception):
    """Standard output could not be written to its end."""


class ReaderGone(OutputError):
    """The reader of standard output closed it, as ``head`` does when it has read enough."""


class _File(Protocol):
    """An unbuffered file; `write` returns ``None`` if a non-blocking file accepts nothing at the moment."""

    def write(self, data: memoryview, /) -> int | None: ...

    def fileno(self) -> int: ...


class Output:
    """A text file whose `write` neither blocks nor raises, for `print`, `logging` and rich.

    *stream* is `sys.stdout` or `sys.stderr`; its descriptor is used and its buffer stays empty. It is ``None`` if the
    process was started with that descriptor closed, and then everything is dropped.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.encoding = "utf-8" if stream is None else stream.encoding
        #: how many lines were dropped so far
        self.lines_dropped = 0
        #: called in the writing thread after a write has failed; it must not block
        self.on_error: Callable[[], object] = lambda: None
        self._stream = stream  # the unbuffered file is closed with it
        self._file = None if stream is None else _unbuffered(stream)
        # one that shows escape sequences as characters counts as a file
        self._is_terminal = stream is not None and stream.isatty() and takes_escapes(stream)
        # Its lock is reentrant, as it must be: a finalizer that runs within `write` may write a warning.
        self._changed = threading.Condition()
        # Texts, and between them the number of lines that were dropped at that place.
        self._queue: list[bytearray | int] = []
        # The size of the texts that are in the queue or being written.
        self._waiting_bytes = 0
        self._is_writing = False
        self._is_inside_line = False
        self._error: OSError | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def write(self, text: str) -> int:
        """Queue all of *text* or drop it; escapes stand for characters that the encoding lacks."""
        self.write_bytes(text.encode(self.encoding, "backslashreplace"))
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Queue all of *data* as it is, or drop it."""
        with self._changed:
            if self._waiting_bytes < MAX_WAITING_BYTES and self._has_writer():
                self._append(data)
                self._changed.notify_all()
            else:
                self._append_gap(data.count(b"\n"))

    def write_line(self, text: str) -> None:
        """Queue *text* and the end of its last line, or drop it."""
        self.write(f"{text}\n")

    def flush(self) -> None:
        """Do nothing: the thread writes what is queued as soon as it can."""

    @property
    def has_room(self) -> bool:
        """Whether a text of usual size would be queued at the moment and not dropped."""
        return self._waiting_bytes < MAX_WAITING_BYTES // 2

    @property
    def is_drained(self) -> bool:
        """Whether nothing waits to be written at the moment."""
        with self._changed:
            return self._is_drained()

    def isatty(self) -> bool:
        """Whether this is a terminal, and takes escape sequences."""
        return self._is_terminal

    def finish(self) -> None:
        """Wait until everything is written, however long that takes; for a command that shows a text and ends.

        Raises `ReaderGone` or another `OutputError` if a text was dropped because it could not be written.
        """
        with self._changed:
            self._changed.wait_for(self._is_drained)
            error = self._error
        if isinstance(error, BrokenPipeError):
            raise ReaderGone("the reader of standard output closed it")
        if error is not None:
            raise OutputError(f"cannot write to standard output: {error.strerror}")

    def close(self, deadline: float) -> None:
        """Wait until everything is written or *deadline* (of `time.monotonic`) is over; what comes later is dropped."""
        with self._changed, suppress(KeyboardInterrupt):  # an impatient Ctrl-C ends the waiting
            self._changed.wait_for(self._is_drained, max(deadline - time.monotonic(), 0.0))
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    # --- what both sides do while they hold the lock ----------------------------------------------------------------

    def _append(self, data: bytes) -> None:
        last = self._queue[-1] if self._queue else None
        if not isinstance(last, bytearray):
            last = bytearray()
            self._queue.append(last)
        last += data
        self._waiting_bytes += len(data)

    def _append_gap(self, lines: int) -> None:
        self.lines_dropped += lines
        last = self._queue[-1] if self._queue else None
        if isinstance(last, int):
            self._queue[-1] = last + lines
        else:
            self._queue.append(lines)

    def _has_writer(self) -> bool:
        if self._file is None:
            self._error = _closed()
            return False
        if self._thread is None and not self._is_closed:
            thread = threading.Thread(target=self._run, name="output", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the system grants no further thread; the next text tries again
                self._error = OSError(errno.EAGAIN, str(error))
                return False
            self._thread = thread
        return not self._is_closed

    def _has_text(self) -> bool:
        return any(isinstance(part, bytearray) for part in self._queue)

    def _is_drained(self) -> bool:
        return not self._is_writing and not self._has_text()

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._has_text() or self._is_closed)
                if not self._has_text():
                    return
                parts, self._queue, self._is_writing = self._queue, [], True
            self._write_parts(parts)

    def _write_parts(self, parts: list[bytearray | int]) -> None:
        """Write *parts*. Where that fails, the rest is dropped, and texts that came later get a try of their own."""
        for number, part in enumerate(parts):
            data = self._notice(part) if isinstance(part, int) else part
            written = 0
            try:
                while written < len(data):
                    written += self._write_some(memoryview(data)[written : written + _CHUNK_BYTES])
                    self._is_inside_line = data[written - 1] != ord("\n")
            except OSError as error:
                self._give_up(parts[number:], written, error)
                return
            with self._changed:
                self._waiting_bytes -= _size(part)

    def _write_some(self, data: memoryview) -> int:
        assert self._file is not None
        try:
            while (written := self._file.write(data)) is None:  # another process made the open file non-blocking
                select.select([], [self._file], [])
        except ValueError as error:  # somebody closed the file object
            raise _closed() from error
        return written

    def _give_up(self, parts: list[bytearray | int], written: int, error: OSError) -> None:
        """Leave a gap in place of *parts*, of whose first *written* bytes are out."""
        first, *others = parts
        lost = sum(part.count(b"\n") for part in others if isinstance(part, bytearray))
        lost += first.count(b"\n", written) if isinstance(first, bytearray) else 0
        gap = lost + sum(part for part in parts if isinstance(part, int))
        with self._changed:
            self._error = error
            self.lines_dropped += lost
            self._waiting_bytes -= sum(map(_size, parts))
            following = self._queue[0] if self._queue else None
            if isinstance(following, int):
                self._queue[0] = gap + following
            else:
                self._queue.insert(0, gap)
        self.on_error()

    def _notice(self, lines: int) -> bytes:
        """The line that replaces *lines* dropped lines."""
        if not lines:  # a part of a line was dropped, such as a terminal's status line
            return b""
        start = _ERASE_LINE if self._is_terminal else "\n" if self._is_inside_line else ""
        noun = "line" if lines == 1 else "lines"
        return f"{start}… {lines} {noun} dropped\n".encode(self.encoding, "backslashreplace")


def _unbuffered(stream: TextIO) -> _File:
    # With `python -u` there is no buffer to begin with.
    return cast("_File", getattr(stream.buffer, "raw", stream.buffer))


def _closed() -> OSError:
    return OSError(errno.EBADF, os.strerror(errno.EBADF))


def _size(part: bytearray | int) -> int:
    return 0 if isinstance(part, int) else len(part)


# --- the two of a process ------------------------------------------------------------------------------------------


class Outputs:
    """Standard output and standard error, as one object if they are one file."""

    def __init__(self, output: TextIO | None, errors: TextIO | None) -> None:
        self.output = Output(output)
        # One queue for one file, so that its lines stay in the order in which they were written.
        self.errors = self.output if _are_one_file(output, errors) else Output(errors)

    @property
    def share_terminal(self) -> bool:
        """Whether both are one terminal."""
        return self.output is self.errors and self.output.isatty()

    @property
    def lines_dropped(self) -> int:
        """How many lines of both were dropped so far."""
        return sum(each.lines_dropped for each in {self.output, self.errors})


@contextmanager
def open_outputs() -> Iterator[Outputs]:
    """Make `sys.stdout` and `sys.stderr` such outputs for the body; at its end, wait a bounded time for their texts."""
    outputs = Outputs(sys.stdout, sys.stderr)
    try:
        with redirect_stdout(outputs.output), redirect_stderr(outputs.errors):
            yield outputs
    finally:
        deadline = time.monotonic() + DRAIN_SECONDS
        for each in (outputs.output, outputs.errors):
            each.close(deadline)


def _are_one_file(first: TextIO | None, second: TextIO | None) -> bool:
    if first is None or second is None:
        return False
    try:
        one, other = os.fstat(first.fileno()), os.fstat(second.fileno())
    except OSError:  # a file without a descriptor, as in tests
        return False
    return one.st_ino != 0 and os.path.samestat(one, other)  # a pipe on Windows has the number 0, like every other
