"""Numbers of UDA's data types, as text and back (UDA 2.0 §2.5, table 2-22)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from math import inf, isfinite

from upnp_trio.model.text import XML_SPACE
from upnp_trio.model.value_errors import NoSuchValue, shown, wrong_type

__all__ = ["R4_MAX", "Parse", "Render", "floating", "integer", "parse_fixed", "render_fixed"]

Parse = Callable[[str], object]
Render = Callable[[object], str]

# The longest number of any type has 40 characters (ui8's 20 with white space around them, r8's 25). This bound keeps
# the cost of reading a stranger's number small, which grows with the square of its length.
MAX_NUMBER_CHARACTERS = 128
# UDA's own bound, which is a little above the largest number of four bytes.
R4_MAX = 3.40282347e38
_FIXED_UNIT = Decimal("0.0001")
# one more than a value has, for one that is rounded up to a power of ten and then refused
_NINETEEN_DIGITS = Context(prec=19)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def integer(name: str, low: int, high: int) -> tuple[Parse, Render]:
    """How the integers from *low* to *high* are read and written; *name* is the data type's, for messages."""

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
                raise wrong_type(value, "int")
            value = int(value)  # of an IntEnum, str() might be its name
        if not low <= value <= high:
            raise ValueError(f"{shown(value)} is not within {name}'s bounds, {low} to {high}")
        return str(value)

    return parse, render


def _number(text: str) -> str:
    """*text* without white space, if it is a number in decimal notation, with or without an exponent."""
    number = text.strip(XML_SPACE) if len(text) <= MAX_NUMBER_CHARACTERS else ""
    if not _NUMBER.fullmatch(number):  # float() and Decimal() would also read "nan", "1_000" and other scripts
        raise ValueError(f"{shown(text)} is not a number")
    return number


def floating(name: str, limit: float) -> tuple[Parse, Render]:
    """How the finite floats from -*limit* to *limit* are read and written; *name* is as in `integer`."""

    def parse(text: str) -> float:
        value = float(_number(text))
        if not isfinite(value) or abs(value) > limit:
            raise NoSuchValue(f"{shown(text)} is too large for {name}")
        return value

    def render(value: object) -> str:
        if not isinstance(value, float | int) or isinstance(value, bool):
            raise wrong_type(value, "float")
        try:
            number = float(value)
        except OverflowError:
            number = inf
        if not isfinite(number) or abs(number) > limit:
            raise ValueError(f"{shown(value)} is not a finite number within {name}'s bounds")
        if number != value:
            raise ValueError(f"{shown(value)} has more digits than a float can hold")
        return float.__repr__(number)

    return parse, render


def parse_fixed(text: str) -> Decimal:
    """A number of at most 14 digits before the point and 4 after it."""
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


def render_fixed(value: object) -> str:
    """The text of a `Decimal` or an ``int``, without zeros at its end."""
    if isinstance(value, float | bool) or not isinstance(value, Decimal | int):
        raise wrong_type(value, "Decimal")
    if isinstance(value, int) and value.bit_length() > 64:  # Decimal() would take long for a very long one
        raise ValueError(f"{shown(value)} has more than 14 digits before the point")
    text = format(_fixed(Decimal(value)), "f")
    return text.rstrip("0").rstrip(".")
