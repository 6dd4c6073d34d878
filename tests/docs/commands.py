"""The commands in shell blocks: what each is, and whether it exists with the options that it is given."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import attrs

from tests.docs.blocks import ROOT, Block
from tests.network.served import environment
from upnp_trio.cli.references import Reference
from upnp_trio.cli.serve_options import ServeArguments
from upnp_trio.cli.verbs import parse
from upnp_trio.cli.verbs.clone import CloneArguments
from upnp_trio.cli.verbs.stub import StubArguments
from upnp_trio.documents.device_file import DEVICE_FILE_NAME

__all__ = ["Words", "nox_sessions", "words_of"]

#: programs of others; what they take is theirs to judge
FOREIGN = {
    *("apt-get", "curl", "docker", "firewall-cmd", "git", "install", "jq", "kill", "podman", "systemctl", "ufw"),
    "upnp-client",  # of async_upnp_client
}


@attrs.frozen
class Words:
    """One command: its line as it is shown, and its words."""

    block: Block
    line: str
    words: tuple[str, ...]

    def check(self, folder: Path) -> None:
        """Raise an error if the command does not exist or does not take these words; *folder* has the page's files."""
        program, *arguments = self.words
        name = Path(program).name
        if name == "upnp-trio":
            _check_ours(arguments, folder)
        elif name in ("python", "python3", "py"):
            _check_python(arguments, folder)
        elif name == "pip":
            assert arguments[0] == "install", self.line
            assert set(arguments[1:]) <= {".", "nox"}, self.line
        elif name == "nox":
            named = arguments[arguments.index("-s") + 1] if "-s" in arguments else "tests"
            assert named in nox_sessions(), f"{self.block}: there is no session {named}"
        else:
            assert name in FOREIGN, f"{self.block}: nothing here knows {name}"
        for word in arguments:
            if re.match(r"(examples|deploy|docs|tests)/", word) and "*" not in word:
                word = re.sub(r"(?<=\.py):[\w.]+$", "", word)  # the device in a Python file
                assert (ROOT / word).exists(), f"{self.block}: there is no {word}"

    def run(self, folder: Path) -> str:
        """What the command prints, which must be one of ours that ends by itself."""
        assert self.words[0] == "upnp-trio", f"{self.block}: {self.line} is not run by a test"
        done = subprocess.run(
            [sys.executable, "-m", "upnp_trio", *self.words[1:]],
            cwd=folder,
            env={**environment(), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return done.stdout


def words_of(block: Block) -> list[Words]:
    """The commands of a shell block, in their order; of a console block those behind a prompt."""
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    found = []
    for line in lines:
        for part in line.split(" && "):
            for words in _split(shlex.split(part, comments=True), "|"):
                if ">" in words:  # into a file
                    del words[words.index(">") :]
                if words[:1] == ["sudo"]:
                    del words[0]
                if words:
                    found.append(Words(block, line, tuple(words)))
    return found


def _split(words: list[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def nox_sessions() -> set[str]:
    """The sessions of the noxfile, without those for one Python."""
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    return set(re.findall(r"^@nox\.session(?:\(.*\))?\ndef (\w+)\(", noxfile, re.MULTILINE))


def _check_ours(arguments: list[str], folder: Path) -> None:
    if {"--help", "--version"} & set(arguments):
        return
    asked = parse(arguments)
    if isinstance(asked, ServeArguments):
        for device in asked.devices:
            if (file := device if isinstance(device, Path) else device.file) is not None:
                assert any((folder / file / name).is_file() for name in ("", DEVICE_FILE_NAME)), f"there is no {file}"
            elif isinstance(device, Reference):
                assert importlib.util.find_spec(device.module) is not None, f"there is no module {device.module}"
    elif isinstance(asked, CloneArguments):  # which makes a folder that the next commands may serve
        (folder / asked.directory).mkdir()
        (folder / asked.directory / DEVICE_FILE_NAME).touch()
    elif isinstance(asked, StubArguments):
        assert (folder / asked.scpd).is_file(), f"there is no {asked.scpd}"


def _check_python(arguments: list[str], folder: Path) -> None:
    if arguments[0] == "-c":
        compile(arguments[1], "-c", "exec")
    elif arguments[0] == "-m" and arguments[1] == "upnp_trio":
        _check_ours(arguments[2:], folder)
    elif arguments[0] == "-m":
        assert importlib.util.find_spec(arguments[1]) is not None, f"there is no module {arguments[1]}"
    else:
        assert (folder / arguments[0]).is_file(), f"there is no {arguments[0]}"
