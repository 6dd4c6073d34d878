"""UDA's rules for a service description, each a MUST or a SHOULD (UDA 2.0 §2.5)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from upnp_trio.model.datatypes import DATA_TYPES, DataType
from upnp_trio.model.rules import Violation
from upnp_trio.model.text import XML_SPACE
from upnp_trio.model.values import check_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upnp_trio.model.service import (
        ActionDescription,
        AllowedRange,
        ArgumentDescription,
        ServiceDescription,
        VariableDescription,
    )

__all__ = ["flaws", "name_flaw", "service_violations"]

# UDA 2.0 §2.5 says "should be < 32 characters", of names and of allowed values.
SHORT = 32
# Names become XML elements. UDA allows letters of other scripts, too, which not every reader of XML takes in a name,
# and a digit at the start, which none does.
_NAME = re.compile(r"(?!xml)[a-z_][a-z0-9_.]*", re.ASCII | re.IGNORECASE)


def flaws(description: ServiceDescription) -> Iterator[str]:
    """Every MUST of UDA 2.0 §2.5 that *description* breaks, with field, value and rule.

    A service without state variables is none: its SCPD gets one that is not used.
    """
    return (str(violation) for violation in service_violations(description) if violation.must)


def service_violations(description: ServiceDescription) -> Iterator[Violation]:
    """Every rule of UDA 2.0 §2.5 that *description* breaks, in the order of the document."""
    yield from _repeats((action.name for action in description.actions), "actions", "actions of this service")
    for action in description.actions:
        yield from _name(action.name, f"the action {action.name}")
        yield from _arguments(action)
        for argument in action.arguments:
            yield from _argument(argument, action, description)
    yield from _repeats((variable.name for variable in description.variables), "variables", "variables of this service")
    for variable in description.variables:
        yield from _variable(variable)


def _repeats(names: Iterable[str], where: str, owner: str) -> Iterator[Violation]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Violation(where, name, f"UDA §2.5: {count} {owner} have this name; each needs its own")


def name_flaw(name: str) -> str | None:
    """The MUST of UDA 2.0 §2.5 that *name* breaks as the name of an action, an argument or a variable, if any."""
    if _NAME.fullmatch(name):
        return None
    return "UDA §2.5 wants a name of letters, digits, '_' and '.', which starts with a letter or '_', not with 'xml'"


def _name(name: str, where: str) -> Iterator[Violation]:
    if rule := name_flaw(name):
        yield Violation(f"{where}: name", name, rule)
    elif len(name) >= SHORT:
        yield _long(f"{where}: name", name)


def _long(where: str, text: str) -> Violation:
    rule = f"UDA §2.5: it should be shorter than {SHORT} characters and has {len(text)}"
    return Violation(where, text, rule, must=False)


def _arguments(action: ActionDescription) -> Iterator[Violation]:
    where = f"the action {action.name}: arguments"
    yield from _repeats((argument.name for argument in action.arguments), where, "arguments of this action")
    directions = [argument.direction for argument in action.arguments]
    if directions != sorted(directions):  # "in" is before "out" in the alphabet as well
        yield Violation(where, directions, "UDA §2.5: all in arguments come before all out arguments")
    returned = [argument.name for argument in action.arguments if argument.retval]
    if returned and returned != [argument.name for argument in action.out_arguments[:1]]:
        yield Violation(where, returned, "UDA §2.5: only the first out argument may be the return value (retval)")


def _argument(
    argument: ArgumentDescription, action: ActionDescription, description: ServiceDescription
) -> Iterator[Violation]:
    where = f"the argument {argument.name} of the action {action.name}"
    yield from _name(argument.name, where)
    if argument.direction not in ("in", "out"):
        yield Violation(f"{where}: direction", argument.direction, "UDA §2.5 wants in or out")
    if description.variable_of(argument) is None:
        rule = "UDA §2.5: it must name a state variable of this service"
        yield Violation(f"{where}: relatedStateVariable", argument.related_state_variable, rule)


def _variable(variable: VariableDescription) -> Iterator[Violation]:
    where = f"the state variable {variable.name}"
    yield from _name(variable.name, where)
    kind = variable.data_type
    if DATA_TYPES.get(kind.name) != kind:
        yield Violation(f"{where}: dataType", kind.name, f"UDA §2.5 has {', '.join(DATA_TYPES)}")
    found = list(_allowed(variable, kind, where))
    yield from found
    if variable.default is not None and not any(violation.must for violation in found):
        try:
            check_value(variable, variable.default)
        except ValueError as error:
            rule = f"UDA §2.5: the variable must be able to have it, but {error}"
            yield Violation(f"{where}: defaultValue", variable.default, rule)


def _allowed(variable: VariableDescription, kind: DataType, where: str) -> Iterator[Violation]:
    values, allowed = variable.allowed_values, variable.allowed_range
    if values and allowed is not None:
        rule = "UDA §2.5: a variable has an allowedValueList or an allowedValueRange, not both"
        yield Violation(where, variable.name, rule)
    if values:
        yield from _allowed_values(values, kind, f"{where}: allowedValueList")
    if allowed is not None:
        yield from _allowed_range(allowed, kind, f"{where}: allowedValueRange")


def _allowed_values(values: tuple[str, ...], kind: DataType, where: str) -> Iterator[Violation]:
    if kind.name != "string":
        yield Violation(where, values, f"UDA §2.5: only a string may have one, and this is a {kind.name}")
        return
    yield from _repeats(values, where, "of the allowed values")
    for value in values:
        try:
            kind.render(value)
        except ValueError as error:
            yield Violation(where, value, f"UDA §2.5 wants strings: {error}")
            continue
        if value != value.strip(XML_SPACE):
            yield Violation(where, value, "white space around an allowed value is lost to readers of the document")
        elif len(value) >= SHORT:
            yield _long(where, value)


def _allowed_range(allowed: AllowedRange, kind: DataType, where: str) -> Iterator[Violation]:
    if not kind.is_number:
        yield Violation(where, allowed, f"UDA §2.5: only a number may have one, and this is a {kind.name}")
        return
    for field in ("minimum", "maximum", "step"):
        number = getattr(allowed, field)
        if number is None and field == "step":
            continue
        try:
            kind.render(number)
        except ValueError as error:
            yield Violation(f"{where}: {field}", number, f"UDA §2.5 wants a value of the data type: {error}")
            return
    if allowed.minimum > allowed.maximum:
        yield Violation(where, allowed, "UDA §2.5: the minimum must not be above the maximum")
    if allowed.step is not None and allowed.step <= 0:
        yield Violation(f"{where}: step", allowed.step, "UDA §2.5 wants a step above 0")
