"""URLs of other servers on this host, at the address by which a reader has reached it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upnp_trio.model.urls import HOST, IPV4

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["at_own_host"]

_HOST = re.compile(r"https?://(\[[^\]]+\]|[^:/]+)")


def at_own_host(url: str, base_url: str, base_urls: Iterable[str]) -> str | None:
    """*url*, with `HOST` or `IPV4` in place of its host, as it is for a reader of *base_url*.

    That is scheme, host and port of ours that the reader has reached, and not what it writes in Host; *base_urls* are
    those of all addresses. A reader by IPv6 is led to IPv4 if the page is there alone. ``None`` without any address.
    """
    hosts = [found[1] for each in (base_url, *base_urls) if (found := _HOST.match(each))]
    if not hosts:
        return None
    if HOST in url:
        return url.replace(HOST, hosts[0], 1)
    return url.replace(IPV4, next((host for host in hosts if not host.startswith("[")), hosts[0]), 1)
