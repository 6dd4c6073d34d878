"""From annotations to data types, and from values in Python to the values of an SCPD."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.datatypes import DATA_TYPES, DataType, data_type, default_data_type
from upnp_trio.model.service import AllowedRange, Number, VariableDescription
from upnp_trio.model.values import check_value, widened

if TYPE_CHECKING:
    from enum import Enum

    from upnp_trio.model.deferred_value import DeferredValue
    from upnp_trio.services.annotations import Annotation, Place
    from upnp_trio.services.markers import Range

__all__ = ["Values", "allowed_range", "data_type_of", "fit", "values_of"]

NUMBERS = (int, float, Decimal)


def data_type_of(annotation: Annotation, place: Place) -> DataType:
    """The data type that *annotation* means: the one that a marker names, or its Python type's."""
    named = [annotation.data_type] if annotation.data_type else []
    if annotation.variable is not None and annotation.variable.data_type is not None:
        named.append(_named(annotation.variable.data_type, place))
    if len({found.name for found in named}) > 1:
        place.fail(f"it is both {named[0].name} and {named[1].name}")
    kind = annotation.value_type
    if not named:
        default = default_data_type(kind) if isinstance(kind, type) else None
        # A class derived from one of these has a data type, but a value of a call would not be of that class.
        if default is None or default.python_type is not kind:
            place.fail(
                f"there is no data type for {_name(kind)}; UDA §2.5 has types for "
                f"{', '.join(sorted({found.python_type.__name__ for found in DATA_TYPES.values()}))}"
            )
        return default
    if named[0].python_type is not kind:
        place.fail(f"a value of data type {named[0].name} is {named[0].python_type.__name__}, not {_name(kind)}")
    if annotation.allowed_values and named[0].name != "string":
        place.fail(f"it is {named[0].name}, and UDA §2.5 allows a list of allowed values for string only")
    return named[0]


def fit(annotation: Annotation, variable: VariableDescription, place: Place) -> None:
    """Raise `DescriptionError` unless values of *variable* are what *annotation* promises."""
    kind, related = variable.data_type, f"{variable.name} has"
    named = annotation.data_type
    if annotation.variable is not None and annotation.variable.data_type is not None:
        named = _named(annotation.variable.data_type, place)
    if named is not None and named.name != kind.name:
        place.fail(f"it is {named.name}, but {related} the data type {kind.name}")
    if annotation.value_type is not kind.python_type:
        place.fail(
            f"it is {_name(annotation.python_type)}, but {related} the data type {kind.name}, whose values are "
            f"{kind.python_type.__name__}"
        )
    if annotation.allowed_values and set(annotation.allowed_values) != set(variable.allowed_values):
        allowed = ", ".join(variable.allowed_values) or "no list of allowed values"
        place.fail(f"it allows {', '.join(annotation.allowed_values)}, but {related} {allowed}")
    if annotation.allowed_range is not None:
        bounds = allowed_range(annotation.allowed_range, kind, place)
        if bounds != variable.allowed_range:
            place.fail(f"its Range is {bounds}, but {related} {variable.allowed_range}")


def _named(name: str, place: Place) -> DataType:
    try:
        return data_type(name)
    except DescriptionError as exc:
        place.fail(str(exc))


def _name(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def allowed_range(bounds: Range | None, kind: DataType, place: Place) -> AllowedRange | None:
    """*bounds* as an SCPD has them, in the Python type of *kind*."""
    if bounds is None:
        return None
    if kind.python_type not in NUMBERS:
        place.fail(f"it has a Range, and UDA §2.5 allows one for numbers only, not for {kind.name}")
    minimum, maximum = (_number(bound, kind, place) for bound in (bounds.minimum, bounds.maximum))
    step = None if bounds.step is None else _number(bounds.step, kind, place)
    if minimum > maximum:
        place.fail(f"the Range's minimum {minimum} is above its maximum {maximum}")
    if step is not None and step <= 0:
        place.fail(f"the Range's step is {step}; it must be above 0")
    return AllowedRange(minimum, maximum, step)


def _number(value: object, kind: DataType, place: Place) -> Number:
    number = widened(value, kind.python_type)
    try:
        kind.render(number)
    except (ValueError, TypeError) as exc:
        place.fail(f"the Range has the bound {value!r}: {exc}")
    return number  # type: ignore[return-value]  # the data type renders its numbers only


@attrs.frozen
class Values:
    """The values of a variable or an argument, in both forms."""

    #: the value as an SCPD has it, from the one in Python; raises `ValueError`, which names the rule
    plain: Callable[[object], object]
    #: the value in Python, from one that an SCPD allows; ``None`` if both are the same
    python: Callable[[object], object] | None
    #: whether the values are those of a `DeferredValue`
    deferred: bool = False


def values_of(
    variable: VariableDescription,
    enumeration: type[Enum] | None = None,
    deferred: type[DeferredValue] | None = None,
) -> Values:
    """How values of *variable* are checked and converted.

    Its Python values are members of *enumeration* or instances of *deferred*, if there is one.
    """
    if enumeration is not None:
        return _members(variable, enumeration)
    if deferred is not None:
        return _instances(deferred)
    kind = variable.data_type.python_type
    if kind is bool and not variable.allowed_values:
        return Values(_boolean, None)

    def plain(value: object) -> object:
        value = widened(value, kind)
        check_value(variable, value)
        return value

    return Values(plain, None)


def _boolean(value: object) -> object:
    if value is True or value is False:
        return value
    raise ValueError(f"it is a boolean and must be True or False, not of type {type(value).__name__}")


def _instances(deferred: type[DeferredValue]) -> Values:
    def plain(value: object) -> object:
        if isinstance(value, deferred):
            return value
        raise ValueError(f"it must be a {deferred.__name__}")

    return Values(plain, None, deferred=True)


def _members(variable: VariableDescription, enumeration: type[Enum]) -> Values:
    texts: dict[object, object] = {member: member.value for member in enumeration}
    members: dict[object, object] = {member.value: member for member in enumeration}

    def plain(value: object) -> object:
        # A plain string equals and hashes like a member of a StrEnum, and gives the same text.
        try:
            return texts[value]
        except (KeyError, TypeError):
            raise ValueError(f"it must be a member of {enumeration.__name__}") from None

    return Values(plain, members.__getitem__)
