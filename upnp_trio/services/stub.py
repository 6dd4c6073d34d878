"""Writes the Python source of a service class from a service description."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from upnp_trio.errors import DescriptionError
from upnp_trio.model.event_levels import DEFAULT_LEVEL
from upnp_trio.model.service_rules import flaws
from upnp_trio.model.values import zero
from upnp_trio.services.handler import ServiceHandler
from upnp_trio.services.names import python_name
from upnp_trio.services.source import Nested, Node, flat, layout, quoted
from upnp_trio.services.source_module import TYPE_NAMES, SourceModule

if TYPE_CHECKING:
    from upnp_trio.model.service import (
        ActionDescription,
        AllowedRange,
        ArgumentDescription,
        ServiceDescription,
        VariableDescription,
    )

__all__ = ["render_stub"]

#: how a declaration writes each data type; all others are names of `upnp_trio`
_TYPES = {
    "ui1": "Ui1",
    "ui2": "Ui2",
    "ui4": "Ui4",
    "ui8": "Ui8",
    "i1": "I1",
    "i2": "I2",
    "i4": "I4",
    "i8": "I8",
    "int": "Int",
    "r4": "R4",
    "r8": "R8",
    "number": "Number",
    "float": "Float",
    "fixed.14.4": "Fixed14_4",
    "char": "Char",
    "string": "str",
    "date": "datetime.date",
    "dateTime": "DateTime",
    "dateTime.tz": "DateTimeTz",
    "time": "datetime.time",
    "time.tz": "TimeTz",
    "boolean": "bool",
    "bin.base64": "BinBase64",
    "bin.hex": "BinHex",
    "uri": "Uri",
    "uuid": "UUID",
}
# Names that the module may import.
_IN_MODULE = frozenset(
    {"Annotated", "Decimal", "In", "Literal", "NamedTuple", "Out", "Range", "ServiceHandler", "StateVariable"}
    | {"UpnpError", "action", "datetime", *_TYPES.values()}
)
# Names that the class's own annotations use, which an attribute of the class would hide.
_IN_CLASS = frozenset({*dir(ServiceHandler), *ServiceHandler.__annotations__, "action"}) | TYPE_NAMES


def render_stub(
    description: ServiceDescription, *, service_type: str, service_id: str | None = None, class_name: str
) -> str:
    """The source of a module with the class *class_name*, which declares exactly *description*.

    Each action raises UPnP error 602 until its body is written. The source passes ``mypy --strict`` and is formatted.
    Raises `DescriptionError` if *description* breaks rules of UDA 2.0 §2.5, as a class that declares it would; give
    such an SCPD to the class as it is (``scpd=``). It is also raised if *class_name* is not a name.
    """
    if found := list(flaws(description)):
        raise DescriptionError("\n".join(found))
    return _Stub(description, class_name).render(service_type, service_id)


class _Stub:
    def __init__(self, description: ServiceDescription, class_name: str) -> None:
        self.description = description
        self.class_name = class_name
        self.module = SourceModule(class_name, _IN_MODULE)
        self.module.use("upnp_trio", "ServiceHandler")
        #: names of the class
        self.members = set(_IN_CLASS)

    def render(self, service_type: str, service_id: str | None) -> str:
        for variable in self.description.variables:
            self.module.define_literal(variable)
        body = [line for variable in self.description.variables for line in self._attribute(variable)]
        methods = [self._method(action) for action in self.description.actions]
        bases = ["ServiceHandler", f"service_type={quoted(service_type)}"]
        if service_id is not None:
            bases.append(f"service_id={quoted(service_id)}")
        head = layout(Nested(f"class {self.class_name}(", tuple(bases), ")"), 0, after=":")
        head.append('    """Each action is answered with UPnP error 602 until its method is written."""')
        return self.module.source("A service of a UPnP device.", head, [*([body] if body else []), *methods])

    def _member(self, name: str) -> str:
        found = python_name(name, self.members)
        self.members.add(found)
        return found

    def _type(self, variable: VariableDescription) -> str:
        if variable.name in self.module.literals:
            return self.module.literals[variable.name]
        written = _TYPES[variable.data_type.name]
        if written[0].isupper() and written != "UUID":
            self.module.use("upnp_trio", written)
        elif written not in ("bool", "str"):
            self.module.standard.add(written.partition(".")[0])
        return written

    def _annotated(self, variable: VariableDescription, *markers: Node) -> Node:
        self.module.standard.add("Annotated")
        return Nested("Annotated[", (self._type(variable), *markers), "]")

    def _attribute(self, variable: VariableDescription) -> list[str]:
        self.module.use("upnp_trio", "StateVariable")
        options = [quoted(variable.name)]
        if not variable.evented:
            options.append("evented=False")
        if variable.multicast:
            options.append("multicast=True")
        if variable.level != DEFAULT_LEVEL:
            options.append(f"level={quoted(variable.level)}")
        if variable.maximum_rate:
            options.append(f"maximum_rate={variable.maximum_rate!r}")
        if variable.minimum_delta is not None:
            options.append(f"minimum_delta={self._literal(variable.minimum_delta)}")
        start = variable.default
        if start is None and variable.evented:
            # UDA sends each evented variable to each new subscriber, so that it must have some value.
            start = zero(variable)
            options.append("describe_default=False")
        elif start is not None and variable.data_type.is_moment:
            options.append("describe_default=True")  # which is not the rule for these types
        markers: list[Node] = [Nested("StateVariable(", tuple(options), ")")]
        if variable.allowed_range is not None:
            markers.append(self._range(variable.allowed_range))
        annotation = self._annotated(variable, *markers)
        after = "" if start is None else f" = {self._literal(start)}"
        return layout(annotation, 1, before=f"{self._member(variable.name)}: ", after=after)

    def _range(self, allowed: AllowedRange) -> Node:
        self.module.use("upnp_trio", "Range")
        bounds = [allowed.minimum, allowed.maximum, *([] if allowed.step is None else [allowed.step])]
        return Nested("Range(", tuple(self._literal(bound) for bound in bounds), ")")

    def _literal(self, value: object) -> str:
        if isinstance(value, str | bytes):
            return quoted(value)
        if isinstance(value, Decimal | UUID):
            self.module.standard.add(type(value).__name__)
            return f"{type(value).__name__}({quoted(str(value))})"
        if isinstance(value, datetime.date | datetime.time):
            self.module.standard.add("datetime")
            return f"datetime.{type(value).__name__}.fromisoformat({quoted(value.isoformat())})"
        return repr(value).replace("e+", "e") if isinstance(value, float) else repr(value)

    def _method(self, action: ActionDescription) -> list[str]:
        self.module.use("upnp_trio", "action", "UpnpError")
        name = self._member(action.name)
        parameters: list[Node] = ["self"]
        names = {"self"}
        for argument in action.in_arguments:
            parameter = python_name(argument.name, names)
            names.add(parameter)
            annotation = self._annotated(*self._argument(argument))
            parameters.append(Nested(f"{parameter}: {_start(annotation)}", _items(annotation), "]"))
        returned = self._returned(action)
        signature = Nested(f"async def {name}(", tuple(parameters), ")")
        lines = [f"    @action({quoted(action.name)})"]
        one_line = layout(signature, 1, after=f" -> {flat(returned)}:")
        if len(one_line) == 1:
            lines += one_line
        else:
            lines += one_line[:-1]
            lines += layout(returned, 1, before=") -> ", after=":")
        return [*lines, "        raise UpnpError(602)"]

    def _argument(self, argument: ArgumentDescription) -> tuple[VariableDescription, Node]:
        variable = self.description.variable_of(argument)
        assert variable is not None  # or the description would have a flaw
        marker = "In" if argument.direction == "in" else "Out"
        self.module.use("upnp_trio", marker)
        options = [quoted(argument.name), quoted(variable.name), *(["retval=True"] if argument.retval else [])]
        return variable, Nested(f"{marker}(", tuple(options), ")")

    def _returned(self, action: ActionDescription) -> Node:
        results = action.out_arguments
        if not results:
            return "None"
        if len(results) == 1:
            return self._annotated(*self._argument(results[0]))
        return self.module.define_record(
            action.name, ((result, self._annotated(*self._argument(result))) for result in results)
        )


def _start(node: Node) -> str:
    return node if isinstance(node, str) else node.start


def _items(node: Node) -> tuple[Node, ...]:
    return () if isinstance(node, str) else node.items
