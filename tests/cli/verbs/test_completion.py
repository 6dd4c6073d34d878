"""``upnp-trio completion`` and ``upnp-trio complete``: the scripts, and what they ask."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from upnp_trio.cli.command import command
from upnp_trio.cli.parsing import UsageError
from upnp_trio.cli.verbs.complete import parse as parse_complete
from upnp_trio.cli.verbs.completion import SHELLS, parse

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize("words", [[], ["tcsh"], ["bash", "zsh"]])
def test_one_shell_is_named(words: list[str]) -> None:
    with pytest.raises(UsageError, match=r"^completion: name the shell: bash, zsh, fish$"):
        parse(words)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_calls_this_program(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["completion", shell]) == 0
    written = capsys.readouterr().out
    assert f'"upnp-trio" complete {shell} ' in written
    assert "@PROGRAM@" not in written


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_that_the_shell_does_not_find_is_called_by_its_quoted_path(shell: str, tmp_path: Path) -> None:
    folder = tmp_path / 'a "b" $HOME \\'
    folder.mkdir()
    program = folder / "upnp-trio"
    program.write_text(f"#!{sys.executable}\nfrom upnp_trio.cli import main\nmain()\n", encoding="utf-8")
    program.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, program, "completion", shell], env=environment, capture_output=True, text=True, check=True
    )
    assert f'"{tmp_path}/a \\"b\\" \\$HOME \\\\/upnp-trio" complete {shell} ' in done.stdout


def test_the_words_to_complete_are_not_our_own_options() -> None:
    asked = parse_complete(["bash", "search", "--help"])
    assert (asked.shell, asked.words) == ("bash", ["search", "--help"])
    assert parse_complete(["zsh"]).words == [""]
    with pytest.raises(UsageError, match=r"^complete: name the shell: "):
        parse_complete(["search"])


def test_bash_gets_quoted_words_that_match_and_the_others_get_all_with_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["complete", "bash", "se"]) == 0
    assert capsys.readouterr().out == "serve\nsearch\n"
    assert command(["complete", "bash", "serve", "--profile", "w"]) == 0
    assert capsys.readouterr().out == "windows\n"
    assert command(["complete", "fish", "serve", "--profile", "w"]) == 0
    assert capsys.readouterr().out == "uda\nwindows\nroku\nhue\n"
    assert command(["complete", "zsh", "completi"]) == 0
    assert capsys.readouterr().out == "completion\tcomplete words with Tab\n"
