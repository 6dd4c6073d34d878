"""The code blocks of the README, of docs/ and of what the site includes, and what is said of them.

A comment above a block says how it is checked, in parts that a semicolon separates::

    <!-- block: saved as ham.toml -->                   later blocks of the page may use this file
    <!-- block: output checked -->                      the commands are run, and this is what they print
    <!-- block: example output -->                      the commands are checked, the output differs everywhere
    <!-- block: ends by itself -->                      a program that needs no Ctrl-C
    <!-- block: ends cleanly after Ctrl-C -->           a program that may catch KeyboardInterrupt
    <!-- block: run by pytest -->                       tests, which pytest runs
    <!-- block: beside a light -->                      a control point's code, which is run while a light is served
    <!-- block: not checked, because ... -->            the reason is required

Without one, a block is checked as its language demands, and a language that nothing here knows is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import attrs

__all__ = ["ROOT", "Block", "blocks", "page", "pages", "prose"]

ROOT = Path(__file__).parents[2]
#: Markdown outside of docs/ that the site includes, or that GitHub shows first
OUTSIDE = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "benchmarks/README.md",
    "deploy/README.md",
    "tests/chaos/README.md",
    "tests/fuzz/README.md",
)
_BLOCK = re.compile(
    r"^(?:<!-- block: (?P<notes>[^\n]+) -->\n)?^(?P<fence>`{3,})(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_NOTE = re.compile(
    r"saved as (?P<file>[\w.-]+)|output checked|example output|ends by itself|ends cleanly after Ctrl-C"
    r"|run by pytest|beside a light|not checked, because .{8,}"
)


@attrs.frozen
class Block:
    """One code block."""

    page: str
    line: int
    language: str
    text: str
    notes: tuple[str, ...]
    #: the files that blocks before it on the page were saved as
    files: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_checked(self) -> bool:
        """Whether no reason is given to leave it alone."""
        return not any(note.startswith("not checked, because ") for note in self.notes)


def pages() -> list[str]:
    """Every page, by its path in the repository."""
    return [*OUTSIDE, *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    """The text of a page without its code blocks."""
    return _BLOCK.sub("", page(name))


def blocks(*languages: str) -> list[Block]:
    """The blocks in one of these languages, or all; Sphinx's directives are none of them."""
    return [
        block
        for name in pages()
        for block in _blocks(name)
        if (block.language in languages or not languages) and not block.language.startswith("{")
    ]


def _blocks(name: str) -> Iterator[Block]:
    text = page(name)
    files: list[tuple[str, str]] = []
    for match in _BLOCK.finditer(text):
        notes = tuple(match["notes"].split("; ")) if match["notes"] else ()
        line = text.count("\n", 0, match.start("fence")) + 1
        block = Block(name, line, match["language"], match["text"], notes, tuple(files))
        yield block
        for note in notes:
            meaning = _NOTE.fullmatch(note)
            if meaning is None:
                raise ValueError(f"{block}: nothing here knows the note {note!r}")
            if meaning["file"]:
                files.append((meaning["file"], match["text"]))
