"""What is wrong with a value or a text, for all data types."""

from __future__ import annotations

from reprlib import Repr

__all__ = ["NoSuchValue", "shown", "wrong_type"]

_repr = Repr()
_repr.maxstring = _repr.maxother = 60


class NoSuchValue(ValueError):
    """Text of the right form that stands for no value of the data type: 256 as a ``ui1``, or the 30th of February."""


def shown(value: object) -> str:
    """*value* for an error message, shortened if it is long."""
    if isinstance(value, int) and value.bit_length() > 256:  # Python refuses to write the longest ones
        return f"an integer of {value.bit_length()} bits"
    return _repr.repr(value)


def wrong_type(value: object, wanted: str) -> ValueError:
    """The error for a *value* that is not an instance of the Python type called *wanted*."""
    return ValueError(f"{shown(value)} is of type {type(value).__name__}, not {wanted}")
