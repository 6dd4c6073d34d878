"""Runs of the load generator beside a device: series with an end, and loads that last until they are stopped."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import attrs

from benchmarks.namespaces import CONTROL_POINTS_LINK, FIRST_CONTROL_POINT, NamespacePair
from benchmarks.scheduling import LOAD_CORE, Priority, give_right_of_way

GRACE_SECONDS = 30.0  # beyond the time that a series takes


class MeasurementError(Exception):
    """A measurement failed; the message ends with the last line that the device printed."""


@attrs.frozen(kw_only=True)
class Load:
    """The compiled generator, the namespaces to run it in, and the file that the device's output goes to."""

    program: Path
    pair: NamespacePair
    device_output: IO[str]

    def run(self, kind: str, seconds: float, **options: object) -> str:
        """Run one series of about so many seconds and return what the generator prints."""
        with self.start(kind, seconds, options) as series:
            return series.finish()

    @contextmanager
    def start(
        self, kind: str, seconds: float, options: dict[str, object], priority: Priority = Priority.MEASURING
    ) -> Iterator["Series"]:
        """Start a series of about so many seconds; the generator is gone after the body."""
        options = options | {"link": CONTROL_POINTS_LINK, "first_source": FIRST_CONTROL_POINT}
        command = [str(self.program), kind, *(f"{name}={value}" for name, value in options.items())]
        process = subprocess.Popen(
            self.pair.inside(self.pair.control_points, command),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            give_right_of_way(process.pid, LOAD_CORE, priority)
            yield Series(process=process, seconds=seconds, device_output=self.device_output)
        finally:
            end_process(process)


@attrs.frozen(kw_only=True)
class Series:
    """A series under way; its methods raise MeasurementError when it fails."""

    seconds: float
    device_output: IO[str]
    _process: subprocess.Popen[str]

    def await_ready(self) -> None:
        """Wait for the line "ready", for the kinds of load that print it."""
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            self.finish()
            raise MeasurementError(f"the load ended before it was ready; the device: {last_line(self.device_output)}")

    def stop(self) -> str:
        """End a load that lasts until it is stopped, and return what the generator prints."""
        self._process.terminate()
        return self.finish()

    def finish(self) -> str:
        """Wait for the end and return what the generator prints."""
        try:
            output, complaints = self._process.communicate(timeout=self.seconds + GRACE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise MeasurementError(f"the load was not over after {error.timeout:.0f} s") from error
        if self._process.returncode != 0:
            raise MeasurementError(
                f"the load failed: {complaints.strip()}; the device: {last_line(self.device_output)}"
            )
        return output


def end_process(process: subprocess.Popen[str]) -> None:
    """Kill *process* if it still runs, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def read_output(output: IO[str]) -> list[str]:
    """The lines written so far to a file that a process still writes to, whose place in it is not moved."""
    descriptor = output.fileno()
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace").splitlines()


def last_line(output: IO[str]) -> str:
    """The last line written so far that is not blank."""
    lines = [line for line in read_output(output) if line.strip()]
    return lines[-1] if lines else "no output"
