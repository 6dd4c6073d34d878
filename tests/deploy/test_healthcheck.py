"""The container's health check tells a device that answers from one that hangs or is gone."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.recipe import ROOT, STAGES, last
from tests.network.processes import Program
from tests.network.served import environment

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the image's system is Linux")

CHECK = ROOT / "deploy/healthcheck.py"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The command as a script, as pip installs it."""
    script = tmp_path / "upnp-trio"
    script.write_text("import sys\nfrom upnp_trio.cli import main\nsys.exit(main())\n", encoding="utf-8")
    return script


@pytest.fixture
def running(program: Path) -> Iterator[Program]:
    """The command, which serves a device on loopback."""
    options = ["demo", "light", "--interface", "127.0.0.1", "--ipv4-only"]
    with Program(
        [sys.executable, str(program), *options], cwd=ROOT, env={**environment(), "PYTHONPATH": "."}
    ) as running:
        running.wait_for("^Press Ctrl-C")
        yield running


def check(program: Path) -> tuple[int, str]:
    """The health check's exit status and output, run as the recipe runs it."""
    words = json.loads(last(STAGES[-1], "HEALTHCHECK").rest.removeprefix("CMD "))
    assert words[0] == "python"
    options = words[1:-2]
    done = subprocess.run(
        [sys.executable, *options, str(CHECK), str(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_device_that_answers_is_healthy_and_one_that_hangs_is_not(program: Path, running: Program) -> None:
    assert check(program) == (0, "")
    running.signal(signal.SIGSTOP)
    try:
        status, said = check(program)
    finally:
        running.signal(signal.SIGCONT)
    assert status == 1
    assert "127.0.0.1 port " in said
    assert said.endswith(" does not answer within 2 seconds\n")
    assert check(program) == (0, "")
    assert running.stop() == 0
    assert check(program) == (1, f"{program} is not running\n")


def test_a_program_without_http_is_healthy_while_it_runs(tmp_path: Path) -> None:
    script = tmp_path / "upnp-trio"
    script.write_text("print('ready', flush=True)\ninput()\n", encoding="utf-8")
    with Program([sys.executable, str(script)]) as running:
        running.wait_for("ready")
        assert check(script) == (0, "")


@pytest.mark.skipif(not socket.has_ipv6, reason="this system has no IPv6")
def test_a_server_on_ipv6_is_asked_too(tmp_path: Path) -> None:
    script = tmp_path / "upnp-trio"
    script.write_text(
        "import socket\n"
        "listener = socket.create_server(('::1', 0), family=socket.AF_INET6)\n"
        "print('ready', flush=True)\n"
        "listener.accept()[0].sendall(b'HTTP/1.1 404 Not Found\\r\\n\\r\\n')\n"
        "input()\n",
        encoding="utf-8",
    )
    with Program([sys.executable, str(script)]) as running:
        running.wait_for("ready")
        assert check(script) == (0, "")
        status, said = check(script)  # nobody accepts the second connection
        assert (status, said.startswith("::1 port ")) == (1, True)
