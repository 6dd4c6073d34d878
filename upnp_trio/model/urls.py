"""The parts of a URL that decide where it leads (RFC 3986, appendix B).

These functions accept any string. `urllib.parse.urlsplit` raises `ValueError` for some that vendors and users write,
such as ``http://[``.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

__all__ = [
    "HOST",
    "IPV4",
    "MAX_FIXED_PATH_CHARACTERS",
    "decoded",
    "fixed_path_flaw",
    "has_scheme",
    "is_at_own_host",
    "is_web_link",
    "path_within",
]

# Every datagram about a device has the path of its description. Those of real devices have less than 40 characters.
MAX_FIXED_PATH_CHARACTERS = 256

#: stands in a URL for the address of this host that the reader has reached
HOST = "{host}"
#: likewise, but for an IPv4 address of this host, for what IPv6 does not reach
IPV4 = "{ipv4}"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_AT_OWN_HOST = re.compile(r"https?://\{(?:host|ipv4)\}(:[0-9]{1,5})?(?=[/?#]|\Z)", re.IGNORECASE)
_AUTHORITY = re.compile(r"//[^/?#]*")
# Windows and browsers read a backslash as a slash. A control character has no use in a path.
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\\]")
# What a path has (RFC 3986 §3.3), but for ";", which Python's urljoin drops at the end of a path.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*")
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)


def has_scheme(url: str) -> bool:
    """Whether *url* begins with a scheme ("http:", "javascript:"), so that it is not relative."""
    return _SCHEME.match(url) is not None


def is_web_link(url: str) -> bool:
    """Whether *url* is an address on the web or an absolute path."""
    return _WEB.match(url) is not None or url.startswith("/")


def is_at_own_host(url: str) -> bool:
    """Whether *url* has `HOST` or `IPV4` in place of its host, as in "http://{host}:8123/"."""
    return _AT_OWN_HOST.match(url) is not None


def path_within(url: str) -> str:
    """The path of *url*, decoded, without slashes at its ends and without parts that lead out of a directory."""
    rest = url[scheme.end() :] if (scheme := _SCHEME.match(url)) else url
    rest = rest[authority.end() :] if (authority := _AUTHORITY.match(rest)) else rest
    parts = unquote(rest.partition("#")[0].partition("?")[0]).split("/")
    return "/".join(part for part in parts if part not in ("", ".", "..") and not _UNWANTED.search(part))


def decoded(path: str) -> str:
    """*path* without its percent escapes, but for that of a slash.

    An encoded slash is not a separator (RFC 3986 §2.2).
    """
    if "%" not in path:  # as nearly all are, in every request
        return path
    return unquote(_ENCODED_SLASH.sub("%252F", path))


def fixed_path_flaw(path: str) -> str | None:
    """What keeps *path* from being served as it is, with the cure; ``None`` if nothing does."""
    if len(path) > MAX_FIXED_PATH_CHARACTERS:
        return f"it has {len(path)} characters; at most {MAX_FIXED_PATH_CHARACTERS} are served as they are"
    parts = unquote(path).split("/")
    if not _PATH.fullmatch(path) or "//" in path or {".", ".."} & set(parts) or _UNWANTED.search(unquote(path)):
        return (
            "it must be a path that begins with '/', such as /setup.xml, without '?', '#', ';', '//' and the parts "
            "'.' and '..'; write other characters as %XX"
        )
    return None
