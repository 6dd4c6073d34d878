"""A device whose output cannot be written: it is found, answers, sends byebye and ends with the promised status."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import attrs
import pytest

from tests.cli.pipes import open_full_pipe
from tests.cli.terminals import Terminal, become_leader, open_terminal
from tests.network.fetching import fetch
from tests.network.following import search_until
from tests.network.processes import PATIENCE_SECONDS
from tests.network.served import JAMBON, REPOSITORY, command, environment
from tests.network.ssdp import SsdpSocket, open_listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.network.scenes import Pair

pytestmark = pytest.mark.interop

# Each datagram becomes a line on standard error.
CHATTY = ("--log-level", "debug")


@attrs.frozen
class Outputs:
    """Where the device's output goes: two open files, or what a shell makes of *redirection*."""

    stdout: int
    stderr: int
    redirection: str = ""


def full_pipe(stack: ExitStack) -> Outputs:
    return Outputs(stack.enter_context(open_full_pipe()).writing, subprocess.DEVNULL)


def full_pipe_for_both(stack: ExitStack) -> Outputs:
    pipe = stack.enter_context(open_full_pipe())
    return Outputs(pipe.writing, pipe.writing)


def full_pipe_for_errors(stack: ExitStack) -> Outputs:
    return Outputs(subprocess.DEVNULL, stack.enter_context(open_full_pipe()).writing)


def pipe_without_reader(stack: ExitStack) -> Outputs:
    reading, writing = os.pipe()
    os.close(reading)
    stack.callback(os.close, writing)
    return Outputs(writing, writing)


def terminal_that_is_gone(stack: ExitStack) -> Outputs:
    terminal = stack.enter_context(open_terminal())
    kept = os.dup(terminal.device)
    stack.callback(os.close, kept)
    terminal.close()
    return Outputs(kept, kept)


def redirected(redirection: str) -> Callable[[ExitStack], Outputs]:
    return lambda stack: Outputs(subprocess.DEVNULL, subprocess.DEVNULL, redirection)


OUTPUTS = {
    "a pipe that nobody reads": full_pipe,
    "both in a pipe that nobody reads": full_pipe_for_both,
    "errors in a pipe that nobody reads": full_pipe_for_errors,
    "both in a pipe without a reader": pipe_without_reader,
    "both on a terminal that is gone": terminal_that_is_gone,
    "no output": redirected(">&-"),
    "no errors": redirected("2>&-"),
    "neither, and no input": redirected("<&- >&- 2>&-"),
    "both on a full disk": redirected(">/dev/full 2>/dev/full"),
}


