"""Text as the content of an element or an attribute, so that every XML parser reads the same text again."""

from __future__ import annotations

import re

__all__ = ["escape_attribute", "escape_text"]

# What XML 1.0 §2.2 has no way to write, not even as a reference.
_IMPOSSIBLE = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
# Parsers turn a carriage return into a line feed, and in attributes, tabs and line feeds into spaces (XML 1.0 §2.11,
# §3.3.3), unless they are written as references.
_IN_TEXT = re.compile(f"[&<>\r{_IMPOSSIBLE}]")
_IN_ATTRIBUTES = re.compile(f'[&<>"\t\n\r{_IMPOSSIBLE}]')
_REFERENCES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def _reference(match: re.Match[str]) -> str:
    return _REFERENCES.get(match[0], REPLACEMENT)


def escape_text(text: str) -> str:
    """*text* for an element. U+FFFD replaces each character that XML cannot carry."""
    return _IN_TEXT.sub(_reference, text)


def escape_attribute(text: str) -> str:
    """*text* for an attribute in double quotes. U+FFFD replaces each character that XML cannot carry."""
    return _IN_ATTRIBUTES.sub(_reference, text)
