"""Writes the Python source of a typed client from a service description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.model.datatypes import DATA_TYPES
from upnp_trio.services.names import python_name
from upnp_trio.services.source import Nested, layout, quoted
from upnp_trio.services.source_module import TYPE_NAMES, SourceModule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.model.datatypes import DataType
    from upnp_trio.model.service import ActionDescription, ArgumentDescription, ServiceDescription
    from upnp_trio.services.source import Node

__all__ = ["render_client"]

_HOME = "upnp_trio.controlpoint"
_BASE = "ServiceClient"
# Names that the module may import.
_IN_MODULE = frozenset({"Decimal", "Literal", "NamedTuple", "UUID", _BASE}) | TYPE_NAMES
# Names of the base class, whose others begin with "_", which no name of an action does.
_IN_CLASS = frozenset({"at", "service", "service_type"}) | TYPE_NAMES
_IN_METHOD = frozenset({"self", "answer"}) | TYPE_NAMES


def render_client(description: ServiceDescription, *, service_type: str, class_name: str) -> str:
    """The source of a module with the class *class_name*, which has a method for each action of *description*.

    A method takes the in arguments under Python names and returns the out argument, or a named tuple of several. The
    source passes ``mypy --strict`` and is formatted. Raises `DescriptionError` if *class_name* is not a name.
    """
    return _Client(description, class_name).render(service_type)


class _Client:
    def __init__(self, description: ServiceDescription, class_name: str) -> None:
        self.description = description
        self.class_name = class_name
        self.module = SourceModule(class_name, _IN_MODULE)
        self.module.use(_HOME, _BASE)
        #: names of the class
        self.members = set(_IN_CLASS)

    def render(self, service_type: str) -> str:
        # a call of a name means the last action that has it
        methods = [self._method(action) for action in {each.name: each for each in self.description.actions}.values()]
        bases = (_BASE, f"service_type={quoted(service_type)}")
        head = layout(Nested(f"class {self.class_name}(", bases, ")"), 0, after=":")
        head.append('    """Each method calls an action, and raises what `RemoteService.call` raises."""')
        return self.module.source("A client of a UPnP service.", head, methods)

    def _method(self, action: ActionDescription) -> list[str]:
        name = python_name(action.name, self.members)
        self.members.add(name)
        given = _once(action.in_arguments)
        names = dict(_named(given))
        parameters = ("self", *(f"{names[each.name]}: {self._parameter_type(each)}" for each in given))
        results = _once(action.out_arguments)
        returned = self._returned(action, results)
        signature = Nested(f"async def {name}(", parameters, ")")
        items = tuple(f"{quoted(argument)}: {parameter}" for argument, parameter in names.items())
        call = Nested("self._call(", (quoted(action.name), *([Nested("{", items, "}")] if items else [])), ")")
        lines = layout(signature, 1, after=f" -> {returned}:")
        if not results:
            return [*lines, *layout(call, 2, before="await ")]
        values = tuple(self._value(each) for each in results)
        value = values[0] if len(values) == 1 else Nested(f"{returned}(", values, ")")
        return [*lines, *layout(call, 2, before="answer = await "), *layout(value, 2, before="return ")]

    def _parameter_type(self, argument: ArgumentDescription) -> str:
        variable = self.description.variable_of(argument)
        if variable is None:
            return "str"
        if variable.data_type.python_type is str:
            self.module.define_literal(variable)
        return self.module.literals.get(variable.name) or self._type(variable.data_type)

    def _returned(self, action: ActionDescription, results: list[ArgumentDescription]) -> str:
        if not results:
            return "None"
        if len(results) == 1:
            return self._result_type(results[0])
        return self.module.define_record(action.name, [(each, self._result_type(each)) for each in results])

    def _result_type(self, argument: ArgumentDescription) -> str:
        # No type of the allowed values: devices answer with others, too, such as NOT_IMPLEMENTED.
        variable = self.description.variable_of(argument)
        return self._type(DATA_TYPES["string"] if variable is None else variable.data_type)

    def _value(self, argument: ArgumentDescription) -> Node:
        return Nested("answer.value(", (quoted(argument.name), self._result_type(argument)), ")")

    def _type(self, kind: DataType) -> str:
        name, module = kind.python_type.__name__, kind.python_type.__module__
        if module == "builtins":
            return name
        self.module.standard.add("datetime" if module == "datetime" else name)
        return f"datetime.{name}" if module == "datetime" else name


def _once(arguments: Iterable[ArgumentDescription]) -> list[ArgumentDescription]:
    """*arguments* without those that have the name of an earlier one."""
    found: dict[str, ArgumentDescription] = {}
    for argument in arguments:
        found.setdefault(argument.name, argument)
    return list(found.values())


def _named(arguments: Iterable[ArgumentDescription]) -> Iterable[tuple[str, str]]:
    """The names of *arguments*, each with the one of its parameter."""
    taken = set(_IN_METHOD)
    for argument in arguments:
        parameter = python_name(argument.name, taken)
        taken.add(parameter)
        yield argument.name, parameter
