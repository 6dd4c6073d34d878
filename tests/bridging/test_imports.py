"""The modules for other loops start no slower than the package: they import what they need when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest


def imported(statement: str) -> list[str]:
    """The modules that a program has after *statement*."""
    command = [sys.executable, "-c", f"{statement}; import sys; print(*sys.modules)"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("name", ["asyncio", "threads"])
def test_it_imports_itself_and_nothing_else(name: str) -> None:
    plain, ours = imported("import upnp_trio"), imported(f"import upnp_trio.{name}")
    assert set(ours) - set(plain) == {f"upnp_trio.{name}"}
