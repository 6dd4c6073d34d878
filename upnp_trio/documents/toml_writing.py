"""Writing TOML: values, keys and comments.

A library would do for values. The files that are written here are for people to read and to change, with comments, a
chosen order and blank lines between tables, and the one maintained library that keeps these (tomlkit) is thirty times
this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite

__all__ = ["comment", "key", "value"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SHORT_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def value(item: object) -> str:
    """*item* as TOML writes it on one line: text, numbers, truth values, and lists and tables of these.

    Every character that is not printable is escaped, also those that change the direction of the text around them.
    """
    match item:
        case bool():
            return "true" if item else "false"
        case str():
            return f'"{"".join(map(_escaped, item))}"'
        case int():
            return str(item)
        case float() if isfinite(item):
            return repr(item)
        case Mapping():
            pairs = ", ".join(f"{key(name)} = {value(member)}" for name, member in item.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case list() | tuple():
            return f"[{', '.join(map(value, item))}]"
    raise TypeError(f"{item!r} is nothing that TOML has")


def key(name: str) -> str:
    """*name* as a key."""
    return name if _BARE_KEY.fullmatch(name) else value(name)


def comment(text: str) -> str:
    """The comment *text*, on one line whatever is in it."""
    return f"# {''.join(map(_printable, text))}".rstrip()


def _escaped(character: str) -> str:
    return _SHORT_ESCAPES.get(character) or _printable(character)


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
