"""Converters and validators for text that is safe in an XML document, a header and a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upnp_trio.errors import DescriptionError

if TYPE_CHECKING:
    import attrs

__all__ = [
    "XML_SPACE",
    "one_line",
    "optional_line",
    "reject_control_characters",
    "tidy",
    "tidy_optional",
    "whole_number",
]

#: XML's white space, which pretty-printed documents add around texts
XML_SPACE = " \t\r\n"

# C0, DEL and C1 controls, the line separators, surrogates and the two non-characters that XML 1.0 excludes.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_FORBIDDEN_IN_BLOCKS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def reject_control_characters(value: str, where: str, *, lines: bool = False) -> None:
    """Raise `DescriptionError` if *value* holds a character that could split a header or break XML.

    With *lines*, tabs and line feeds pass (the text of raw vendor elements).
    """
    found = (_FORBIDDEN_IN_BLOCKS if lines else _FORBIDDEN).search(value)
    if found:
        raise DescriptionError(
            f"{where} is {value!r}: the character {found.group()!r} at position {found.start()} is a control "
            "character, which no UPnP document or header can carry; remove it"
        )


def tidy(value: str) -> str:
    """An attrs converter: a string without the white space around it; the validator refuses other values."""
    return value.strip() if isinstance(value, str) else value


def tidy_optional(value: str | None) -> str | None:
    """Like `tidy`, with ``None`` for an empty string: vendors write an empty element for a missing one."""
    return (value.strip() or None) if isinstance(value, str) else value


def one_line(instance: object, attribute: attrs.Attribute[str], value: object) -> None:
    """An attrs validator: one line of text without control characters."""
    where = f"{type(instance).__name__}.{attribute.name}"
    if not isinstance(value, str):
        raise DescriptionError(f"{where} is {value!r}; it must be text, not {type(value).__name__}")
    reject_control_characters(value, where)


def optional_line(instance: object, attribute: attrs.Attribute[str | None], value: object) -> None:
    """Like `one_line`, or ``None``."""
    if value is not None:
        one_line(instance, attribute, value)  # type: ignore[arg-type]  # the same field, its value known to be set


def whole_number(instance: object, attribute: attrs.Attribute[int], value: object) -> None:
    """An attrs validator: a whole number of at least 0 (``True`` is not one)."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        where = f"{type(instance).__name__}.{attribute.name}"
        raise DescriptionError(f"{where} is {value!r}; it must be a whole number of at least 0")
