"""Python source that a formatter leaves as it is, for `render_stub`."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

import attrs

__all__ = ["LINE_LENGTH", "Nested", "Node", "flat", "layout", "quoted"]

# the shortest length in wide use, ruff's and black's default; what fits it fits a longer one
LINE_LENGTH = 88
INDENT = "    "


@attrs.frozen
class Nested:
    """Items in brackets, such as ``In("a", "b")``."""

    start: str
    items: tuple[Node, ...]
    end: str


Node = str | Nested


def flat(node: Node) -> str:
    """*node* in one line."""
    if isinstance(node, str):
        return node
    return f"{node.start}{', '.join(map(flat, node.items))}{node.end}"


def layout(node: Node, indent: int, before: str = "", after: str = "") -> list[str]:
    """The lines of *node*, with text before and after it: one if that fits, else one for each item in it."""
    margin = INDENT * indent
    line = f"{margin}{before}{flat(node)}{after}"
    if isinstance(node, str) or _width(line) <= LINE_LENGTH:
        return [line]
    lines = [f"{margin}{before}{node.start}"]
    # A formatter joins the lines again unless a comma ends the last one. Where the comma would make a tuple, none does.
    alone = len(node.items) == 1 and node.end == "]"
    for item in node.items:
        lines += layout(item, indent + 1, after="" if alone else ",")
    return [*lines, f"{margin}{node.end}{after}"]


def _width(line: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


def quoted(value: str | bytes) -> str:
    """The literal of *value*, in double quotes unless single ones need fewer backslashes."""
    written = repr(value)
    prefix, body = (written[:1], written[2:-1]) if isinstance(value, bytes) else ("", written[1:-1])
    # Python escapes the quotes that it has chosen itself.
    tokens = [token[-1] if token in ("\\'", '\\"') else token for token in re.findall(r"\\.|.", body)]
    quote = '"' if tokens.count('"') <= tokens.count("'") else "'"
    return prefix + quote + "".join(f"\\{token}" if token == quote else token for token in tokens) + quote
