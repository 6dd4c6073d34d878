"""Header values with ``{host}`` and ``{port}``, which are filled in for each address that is served.

``{{`` and ``}}`` are braces, as in Python's format strings. Nothing else of those is known, because a value may come
from a device file, and `str.format` would let it reach into objects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upnp_trio.model.advertised_url import MAX_HOST_NAME_CHARACTERS
from upnp_trio.model.urls import HOST

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LONGEST_HOST", "PORT", "Headers", "characters", "escaped", "filled", "flaw_of", "has_placeholders"]

#: names and values of header fields
Headers = tuple[tuple[str, str], ...]

#: as long as the longest name that *advertise_url* may give; a literal address in brackets has 41 characters at most
LONGEST_HOST = "n" * MAX_HOST_NAME_CHARACTERS
#: stands in a value for HTTP's port
PORT = "{port}"
# What is filled in, braces that stand for themselves, and what is neither.
_BRACED = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]")
DEFAULT_PORT = 80


def flaw_of(value: str) -> str | None:
    """What is wrong with the braces of *value*, with the cure; ``None`` if nothing is."""
    for found in _BRACED.findall(value):
        if found not in (HOST, PORT, "{{", "}}"):
            return f"{found} is neither {{host}} nor {{port}}; write {{{{ and }}}} for braces"
    return None


def has_placeholders(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether any value of *headers* is other text at another address, or has doubled braces."""
    return any("{" in value or "}" in value for _, value in headers)


def filled(headers: Iterable[tuple[str, str]], base_url: str) -> Headers:
    """*headers*, which have no flaw, with the host and the port of *base_url*, scheme, host and port of a LOCATION.

    The host of a literal IPv6 address is in brackets. A URL without a port has HTTP's, 80.
    """
    headers = tuple(headers)
    if not headers or not has_placeholders(headers):
        return headers
    host, port = _parts(base_url)
    texts = {"{{": "{", "}}": "}", HOST: host, PORT: port}
    return tuple((name, _BRACED.sub(lambda found: texts[found[0]], value)) for name, value in headers)


def escaped(text: str) -> str:
    """The value that stands for *text*, braces included."""
    return text.replace("{", "{{").replace("}", "}}")


def characters(headers: Iterable[tuple[str, str]]) -> int:
    """How many characters *headers* have at the most, once they are filled in, as lines without their ends."""
    longest = filled(headers, f"http://{LONGEST_HOST}:65535")
    return sum(len(f"{name}: {value}") for name, value in longest)


def _parts(base_url: str) -> tuple[str, str]:
    rest = base_url.partition("://")[2].partition("/")[0]
    host, colon, port = rest.rpartition(":")
    if not colon or "]" in port:  # the colons are those of a literal IPv6 address
        host, port = rest, ""
    return host, port or str(DEFAULT_PORT)
