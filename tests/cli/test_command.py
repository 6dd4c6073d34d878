"""What the command says and how it ends; nothing here gets as far as a socket."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import attrs
import pytest

from upnp_trio import check
from upnp_trio.cli.command import command
from upnp_trio.cli.default_device import default_device
from upnp_trio.errors import DescriptionError

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"


@attrs.frozen
class Ended:
    """How the command ended."""

    status: int
    output: str
    errors: str


class Run(Protocol):
    def __call__(self, *words: str) -> Ended: ...


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with words."""

    def run(*words: str) -> Ended:
        status = command(words)
        return Ended(status, *capsys.readouterr())

    return run


def test_the_default_device_keeps_every_rule(caplog: pytest.LogCaptureFixture) -> None:
    check(default_device())
    assert caplog.records == []


def test_wrong_usage_is_status_2_and_one_line_on_standard_error(run: Run) -> None:
    ended = run("--port", "http")
    assert ended == Ended(2, "", "Error: --port: 'http' is no whole number from 1 to 65535\n")


def test_a_device_file_named_like_a_verb_can_be_served(run: Run) -> None:
    ended = run("./interfaces")
    assert (ended.status, ended.output) == (1, "")
    assert "interfaces: cannot be read" in ended.errors


def test_the_interfaces_are_shown_and_none_is_no_error(run: Run) -> None:
    ended = run("interfaces")
    assert (ended.status, ended.errors) == (0, "")
    assert ended.output.startswith("INTERFACE ")


def test_an_interface_to_show_that_is_not_there_is_status_1_and_named_under_the_table(run: Run) -> None:
    ended = run("interfaces", "nosuch0")
    assert ended.status == 1
    assert ended.output.startswith("INTERFACE ")
    assert ended.errors.startswith("Error: no interface or address 'nosuch0' on this host")


def test_with_debug_an_error_leaves_with_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match=r"none\.toml"):
        command(["--debug", str(tmp_path / "none.toml")])


def test_a_start_brings_nothing_that_was_not_asked_for() -> None:
    code = "import sys, upnp_trio.cli.command; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    imported = set(told.stdout.split())
    assert "upnp_trio.server.serve" in imported
    assert not imported & {"rich", "difflib", "tomllib", "cattrs", "defusedxml"}
    assert not imported & {
        "upnp_trio.cli.readiness",
        "upnp_trio.server.monitoring.metrics",
        "upnp_trio.documents.device_file",
    }


@pytest.mark.parametrize("words", [["--help"], ["interfaces"], ["--version"]])
@pytest.mark.skipif(sys.platform == "win32", reason="a pipe that nobody reads is another error there")
def test_output_that_nobody_reads_is_not_complained_about(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "upnp_trio", *words],
            cwd=REPOSITORY,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.toml", "friendly_name = ", "line 1"),
        ("b.toml", 'friendly_name = "x"', "manufacturer: the field is missing"),
        ("c.toml", 'frendly_name = "x"', "did you mean 'friendly_name'?"),
        ("d.xml", "<root>\n<device></root>", "line 2"),
        ("e.xml", "<html/>", "is not a UPnP description"),
    ],
)
def test_a_device_file_that_is_wrong_is_status_1_and_names_file_and_place(
    name: str, content: str, told: str, tmp_path: Path, run: Run
) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    ended = run(str(file))
    assert ended.status == 1
    assert f"Error: {file}: " in ended.errors
    assert told in ended.errors
    assert "Traceback" not in ended.errors


def test_a_device_file_that_is_not_there_is_status_1_and_named(tmp_path: Path, run: Run) -> None:
    ended = run(str(tmp_path / "none.toml"))
    assert ended.status == 1
    assert f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory" in ended.errors


def test_an_interface_that_is_not_there_is_status_1_and_named(run: Run) -> None:
    ended = run("--interface", "nosuch0")
    assert ended.status == 1
    assert "no interface or address 'nosuch0' on this host" in ended.errors


def test_the_same_device_twice_is_refused(run: Run) -> None:
    ended = run(str(EXAMPLES / "jambon3000.toml"), str(EXAMPLES / "jambon3000.xml"))
    assert ended.status == 1
    assert "have the UDN uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363" in ended.errors
