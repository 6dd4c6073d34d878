"""Output that never blocks its writer: order, bounds, failures and the end of the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import pytest

from tests.cli.pipes import open_full_pipe
from tests.cli.terminals import open_terminal
from upnp_trio.cli.output import MAX_WAITING_BYTES, Output, OutputError, ReaderGone

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these are files and errors of POSIX")

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
LINE = "a line of some length, as those of a log are\n"


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """Closes what a test opens."""
    with ExitStack() as stack:
        yield stack


def text_file(descriptor: int, encoding: str = "utf-8") -> TextIO:
    """A text file like those of the interpreter; the caller closes *descriptor*."""
    return open(descriptor, "w", encoding=encoding, closefd=False)


def close(output: Output) -> None:
    output.close(time.monotonic() + PATIENCE_SECONDS)


def fill(output: Output) -> int:
    """Write numbered lines until one is dropped; returns how many were accepted."""
    accepted = 0
    while True:
        output.write(f"{accepted} {LINE}")
        if output.lines_dropped:
            return accepted
        accepted += 1


def run(code: str, stdout: int | TextIO, **options: object) -> subprocess.CompletedProcess[str]:
    """Run *code* in a process of its own, with its standard error in a pipe unless *options* say otherwise."""
    imports = "import os, resource, sys, threading, time; from upnp_trio.cli.output import Output, open_outputs\n"
    return subprocess.run(  # type: ignore[call-overload, no-any-return] # by the options
        [sys.executable, "-c", imports + code],
        cwd=REPOSITORY,
        stdout=stdout,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=True,
        **{"stderr": subprocess.PIPE, **options},
    )


# --- what is written -----------------------------------------------------------------------------------------------


def test_texts_are_written_whole_and_in_order(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        output = Output(text_file(log.fileno()))
        for number in range(1000):
            output.write(f"{number} ")
            output.write_line("ä")
        close(output)
    assert (tmp_path / "log").read_text() == "".join(f"{number} ä\n" for number in range(1000))
    assert output.lines_dropped == 0


def test_one_file_for_output_and_errors_has_the_lines_of_both_in_order(tmp_path: Path) -> None:
    code = "with open_outputs():\n  for number in range(500): print(number, file=(sys.stdout, sys.stderr)[number % 2])"
    with (tmp_path / "log").open("w+") as log:
        run(code, log, stderr=log)
    assert (tmp_path / "log").read_text().split() == [str(number) for number in range(500)]


def test_characters_that_the_encoding_lacks_are_written_as_escapes(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        output = Output(text_file(log.fileno(), "ascii"))
        output.write_line("Jambon numérique \ud800")
        close(output)
    assert (tmp_path / "log").read_bytes() == b"Jambon num\\xe9rique \\ud800\n"


def test_without_a_text_there_is_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())  # one of an earlier test may end meanwhile
    with (tmp_path / "log").open("wb") as log:
        output = Output(text_file(log.fileno()))
        output.finish()
        assert set(threading.enumerate()) <= before
        close(output)


def test_the_thread_ends_with_the_output(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        before = set(threading.enumerate())
        output = Output(text_file(log.fileno()))
        output.write_line("text")
        (thread,) = set(threading.enumerate()) - before
        close(output)
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
        output.write_line("too late")
    assert output.lines_dropped == 1
    assert (tmp_path / "log").read_text() == "text\n"


def test_a_write_may_interrupt_another_one_in_the_same_thread(tmp_path: Path) -> None:
    # Finalizers and signal handlers run between any two steps of `write`, where a plain lock would wait for itself.
    lines = ticks = 0
    with (tmp_path / "log").open("wb") as log:
        output = Output(text_file(log.fileno()))

        def tick(number: int, frame: object) -> None:
            nonlocal ticks
            ticks += 1
            output.write_line("tick")

        before = signal.signal(signal.SIGVTALRM, tick)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
        try:
            while ticks < 100:
                output.write_line("line")
                lines += 1
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
        close(output)
    shown = (tmp_path / "log").read_text()
    assert shown.count("line\n") + shown.count("tick\n") + output.lines_dropped == lines + ticks


# --- what cannot be written ----------------------------------------------------------------------------------------


def test_a_reader_that_stops_delays_nothing_and_sees_later_how_much_is_missing(opened: ExitStack) -> None:
    pipe = opened.enter_context(open_full_pipe())
    output = Output(text_file(pipe.writing))
    accepted = fill(output)
    assert accepted * len(LINE) > MAX_WAITING_BYTES / 2
    output.write("two\nmore\n")
    assert output.lines_dropped == 3
    with open(pipe.reading, encoding="utf-8", closefd=False) as reader:
        reader.read(pipe.filled)
        assert [reader.readline() for _ in range(accepted)] == [f"{number} {LINE}" for number in range(accepted)]
        output.finish()
        output.write("and this one\n")
        assert [reader.readline() for _ in range(2)] == ["… 3 lines dropped\n", "and this one\n"]
    close(output)


def test_a_text_of_any_size_is_accepted_while_there_is_room(opened: ExitStack) -> None:
    pipe = opened.enter_context(open_full_pipe())
    output = Output(text_file(pipe.writing))
    output.write_line("first")
    output.write(LINE * MAX_WAITING_BYTES)
    assert output.lines_dropped == 0
    output.write_line("last")
    assert output.lines_dropped == 1
    output.close(time.monotonic())


def test_a_reader_that_comes_back_sees_how_much_is_missing(tmp_path: Path, opened: ExitStack) -> None:
    os.mkfifo(tmp_path / "fifo")
    first = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    writing = os.open(tmp_path / "fifo", os.O_WRONLY)
    opened.callback(os.close, writing)
    output = Output(text_file(writing))
    os.close(first)
    for text in ("1\n2\n", "3\n"):
        output.write(text)
        with pytest.raises(ReaderGone):
            output.finish()
    second = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    opened.callback(os.close, second)
    output.write_line("4")
    close(output)
    assert os.read(second, 4096).decode() == "… 3 lines dropped\n4\n"
    assert output.lines_dropped == 3


def test_a_line_that_was_cut_short_is_ended_before_the_next_one(tmp_path: Path) -> None:
    code = """if True:
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        output = Output(sys.stdout)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3, unlimited[1]))
        output.write("12345\\n67\\n")
        try:
            output.finish()
        except Exception as error:
            print(type(error).__name__, error, file=sys.stderr)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        output.write_line("89")
        output.close(time.monotonic() + 60)
    """
    with (tmp_path / "log").open("w") as log:
        errors = run(code, log).stderr
    assert (tmp_path / "log").read_text() == "123\n… 2 lines dropped\n89\n"
    assert errors == "OutputError cannot write to standard output: File too large\n"


def test_a_closed_output_drops_everything() -> None:
    output = Output(None)
    output.write("1\n2\n")
    output.write("3\n")
    assert output.lines_dropped == 3
    with pytest.raises(OutputError, match="Bad file descriptor"):
        output.finish()
    close(output)


def test_a_file_that_somebody_closes_is_a_failure_like_others(tmp_path: Path) -> None:
    stream = (tmp_path / "log").open("w")
    output = Output(stream)
    stream.close()
    output.write("1\n2\n")
    with pytest.raises(OutputError, match="Bad file descriptor"):
        output.finish()
    assert output.lines_dropped == 2
    close(output)


def test_a_file_that_another_process_made_non_blocking_is_waited_for_and_left_so(opened: ExitStack) -> None:
    pipe = opened.enter_context(open_full_pipe())
    os.set_blocking(pipe.writing, False)
    output = Output(text_file(pipe.writing))
    accepted = fill(output)
    with open(pipe.reading, encoding="utf-8", closefd=False) as reader:
        reader.read(pipe.filled)
        assert [reader.readline() for _ in range(accepted)] == [f"{number} {LINE}" for number in range(accepted)]
        output.finish()
    close(output)
    assert not os.get_blocking(pipe.writing)


def test_a_blocking_file_stays_blocking(opened: ExitStack) -> None:
    pipe = opened.enter_context(open_full_pipe())
    output = Output(text_file(pipe.writing))
    fill(output)
    assert os.get_blocking(pipe.writing)
    output.close(time.monotonic())


def test_where_no_thread_can_be_started_texts_are_dropped_until_one_can(tmp_path: Path) -> None:
    code = """if True:
        threading.stack_size(512 * 2**20)
        unlimited = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (384 * 2**20, unlimited[1]))
        output = Output(sys.stdout)
        output.write("1\\n2\\n")
        output.write("3\\n")
        resource.setrlimit(resource.RLIMIT_AS, unlimited)
        output.write("4\\n")
        output.close(time.monotonic() + 60)
    """
    with (tmp_path / "log").open("w") as log:
        assert run(code, log).stderr == ""
    assert (tmp_path / "log").read_text() == "… 3 lines dropped\n4\n"


def test_a_process_ends_although_its_output_is_blocked(opened: ExitStack) -> None:
    pipe = opened.enter_context(open_full_pipe())
    code = "with open_outputs():\n  for number in range(9): print(number); print(number, file=sys.stderr)"
    assert run(code, pipe.writing).stderr.split() == [str(number) for number in range(9)]
    assert run(code, pipe.writing, stderr=pipe.writing).returncode == 0


# --- terminals -----------------------------------------------------------------------------------------------------


def test_on_a_terminal_missing_lines_are_counted_in_place_of_the_status_line(opened: ExitStack) -> None:
    terminal = opened.enter_context(open_terminal())
    output = Output(text_file(terminal.device))
    assert output.isatty()
    terminal.pause()
    accepted = fill(output)
    output.write("a status line without an end")
    terminal.go_on()
    with open(terminal.controller, encoding="utf-8", closefd=False, newline="\n") as reader:
        for number in range(accepted):
            assert reader.readline() == f"{number} {LINE[:-1]}\r\n"
        output.finish()
        output.write_line("goes on")
        assert [reader.readline() for _ in range(2)] == ["\r\x1b[2K… 1 line dropped\r\n", "goes on\r\n"]
    close(output)
