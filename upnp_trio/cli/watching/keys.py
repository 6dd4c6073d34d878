"""What a terminal sends for keys, as names of keys (ECMA-48, and xterm's control sequences)."""

from __future__ import annotations

import codecs
import re

import attrs

__all__ = ["KeyReader"]

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O\x1b])", re.DOTALL)
_BEGUN_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O)?")
# A sequence of a key is shorter. What is longer is no key, and is left out.
MAX_SEQUENCE_CHARACTERS = 32
_FINAL = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end"}
_NUMBERED = {"1": "home", "3": "delete", "4": "end", "5": "page up", "6": "page down", "7": "home", "8": "end"}
_CONTROLS = {
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x0c": "redraw",
    "\x15": "erase",
    "\x02": "page up",
    "\x06": "page down",
}


@attrs.define(eq=False)
class KeyReader:
    """Takes bytes as they come, and gives names such as ``up`` and ``enter``; a printable character is its own name."""

    _decoder: codecs.IncrementalDecoder = attrs.field(
        factory=lambda: codecs.getincrementaldecoder("utf-8")(errors="replace")
    )
    _rest: str = ""

    @property
    def is_inside(self) -> bool:
        """Whether an escape sequence has begun, or Escape itself was pressed; time tells which."""
        return bool(self._rest)

    def feed(self, data: bytes) -> list[str]:
        """The keys that are complete with *data*."""
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        keys: list[str] = []
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                keys += _plain(text[at])
                at += 1
                continue
            if text.startswith("\x1b\x1b", at):
                keys.append("escape")
            elif match := _SEQUENCE.match(text, at):
                keys += _named(match[0])
                at = match.end()
                continue
            elif _BEGUN_SEQUENCE.fullmatch(text, at) and len(text) - at < MAX_SEQUENCE_CHARACTERS:
                self._rest = text[at:]
                break
            at += 1
        return keys

    def flush(self) -> list[str]:
        """Nothing has followed for a while: a sequence that has only begun was the key Escape."""
        rest, self._rest = self._rest, ""
        return ["escape"] if rest == "\x1b" else []


def _plain(character: str) -> list[str]:
    if name := _CONTROLS.get(character):
        return [name]
    return [character] if character.isprintable() else []


def _named(sequence: str) -> list[str]:
    if sequence[1] not in "[O":  # Alt and a key: the terminal sends Escape before it
        return []
    names, key = (_NUMBERED, re.split("[;~]", sequence[2:])[0]) if sequence[-1] == "~" else (_FINAL, sequence[-1])
    return [names[key]] if key in names else []
