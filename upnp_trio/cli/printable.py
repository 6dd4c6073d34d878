"""How wide a text is on a terminal, and whether the terminal can show it; `printable` makes it safe first."""

from __future__ import annotations

import unicodedata

from upnp_trio.model.printable import printable

__all__ = ["can_encode", "cells", "fit", "printable"]


def cells(text: str) -> int:
    """The columns of a terminal that *text* takes: two for a wide character, none for one that combines."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, width: int, *, cut: bool = True) -> str:
    """*text* with spaces up to *width* columns; what is longer is cut, unless *cut* is false."""
    missing = width - cells(text)
    if missing >= 0:
        return text + " " * missing
    if not cut:
        return text
    if width < 1:
        return ""
    room, kept = width - 1, ""  # the ellipsis takes one
    for character in text:
        room -= _cells(character)
        if room < 0:
            break
        kept += character
    return fit(f"{kept}…", width)


def can_encode(text: str, encoding: str) -> bool:
    """Whether an output with *encoding* can show *text*."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
