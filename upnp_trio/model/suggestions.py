"""What to write in place of a name that does not exist, for error messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.model.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["suggestion"]

# A person reads no longer list. The names are a device's, which may have thousands, each of any length.
MAX_LISTED = 20
MAX_COMPARED = 256
MAX_NAME_CHARACTERS = 64


def suggestion(name: str, names: Iterable[str], what: str) -> str:
    """The end of a sentence about *name*, which is none of *names*: the one that may be meant, or what there is.

    *what* are the things that have these names, such as "actions".
    """
    known = [printable(known, MAX_NAME_CHARACTERS) for known in names]
    if not known:
        return f"there are no {what}"
    by_key = {_key(each): each for each in reversed(known[:MAX_COMPARED])}
    from difflib import get_close_matches  # only a mistyped name needs it

    close = get_close_matches(_key(name[:MAX_NAME_CHARACTERS]), by_key, n=1)
    if close:
        return f"did you mean {by_key[close[0]]}?"
    more = f" and {len(known) - MAX_LISTED} more" if len(known) > MAX_LISTED else ""
    return f"the {what} are {', '.join(known[:MAX_LISTED])}{more}"


def _key(name: str) -> str:
    """What names have in common that differ in capital letters, and in the way in which words are joined."""
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()
