"""The values of arguments: texts to Python values for a call, and back for its result (UDA 2.0 §3.2.1, §3.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.errors import DescriptionError, UpnpError
from upnp_trio.model.value_errors import shown
from upnp_trio.model.values import read_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upnp_trio.model.service import ActionDescription, ArgumentDescription, ServiceDescription, VariableDescription

__all__ = ["MAX_STRING_CHARACTERS", "result_texts", "typed_arguments"]

# The longest strings of real calls, DIDL-Lite metadata, have a few thousand characters. A handler may keep them.
MAX_STRING_CHARACTERS = 32 * 1024


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
