"""Public modules import each of their names when it is first used, and type checkers see the same names."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import upnp_trio
import upnp_trio.asgi
import upnp_trio.asyncio
import upnp_trio.testing
import upnp_trio.threads
import upnp_trio.wsgi

MODULES = [upnp_trio, upnp_trio.asgi, upnp_trio.asyncio, upnp_trio.testing, upnp_trio.threads, upnp_trio.wsgi]


def declared(module: ModuleType) -> dict[str, str]:
    """The names that *module* imports for type checkers, with the modules that define them."""
    assert module.__file__ is not None
    return {
        alias.name: node.module
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("upnp_trio.")
        for alias in node.names
    }


@pytest.mark.parametrize("module", MODULES)
def test_type_checkers_and_the_interpreter_find_the_same_names(module: ModuleType) -> None:
    homes = declared(module)
    assert sorted(homes) == sorted(module.__all__)  # the linter wants another order than this, I1 before Icon
    for name, home in homes.items():
        assert getattr(module, name) is getattr(import_module(home), name)
    assert set(module.__all__) <= set(dir(module))


def test_every_module_that_imports_on_use_is_tested_here() -> None:
    package = Path(upnp_trio.__file__).parent
    paths = [path for path in package.rglob("*.py") if "__getattr__, __dir__ =" in path.read_text(encoding="utf-8")]
    assert set(paths) == {Path(str(module.__file__)) for module in MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_another_name_is_an_error_that_names_the_module(module: ModuleType) -> None:
    with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'nothing'"):
        module.nothing  # noqa: B018
    with pytest.raises(ImportError, match=f"cannot import name 'nothing' from '{module.__name__}'"):
        exec(f"from {module.__name__} import nothing")


def test_type_checkers_report_a_name_that_does_not_exist() -> None:
    """Without an error here, mypy would call the comment unused."""
    with pytest.raises(AttributeError):
        upnp_trio.asyncio.serve_devise  # type: ignore[attr-defined]  # noqa: B018
