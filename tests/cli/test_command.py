"""The command's options and errors; nothing here gets as far as a socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from upnp_trio import __version__, check
from upnp_trio.cli.command import serve
from upnp_trio.cli.default_device import default_device

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(serve, list(arguments), prog_name="upnp-trio")


def test_the_default_device_keeps_every_rule(caplog: pytest.LogCaptureFixture) -> None:
    check(default_device())
    assert caplog.records == []


def test_help_shows_every_option_and_examples() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for option in ("--friendly-name", "--uuid", "--port", "--interface", "--max-age", "--log-level", "--quiet"):
        assert option in result.output
    assert "upnp-trio examples/jambon3000.toml" in result.output


def test_version_is_that_of_the_package() -> None:
    assert run("--version").output == f"upnp-trio {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--no-such-option"], "--no-such-option"),
        (["--port", "0"], "--port"),
        (["--port", "http"], "--port"),
        (["--max-age", "-1"], "--max-age"),
        (["--uuid", "mine"], "'mine' is no UUID"),
        (["--log-level", "loud"], "--log-level"),
        (["a.toml", "b.toml", "--friendly-name", "x"], "--friendly-name"),
    ],
)
def test_wrong_usage_is_status_2_and_names_the_option(arguments: list[str], named: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert named in result.output


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.toml", "friendly_name = ", "line 1"),
        ("b.toml", 'friendly_name = "x"', "manufacturer: the field is missing"),
        ("c.toml", 'frendly_name = "x"', "did you mean 'friendly_name'?"),
        ("d.xml", "<root>\n<device></root>", "line 2"),
        ("e.xml", "<html/>", "is no UPnP description"),
    ],
)
def test_a_device_file_that_is_wrong_is_status_1_and_names_file_and_place(
    name: str, content: str, told: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    result = run(str(file))
    assert result.exit_code == 1
    assert f"Error: {file}: " in result.output
    assert told in result.output
    assert "Traceback" not in result.output


def test_a_device_file_that_is_not_there_is_status_1_and_named(tmp_path: Path) -> None:
    result = run(str(tmp_path / "none.toml"))
    assert result.exit_code == 1
    assert f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory" in result.output


def test_an_interface_that_is_not_there_is_status_1_and_named() -> None:
    result = run("--interface", "nosuch0")
    assert result.exit_code == 1
    assert "no interface or address 'nosuch0' on this host" in result.output


def test_the_same_device_twice_is_refused() -> None:
    result = run(str(EXAMPLES / "jambon3000.toml"), str(EXAMPLES / "jambon3000.xml"))
    assert result.exit_code == 1
    assert "have the UDN uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363" in result.output
