"""The public names with their signatures, fields, methods and bases, as lines that show each change."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from docs.generate.public import public_modules
from tests.public.sources import Definition, definition, exported

__all__ = ["PINNED", "public_api"]

PINNED = Path(__file__).with_name("api.txt")
#: what callers call by syntax; others, such as __repr__, are how a class is made
CALLED_BY_SYNTAX = {
    f"__{name}__"
    for name in (
        *("init", "init_subclass", "call", "await", "getattr", "getitem", "len", "contains", "iter", "bool"),
        *("enter", "exit", "aenter", "aexit", "aiter", "anext", "str", "int", "float", "bytes"),
    )
}
#: decorators that say how a member is used; `attrs.frozen` and the like belong to the class's line
KINDS = (
    "property",
    "cached_property",
    "classmethod",
    "staticmethod",
    "overload",
    "asynccontextmanager",
    "contextmanager",
)


def public_api() -> str:
    """All of it, one module after the other."""
    return "".join(f"{line}\n" for module in public_modules() for line in _module(module))


def _module(module: str) -> Iterator[str]:
    yield module
    for name in sorted(exported(module)):
        found = definition(module, name)
        if found is None:
            raise ValueError(f"{module}.{name} is public and defined nowhere in the package")
        for statement in found.statements:
            yield from (f"  {line}" for line in _lines(found, statement))


def _lines(found: Definition, statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.ClassDef():
            yield from _class(found, statement)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield _function(statement)
        case ast.AnnAssign():
            yield f"{found.name}: {ast.unparse(statement.annotation)}"
        case ast.Assign() if found.name != "__version__":
            yield f"{found.name} = {ast.unparse(statement.value)}"
        case _:
            yield found.name


def _class(found: Definition, node: ast.ClassDef) -> Iterator[str]:
    bases = ", ".join(map(ast.unparse, [*node.bases, *(keyword.value for keyword in node.keywords)]))
    made = "".join(f"@{ast.unparse(decorator)} " for decorator in node.decorator_list)
    yield f"{made}class {node.name}({bases})" if bases else f"{made}class {node.name}"
    yield from (f"  {line}" for line in _members(found, node))


def _members(found: Definition, node: ast.ClassDef) -> Iterator[str]:
    """What the class has, and what it inherits from classes that are not public themselves."""
    for base in node.bases:
        inherited = definition(found.module, ast.unparse(base).partition("[")[0])
        if inherited is not None and inherited.name not in _public_names():
            for statement in inherited.statements:
                if isinstance(statement, ast.ClassDef):
                    yield from _members(inherited, statement)
    for member in node.body:
        match member:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _is_public(member.name) and not _is_setter(member):
                yield _function(member)
            case ast.AnnAssign() if _is_public(ast.unparse(member.target)):
                yield _field(member)
            case ast.Assign() if all(_is_public(ast.unparse(target)) for target in member.targets):
                yield ast.unparse(member)


@cache
def _public_names() -> frozenset[str]:
    return frozenset(name for module in public_modules() for name in exported(module))


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name in CALLED_BY_SYNTAX


def _is_setter(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it belongs to a field that is shown by itself, as attrs' validators and defaults do."""
    return any(
        isinstance(decorator, ast.Attribute) and decorator.attr in ("validator", "default")
        for decorator in node.decorator_list
    )


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    kinds = "".join(f"@{kind} " for kind in map(ast.unparse, node.decorator_list) if kind.rpartition(".")[2] in KINDS)
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{kinds}{word} {node.name}({ast.unparse(node.args)}){returned}"


def _field(node: ast.AnnAssign) -> str:
    """The field's name and type, and its default if it has one; converters and validators are how it is made."""
    shown = f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}"
    match node.value:
        case None:
            return shown
        case ast.Call(keywords=keywords) as call if ast.unparse(call.func).endswith("field"):
            by_name = {keyword.arg: ast.unparse(keyword.value) for keyword in keywords}
            if "factory" in by_name:
                return f"{shown} = {by_name['factory']}()"
            if by_name.get("init") == "False":
                return f"{shown} (not given)"
            return f"{shown} = {by_name['default']}" if "default" in by_name else shown
        case value:
            return f"{shown} = {ast.unparse(value)}"
