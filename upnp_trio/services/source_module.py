"""A Python module while it is written: its imports, its names, and what stands above its class."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

from upnp_trio.errors import DescriptionError
from upnp_trio.model.service import ARGUMENT_TYPE
from upnp_trio.services.names import python_name
from upnp_trio.services.source import LINE_LENGTH, Nested, layout, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from upnp_trio.model.service import ArgumentDescription, VariableDescription
    from upnp_trio.services.source import Node

__all__ = ["TYPE_NAMES", "SourceModule"]

#: names of types in annotations, which an attribute or a parameter of the same name would hide
TYPE_NAMES = frozenset({"bool", "bytes", "datetime", "float", "int", "str"})
# methods of each tuple
_IN_RECORD = frozenset({"count", "index"}) | TYPE_NAMES
_TYPING = frozenset({"Annotated", "Literal", "NamedTuple"})


class SourceModule:
    """The source of a module with one class.

    *may_import* are the names that it may import, so that nothing else gets one of them. Raises `DescriptionError` if
    *class_name* cannot be the name of the class.
    """

    def __init__(self, class_name: str, may_import: frozenset[str]) -> None:
        if not class_name.isidentifier() or keyword.iskeyword(class_name) or class_name in may_import:
            raise DescriptionError(f"class_name is {class_name!r}, which cannot be the name of a class")
        #: what is imported of the standard library: names of typing, and modules or classes that stand for theirs
        self.standard: set[str] = set()
        #: what is imported of this package, by the module
        self.ours: dict[str, set[str]] = {}
        #: lines above the class
        self.above: list[str] = []
        #: the names of the types of variables with allowed values, by the variable
        self.literals: dict[str, str] = {}
        self._taken = {class_name, *may_import}

    def source(self, title: str, head: Sequence[str], sections: Iterable[Sequence[str]]) -> str:
        """The whole module: *head* begins the class, and an empty line is before each of its *sections*."""
        body = [line for section in sections for line in ["", *section]]
        return "\n".join([f'"""{title}"""', "", *self._imports(), *self.above, "", "", *head, *body]) + "\n"

    def use(self, module: str, *names: str) -> None:
        """Import *names* of this package's *module*."""
        self.ours.setdefault(module, set()).update(names)

    def _imports(self) -> list[str]:
        lines = ["import datetime"] if "datetime" in self.standard else []
        if "Decimal" in self.standard:
            lines.append("from decimal import Decimal")
        if typing := sorted(self.standard & _TYPING):
            lines.append(f"from typing import {', '.join(typing)}")
        if "UUID" in self.standard:
            lines.append("from uuid import UUID")
        if lines:
            lines.append("")
        for module in sorted(self.ours):
            names = sorted(self.ours[module], key=_import_order)
            line = f"from {module} import {', '.join(names)}"
            if len(line) > LINE_LENGTH:
                lines += [f"from {module} import (", *(f"    {name}," for name in names), ")"]
            else:
                lines.append(line)
        return lines

    def name(self, wanted: str) -> str:
        """A name of the module for a type, like *wanted*."""
        words = re.sub(r"[^A-Za-z0-9_]", "", wanted)
        wanted = words[:1].upper() + words[1:] if words[:1].isalpha() else f"X{words}"
        found, number = wanted, 2
        while found in self._taken or keyword.iskeyword(found):
            found, number = f"{wanted}{number}", number + 1
        self._taken.add(found)
        return found

    def define_literal(self, variable: VariableDescription) -> None:
        """Define a type for the allowed values of *variable*, once, if it has any."""
        if not variable.allowed_values or variable.name in self.literals:
            return
        name = self.name(variable.name.removeprefix(ARGUMENT_TYPE))
        self.literals[variable.name] = name
        self.standard.add("Literal")
        if not self.above:
            self.above.append("")
        values = tuple(quoted(value) for value in variable.allowed_values)
        self.above += layout(Nested("Literal[", values, "]"), 0, before=f"{name} = ")

    def define_record(self, action: str, fields: Iterable[tuple[ArgumentDescription, Node]]) -> str:
        """Define the tuple of the results of *action*, whose *fields* have annotations; returns its name."""
        name = self.name(f"{action}Result")
        self.standard.add("NamedTuple")
        # a vendor's name may have characters that would end the docstring
        whose = action if action.isidentifier() else "an action"
        lines = ["", "", f"class {name}(NamedTuple):", f'    """The results of {whose}."""', ""]
        taken = set(_IN_RECORD)
        for argument, annotation in fields:
            field = python_name(argument.name, taken)
            taken.add(field)
            lines += layout(annotation, 1, before=f"{field}: ")
        self.above += lines
        return name


def _import_order(name: str) -> tuple[int, str]:
    """As import sorters have it: constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name
