"""Names for files that are made from what a stranger says: from a URL, for any system, and never outside a folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upnp_trio.model.urls import path_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MAX_STEM_CHARACTERS", "NewFiles", "safe_stem"]

# File systems take 255 bytes of a name, and Windows 260 characters of a whole path.
MAX_STEM_CHARACTERS = 48
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
#: names that mean devices on Windows, whatever ending follows
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{name}{number}" for name in ("COM", "LPT") for number in range(10))}
)


def safe_stem(text: str) -> str:
    """*text* as the name of a file, without its ending: ASCII letters, digits, ``_`` and ``-``; may be empty."""
    stem = _UNSAFE.sub("_", text).strip("_-")[:MAX_STEM_CHARACTERS]
    return f"{stem}_" if stem.upper() in _DEVICES else stem


class NewFiles:
    """Files that are to be written: their contents by name, a path below one folder with ``/`` between its parts.

    No two names differ only in upper and lower case, as some systems take these for one.
    """

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._taken: set[str] = set()

    @property
    def files(self) -> Mapping[str, bytes]:
        """The contents by name."""
        return self._files

    def add(self, name: str, data: bytes) -> None:
        """Add the file *name*, which must be a safe one that is not taken."""
        assert name.lower() not in self._taken
        self._taken.add(name.lower())
        self._files[name] = data

    def place(self, folder: str, wishes: Iterable[str], ending: str, data: bytes) -> str:
        """Add a file in *folder*; returns its name.

        It is named after the first of *wishes*, texts and URLs of strangers, whose last part gives a safe name. The
        last one must.
        """
        stem = next(stem for wish in wishes if (stem := _stem_of(wish)))
        name, number = f"{folder}/{stem}{ending}", 1
        while name.lower() in self._taken:
            number += 1
            name = f"{folder}/{stem}-{number}{ending}"
        self.add(name, data)
        return name


def _stem_of(wish: str) -> str:
    last = path_within(wish).rpartition("/")[2]
    return safe_stem(last.rpartition(".")[0] or last)
