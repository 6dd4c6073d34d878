"""Tab in real shells, on pseudoterminals: what stands on the command line, and that nothing of it is run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from tests.network.demands import demand
from upnp_trio.cli.recent_devices import RecentDevice, RecentService, remember

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these shells are not on Windows")

REPOSITORY = Path(__file__).parents[2]
#: how each starts without its user's settings, and how it reads the script
INTERACTIVE = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(upnp-trio completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u -D; eval "$(upnp-trio completion zsh)"'),
}
UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
#: a name that runs something wherever a shell takes it for more than a text
HOSTILE = "Evil $(touch trace) `touch trace` \"x\" 'y' !! ;touch trace"


@attrs.frozen
class Place:
    """The environment of the shells, and the file that the hostile name would make."""

    environment: dict[str, str]
    trace: Path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A home with the command and devices that were seen."""
    program = tmp_path / "bin" / "upnp-trio"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m upnp_trio "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    service = RecentService(
        service_type="urn:schemas-upnp-org:service:SwitchPower:1",
        service_id="urn:upnp-org:serviceId:SwitchPower",
        actions={"SetTarget": ("newTargetValue",)},
    )
    settings = tmp_path / "inputrc"
    settings.write_text("set enable-bracketed-paste off\n", encoding="ascii")  # or escape sequences surround each line
    trace = tmp_path / "trace"
    (tmp_path / "folder").mkdir()
    kind = "urn:schemas-upnp-org:device:DimmableLight:1"
    remember(
        [
            RecentDevice(udn=f"uuid:{UUID}", name="Living room", device_type=kind, location="", services=(service,)),
            RecentDevice(udn="uuid:2", name=HOSTILE, device_type=kind, location=""),
        ],
        tmp_path / "upnp_trio",
    )
    environment = {
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "INPUTRC": str(settings),
        "COLUMNS": "1000",
    }
    return Place(environment, trace)


@attrs.define
class Shell:
    """A shell that is typed to."""

    _controller: int
    _shown: bytes = b""

    def type(self, keys: str) -> None:
        os.write(self._controller, keys.encode())

    def wait_for(self, text: str) -> bytes:
        """Read until *text* is shown; returns what came with it."""
        while text.encode() not in self._shown:
            self._shown += os.read(self._controller, 65536)
        shown, self._shown = self._shown, b""
        return shown


@contextmanager
def open_shell(name: str, place: Place) -> Iterator[Shell]:
    """The interactive shell *name* with the completion script."""
    import fcntl
    import pty
    import struct
    import termios

    demand(None if shutil.which(name) else f"there is no {name}")
    command, script = INTERACTIVE[name]
    controller, device = pty.openpty()
    fcntl.ioctl(controller, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 1000, 0, 0))  # no line is wrapped
    with subprocess.Popen(
        command,
        env=place.environment,
        cwd=place.trace.parent,
        stdin=device,
        stdout=device,
        stderr=device,
        start_new_session=True,
    ) as process:
        os.close(device)
        shell = Shell(controller)
        shell.type(f"PS1='> '; {script}; echo re''ady\r")
        shell.wait_for("ready\r\n")
        try:
            yield shell
        finally:
            process.kill()
            os.close(controller)


def words_after(shell: Shell, keys: str, shown: str, *, close: str = "") -> list[str]:
    """The words on the command line after *keys* and Tab, which shows *shown*, as the shell itself takes them apart."""
    shell.type(f"{keys}\t")
    shell.wait_for(shown)  # a shell may drop what is typed while it completes
    # Ctrl-A goes to the start of the line; the words are shown in place of running them
    shell.type(f"\x01printf '[%s]\\n' \x05{close} en''d\r")
    lines = shell.wait_for("\n[end]").decode(errors="replace").replace("\r", "").split("\n")
    return [line[1:-1] for line in lines if line.startswith("[") and line.endswith("]")][:-1]


@pytest.mark.parametrize("name", INTERACTIVE)
@pytest.mark.parametrize(
    ("keys", "shown", "words"),
    [
        ("upnp-trio pi", "ng", ["ping"]),
        ("upnp-trio ping Liv", "room", ["ping", "Living room"]),
        ("upnp-trio ping Living\\ r", "oom", ["ping", "Living room"]),
        ('upnp-trio ping "Living r', "oom", ["ping", "Living room"]),
        ("upnp-trio ping 'Living r", "oom", ["ping", "Living room"]),
        ("upnp-trio ping uuid:e4", "6363", ["ping", f"uuid:{UUID}"]),
        ("upnp-trio ping Living\\ room uuid:e", "6363", ["ping", "Living room", f"uuid:{UUID}"]),
        ("upnp-trio serve --profile=w", "indows", ["serve", "--profile=windows"]),
        ("upnp-trio serve --profile w", "indows", ["serve", "--profile", "windows"]),
        ("upnp-trio stub fol", "der", ["stub", "folder"]),
        ("upnp-trio serve --state-dir fol", "der", ["serve", "--state-dir", "folder"]),
    ],
)
def test_tab_completes_the_word(name: str, keys: str, shown: str, words: list[str], place: Place) -> None:
    with open_shell(name, place) as shell:
        completed = words_after(shell, keys, shown)
    # a folder has a slash at its end, which zsh takes away when a space follows
    assert [word.removesuffix("/") for word in completed] == ["upnp-trio", *words]


@pytest.mark.parametrize("name", INTERACTIVE)
@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_hostile_name_stands_on_the_command_line_as_it_is_or_not_at_all(name: str, quote: str, place: Place) -> None:
    # within quotes, bash has no way to write it: it has both "!" and "'"
    is_completed = name != "bash" or not quote
    with open_shell(name, place) as shell:
        if is_completed:
            assert words_after(shell, f"upnp-trio ping {quote}Ev", "trace") == ["upnp-trio", "ping", HOSTILE]
        else:
            assert words_after(shell, f"upnp-trio ping {quote}Ev", "\x07", close=quote) == ["upnp-trio", "ping", "Ev"]
    assert not place.trace.exists()


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("upnp-trio pi", ["ping\tmeasure how long devices take to answer"]),
        ("upnp-trio ping Liv", ["Living room\tDimmableLight:1"]),
        ('upnp-trio ping "Living r', ["Living room\tDimmableLight:1"]),
        ("upnp-trio ping uuid:e", [f"uuid:{UUID}\tLiving room"]),
        ("upnp-trio serve --profile=w", ["--profile=windows"]),
        ("upnp-trio stub fol", ["folder/"]),
    ],
)
def test_fish_completes_the_word(line: str, completed: list[str], place: Place) -> None:
    assert fish(line, place) == completed


def test_fish_gets_a_hostile_name_as_a_text(place: Place) -> None:
    assert fish("upnp-trio ping Ev", place) == [f"{HOSTILE}\tDimmableLight:1"]
    assert not place.trace.exists()


def fish(line: str, place: Place) -> list[str]:
    """What fish says that *line* can become; it quotes by itself what it puts on the command line."""
    demand(None if shutil.which("fish") else "there is no fish")
    script = 'upnp-trio completion fish | source; complete --do-complete "$LINE"'
    done = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env={**place.environment, "LINE": line},
        cwd=place.trace.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()
