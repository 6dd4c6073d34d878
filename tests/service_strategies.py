"""Hypothesis strategies for values of UDA's data types and for service descriptions, shared by all tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from upnp_trio.model.datatypes import DATA_TYPES, DataType
from upnp_trio.model.numbers import R4_MAX
from upnp_trio.model.service import (
    ActionDescription,
    AllowedRange,
    ArgumentDescription,
    Number,
    ServiceDescription,
    VariableDescription,
)
from upnp_trio.model.text import XML_SPACE

__all__ = [
    "allowed_values",
    "data_types",
    "names",
    "service_descriptions",
    "values_of",
    "variable_descriptions",
    "xml_characters",
]

#: every character that an XML 1.0 document can carry
xml_characters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from(
    "\t\n\r\x7f\x85"
)
_texts = st.text(xml_characters, max_size=12) | st.sampled_from(["", " ", "\r\n", "]]>", "&amp;", "<a b='c'/>", "None"])
_uris = st.text(xml_characters, max_size=12).map(lambda text: text.strip(XML_SPACE))
_zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_floats = st.floats(allow_nan=False, allow_infinity=False)

_VALUES: Mapping[str, st.SearchStrategy[object]] = {
    "ui1": st.integers(0, 255),
    "ui2": st.integers(0, 65535),
    "ui4": st.integers(0, 4294967295),
    "ui8": st.integers(0, 18446744073709551615),
    "i1": st.integers(-128, 127),
    "i2": st.integers(-32768, 32767),
    "i4": st.integers(-2147483648, 2147483647),
    "i8": st.integers(-9223372036854775808, 9223372036854775807),
    "int": st.integers(-2147483648, 2147483647),
    "r4": st.floats(-R4_MAX, R4_MAX),
    "r8": _floats,
    "number": _floats,
    "fixed.14.4": st.integers(-(10**18) + 1, 10**18 - 1).map(lambda number: Decimal(number).scaleb(-4)),
    "float": _floats,
    "char": xml_characters,
    "string": _texts,
    "date": st.dates(),
    "dateTime": st.datetimes(),
    "dateTime.tz": st.datetimes(timezones=st.none() | _zones),
    "time": st.times(),
    "time.tz": st.times(timezones=st.none() | _zones),
    "boolean": st.booleans(),
    "bin.base64": st.binary(max_size=12),
    "bin.hex": st.binary(max_size=12),
    "uri": _uris,
    "uuid": st.uuids(),
}

data_types = st.sampled_from(list(DATA_TYPES.values()))


def values_of(kind: DataType) -> st.SearchStrategy[object]:
    """Every value that the data type *kind* has."""
    return _VALUES[kind.name]


#: names that UDA allows for actions, arguments and state variables
names = st.from_regex(r"(?!xml)[A-Za-z_][A-Za-z0-9_.]{0,8}", fullmatch=True).filter(
    lambda name: not name.lower().startswith("xml")
)
#: the content of an allowedValueList: other texts, without white space around them
_trimmed = _texts.map(lambda text: text.strip(XML_SPACE))
allowed_values = st.lists(_trimmed, min_size=1, max_size=4, unique=True)


@st.composite
def variable_descriptions(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> VariableDescription:
    """State variables that break no rule of UDA."""
    kind = draw(data_types)
    value = values_of(kind)
    texts: list[str] = []
    allowed_range = None
    if kind.name == "string" and draw(st.booleans()):
        texts = draw(allowed_values)
        value = st.sampled_from(texts)
    elif kind.is_number and draw(st.booleans()):
        allowed_range, number = draw(_ranges(kind))
        value = st.just(number)
    return VariableDescription(
        name=draw(name),
        data_type=kind,
        evented=draw(st.booleans()),
        multicast=draw(st.booleans()),
        default=draw(st.none() | value),
        allowed_values=texts,
        allowed_range=allowed_range,
    )


@st.composite
def _ranges(draw: st.DrawFn, kind: DataType) -> tuple[AllowedRange, Number]:
    """A range of *kind*, and a number within it."""
    numbers: list[Any] = draw(st.lists(values_of(kind), min_size=3, max_size=3))
    minimum, number, maximum = sorted(numbers)
    step = draw(st.none() | st.just(1)) if isinstance(number, int) else None
    return AllowedRange(minimum, maximum, step), number


@st.composite
def action_descriptions(draw: st.DrawFn, name: str, variables: list[str]) -> ActionDescription:
    """Actions whose arguments have the data types of *variables*."""
    argument_names = draw(st.lists(names, max_size=5, unique=True))
    first_out = draw(st.integers(0, len(argument_names)))
    has_retval = draw(st.booleans())
    arguments = [
        ArgumentDescription(
            name=argument,
            direction="in" if number < first_out else "out",
            related_state_variable=draw(st.sampled_from(variables)),
            retval=number == first_out and has_retval,
        )
        for number, argument in enumerate(argument_names)
    ]
    return ActionDescription(name=name, arguments=arguments)


@st.composite
def service_descriptions(draw: st.DrawFn) -> ServiceDescription:
    """Service descriptions that break no rule of UDA, with at least one state variable."""
    variable_names = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    action_names = draw(st.lists(names, max_size=3, unique=True))
    return ServiceDescription(
        actions=[draw(action_descriptions(name, variable_names)) for name in action_names],
        variables=[draw(variable_descriptions(st.just(name))) for name in variable_names],
    )
