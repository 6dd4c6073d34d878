"""The data types of state variables: their Python types, and their text in XML (UDA 2.0 §2.5, table 2-22).

Text is read as UDA's control points really write it, and written as UDA defines it. Whatever a type renders, it parses
to an equal value.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import inf
from uuid import UUID

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model import iso8601, numbers
from upnp_trio.model.text import XML_SPACE
from upnp_trio.model.value_errors import shown, wrong_type

__all__ = ["DATA_TYPES", "DataType", "data_type", "default_data_type"]

# The longest boolean has 5 characters, and white space around it.
MAX_BOOLEAN_CHARACTERS = 128
_UUID = re.compile(r"(?:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
# What no XML 1.0 document can carry, not even as a character reference.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@attrs.frozen
class DataType:
    """A data type of UDA: values of *python_type* on our side, text on the wire."""

    #: as in an SCPD's dataType, such as ``ui4``
    name: str
    python_type: type
    _parse: Callable[[str], object] = attrs.field(eq=False, repr=False)
    _render: Callable[[object], str] = attrs.field(eq=False, repr=False)
    #: the value of a variable that nothing else is known of
    zero: object = attrs.field(eq=False, repr=False)
    #: the least and the greatest value of a type of integers
    bounds: tuple[int, int] | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers, which may have an allowedValueRange."""
        return self.python_type in (int, float, Decimal)

    @property
    def is_moment(self) -> bool:
        """Whether its values are dates, times of day, or both."""
        return self.python_type in (date, datetime, time)

    def parse(self, text: str) -> object:
        """The value that *text* stands for; raises `ValueError`, which says what is wrong with it.

        The error is a `NoSuchValue` if the text has the right form, but the type has no such value: 256 as a ``ui1``.
        """
        return self._parse(text)

    def render(self, value: object) -> str:
        """The text of *value*, not escaped; raises `ValueError` for a value that this type does not have."""
        return self._render(value)


# --- text ------------------------------------------------------------------------------------------------------


def _check_characters(text: str) -> str:
    # Printable text, the usual case, has none of these characters, and isprintable() is fast.
    if not text.isprintable() and (found := _NOT_IN_XML.search(text)):
        raise ValueError(f"{shown(text)} has {found.group()!r} at position {found.start()}, which XML cannot carry")
    return text


def _render_string(value: object) -> str:
    if type(value) is not str:
        if not isinstance(value, str):
            raise wrong_type(value, "str")
        value = str.__str__(value)  # of an Enum, str() might be its name
    return _check_characters(value)


def _parse_char(text: str) -> str:
    if len(text) != 1:
        raise ValueError(f"{shown(text)} is not one character")
    return _check_characters(text)


def _render_char(value: object) -> str:
    return _parse_char(_render_string(value))


def _parse_uri(text: str) -> str:
    return _check_characters(text.strip(XML_SPACE))


def _render_uri(value: object) -> str:
    text = _render_string(value)
    if text != text.strip(XML_SPACE):
        raise ValueError(f"{shown(text)} has white space around it, which is not part of a URI")
    return text


def _parse_uuid(text: str) -> UUID:
    # UDA writes no "uuid:" here, but a value that was copied from a UDN has it.
    match = _UUID.fullmatch(text.strip(XML_SPACE))
    if match is None:
        raise ValueError(f"{shown(text)} is not a UUID: hexadecimal digits in groups of 8-4-4-4-12")
    return UUID(match[1])


def _render_uuid(value: object) -> str:
    if not isinstance(value, UUID):
        raise wrong_type(value, "UUID")
    return str(value)


# --- others ----------------------------------------------------------------------------------------------------

_BOOLEANS = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}


def _parse_boolean(text: str) -> bool:
    value = _BOOLEANS.get(text)
    if value is None:
        value = _BOOLEANS.get(text.strip(XML_SPACE).lower()) if len(text) <= MAX_BOOLEAN_CHARACTERS else None
        if value is None:
            raise ValueError(f"{shown(text)} is not a boolean: 0 or 1")
    return value


def _render_boolean(value: object) -> str:
    if value is True:
        return "1"
    if value is False:
        return "0"
    raise wrong_type(value, "bool")


