"""What the command writes and its exit status. Nothing here opens a socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import attrs
import pytest

from tests.cli.pipes import open_full_pipe
from upnp_trio import check
from upnp_trio.cli.command import command
from upnp_trio.cli.default_device import default_device
from upnp_trio.cli.signals import STOP_SIGNALS

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
PATIENCE_SECONDS = 60
LOADING_SERVE = "from upnp_trio.cli.verbs import VERBS; VERBS['serve'].load().runner()"

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other errors and no such files")


@attrs.frozen
class Ended:
    """How the command ended."""

    status: int
    output: str
    errors: str


class Run(Protocol):
    def __call__(self, *words: str) -> Ended: ...


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], imports_undone: None) -> Iterator[Run]:
    """Runs the command in this process, whose signal handlers it changes for good."""
    names = [name for name in (*STOP_SIGNALS, "SIGUSR1") if name in signal.Signals.__members__]
    before = {name: signal.getsignal(signal.Signals[name]) for name in names}
    yield lambda *words: Ended(command(words), *capsys.readouterr())
    for name, handler in before.items():
        signal.signal(signal.Signals[name], handler)


def run_alone(
    *words: str, shell: str = "", stdout: int | IO[bytes] = subprocess.PIPE, stderr: int | IO[bytes] = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with the redirections of *shell*."""
    arguments = [sys.executable, "-m", "upnp_trio", *words]
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {shell}', "sh", *arguments] if shell else arguments,
        cwd=REPOSITORY,
        # As everywhere, output is buffered unless the command does something about it.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_the_default_device_keeps_every_rule(caplog: pytest.LogCaptureFixture) -> None:
    check(default_device())
    assert caplog.records == []


def test_a_start_imports_only_what_it_needs() -> None:
    code = f"import sys, upnp_trio.cli.command; {LOADING_SERVE}; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    imported = set(shown.stdout.split())
    assert "upnp_trio.server.serve" in imported
    assert not imported & {"rich", "difflib", "tomllib", "cattrs", "defusedxml"}
    assert not imported & {"upnp_trio.documents.code", "upnp_trio.services.handler", "upnp_trio.cli.verbs.stub"}
    assert not imported & {"upnp_trio.cli.readiness", "upnp_trio.cli.terminal", "upnp_trio.documents.device_file"}
    assert "upnp_trio.http.metrics" not in imported


# --- exit statuses and errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["interfaces", "-h"]])
def test_a_text_that_is_asked_for_is_status_0(words: list[str], run: Run) -> None:
    ended = run(*words)
    assert (ended.status, ended.errors) == (0, "")
    assert "upnp-trio" in ended.output


def test_the_help_has_no_colours_in_any_python(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as many CI systems do; argparse has colours from Python 3.14 on
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = run("interfaces", "--help").output
    assert "--help" in shown
    assert "\x1b" not in shown


def test_wrong_usage_is_status_2_and_one_line_on_standard_error(run: Run) -> None:
    ended = run("--port", "http")
    assert ended == Ended(2, "", "Error: --port: 'http' is not a whole number from 1 to 65535\n")


def test_a_device_file_with_the_name_of_a_verb_can_be_served(run: Run) -> None:
    ended = run("./interfaces")
    assert (ended.status, ended.output) == (1, "")
    assert "interfaces: cannot be read" in ended.errors


def test_interfaces_shows_a_table_and_is_status_0(run: Run) -> None:
    ended = run("interfaces")
    assert (ended.status, ended.errors) == (0, "")
    assert ended.output.startswith("INTERFACE ")


def test_interfaces_is_status_1_for_an_interface_that_is_not_there(run: Run) -> None:
    ended = run("interfaces", "nosuch0")
    assert ended.status == 1
    assert ended.output.startswith("INTERFACE ")
    assert ended.errors.startswith("Error: no interface or address 'nosuch0' on this host")


@pytest.mark.parametrize("directory", ["{file}", "{file}/state", ""])
def test_a_state_directory_that_cannot_be_one_is_status_2(directory: str, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "file"
    file.touch()
    # nothing may be served even if the directory is taken
    ended = run("--interface", "nosuch0", "--state-dir", directory.format(file=file))
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.startswith("Error: --state-dir: ")
    assert ended.errors.count("\n") == 1


def test_debug_shows_the_traceback_of_an_error(tmp_path: Path, run: Run) -> None:
    ended = run("--debug", str(tmp_path / "none.toml"))
    assert (ended.status, ended.output) == (1, "")
    assert ended.errors.startswith("Traceback (most recent call last):\n")
    assert "none.toml: cannot be read" in ended.errors.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", "friendly_name = ", "line 1"),
        ("b.toml", 'friendly_name = "x"', "manufacturer: the field is missing"),
        ("c.toml", 'frendly_name = "x"', "did you mean 'friendly_name'?"),
        ("d.xml", "<root>\n<device></root>", "line 2"),
        ("e.xml", "<html/>", "is not a UPnP description"),
    ],
)
def test_a_wrong_device_file_is_status_1_and_reported_with_file_and_place(
    name: str, content: str, message: str, tmp_path: Path, run: Run
) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    ended = run(str(file))
    assert ended.status == 1
    assert f"Error: {file}: " in ended.errors
    assert message in ended.errors
    assert "Traceback" not in ended.errors


def test_a_missing_device_file_is_status_1_and_named(tmp_path: Path, run: Run) -> None:
    ended = run(str(tmp_path / "none.toml"))
    assert ended.status == 1
    assert f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory" in ended.errors


def test_serve_is_status_1_for_an_interface_that_is_not_there(run: Run) -> None:
    ended = run("--interface", "nosuch0")
    assert ended.status == 1
    assert "no interface or address 'nosuch0' on this host" in ended.errors


