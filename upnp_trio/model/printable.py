"""Text from the network as a terminal or a log may show it."""

from __future__ import annotations

import unicodedata

__all__ = ["MAX_MESSAGE_CHARACTERS", "printable"]

# A line holds several such texts.
USUAL_LIMIT = 120
# Writing systems put up to four marks on a letter. A terminal piles any number of them over the lines above.
MAX_MARKS = 4
# An error message may list what there is. Nobody reads a longer one.
MAX_MESSAGE_CHARACTERS = 1000


def printable(text: str, limit: int = USUAL_LIMIT) -> str:
    """*text* cut to *limit* characters, without any that could control a terminal.

    Question marks stand for control characters, the starts of escape sequences among them, and for those that reverse
    the direction of writing or show nothing. Every kind of space is a plain one. Marks that combine with a letter
    are left out if there is no letter before them, or more than any letter has.
    """
    clean = text[: limit + 1]
    if not clean.isprintable():
        clean = "".join(map(_shown, clean))
    if not clean.isascii():
        clean = _without_floods(clean)
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"


def _without_floods(text: str) -> str:
    kept: list[str] = []
    marks = MAX_MARKS
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return " " if unicodedata.category(character) == "Zs" else "?"