def _parse_base64(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)  # MIME's base64 has lines of 76 characters
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not base64: {str(error).lower()}") from None


def _render_base64(value: object) -> str:
    return b64encode(_bytes(value)).decode()


def _parse_hex(text: str) -> bytes:
    try:
        return binascii.unhexlify("".join(text.split()))
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not a row of hexadecimal digits: {str(error).lower()}") from None


def _render_hex(value: object) -> str:
    return _bytes(value).hex()


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise wrong_type(value, "bytes")
    return value


# --- all of them -------------------------------------------------------------------------------------------------


def _integer(name: str, low: int, high: int) -> DataType:
    return DataType(name, int, *numbers.integer(name, low, high), 0, (low, high))


def _floating(name: str, limit: float = inf) -> DataType:
    return DataType(name, float, *numbers.floating(name, limit), 0.0)


_EPOCH = datetime(1970, 1, 1)

#: by name, in UDA's order
DATA_TYPES: Mapping[str, DataType] = {
    kind.name: kind
    for kind in (
        _integer("ui1", 0, 2**8 - 1),
        _integer("ui2", 0, 2**16 - 1),
        _integer("ui4", 0, 2**32 - 1),
        _integer("ui8", 0, 2**64 - 1),
        _integer("i1", -(2**7), 2**7 - 1),
        _integer("i2", -(2**15), 2**15 - 1),
        _integer("i4", -(2**31), 2**31 - 1),
        _integer("i8", -(2**63), 2**63 - 1),
        # UDA gives "int" no size. GUPnP and jUPnP hold it in four bytes, so nothing larger reaches a control point.
        _integer("int", -(2**31), 2**31 - 1),
        _floating("r4", numbers.R4_MAX),
        _floating("r8"),
        _floating("number"),
        DataType("fixed.14.4", Decimal, numbers.parse_fixed, numbers.render_fixed, Decimal(0)),
        _floating("float"),
        DataType("char", str, _parse_char, _render_char, " "),
        DataType("string", str, _check_characters, _render_string, ""),
        DataType("date", date, iso8601.parse_date, iso8601.render_date, _EPOCH.date()),
        DataType("dateTime", datetime, iso8601.parse_local, iso8601.render_local, _EPOCH),
        DataType("dateTime.tz", datetime, iso8601.parse_zoned, iso8601.render_zoned, _EPOCH.replace(tzinfo=UTC)),
        DataType("time", time, iso8601.parse_local_time, iso8601.render_local_time, time()),
        DataType("time.tz", time, iso8601.parse_zoned_time, iso8601.render_zoned_time, time(tzinfo=UTC)),
        DataType("boolean", bool, _parse_boolean, _render_boolean, False),
        DataType("bin.base64", bytes, _parse_base64, _render_base64, b""),
        DataType("bin.hex", bytes, _parse_hex, _render_hex, b""),
        DataType("uri", str, _parse_uri, _render_uri, ""),
        DataType("uuid", UUID, _parse_uuid, _render_uuid, UUID(int=0)),
    )
}

_DEFAULTS: Mapping[type, str] = {
    bool: "boolean",
    int: "i4",
    float: "r8",
    Decimal: "fixed.14.4",
    str: "string",
    bytes: "bin.base64",
    UUID: "uuid",
    date: "date",
    # A date and time without a zone means nothing to a reader elsewhere. This type takes those with and without one.
    datetime: "dateTime.tz",
    # A time of day mostly is one on the wall, such as an alarm's.
    time: "time",
}


def data_type(name: str) -> DataType:
    """The data type called *name*; raises `DescriptionError` if UDA has none with this name."""
    if name not in DATA_TYPES:
        raise DescriptionError(f"{name!r} is not a data type; UDA §2.5 has {', '.join(DATA_TYPES)}")
    return DATA_TYPES[name]


def default_data_type(python_type: type) -> DataType | None:
    """The data type that a declaration means by *python_type* alone; ``None`` if there is none."""
    # The order of the classes' bases finds bool before int, and datetime before date.
    names = (_DEFAULTS[base] for base in python_type.__mro__ if base in _DEFAULTS)
    return next((DATA_TYPES[name] for name in names), None)
