"""Where a name of the package is defined, read from the sources: the same on every Python and every system."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import attrs

__all__ = ["Definition", "definition", "exported"]

ROOT = Path(__file__).parents[2]
PACKAGE = "upnp_trio"


@attrs.frozen
class Definition:
    """A name where it is defined: its module, and its statements, of which overloads have several."""

    module: str
    name: str
    statements: tuple[ast.stmt, ...]


@cache
def _tree(module: str) -> ast.Module:
    path = ROOT / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


@cache
def _imports(module: str) -> dict[str, tuple[str, str]]:
    """Names that the module imports from others of the package, also for type checkers alone."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE
        for alias in node.names
    }


def exported(module: str) -> list[str]:
    """What `__all__` of the module lists."""
    for node in _tree(module).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            names: list[str] = ast.literal_eval(node.value)
            return names
    raise ValueError(f"{module} has no __all__; list its public names there, in one literal")


def definition(module: str, name: str) -> Definition | None:
    """Where *name* of *module* is defined; ``None`` for what is not this package's."""
    found = tuple(node for node in _tree(module).body if name in _names(node))
    if found:
        return Definition(module, name, found)
    home = _imports(module).get(name)
    return definition(*home) if home else None


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [ast.unparse(target) for target in node.targets]
        case ast.AnnAssign():
            return [ast.unparse(node.target)]
    return []