def test_the_same_device_twice_is_refused(run: Run) -> None:
    ended = run(str(EXAMPLES / "jambon3000.toml"), str(EXAMPLES / "jambon3000.xml"))
    assert ended.status == 1
    assert "have the UDN uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363" in ended.errors


# --- devices in Python ---------------------------------------------------------------------------------------------

LAMP = """\
import ssl, sys
from upnp_trio import RootDevice
print("ssl is", ssl.create_default_context().verify_mode.name, "and argv ends with", sys.argv[-1])

def device():
    return RootDevice(device_type="urn:x:device:y:1", friendly_name=3, manufacturer="x", model_name="x")
"""


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_an_import_that_fails_is_status_1_and_shown_without_our_own_frames(tmp_path: Path) -> None:
    lamp = write(tmp_path, "lamp.py", "import nosuch\n")
    ended = run_alone(f"{lamp}:device")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        "Traceback (most recent call last):",
        f'  File "{lamp}", line 1, in <module>',
        "    import nosuch",
        "ModuleNotFoundError: No module named 'nosuch'",
        f"Error: {lamp}:device: importing lamp failed: ModuleNotFoundError: No module named 'nosuch'",
    ]


def test_a_function_that_fails_is_shown_from_its_file_on_and_whole_with_debug(tmp_path: Path) -> None:
    lamp = write(tmp_path, "lamp.py", LAMP)
    ended = run_alone(f"{lamp}:device")
    assert (ended.returncode, ended.stdout) == (1, f"ssl is CERT_REQUIRED and argv ends with {lamp}:device\n")
    frames = [line for line in ended.stderr.splitlines() if line.startswith("  File ")]
    assert frames == [f'  File "{lamp}", line 6, in device']
    assert "upnp_trio/cli/" in run_alone("--debug", f"{lamp}:device").stderr


def test_a_handler_that_fails_is_shown_and_named_with_the_device_file_and_the_field(tmp_path: Path) -> None:
    code = write(tmp_path, "lamp.py", "1 / 0\n")
    file = write(tmp_path, "lamp.toml", "[[services]]\nhandler = 'lamp:SwitchPower'\n")
    ended = run_alone(file)
    assert ended.returncode == 1
    first, frame, *_ = ended.stderr.splitlines()
    assert (first, frame) == ("Traceback (most recent call last):", f'  File "{code}", line 1, in <module>')
    assert f"{file}: services[0]: the handler 'lamp:SwitchPower': importing lamp failed: Zero" in ended.stderr
    assert ended.stderr.count("Traceback") == 1


def test_a_module_is_found_in_the_working_directory(tmp_path: Path) -> None:
    write(tmp_path, "lamp.py", "device = 5")
    # as the console script does, which does not put the working directory on sys.path
    code = "import os, sys; sys.path[:] = sys.argv.pop(1).split(os.pathsep); from upnp_trio.cli import main; main()"
    path = os.pathsep.join([str(REPOSITORY), *sys.path])
    ended = subprocess.run(
        [sys.executable, "-c", code, path, "lamp:device"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: lamp:device: it has the type int; it must be a RootDevice")


@pytest.mark.parametrize(
    ("word", "status"), [("lamp.py", 2), ("lamp.py:", 2), ("nosuch.py:device", 1), ("nosuch:device", 1)]
)
def test_a_reference_that_leads_nowhere_is_one_line(word: str, status: int, run: Run) -> None:
    ended = run(word)
    assert (ended.status, ended.output) == (status, "")
    assert ended.errors.startswith("Error: ")
    assert ended.errors.count("\n") == 1


# --- output that cannot be written ---------------------------------------------------------------------------------

TEXTS = pytest.mark.parametrize("words", [["--help"], ["interfaces"], ["--version"]])


@TEXTS
@on_posix
def test_a_reader_that_closes_early_gets_status_1_and_no_message(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = run_alone(*words, stdout=writing)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")


@TEXTS
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_text_for_a_full_disk_is_status_1_and_one_line_on_standard_error(words: list[str]) -> None:
    ended = run_alone(*words, shell=">/dev/full")
    message = "Error: cannot write to standard output: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (1, message)


@TEXTS
@on_posix
def test_a_text_for_a_closed_output_is_status_1_and_one_line_on_standard_error(words: list[str]) -> None:
    ended = run_alone(*words, shell=">&-")
    assert (ended.returncode, ended.stderr) == (1, "Error: cannot write to standard output: Bad file descriptor\n")


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", ">&- 2>&-", ">/dev/full 2>/dev/full", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "status"), [(["--port", "0"], 2), (["--interface", "nosuch0"], 1)])
@on_posix
def test_an_error_that_cannot_be_shown_keeps_its_exit_status(words: list[str], status: int, redirection: str) -> None:
    ended = run_alone(*words, shell=redirection)
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, "", "")


@pytest.mark.parametrize("words", [["--interface", "nosuch0"], ["--interface", "nosuch0", "--debug"]])
@on_posix
def test_an_error_does_not_wait_for_its_reader(words: list[str]) -> None:
    with open_full_pipe() as pipe:
        assert run_alone(*words, stdout=pipe.writing, stderr=pipe.writing).returncode == 1


@on_posix
def test_a_text_waits_for_a_reader_that_is_slow_to_begin() -> None:
    with open_full_pipe() as pipe:
        words = [sys.executable, "-m", "upnp_trio", "--help"]
        with subprocess.Popen(words, cwd=REPOSITORY, stdout=pipe.writing) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(3)  # longer than the wait at the end of a device
            assert pipe.read_until_end().startswith(b"usage: upnp-trio ")
            assert process.wait(PATIENCE_SECONDS) == 0
