"""Checks Host and Origin of requests, against DNS rebinding and scripts of other sites (RFC 9112 §3.2, RFC 6454).

When a web page's name is rebound to our address, its requests reach us with that name in Host. The scripts of other
sites send their site in Origin. Only requests under our literal address and the allowed names are answered, which
refuses both. No URL is ever built from what a peer writes in these headers.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

import attrs

from upnp_trio.errors import NetworkError

__all__ = [
    "HOST_MALFORMED",
    "HOST_REFUSED",
    "ORIGIN_REFUSED",
    "HostCheck",
    "HostName",
    "parse_allowed_host",
    "parse_authority",
]

#: a host in its usual spelling, and its port; ``None`` is any port
HostName = tuple[str, int | None]

# The port of an authority without one (RFC 9110 §4.2.1).
HTTP_PORT = 80
# The reasons that are counted for refused requests.
HOST_REFUSED = "host refused"
HOST_MALFORMED = "malformed host"
ORIGIN_REFUSED = "origin refused"

# Host's grammar (RFC 3986 §3.2.2): a literal in brackets, or a name or IPv4 address; no user, no blanks.
_AUTHORITY = re.compile(r"(\[[0-9A-Za-z:.%_~-]+\]|[0-9A-Za-z._~!$&'()*+,;=%-]+)(?::([0-9]{0,5}))?")
_NAME = re.compile(r"[0-9A-Za-z_]([0-9A-Za-z._-]*[0-9A-Za-z_])?\.?")
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)")
# What a browser sends with a request from its address bar or from our own page (Fetch Metadata §2.3).
_OWN_SITES = frozenset({"same-origin", "none"})


def parse_authority(text: str) -> HostName | None:
    """Host and port of *text*, each in its usual spelling; ``None`` if *text* is not an authority.

    A zone identifier is left out: it names the client's interface, and some clients send it, as async_upnp_client does.
    """
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return None
    host = _usual_spelling(match[1])
    port = int(match[2]) if match[2] else HTTP_PORT
    return None if host is None or port > 65535 else (host, port)


def _usual_spelling(host: str) -> str | None:
    if host.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1].partition('%')[0])}]"
        except ValueError:
            return None
    return host.lower().removesuffix(".")


def parse_allowed_host(text: str) -> HostName:
    """The host of *text*, which is ``NAME`` (with any port) or ``NAME:PORT``; raises `NetworkError` for other forms."""
    found = parse_authority(text)
    is_host = text.startswith("[") or _NAME.fullmatch(text.partition(":")[0])
    if found is None or not is_host or text.endswith(":"):
        raise NetworkError(
            f"{text!r} is not a host to allow; write a name or an address, and a port if only that one is meant, "
            "as in ham.local, ham.example.com:8080 or [2001:db8::1]"
        )
    host, port = found
    return host, port if re.search(r":[0-9]+$", text) else None


@attrs.define(eq=False, repr=False)
class HostCheck:
    """The names under which one listener is reached: its own *authority*, and those that are *allowed*."""

    #: address and port, as in the URLs of this listener
    authority: str
    allowed: Iterable[HostName] = ()
    _names: frozenset[HostName | None] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        own = parse_authority(self.authority)
        names = {own, *self.allowed}
        if own is not None and _is_loopback(own[0]):
            names.add(("localhost", own[1]))  # nobody can rebind this name, because browsers resolve it themselves
        self._names = frozenset(names)

    def is_ours(self, authority: str) -> bool:
        """Whether *authority*, from Host or a target, names us."""
        return self._judge(authority) is None

    def refusal(self, method: str, target: str, headers: Mapping[str, str]) -> str | None:
        """Why this request is refused; ``None`` if it is not. *headers* has lower-case names.

        A request without Host is HTTP/1.0, which no browser sends. The authority of an absolute target counts in place
        of Host (RFC 9112 §3.2.2).
        """
        host = headers.get("host")
        if not target.startswith("/") and (absolute := _ABSOLUTE.match(target)):
            if absolute[1].lower() != "http":
                return HOST_REFUSED
            if host is not None and parse_authority(host) is None:
                return HOST_MALFORMED
            host = absolute[2]
        if host is not None and (reason := self._judge(host)):
            return reason
        if "origin" in headers and not self._is_harmless(headers["origin"]):
            return ORIGIN_REFUSED
        # Any site may link to our pages and pictures. Other methods are accepted only from our own page.
        if method not in ("GET", "HEAD") and headers.get("sec-fetch-site", "none").lower() not in _OWN_SITES:
            return ORIGIN_REFUSED
        return None

    def _judge(self, authority: str) -> str | None:
        if authority == self.authority:  # control points write it this way, because LOCATION does
            return None
        named = parse_authority(authority)
        if named is None:
            return HOST_MALFORMED  # 400 and not 403: RFC 9112 §3.2
        return None if named in self._names or (named[0], None) in self._names else HOST_REFUSED

    def _is_harmless(self, origin: str) -> bool:
        # Apps for screens name themselves so (DIAL 2.2.1 §6.6), and no browser lets a page have such an origin.
        if origin.startswith("package:"):
            return True
        return origin.startswith("http://") and self.is_ours(origin.removeprefix("http://"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
