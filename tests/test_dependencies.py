"""The package imports what pyproject.toml declares, and nothing that is there by chance; and it needs all of that."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import upnp_trio

PACKAGE = Path(upnp_trio.__file__).parent
PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: modules of the standard library that the lowest Python does not have yet
NEWER = {"annotationlib"}
#: what only those use who asked for the extra
EXTRAS = {"testing": PACKAGE / "testing/pytest_plugin.py"}


def names(requirements: list[str]) -> set[str]:
    """The modules of *requirements*, all of which are named like their project."""
    return {found[0] for requirement in requirements if (found := re.match(r"[\w-]+", requirement))}


def imported(file: Path) -> Iterator[str]:
    """The modules of others that *file* imports, wherever in it, also for type checkers alone."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                found = [alias.name for alias in node.names]
            case ast.ImportFrom(module=str(module), level=0):
                found = [module]
            case _:
                continue
        tops = {name.partition(".")[0] for name in found}
        yield from tops - sys.stdlib_module_names - NEWER - {"upnp_trio"}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    files = set(PACKAGE.rglob("*.py")) - set(EXTRAS.values())
    used = {name: file for file in sorted(files) for name in imported(file)}
    assert set(used) == names(PROJECT["dependencies"]), used


def test_an_extra_is_imported_by_its_own_module_alone() -> None:
    assert set(EXTRAS) == set(PROJECT["optional-dependencies"])
    for extra, file in EXTRAS.items():
        own = names(PROJECT["optional-dependencies"][extra])
        assert own <= set(imported(file)) <= own | names(PROJECT["dependencies"])
