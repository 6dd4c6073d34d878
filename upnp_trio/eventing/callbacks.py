"""The delivery URLs of a subscription: where events are sent, and nowhere else (UDA 2.0 §4.1.1, §4.1.2).

A device connects to the URLs that a stranger gives it. CVE-2020-12695 ("CallStranger") shows what follows if they may
lead anywhere: scans of a network behind its firewall, and floods of others. So a URL counts only if its host is
literally the address that the request came from, and one wrong URL refuses them all.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

import attrs

from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.model.literal_url import IpAddress, LiteralUrl, unmapped, without_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_CALLBACKS", "MAX_CALLBACK_BYTES", "read_callbacks"]

# GUPnP's bounds. Real control points give one URL, or one for each of a few interfaces.
MAX_CALLBACKS = 6
MAX_CALLBACK_BYTES = 256

NO_CALLBACK = "CALLBACK is missing or malformed"
TOO_MANY_CALLBACKS = "CALLBACK has too many URLs"
CALLBACK_TOO_LONG = "CALLBACK has too long a URL"
CALLBACK_MALFORMED = "CALLBACK has a URL that is not http:// with a literal address"
CALLBACK_ELSEWHERE = "CALLBACK leads to another address than the subscriber's"

_LIST = re.compile(r"[ \t,]*(?:<[^<>]*>[ \t,]*)+")
_ITEM = re.compile(r"<([^<>]*)>")
_VISIBLE = re.compile(r"[!-~]*")
_BROADCAST = IPv4Address("255.255.255.255")


def read_callbacks(value: str, subscriber: IpAddress) -> tuple[LiteralUrl, ...]:
    """The URLs in a CALLBACK header *value*, in their order; all of them are at *subscriber*.

    A zone belongs to the subscriber's host (RFC 6874), so that of *subscriber* takes its place. Raises
    `EventingRefused` with status 412 if *value* is not a list of URLs, or if any of them is not allowed.
    """
    if not _LIST.fullmatch(value):
        raise EventingRefused(412, NO_CALLBACK)
    urls = _ITEM.findall(value)
    if len(urls) > MAX_CALLBACKS:
        raise EventingRefused(412, TOO_MANY_CALLBACKS)
    return tuple(dict.fromkeys(_callbacks(urls, unmapped(subscriber))))


def _callbacks(urls: list[str], subscriber: IpAddress) -> Iterator[LiteralUrl]:
    expected = without_zone(subscriber)
    zone = (subscriber.scope_id or "") if isinstance(subscriber, IPv6Address) else ""
    usable = not (expected.is_unspecified or expected.is_multicast or expected == _BROADCAST)
    for text in urls:
        if len(text) > MAX_CALLBACK_BYTES:
            raise EventingRefused(412, CALLBACK_TOO_LONG)
        try:
            url = LiteralUrl.parse(text)
        except ValueError as error:
            raise EventingRefused(412, CALLBACK_MALFORMED) from error
        if not _VISIBLE.fullmatch(text):  # a fragment, too, which is for the subscriber alone (RFC 9110 §4.2.5)
            raise EventingRefused(412, CALLBACK_MALFORMED)
        if url.address != expected or not usable:
            raise EventingRefused(412, CALLBACK_ELSEWHERE)
        yield attrs.evolve(url, zone=zone)
