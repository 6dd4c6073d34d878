"""The modules for other loops start no slower than the package: they import what they need when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import upnp_trio.asyncio
import upnp_trio.threads


def imported(statement: str) -> list[str]:
    """The modules that a program has after *statement*."""
    command = [sys.executable, "-c", f"{statement}; import sys; print(*sys.modules)"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.mark.parametrize("name", ["asyncio", "threads"])
def test_it_imports_itself_and_nothing_else(name: str) -> None:
    plain, ours = imported("import upnp_trio"), imported(f"import upnp_trio.{name}")
    assert set(ours) - set(plain) == {f"upnp_trio.{name}"}


@pytest.mark.parametrize("module", [upnp_trio.asyncio, upnp_trio.threads])
def test_its_names_are_there_when_they_are_asked_for(module: object) -> None:
    names: list[str] = module.__all__  # type: ignore[attr-defined]
    assert set(names) <= set(dir(module))
    assert all(getattr(module, name).__name__ == name for name in names)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        module.nothing  # type: ignore[attr-defined]  # noqa: B018
