"""The command on each simulated system, in a process of its own, with the output that a console of Windows may have."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.systems.rules import MACOS, SYSTEMS, WINDOWS, Rules
from tests.systems.system import SimulatedSystem

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0

every_system = pytest.mark.parametrize("rules", SYSTEMS, ids=lambda rules: rules.platform)


def environment(encoding: str) -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUNBUFFERED": "1"}


def command(rules: Rules, *words: str) -> list[str]:
    return [sys.executable, "-m", "tests.systems", rules.platform, *words]


def run(rules: Rules, *words: str, encoding: str = "cp1252") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command(rules, *words),
        cwd=REPOSITORY,
        env=environment(encoding),
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@contextmanager
def started(rules: Rules, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command(rules, *words),
        cwd=REPOSITORY,
        env=environment("cp1252"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@every_system
@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"], ["watch", "--help"], ["--version"]])
def test_help_is_written_in_an_encoding_of_windows(rules: Rules, words: list[str]) -> None:
    done = run(rules, *words)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("cp1252")


def test_interfaces_have_the_names_that_windows_shows() -> None:
    lines = run(WINDOWS, "interfaces").stdout.decode("cp1252").splitlines()
    served = [line for line in lines if line.split("  ")[1:] and " yes " in line]
    assert [line.split("  ")[0] for line in served] == ["Ethernet"]
    named = run(WINDOWS, "interfaces", "vEthernet (WSL)")
    assert (named.returncode, named.stderr) == (0, b"")
    unknown = run(WINDOWS, "interfaces", "Wireless LAN")
    assert unknown.returncode != 0
    assert b"no interface or address 'Wireless LAN' on this host" in unknown.stderr


@pytest.mark.parametrize(
    ("rules", "number"),
    [
        (WINDOWS, signal.SIGINT),
        (WINDOWS, WINDOWS.signals["SIGBREAK"]),
        (MACOS, signal.SIGINT),
        (MACOS, signal.SIGTERM),
        (MACOS, signal.SIGHUP),
    ],
)
def test_a_signal_of_the_system_ends_a_device_with_byebye(rules: Rules, number: int) -> None:
    with started(rules, "--ipv4-only", "--friendly-name", "Jambon numérique ☃") as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.decode("cp1252"))
            if "announced" in lines[-1]:
                break
        # characters that the encoding lacks are escapes
        assert lines[0] == "Jambon numérique \\u2603\n"
        process.send_signal(number)
        rest, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert (process.returncode, errors) == (0, b"")
        assert b"sent byebye" in rest


@every_system
def test_a_search_works_without_a_terminal(rules: Rules) -> None:
    found = run(rules, "search", "--json", "--mx", "1")
    assert found.returncode in (0, 3), found.stderr
    assert b"Traceback" not in found.stderr


class Terminal:
    """A text file that says it is a terminal."""

    encoding = "cp1252"

    def __init__(self) -> None:
        self.buffer = self

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("mode", "is_old", "expected"),
    [(0x3, False, True), (0x7, False, True), (0x3, True, False), (None, False, True)],
    ids=["new", "already-on", "old", "no-console"],
)
def test_a_console_of_windows_is_asked_to_take_escape_sequences(
    windows: SimulatedSystem, mode: int | None, is_old: bool, expected: bool
) -> None:
    windows.kernel.console_mode, windows.kernel.is_old_console = mode, is_old
    output = windows.module("cli.output").Output(Terminal())
    assert output.isatty() == expected
    assert windows.module("cli.styles").Styles.of(output, {}).is_coloured == expected
    assert windows.kernel.console_mode == (mode if is_old or mode is None else 0x7)


def test_other_terminals_take_them_in_any_case(macos: SimulatedSystem) -> None:
    assert macos.module("cli.output").Output(Terminal()).isatty()
