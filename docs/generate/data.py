"""What the reference says of public names that are neither classes nor functions: type aliases and constants.

Autodoc finds the comment of such a name only in the module that defines it. Behind an import, it shows the docstring of
the value's own type, such as that of `str`.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from types import UnionType

import upnp_trio

__all__ = ["described"]


def described(module: str, name: str) -> list[str]:
    """The lines that describe *name* of *module*: its ``#:`` comment, and the types that a union is of."""
    value = getattr(importlib.import_module(module), name)
    comment = next((found for home in _homes(name, value) if (found := _comment(home, name))), None)
    if comment is None:
        raise LookupError(f"{module}.{name} has no comment with '#:' above it, where it is defined")
    lines = [f"{comment[0].upper()}{comment[1:]}."]
    if isinstance(value, UnionType):
        lines += ["", "It is " + " or ".join(f"`{part.__name__}`" for part in value.__args__) + "."]
    return lines


def _homes(name: str, value: object) -> list[str]:
    """The modules of the package that have *value* under this *name*; one of them defines it."""
    package = f"{upnp_trio.__name__}."
    return [
        module
        for module, loaded in sorted(sys.modules.items())
        if module.startswith(package) and vars(loaded).get(name) is value
    ]


def _comment(module: str, name: str) -> str:
    """The comment above the definition in *module*; empty if it is not defined there, or has none."""
    source = inspect.getsource(sys.modules[module])
    found = re.search(rf"((?:^#: .*\n)+)^{re.escape(name)}(?:: .*)? = ", source, re.MULTILINE)
    return " ".join(line.removeprefix("#: ") for line in found[1].splitlines()) if found else ""
