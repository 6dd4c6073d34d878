"""The delivery URLs of a subscription: where events are sent, and nowhere else (UDA 2.0 §4.1.1, §4.1.2).

A device connects to the URLs that a stranger gives it. CVE-2020-12695 ("CallStranger") shows what follows if they may
lead anywhere: scans of a network behind its firewall, and floods of others. So a URL counts only if its host is
literally the address that the request came from, and one wrong URL refuses them all.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING

import attrs

from upnp_trio.eventing.refusals import EventingRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_CALLBACKS", "MAX_CALLBACK_BYTES", "Callback", "IpAddress", "read_callbacks", "unmapped"]

IpAddress = IPv4Address | IPv6Address

# GUPnP's bounds. Real control points give one URL, or one for each of a few interfaces.
MAX_CALLBACKS = 6
MAX_CALLBACK_BYTES = 256
DEFAULT_PORT = 80

NO_CALLBACK = "CALLBACK is missing or malformed"
TOO_MANY_CALLBACKS = "CALLBACK has too many URLs"
CALLBACK_TOO_LONG = "CALLBACK has too long a URL"
CALLBACK_MALFORMED = "CALLBACK has a URL that is not http:// with a literal address"
CALLBACK_ELSEWHERE = "CALLBACK leads to another address than the subscriber's"

_LIST = re.compile(r"[ \t,]*(?:<[^<>]*>[ \t,]*)+")
_ITEM = re.compile(r"<([^<>]*)>")
# Visible ASCII without the backslash, which some readers take for a slash. Only literal addresses match: no name, no
# userinfo, no percent-encoded character, and no short, octal or hexadecimal form of an IPv4 address. A zone belongs to
# the subscriber's host (RFC 6874), so it is not read.
_URL = re.compile(
    r"http://(?:(?P<v4>[0-9]{1,3}(?:\.[0-9]{1,3}){3})|\[(?P<v6>[0-9a-f:.]{2,45})(?:%(?:25)?[0-9a-z._~-]+)?\])"
    r"(?::(?P<port>[0-9]{0,5}))?(?P<path>/[!-~]*|\?[!-~]*|)",
    re.IGNORECASE | re.ASCII,
)
_BROADCAST = IPv4Address("255.255.255.255")


@attrs.frozen
class Callback:
    """A delivery URL, taken apart."""

    #: the subscriber's address; of a link-local one, with the zone that it has on this host
    address: IpAddress
    port: int
    #: path and query, for the request line
    target: str

    @property
    def authority(self) -> str:
        """Address and port for HOST, without a zone."""
        host = f"[{_plain(self.address)}]" if isinstance(self.address, IPv6Address) else str(self.address)
        return f"{host}:{self.port}"


def _plain(address: IPv6Address) -> IPv6Address:
    return IPv6Address(int(address))


def unmapped(address: IpAddress) -> IpAddress:
    """The IPv4 address that *address* maps into IPv6 (RFC 4291 §2.5.5.2), or *address* itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def read_callbacks(value: str, subscriber: IpAddress) -> tuple[Callback, ...]:
    """The URLs in a CALLBACK header *value*, in their order; all of them are at *subscriber*.

    Raises `EventingRefused` with status 412 if *value* is not a list of URLs, or if any of them is not allowed.
    """
    if not _LIST.fullmatch(value):
        raise EventingRefused(412, NO_CALLBACK)
    urls = _ITEM.findall(value)
    if len(urls) > MAX_CALLBACKS:
        raise EventingRefused(412, TOO_MANY_CALLBACKS)
    return tuple(dict.fromkeys(_callbacks(urls, unmapped(subscriber))))


def _callbacks(urls: list[str], subscriber: IpAddress) -> Iterator[Callback]:
    expected = _plain(subscriber) if isinstance(subscriber, IPv6Address) else subscriber
    usable = not (expected.is_unspecified or expected.is_multicast or expected == _BROADCAST)
    for url in urls:
        if len(url) > MAX_CALLBACK_BYTES:
            raise EventingRefused(412, CALLBACK_TOO_LONG)
        # A fragment is for the subscriber alone (RFC 9110 §4.2.5).
        match = _URL.fullmatch(url.partition("#")[0])
        if match is None or "\\" in url or not url.isascii() or not url.isprintable() or " " in url:
            raise EventingRefused(412, CALLBACK_MALFORMED)
        port = int(match["port"] or DEFAULT_PORT)
        address = _literal(match["v4"], match["v6"])
        if address is None or not 1 <= port <= 65535:
            raise EventingRefused(412, CALLBACK_MALFORMED)
        if unmapped(address) != expected or not usable:
            raise EventingRefused(412, CALLBACK_ELSEWHERE)
        path = match["path"]
        yield Callback(subscriber, port, path if path.startswith("/") else f"/{path}")


def _literal(v4: str | None, v6: str | None) -> IpAddress | None:
    try:
        return IPv6Address(v6) if v6 is not None else IPv4Address(v4 or "")
    except AddressValueError:
        return None
