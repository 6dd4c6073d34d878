"""What annotations say of state variables and arguments beyond their Python types, and which methods are actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.event_levels import DEFAULT_LEVEL
from upnp_trio.model.service import Number

__all__ = ["ActionMark", "In", "Out", "Range", "StateVariable", "action", "mark_of"]

Method = TypeVar("Method", bound=Callable[..., object])
# the attribute of a function that `action` sets
_MARK = "__upnp_action__"


@attrs.frozen
class StateVariable:
    """Makes an annotated attribute of a `ServiceHandler` a state variable (UDA 2.0 §2.5, stateVariable).

    The value that the class gives the attribute is the one that each service starts with. It is also the SCPD's
    defaultValue, unless *describe_default* is false or the value is a date or a time.
    """

    #: the name in the SCPD; by default the attribute's name in CamelCase
    name: str | None = None
    #: sendEvents: whether subscribers are told of its changes
    evented: bool = attrs.field(default=True, kw_only=True)
    #: whether its changes are sent by multicast, too (UDA 2.0 §4.2)
    multicast: bool = attrs.field(default=False, kw_only=True)
    #: LVL of its multicast events: ``upnp:/`` and emergency, fault, warning, info, debug or general, or a vendor's
    #: level, as in ``example.com:/kitchen`` (UDA 2.0 §4.3.3)
    level: str = attrs.field(default=DEFAULT_LEVEL, kw_only=True)
    #: dataType, such as ``"ui2"``; by default the one that belongs to the Python type
    data_type: str | None = attrs.field(default=None, kw_only=True)
    #: the least time between two events of this variable, in seconds; 0 means no limit (UDA 2.0 §4.5)
    maximum_rate: float = attrs.field(default=0.0, kw_only=True)
    #: the least change of its number that is an event; ``None`` means that every change is one (UDA 2.0 §4.5)
    minimum_delta: Number | None = attrs.field(default=None, kw_only=True)
    #: whether the SCPD gives the start value as defaultValue; ``None`` means: unless it is a date or a time, at whose
    #: default async_upnp_client (0.49) fails, so that it, and with it Home Assistant, would not see the device at all
    describe_default: bool | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class In:
    """Names a parameter of an action as the SCPD does (UDA 2.0 §2.5, argument)."""

    #: the argument's name in the SCPD; by default the parameter's name in CamelCase
    name: str | None = None
    #: relatedStateVariable; by default a variable ``A_ARG_TYPE_<name>`` that has the parameter's type
    related: str | None = None


@attrs.frozen
class Out:
    """Names a result of an action as the SCPD does (UDA 2.0 §2.5, argument)."""

    #: the argument's name in the SCPD; by default the field's name in CamelCase, or ``<action>Result``
    name: str | None = None
    #: relatedStateVariable; by default a variable ``A_ARG_TYPE_<name>`` that has the result's type
    related: str | None = None
    #: whether this is the action's return value, which the first result may be
    retval: bool = attrs.field(default=False, kw_only=True)


@attrs.frozen
class Range:
    """Bounds of a number (UDA 2.0 §2.5, allowedValueRange): *step* counts from *minimum*."""

    minimum: Number
    maximum: Number
    step: Number | None = None


@attrs.frozen
class ActionMark:
    """What `action` leaves at a method."""

    name: str | None


@overload
def action(method: Method, /) -> Method: ...
@overload
def action(name: str | None = None, /) -> Callable[[Method], Method]: ...
def action(name: object = None, /) -> Any:
    """Make a method of a `ServiceHandler` an action: ``@action("SetTarget")``, or ``@action`` for its CamelCase name.

    The method is a plain function or an async one. Its parameters are the action's arguments, its return annotation
    says what the results are. A parameter annotated with `Caller` gets the caller. The method itself is unchanged.
    """
    if name is None or isinstance(name, str):
        return lambda method: _mark(method, ActionMark(name))
    return _mark(name, ActionMark(None))


def _mark(method: object, mark: ActionMark) -> object:
    if not callable(method) and not isinstance(method, staticmethod | classmethod):
        raise DescriptionError(f"@action is for methods, and {method!r} is none; write @action or @action('Name')")
    setattr(method, _MARK, mark)
    return method


def mark_of(method: object) -> ActionMark | None:
    """What `action` left at *method*; ``None`` if it is not an action."""
    mark = getattr(method, _MARK, None)
    return mark if isinstance(mark, ActionMark) else None