@contextmanager
def start(pair: Pair, outputs: Outputs, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command on the device's host; it is killed at the end if it still runs."""
    words = command("--ipv4-only", *arguments, JAMBON.file)
    if outputs.redirection:
        words = ["sh", "-c", f'exec "$@" {outputs.redirection}', "sh", *words]
    with subprocess.Popen(
        pair.device.command(*words),
        cwd=REPOSITORY,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=outputs.stdout,
        stderr=outputs.stderr,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def find(pair: Pair) -> str:
    """The device's LOCATION, as soon as a search from the other host finds it."""
    return search_until(pair.asker, bool, seconds=PATIENCE_SECONDS)[0]["LOCATION"]


def wait_for_counters(process: subprocess.Popen[bytes], errors: Path, pattern: str) -> None:
    """Ask for the counters until *errors*, its standard error, has a line of them that matches *pattern*."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not re.search(pattern, errors.read_text(), re.MULTILINE):
        assert time.monotonic() < deadline, errors.read_text()
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.05)


def wait_for_byebye(listener: SsdpSocket) -> None:
    listener.receive_until(lambda messages: {each["USN"] for each in messages if each.is_byebye} == JAMBON.usns)


@pytest.mark.parametrize("make", OUTPUTS.values(), ids=OUTPUTS.keys())
def test_output_that_cannot_be_written_takes_nothing_from_the_network(
    make: Callable[[ExitStack], Outputs], pair: Pair
) -> None:
    with ExitStack() as stack:
        process = stack.enter_context(start(pair, make(stack), *CHATTY))
        listener = stack.enter_context(open_listener(pair.asker))
        location = find(pair)
        process.send_signal(signal.SIGUSR1)
        assert fetch(pair.asker, location).status == 200
        process.send_signal(signal.SIGTERM)
        wait_for_byebye(listener)
        assert process.wait(PATIENCE_SECONDS) == 0


def test_the_counters_include_the_lines_that_were_dropped(pair: Pair, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with errors.open("w") as file, start(pair, Outputs(subprocess.DEVNULL, file.fileno(), ">&-")) as process:
        find(pair)
        wait_for_counters(process, errors, r"^output lines dropped +[1-9]")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_that_come_until_the_end_do_not_change_its_status(number: signal.Signals, pair: Pair) -> None:
    with (
        open_full_pipe() as pipe,
        start(pair, Outputs(pipe.writing, subprocess.DEVNULL)) as process,
        open_listener(pair.asker) as listener,
    ):
        find(pair)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            process.send_signal(number)
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.002)  # or it would do nothing but take signals
        assert process.poll() == 0
        wait_for_byebye(listener)


# --- terminals -----------------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Session:
    """A terminal and the device that leads the session on it."""

    terminal: Terminal
    process: subprocess.Popen[bytes]


@contextmanager
def open_session(
    pair: Pair, *arguments: str, on_hangup: signal.Handlers = signal.SIG_DFL, stderr: int | None = None
) -> Iterator[Session]:
    """The device on a terminal of its own, once it is served; *stderr* may be another file."""

    def prepare() -> None:
        become_leader()
        signal.signal(signal.SIGHUP, on_hangup)

    with (
        open_terminal() as terminal,
        subprocess.Popen(
            pair.device.command(*command("--ipv4-only", *arguments, JAMBON.file)),
            cwd=REPOSITORY,
            env=environment() | {"TERM": "xterm", "COLUMNS": "120"},
            stdin=terminal.device,
            stdout=terminal.device,
            stderr=terminal.device if stderr is None else stderr,
            start_new_session=True,
            preexec_fn=prepare,
        ) as process,
    ):
        try:
            terminal.read_until(b"Press Ctrl-C")
            yield Session(terminal, process)
        finally:
            process.kill()


def test_on_a_terminal_the_counters_scroll_with_everything_else(pair: Pair) -> None:
    with open_session(pair) as session:
        find(pair)
        session.terminal.read_until(b"searched upnp:rootdevice")
        session.process.send_signal(signal.SIGUSR1)
        session.terminal.read_until(b"output lines dropped")
        session.process.send_signal(signal.SIGINT)
        session.terminal.read_until(b"Stopped: searches ")
        assert session.process.wait(PATIENCE_SECONDS) == 0


def test_errors_that_are_redirected_do_not_go_to_the_terminal(pair: Pair, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with errors.open("w") as file, open_session(pair, "--log-level", "info", stderr=file.fileno()) as session:
        wait_for_counters(session.process, errors, r"^output lines dropped +0$")
        session.process.send_signal(signal.SIGINT)
        shown = session.terminal.read_until(b"Stopped: searches ")
        assert session.process.wait(PATIENCE_SECONDS) == 0
        assert "INFO: stopping on SIGINT\n" in errors.read_text()
        assert b"SIGINT" not in shown
        assert b"lines dropped" not in shown


def test_a_terminal_that_is_closed_ends_it_with_byebye_and_status_0(pair: Pair) -> None:
    with open_listener(pair.asker) as listener, open_session(pair) as session:
        session.terminal.close()
        wait_for_byebye(listener)
        assert session.process.wait(PATIENCE_SECONDS) == 0


def test_under_nohup_it_outlives_its_terminal(pair: Pair) -> None:
    with open_listener(pair.asker) as listener, open_session(pair, on_hangup=signal.SIG_IGN) as session:
        session.terminal.close()
        for _ in range(2):
            assert fetch(pair.asker, find(pair)).status == 200
        assert not any(message.is_byebye for message in listener.received)
        session.process.send_signal(signal.SIGTERM)
        wait_for_byebye(listener)
        assert session.process.wait(PATIENCE_SECONDS) == 0


def test_a_terminal_that_is_stopped_by_ctrl_s_stops_nothing_else(pair: Pair) -> None:
    with open_listener(pair.asker) as listener, open_session(pair, *CHATTY) as session:
        session.terminal.pause()
        location = find(pair)
        session.process.send_signal(signal.SIGUSR1)
        assert fetch(pair.asker, location).status == 200
        session.process.send_signal(signal.SIGTERM)
        wait_for_byebye(listener)
        assert session.process.wait(PATIENCE_SECONDS) == 0


def test_a_terminal_that_goes_on_shows_what_happened_while_it_was_stopped(pair: Pair) -> None:
    with open_session(pair) as session:
        session.terminal.pause()
        location = find(pair)
        assert fetch(pair.asker, location, headers={"User-Agent": "while-stopped"}).status == 200
        session.terminal.go_on()
        assert b" searched upnp:rootdevice" in session.terminal.read_until(b"while-stopped")
        session.process.send_signal(signal.SIGINT)
        session.terminal.read_until(b"announcements ")
        assert session.process.wait(PATIENCE_SECONDS) == 0
