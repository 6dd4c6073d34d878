"""SSDP's messages as values, and what SSDP fixes for all of them (UDA 2.0 §1.1 to §1.3).

`upnp_trio.ssdp.parsing` makes them from datagrams, `upnp_trio.ssdp.rendering` makes datagrams from them.
"""

from __future__ import annotations

import attrs

__all__ = [
    "GROUP",
    "MAX_DATAGRAM_BYTES",
    "PORT",
    "Alive",
    "ByeBye",
    "Message",
    "Search",
    "SearchResponse",
    "Update",
]

#: the IPv4 multicast group (UDA 2.0 §1)
GROUP = "239.255.255.250"
#: the UDP port of SSDP
PORT = 1900
# Real datagrams stay below 1 KiB. A larger one than 4 KiB is a probe, and the parser looks at each line.
MAX_DATAGRAM_BYTES = 4096


@attrs.frozen(kw_only=True)
class Search:
    """An M-SEARCH request; *mx* is 1 to 5 seconds, or ``None`` if there is no readable one."""

    search_target: str
    mx: int | None = None
    user_agent: str | None = None


@attrs.frozen(kw_only=True)
class Alive:
    """``NOTIFY`` with ``ssdp:alive``; *max_age* is in seconds. UDA 1.0 devices leave out what may be ``None``."""

    notification_type: str
    usn: str
    location: str
    server: str
    max_age: int
    boot_id: int | None = None
    config_id: int | None = None
    search_port: int | None = None
    nls: str | None = None


@attrs.frozen(kw_only=True)
class ByeBye:
    """``NOTIFY`` with ``ssdp:byebye``."""

    notification_type: str
    usn: str
    boot_id: int | None = None
    config_id: int | None = None
    nls: str | None = None


@attrs.frozen(kw_only=True)
class Update:
    """``NOTIFY`` with ``ssdp:update``: the device keeps its state and will use *next_boot_id*."""

    notification_type: str
    usn: str
    location: str
    boot_id: int
    config_id: int
    next_boot_id: int
    search_port: int | None = None
    nls: str | None = None


@attrs.frozen(kw_only=True)
class SearchResponse:
    """One answer to a search; *date* has the form of RFC 1123."""

    search_target: str
    usn: str
    location: str
    server: str
    max_age: int
    boot_id: int | None = None
    config_id: int | None = None
    search_port: int | None = None
    nls: str | None = None
    date: str | None = None


#: any message of SSDP
Message = Search | Alive | ByeBye | Update | SearchResponse
