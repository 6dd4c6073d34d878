"""The parts of a URL that decide where it leads (RFC 3986, appendix B).

These functions accept any string. `urllib.parse.urlsplit` raises `ValueError` for some that vendors and users write,
such as ``http://[``.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

__all__ = ["HOST", "has_scheme", "is_at_own_host", "is_web_link", "path_within"]

#: stands in a URL for the address of this host that the reader has reached
HOST = "{host}"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_AT_OWN_HOST = re.compile(r"https?://\{host\}(:[0-9]{1,5})?(?=[/?#]|\Z)", re.IGNORECASE)
_AUTHORITY = re.compile(r"//[^/?#]*")
# Windows and browsers read a backslash as a slash. A control character has no use in a path.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\\]")


def has_scheme(url: str) -> bool:
    """Whether *url* begins with a scheme ("http:", "javascript:"), so that it is not relative."""
    return _SCHEME.match(url) is not None


def is_web_link(url: str) -> bool:
    """Whether *url* is an address on the web or an absolute path."""
    return _WEB.match(url) is not None or url.startswith("/")


def is_at_own_host(url: str) -> bool:
    """Whether *url* has `HOST` in place of its host, as in "http://{host}:8123/"."""
    return _AT_OWN_HOST.match(url) is not None


def path_within(url: str) -> str:
    """The path of *url*, decoded, without slashes at its ends and without parts that lead out of a directory."""
    rest = url[scheme.end() :] if (scheme := _SCHEME.match(url)) else url
    rest = rest[authority.end() :] if (authority := _AUTHORITY.match(rest)) else rest
    parts = unquote(rest.partition("#")[0].partition("?")[0]).split("/")
    return "/".join(part for part in parts if part not in ("", ".", "..") and not _UNWANTED.search(part))
