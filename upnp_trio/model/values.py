"""Values of a state variable: reading those of a call, checking those of a handler, and the one at the start."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING

from upnp_trio.errors import STANDARD_ERRORS, UpnpError
from upnp_trio.model.value_errors import NoSuchValue, shown

if TYPE_CHECKING:
    from upnp_trio.model.service import AllowedRange, Number, VariableDescription

__all__ = ["broken_rule", "check_value", "read_value", "widened", "zero"]

# How far a float may be from a multiple of the step, in steps: 0.1 * 3 is 0.30000000000000004.
_ROUNDING = 1e-6


def read_value(variable: VariableDescription, text: str) -> object:
    """The value that *text* in a control message stands for; raises `UpnpError` if *variable* cannot have it.

    The error codes are those of UDA 2.0 §3.2.5, table 3-3:

    - 402 for text that is not of the data type ("one or more in args are of the wrong data type"): ``loud``
    - 600 for text of the right form, of which the data type has no such value: 70000 as a ``ui2``
    - 601 for a value outside the variable's allowedValueList or allowedValueRange, or between its steps
    """
    # Peers differ: async_upnp_client's server answers 402 for each of these, jUPnP 600, and GUPnP checks no value.
    # So UDA's own words decide. Intel's validators look for an error, not for one of these codes.
    try:
        value = variable.data_type.parse(text)
    except NoSuchValue as error:
        raise _refusal(600, variable, str(error)) from None
    except ValueError as error:
        raise _refusal(402, variable, str(error)) from None
    if rule := broken_rule(variable, value):
        raise _refusal(601, variable, f"{shown(value)} {rule}")
    return value


def check_value(variable: VariableDescription, value: object) -> None:
    """Raise `ValueError` with name, value and rule if *variable* cannot have *value*."""
    try:
        variable.data_type.render(value)
    except ValueError as error:
        raise ValueError(f"{variable.name} is a {variable.data_type.name}: {error}") from None
    if rule := broken_rule(variable, value):
        raise ValueError(f"{variable.name} is {shown(value)}: it {rule}")


def widened(value: object, kind: type) -> object:
    """*value* as a *kind*, if it is an int in place of a wider number, as Python's typing allows for float."""
    return kind(value) if type(value) is int and kind in (float, Decimal) else value


def zero(variable: VariableDescription) -> object:
    """The value of *variable* before anybody has set one.

    It is the default, else the first allowed value, else the minimum, else what is nothing in its data type: 0, "",
    False, 1970-01-01.
    """
    if variable.default is not None:
        return variable.default
    kind = variable.data_type
    if variable.allowed_values:
        return kind.parse(variable.allowed_values[0])
    if variable.allowed_range is not None and kind.is_number:
        return kind.parse(kind.render(variable.allowed_range.minimum))  # of the data type's Python type
    return kind.zero


def _refusal(code: int, variable: VariableDescription, reason: str) -> UpnpError:
    return UpnpError(code, f"{STANDARD_ERRORS[code]}: {variable.name}: {reason}")


def broken_rule(variable: VariableDescription, value: object) -> str | None:
    """What *value*, which is one of the data type, breaks of the list or the range of *variable*; ``None`` if nothing.

    It continues a sentence: "is not within the allowedValueRange, 0 to 100".
    """
    if variable.allowed_values and not _is_listed(variable, value):
        return f"is not in the allowedValueList {shown(variable.allowed_values)}"
    allowed = variable.allowed_range
    if allowed is None or not variable.data_type.is_number or not isinstance(value, int | float | Decimal):
        return None  # a vendor's range of texts means nothing
    if not allowed.minimum <= value <= allowed.maximum:
        return f"is not within the allowedValueRange, {allowed.minimum} to {allowed.maximum}"
    if allowed.step and not _is_on_step(allowed, value, allowed.step):
        return f"is not a multiple of the step {allowed.step} above {allowed.minimum}"
    return None


def _is_listed(variable: VariableDescription, value: object) -> bool:
    if variable.data_type.python_type is str:
        return value in variable.allowed_values
    # UDA has lists for strings alone, but there are vendors who list numbers.
    return value in map(variable.data_type.parse, variable.allowed_values)


def _is_on_step(allowed: AllowedRange, value: Number, step: Number) -> bool:
    if isinstance(value, Decimal):
        minimum, step = (Decimal(str(number)) for number in (allowed.minimum, step))
        return (value - minimum) % step == 0
    if isinstance(value, int) and isinstance(allowed.minimum, int) and isinstance(step, int):
        return (value - allowed.minimum) % step == 0
    steps = (float(value) - float(allowed.minimum)) / float(step)
    # Beyond the precision of a float, every number is a multiple of the step.
    return not isfinite(steps) or abs(steps - round(steps)) <= max(_ROUNDING, abs(steps) * 1e-12)
