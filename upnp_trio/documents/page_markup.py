"""What the modules of the built-in page write HTML with."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import attrs

__all__ = ["PagePart", "attributes"]


@attrs.frozen(kw_only=True)
class PagePart:
    """What a kind of page adds to the page that every device has."""

    style: str
    #: markup at the end of the head
    head: str = ""
    #: attributes of the main element
    settings: Mapping[str, str | None] = attrs.field(factory=dict)
    #: markup after the device's name, an item a line
    sections: tuple[str, ...] = ()


def attributes(pairs: Mapping[str, str | None]) -> str:
    """Attributes of an element, escaped, each with a space before it; those that are ``None`` are left out."""
    return "".join(f' {name}="{escape(value)}"' for name, value in pairs.items() if value is not None)
