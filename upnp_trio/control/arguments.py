"""The values of arguments and their texts, of calls and of results (UDA 2.0 §3.2.1, §3.2.2).

A device reads the texts of a call strictly and writes those of its result. A control point writes the texts of a call
and reads those of the result as far as they can be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import DescriptionError, UpnpError
from upnp_trio.model.forgiving import forgive
from upnp_trio.model.printable import MAX_MESSAGE_CHARACTERS, printable
from upnp_trio.model.service import VariableDescription
from upnp_trio.model.suggestions import suggestion
from upnp_trio.model.value_errors import shown
from upnp_trio.model.values import broken_rule, check_value, read_value, widened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upnp_trio.model.service import ActionDescription, ArgumentDescription, ServiceDescription

__all__ = [
    "MAX_STRING_CHARACTERS",
    "argument_variable",
    "call_texts",
    "result_texts",
    "result_values",
    "typed_arguments",
]

# The longest strings of real calls, DIDL-Lite metadata, have a few thousand characters. A handler may keep them.
MAX_STRING_CHARACTERS = 32 * 1024


# --- the device ------------------------------------------------------------------------------------------------------


def typed_arguments(
    description: ServiceDescription, action: ActionDescription, given: Iterable[tuple[str, str]]
) -> dict[str, object]:
    """The in arguments of *action* by name, in the order of the SCPD, as values of their data types.

    *given* are the names and texts of a call, in any order; names that the action does not have are ignored.

    Raises `UpnpError` 402 for an argument that is missing or comes twice, 605 for a string of more than
    `MAX_STRING_CHARACTERS`, and what `read_value` raises for a text that is no value of its variable.
    """
    texts: dict[str, str] = {}
    twice: set[str] = set()
    for name, text in given:
        if name in texts:
            twice.add(name)
        texts[name] = text
    values: dict[str, object] = {}
    for argument in action.in_arguments:
        name = argument.name
        if name not in texts:
            raise UpnpError(402, f"Invalid Args: {name} is missing")
        if name in twice:
            raise UpnpError(402, f"Invalid Args: {name} comes twice")
        variable = _variable_of(description, argument)
        if variable.data_type.python_type is str and len(texts[name]) > MAX_STRING_CHARACTERS:
            raise UpnpError(605)
        values[name] = read_value(variable, texts[name])
    return values


def result_texts(
    description: ServiceDescription, action: ActionDescription, values: Mapping[str, object]
) -> list[tuple[str, str]]:
    """The out arguments of *action* as names and texts, in the order of the SCPD.

    Raises `ValueError` if *values* has not exactly the action's out arguments, each with a value of its data type.
    That is a mistake of the handler, and error 501 for the caller.
    """
    arguments = action.out_arguments
    if len(values) != len(arguments) or not all(argument.name in values for argument in arguments):
        names = [argument.name for argument in arguments]
        raise ValueError(f"{action.name} must give {_listed(names)}, and gave {_listed(values)}")
    texts = []
    for argument in arguments:
        data_type = _variable_of(description, argument).data_type
        try:
            texts.append((argument.name, data_type.render(values[argument.name])))
        except ValueError as error:
            raise ValueError(f"{action.name} gave {argument.name} = {shown(values[argument.name])}: {error}") from error
    return texts


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _variable_of(description: ServiceDescription, argument: ArgumentDescription) -> VariableDescription:
    variable = description.variable_of(argument)
    if variable is None:
        raise DescriptionError(
            f"the argument {argument.name} has the related state variable {argument.related_state_variable!r}, "
            "which the service does not have"
        )
    return variable


# --- the control point -----------------------------------------------------------------------------------------------


def argument_variable(description: ServiceDescription, argument: ArgumentDescription) -> VariableDescription:
    """The data type and the allowed values of *argument*, under its own name.

    An argument whose state variable does not exist is a string.
    """
    variable = description.variable_of(argument)
    if variable is None:
        return VariableDescription(name=argument.name, data_type="string", evented=False)
    return attrs.evolve(variable, name=argument.name)


def call_texts(
    description: ServiceDescription, action: ActionDescription, values: Mapping[str, object]
) -> list[tuple[str, str]]:
    """The in arguments of *action* as names and texts, in the order of the SCPD.

    Raises `ValueError` with the argument, the value and the rule if *values* has not exactly the action's in arguments,
    or one that its argument cannot have.
    """
    names = [argument.name for argument in action.in_arguments]
    for name in values:
        if name not in names:
            raise ValueError(f"{action.name} has no argument {name!r}; {suggestion(name, names, 'arguments')}")
    texts = []
    for argument in action.in_arguments:
        if argument.name not in values:
            message = f"{action.name} needs {argument.name}; its arguments are {_listed(names)}"
            raise ValueError(printable(message, MAX_MESSAGE_CHARACTERS))
        variable = argument_variable(description, argument)
        value = widened(values[argument.name], variable.data_type.python_type)
        try:
            check_value(variable, value)
        except ValueError as error:
            raise ValueError(f"{action.name} cannot be called: {error}") from None
        texts.append((argument.name, variable.data_type.render(value)))
    return texts


def result_values(
    description: ServiceDescription,
    action: ActionDescription,
    given: Iterable[tuple[str, str]],
    forgiven: list[str] | None = None,
) -> dict[str, object]:
    """The out arguments in an answer to a call of *action*, by name, in the order of the SCPD.

    *given* are their names and texts. A text that is no value of its data type stays a text. An argument that is
    missing is left out, and one that the SCPD does not have is a text, after the others. *forgiven* takes a sentence
    for each of these flaws.
    """
    texts: dict[str, str] = {}
    for name, text in given:
        if name in texts:
            forgive(forgiven, f"the answer has {name} more than once; the first one counts")
        texts.setdefault(name, text)
    unknown = texts.keys() - {argument.name for argument in action.out_arguments}
    values: dict[str, object] = {}
    for argument in action.out_arguments:
        theirs = argument.name if argument.name in texts else _other_name(action, argument, unknown)
        if theirs is None:
            forgive(forgiven, f"the answer has no {argument.name}")
            continue
        if theirs != argument.name:
            forgive(forgiven, f"the answer calls {argument.name} {theirs}")
            unknown.remove(theirs)
        values[argument.name] = _value_of(argument_variable(description, argument), texts[theirs], forgiven)
    for name in (name for name in texts if name in unknown):
        forgive(forgiven, f"the answer has {name}, which the description of {action.name} does not have")
        values[name] = texts[name]
    return values


def _other_name(action: ActionDescription, argument: ArgumentDescription, unknown: set[str]) -> str | None:
    """Which of the *unknown* names in an answer stands for *argument*."""
    if len(action.out_arguments) == len(unknown) == 1:
        # A router answers with NewTotalPacketReceived for NewTotalPacketsReceived (home-assistant/core #39276).
        return next(iter(unknown))
    return next((name for name in unknown if name.lower() == argument.name.lower()), None)


def _value_of(variable: VariableDescription, text: str, forgiven: list[str] | None) -> object:
    try:
        value = variable.data_type.parse(text)
    except ValueError as error:
        forgive(forgiven, f"{variable.name} is left as text and not read as {variable.data_type.name}: {error}")
        return text
    if rule := broken_rule(variable, value):
        forgive(forgiven, f"{variable.name} is {shown(value)}: it {rule}")
    return value
