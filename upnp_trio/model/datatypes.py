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
from decimal import Context, Decimal, InvalidOperation
from math import inf, isfinite
from reprlib import Repr
from uuid import UUID

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model import iso8601
from upnp_trio.model.iso8601 import NoSuchValue

__all__ = ["DATA_TYPES", "DataType", "NoSuchValue", "data_type", "default_data_type", "shown"]

# The longest number of any type has 40 characters (ui8's 20 with white space around them, r8's 25). This bound keeps
# the cost of reading a stranger's number small, which grows with the square of its length.
MAX_NUMBER_CHARACTERS = 128
#: XML's white space, which pretty-printed documents add around numbers
XML_SPACE = " \t\r\n"
# UDA's own bound, which is a little above the largest number of four bytes.
R4_MAX = 3.40282347e38
_FIXED_UNIT = Decimal("0.0001")
# one more than a value has, for one that is rounded up to a power of ten and then refused
_NINETEEN_DIGITS = Context(prec=19)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_UUID = re.compile(r"(?:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
# What no XML 1.0 document can carry, not even as a character reference.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_repr = Repr()
_repr.maxstring = _repr.maxother = 60


def shown(value: object) -> str:
    """*value* for an error message, shortened if it is long."""
    if isinstance(value, int) and value.bit_length() > 256:  # Python refuses to write the longest ones
        return f"an integer of {value.bit_length()} bits"
    return _repr.repr(value)


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


def _wrong_type(value: object, wanted: str) -> ValueError:
    return ValueError(f"{shown(value)} is of type {type(value).__name__}, not {wanted}")


# --- numbers ---------------------------------------------------------------------------------------------------


def _integer(name: str, low: int, high: int) -> DataType:
    def parse(text: str) -> int:
        try:
            # int() alone would also read "1_000" and the digits of other scripts.
            if len(text) > MAX_NUMBER_CHARACTERS or not text.isascii() or "_" in text:
                raise ValueError
            value = int(text)
        except ValueError:
            raise ValueError(f"{shown(text)} is not an integer") from None
        if not low <= value <= high:
            raise NoSuchValue(f"{shown(value)} is not within {name}'s bounds, {low} to {high}")
        return value

    def render(value: object) -> str:
        if type(value) is not int:
            if not isinstance(value, int) or isinstance(value, bool):
                raise _wrong_type(value, "int")
            value = int(value)  # of an IntEnum, str() might be its name
        if not low <= value <= high:
            raise ValueError(f"{shown(value)} is not within {name}'s bounds, {low} to {high}")
        return str(value)

    return DataType(name, int, parse, render, 0)


def _number(text: str) -> str:
    """*text* without white space, if it is a number in decimal notation, with or without an exponent."""
    number = text.strip(XML_SPACE) if len(text) <= MAX_NUMBER_CHARACTERS else ""
    if not _NUMBER.fullmatch(number):  # float() and Decimal() would also read "nan", "1_000" and other scripts
        raise ValueError(f"{shown(text)} is not a number")
    return number


def _floating(name: str, limit: float = inf) -> DataType:
    def parse(text: str) -> float:
        value = float(_number(text))
        if not isfinite(value) or abs(value) > limit:
            raise NoSuchValue(f"{shown(text)} is too large for {name}")
        return value

    def render(value: object) -> str:
        if not isinstance(value, float | int) or isinstance(value, bool):
            raise _wrong_type(value, "float")
        try:
            number = float(value)
        except OverflowError:
            number = inf
        if not isfinite(number) or abs(number) > limit:
            raise ValueError(f"{shown(value)} is not a finite number within {name}'s bounds")
        if number != value:
            raise ValueError(f"{shown(value)} has more digits than a float can hold")
        return float.__repr__(number)

    return DataType(name, float, parse, render, 0.0)


def _parse_fixed(text: str) -> Decimal:
    try:
        value = Decimal(_number(text))
    except InvalidOperation:  # an exponent of more than 18 digits
        raise NoSuchValue(f"{shown(text)} has not at most 14 digits before and 4 after the point") from None
    value = _without_noise(value)
    _fixed(value)
    return value


def _without_noise(value: Decimal) -> Decimal:
    """*value* with four digits after the point, if the others are those of a double that stands for such a number.

    GUPnP holds the number as a double, and writes all of its 17 digits: 0.10000000000000001.
    """
    if _has_fixed_size(value):
        near = value.quantize(_FIXED_UNIT, context=_NINETEEN_DIGITS)
        if near != value and float(near) == float(value):
            return near
    return value


def _has_fixed_size(value: Decimal) -> bool:
    return value.is_finite() and (not value or -4 <= value.adjusted() < 14)


def _fixed(value: Decimal) -> Decimal:
    """*value* with four digits after the point; raises `NoSuchValue` if this changes it."""
    # The place of the first digit comes first: quantize() would write out all digits of 1E+999999.
    if not _has_fixed_size(value):
        raise NoSuchValue(f"{shown(value)} has not at most 14 digits before and 4 after the point")
    fixed = value.quantize(_FIXED_UNIT, context=_NINETEEN_DIGITS)
    if fixed != value:
        raise NoSuchValue(f"{shown(value)} has more than 4 digits after the point")
    return fixed


def _render_fixed(value: object) -> str:
    if isinstance(value, float | bool) or not isinstance(value, Decimal | int):
        raise _wrong_type(value, "Decimal")
    if isinstance(value, int) and value.bit_length() > 64:  # Decimal() would take long for a very long one
        raise ValueError(f"{shown(value)} has more than 14 digits before the point")
    text = format(_fixed(Decimal(value)), "f")
    return text.rstrip("0").rstrip(".")


# --- text ------------------------------------------------------------------------------------------------------


def _check_characters(text: str) -> str:
    # Printable text, the usual case, has none of these characters, and isprintable() is fast.
    if not text.isprintable() and (found := _NOT_IN_XML.search(text)):
        raise ValueError(f"{shown(text)} has {found.group()!r} at position {found.start()}, which XML cannot carry")
    return text


def _render_string(value: object) -> str:
    if type(value) is not str:
        if not isinstance(value, str):
            raise _wrong_type(value, "str")
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
        raise _wrong_type(value, "UUID")
    return str(value)


# --- others ----------------------------------------------------------------------------------------------------

_BOOLEANS = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}


def _parse_boolean(text: str) -> bool:
    value = _BOOLEANS.get(text)
    if value is None:
        value = _BOOLEANS.get(text.strip(XML_SPACE).lower()) if len(text) <= MAX_NUMBER_CHARACTERS else None
        if value is None:
            raise ValueError(f"{shown(text)} is not a boolean: 0 or 1")
    return value


def _render_boolean(value: object) -> str:
    if value is True:
        return "1"
    if value is False:
        return "0"
    raise _wrong_type(value, "bool")


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
        raise _wrong_type(value, "bytes")
    return value


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
        _floating("r4", R4_MAX),
        _floating("r8"),
        _floating("number"),
        DataType("fixed.14.4", Decimal, _parse_fixed, _render_fixed, Decimal(0)),
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
