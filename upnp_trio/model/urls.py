"""The parts of a URL that decide where it leads, read from any text (RFC 3986, appendix B).

Not `urllib.parse.urlsplit`: it raises `ValueError` for some of what vendors and users write ("http://[").
"""

from __future__ import annotations

import re
from urllib.parse import unquote

__all__ = ["has_scheme", "is_web_link", "path_within"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_AUTHORITY = re.compile(r"//[^/?#]*")
# A backslash is a separator to Windows and to browsers; control characters belong in no path.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\\]")


def has_scheme(url: str) -> bool:
    """Whether *url* says itself where it leads ("http://...", "javascript:..."), so is no relative URL."""
    return _SCHEME.match(url) is not None


def is_web_link(url: str) -> bool:
    """Whether *url* leads to the web, or to a path of the host that it stands on."""
    return _WEB.match(url) is not None or url.startswith("/")


def path_within(url: str) -> str:
    """The path of *url*, decoded and without a slash at its ends, cleared of all that could lead out of a directory."""
    rest = url[scheme.end() :] if (scheme := _SCHEME.match(url)) else url
    rest = rest[authority.end() :] if (authority := _AUTHORITY.match(rest)) else rest
    parts = unquote(rest.partition("#")[0].partition("?")[0]).split("/")
    return "/".join(part for part in parts if part not in ("", ".", "..") and not _UNWANTED.search(part))
