"""An HTTP request and its response as values, and where the request came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import attrs

from upnp_trio.model.checked_frozen import checked_frozen
from upnp_trio.model.urls import decoded

__all__ = [
    "KNOWN_METHODS",
    "READ_METHODS",
    "REASONS",
    "Peer",
    "Request",
    "Response",
    "ServedAddress",
    "error_response",
    "is_neighbour",
    "path_of",
]

# Every method that HTTP and UPnP know; another one is 501, a known one in the wrong place is 405 (RFC 9110 §9.1).
KNOWN_METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"}
    | {"SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY", "M-POST"}
)
READ_METHODS = "GET, HEAD"

REASONS = {
    200: "OK",
    302: "Found",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


@attrs.frozen(kw_only=True)
class ServedAddress:
    """An address of this host that HTTP is served at, with its interface."""

    #: the name of the interface, such as ``eth0``
    interface: str = ""
    #: the system's number of the interface
    index: int = 0
    #: without a zone
    address: str = ""
    #: scheme, host and port of LOCATION there; empty where nothing is advertised
    base_url: str = ""
    #: whose addresses are neighbours on the interface's link
    links: tuple[IPv4Network | IPv6Network, ...] = ()


def is_neighbour(address: IPv4Address | IPv6Address, links: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether *address* is on the interface's own link, whose networks are *links*; link-local ones always are."""
    return address.is_link_local or any(address in link for link in links)


class Peer:
    """The other end of a connection."""

    def __init__(self, address: str = "", served: ServedAddress = ServedAddress()) -> None:  # immutable
        #: its IP address, without a port or a zone
        self.address = address
        #: the end of the connection on this host
        self.served = served

    @cached_property
    def is_on_link(self) -> bool:
        """Whether the peer is a neighbour on the interface's own link."""
        if not self.address:
            return False
        return is_neighbour(ip_address(self.address), self.served.links)


@checked_frozen
class Request:
    """A request whose head and body are complete; *headers* has lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str] = attrs.field(factory=dict)
    #: the body of a control call; other bodies are read and dropped
    body: bytes = attrs.field(default=b"", repr=False)
    peer: Peer = attrs.field(default=Peer(), eq=False)


@checked_frozen(unsafe_hash=True, cache_hash=True)  # a response is the key of its rendered form
class Response:
    """A response. The connection adds Date, Server and the framing.

    *body* is the body for GET; the connection leaves it out for HEAD.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = attrs.field(default=b"", repr=False)
    #: whether it is made for one request alone, so that it need not be remembered
    is_unique: bool = attrs.field(default=False, eq=False)


def error_response(status: int, *headers: tuple[str, str]) -> Response:
    """A short response in plain text, which contains nothing of the request."""
    body = f"{status} {REASONS[status]}\n".encode()
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"), *headers), body)


def path_of(target: str) -> str | None:
    """The decoded path of a request target in origin or absolute form (RFC 9112 §3.2); ``None`` for another form.

    The host of an absolute form is left to `HostCheck`; no response depends on it. An encoded slash is not a separator
    (RFC 3986 §2.2). Otherwise a document would have several paths, and a filter might know only one of them.
    """
    if not target.startswith("/"):
        match = re.match(r"https?://[^/?#]*", target, re.IGNORECASE)
        if match is None:
            return None
        target = target[match.end() :]
    path = target.partition("?")[0].partition("#")[0]
    return decoded(path) or "/"
