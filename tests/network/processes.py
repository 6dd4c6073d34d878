"""Programs that run beside a test. Their output is collected line by line, and they are always ended."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Program"]

# Long enough for a Python program to start on a busy machine with little power; nothing waits for it in vain.
PATIENCE_SECONDS = 60.0
LAST_PATIENCE_SECONDS = 10.0


@attrs.define(eq=False)
class _Reader:
    """Collects the lines of one pipe in a thread of its own."""

    _pipe: IO[str]
    _news: threading.Condition
    lines: list[str] = attrs.field(factory=list)
    at_end: bool = False
    _thread: threading.Thread = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._pipe:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self.at_end = True
            self._news.notify_all()

    def close(self) -> None:
        """Wait for the last line; to be called when the program has ended."""
        self._thread.join(LAST_PATIENCE_SECONDS)
        self._pipe.close()


class Program:
    """A running program, as a context manager that ends it, at last by force.

    Its standard input is a pipe (`write_line`); both outputs are read as they come.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._input = self._process.stdin
        self._news = threading.Condition()
        self._output = _Reader(self._process.stdout, self._news)
        self._errors = _Reader(self._process.stderr, self._news)

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(LAST_PATIENCE_SECONDS)
        if self._process.poll() is None:
            self._process.kill()
        self._finish()

    @property
    def output(self) -> str:
        """All that it has written to standard output."""
        with self._news:
            return "\n".join(self._output.lines)

    @property
    def errors(self) -> str:
        """All that it has written to standard error."""
        with self._news:
            return "\n".join(self._errors.lines)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def write_line(self, line: str) -> None:
        """Write *line* to its standard input."""
        self._input.write(f"{line}\n")
        self._input.flush()

    def close_input(self) -> None:
        """Let it see the end of its standard input."""
        self._input.close()

    def wait_until(self, enough: Callable[[str], bool], what: str, seconds: float = PATIENCE_SECONDS) -> str:
        """Its output as soon as it is *enough*; AssertionError with all its output if *what* is late."""
        deadline = time.monotonic() + seconds
        while True:
            with self._news:
                if enough(self.output):
                    return self.output
                left = deadline - time.monotonic()
                if self._output.at_end or left <= 0:
                    raise AssertionError(
                        f"{what} is not in the output after {seconds - left:.1f} s"
                        f"\n--- output\n{self.output}\n--- errors\n{self.errors}"
                    )
                self._news.wait(left)

    def wait_for(self, pattern: str, seconds: float = PATIENCE_SECONDS) -> re.Match[str]:
        """The first match of *pattern* in its output, as soon as it is there."""
        found = re.compile(pattern, re.MULTILINE)
        output = self.wait_until(lambda text: found.search(text) is not None, repr(pattern), seconds)
        match = found.search(output)
        assert match is not None
        return match

    def wait_for_error(self, pattern: str, seconds: float = PATIENCE_SECONDS) -> re.Match[str]:
        """The first match of *pattern* in what it writes to standard error, as soon as it is there."""
        found = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + seconds
        with self._news:
            while (match := found.search(self.errors)) is None:
                left = deadline - time.monotonic()
                assert left > 0, f"{pattern!r} is not in the errors after {seconds} s:\n{self.errors}"
                self._news.wait(left)
            return match

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = PATIENCE_SECONDS) -> int:
        """Send it a signal and wait; returns its exit status (negative: it died of that signal)."""
        self.signal(number)
        return self.wait(seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait until it ends by itself; returns its exit status."""
        status = self._process.wait(seconds)
        self._finish()
        return status

    def _finish(self) -> None:
        self._process.wait()
        with suppress(BrokenPipeError):
            self._input.close()
        self._output.close()
        self._errors.close()
