"""Runs of pytest with the plugin, in processes of their own, as programs of others have it."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import upnp_trio

__all__ = ["ASYNCIO", "PLUGIN", "ROOT", "RUN_SECONDS", "prepare", "require", "run", "run_apart"]

ROOT = Path(upnp_trio.__file__).parents[1]
PLUGIN = "upnp_trio.testing.pytest_plugin"
# A run with its imports takes a few seconds on a busy machine.
RUN_SECONDS = 100
ASYNCIO = ("-p", "pytest_asyncio.plugin", "-o", "asyncio_default_fixture_loop_scope=function")


def prepare(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Run with this very code, and with no plugins but those that a test names."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    # where the lock is: these runs have one of their own
    monkeypatch.setenv("TMPDIR", str(pytester.mkdir("temporary")))
    for variable in ("CI", "BUILD_NUMBER"):  # under these, pytest's summary repeats each error, whole
        monkeypatch.delenv(variable, raising=False)
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest, with every warning an error."""
    return pytester.runpytest_subprocess("-p", PLUGIN, "-W", "error", *arguments, timeout=RUN_SECONDS)


def run_apart(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Like `run`, where no other program is on loopback; skips where that cannot be had."""
    code = """
import sys
from upnp_trio.testing.isolation import Impossible
from upnp_trio.testing.namespaces import enter_own_namespace
try:
    enter_own_namespace()
except Impossible as error:
    sys.exit(f"cannot be apart: {error}")
import pytest
sys.exit(pytest.main())
"""
    command = (sys.executable, "-c", code, "-p", PLUGIN, "-W", "error", "-rs", f"--basetemp={pytester.path / 'tmp'}")
    result = pytester.run(*command, *arguments, timeout=RUN_SECONDS)
    if "cannot be apart" in str(result.stderr):
        pytest.skip(str(result.stderr))
    return result


def require(name: str) -> None:
    """Skip where a module of the test group is not installed; looked for, as its import would load it into this run."""
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed; it is in the dependency group test")
