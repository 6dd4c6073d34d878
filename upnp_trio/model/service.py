"""A service as values: the content of its service description, the SCPD (UDA 2.0 §2.5).

Names and values are checked when a description is checked (`flaws`), not when it is read, because vendors break the
rules and their services must still be readable.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import attrs

from upnp_trio.model.datatypes import DataType, data_type
from upnp_trio.model.event_levels import DEFAULT_LEVEL

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ARGUMENT_TYPE",
    "ActionDescription",
    "AllowedRange",
    "ArgumentDescription",
    "ServiceDescription",
    "VariableDescription",
]

#: begins the names of variables that have no value and only give arguments their types (UDA 2.0 §2.5)
ARGUMENT_TYPE = "A_ARG_TYPE_"

Number = int | float | Decimal
Direction = Literal["in", "out"]


@attrs.frozen
class AllowedRange:
    """The numbers that a state variable may have: from *minimum* to *maximum*, in multiples of *step* from there."""

    minimum: Number
    maximum: Number
    step: Number | None = None


def _data_type(value: DataType | str) -> DataType:
    return value if isinstance(value, DataType) else data_type(value)


def _texts(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(items)


@attrs.frozen(kw_only=True)
class VariableDescription:
    """A state variable: what it is called, which values it may have, and whether it sends events."""

    name: str
    data_type: DataType = attrs.field(converter=_data_type)
    #: sendEvents: whether its changes are sent to subscribers
    evented: bool = True
    #: whether its changes are sent by multicast, too (UDA 2.0 §4.2)
    multicast: bool = False
    #: LVL of its multicast events, such as ``upnp:/warning`` (UDA 2.0 §4.3.3); like the next two, it is in no document
    level: str = attrs.field(default=DEFAULT_LEVEL, eq=False)
    #: defaultValue, a value of the data type's Python type; ``None`` if there is none
    default: object = None
    #: allowedValueList, for a string; empty means that any text is allowed
    allowed_values: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    #: allowedValueRange, for a number
    allowed_range: AllowedRange | None = None
    #: the least time between two events of this variable, in seconds; 0 means no limit. It belongs to the service's
    #: standard (UDA 2.0 §4.5)
    maximum_rate: float = attrs.field(default=0.0, eq=False)
    #: the least change of its number that is an event; ``None`` means that every change is one
    minimum_delta: Number | None = attrs.field(default=None, eq=False)


@attrs.frozen(kw_only=True)
class ArgumentDescription:
    """An argument of an action; it has the data type and the allowed values of its related state variable."""

    name: str
    direction: Direction
    #: relatedStateVariable, the name of a variable of the same service
    related_state_variable: str
    #: whether it is the action's return value, which the first out argument may be
    retval: bool = False


def _arguments(items: Iterable[ArgumentDescription]) -> tuple[ArgumentDescription, ...]:
    return tuple(items)


@attrs.frozen(kw_only=True)
class ActionDescription:
    """An action: its name and its arguments, those of direction ``in`` first."""

    name: str
    arguments: tuple[ArgumentDescription, ...] = attrs.field(default=(), converter=_arguments)

    #: the arguments of a call, in their order
    in_arguments: tuple[ArgumentDescription, ...] = attrs.field(init=False, eq=False, repr=False)
    #: the arguments of a result, in their order
    out_arguments: tuple[ArgumentDescription, ...] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        for direction in ("in", "out"):
            found = tuple(argument for argument in self.arguments if argument.direction == direction)
            object.__setattr__(self, f"{direction}_arguments", found)


def _actions(items: Iterable[ActionDescription]) -> tuple[ActionDescription, ...]:
    return tuple(items)


def _variables(items: Iterable[VariableDescription]) -> tuple[VariableDescription, ...]:
    return tuple(items)


@attrs.frozen(kw_only=True)
class ServiceDescription:
    """What an SCPD says: the actions and the state variables of a service."""

    actions: tuple[ActionDescription, ...] = attrs.field(default=(), converter=_actions)
    variables: tuple[VariableDescription, ...] = attrs.field(default=(), converter=_variables)
    _actions_by_name: dict[str, ActionDescription] = attrs.field(init=False, eq=False, repr=False)
    _variables_by_name: dict[str, VariableDescription] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_actions_by_name", {action.name: action for action in self.actions})
        object.__setattr__(self, "_variables_by_name", {variable.name: variable for variable in self.variables})

    def action(self, name: str) -> ActionDescription | None:
        """The action called *name*, if there is one."""
        return self._actions_by_name.get(name)

    def variable(self, name: str) -> VariableDescription | None:
        """The state variable called *name*, if there is one."""
        return self._variables_by_name.get(name)

    def variable_of(self, argument: ArgumentDescription) -> VariableDescription | None:
        """The state variable that gives *argument* its data type and its allowed values."""
        return self._variables_by_name.get(argument.related_state_variable)

    def texts(self, values: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
        """*values* of variables, by name, as they are on the wire; names that are no variable's are left out."""
        variable = self._variables_by_name.get
        return [(name, found.data_type.render(value)) for name, value in values if (found := variable(name))]

    @property
    def evented(self) -> tuple[VariableDescription, ...]:
        """The state variables that send events, in their order."""
        return tuple(variable for variable in self.variables if variable.evented)
