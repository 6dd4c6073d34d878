"""A chaos run that is interrupted leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.run import why_unavailable
from tests.network.demands import demand
from tests.network.processes import Program
from tests.network.served import REPOSITORY

#: a part of the phase that is interrupted
CROWD_SECONDS = 5.0

pytestmark = pytest.mark.interop


def test_an_interrupted_chaos_run_removes_its_namespaces_and_ends_what_runs_in_them(tmp_path: Path) -> None:
    demand(why_unavailable())
    command = [sys.executable, "-m", "tests.chaos", "--quick", "--share-cores", "--output", str(tmp_path)]
    with Program(command, cwd=REPOSITORY) as program:
        program.wait_for_error("^crowd")
        names = [name for name in _namespaces() if f"-{program.pid}-" in name]
        assert len(names) == 5
        deadline = time.monotonic() + CROWD_SECONDS
        while not _run("ip", "netns", "pids", next(name for name in names if name.endswith("hostile"))):
            assert time.monotonic() < deadline, "the crowd has not come"
            time.sleep(0.1)
        inside = {pid for name in names for pid in _run("ip", "netns", "pids", name).split()}
        assert len(inside) >= 5  # the device, the client, two listeners and the crowd
        assert program.stop(signal.SIGINT) == 128 + signal.SIGINT
        assert program.errors.splitlines()[1:] == ["bad cable: 7 s", "hostile: 7 s", "crowd: 7 s"]
    assert not set(names) & set(_namespaces())
    assert [pid for pid in inside if Path(f"/proc/{pid}").exists()] == []
    assert list(tmp_path.iterdir()) == []


def _namespaces() -> list[str]:
    return [line.split()[0] for line in _run("ip", "netns", "list").splitlines()]


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
