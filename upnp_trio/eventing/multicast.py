"""Events by multicast, for all who listen, without a subscription (UDA 2.0 §4.2, §4.3.3).

An event is one datagram. Its SEQ rises for each service, there is no initial event, and no one answers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.messages import CONTENT_TYPE, NOTIFICATION_SUBTYPE
from upnp_trio.eventing.propertyset import read_propertyset
from upnp_trio.eventing.requests import NOTIFICATION_TYPE
from upnp_trio.eventing.seq import parse_seq
from upnp_trio.model.event_levels import LEVELS, is_level

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "EVENT_GROUP",
    "EVENT_GROUP_V6_LINK_LOCAL",
    "EVENT_GROUP_V6_SITE_LOCAL",
    "EVENT_PORT",
    "MulticastEvent",
    "read_multicast_event",
    "render_multicast_event",
]

#: the IPv4 group of events, another one than SSDP's
EVENT_GROUP = "239.255.255.246"
#: the IPv6 groups of events (UDA 2.0 annex A)
EVENT_GROUP_V6_LINK_LOCAL = "ff02::130"
EVENT_GROUP_V6_SITE_LOCAL = "ff05::130"
#: the UDP port of events, for all groups
EVENT_PORT = 7900
# The head of an event has ten fields, and some 400 bytes with the usual names.
MAX_HEAD_BYTES = 4096
MAX_HEAD_LINES = 64

_START_LINE = re.compile(rb"NOTIFY \* HTTP/1\.[01]\s*", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_EMPTY_LINE = re.compile(rb"\n\r?\n")


@attrs.frozen(kw_only=True)
class MulticastEvent:
    """An event as its listeners receive it; *properties* are names and values as text, in their order."""

    usn: str
    service_id: str
    seq: int
    level: str
    #: ``None`` if it has no readable one
    boot_id: int | None
    properties: tuple[tuple[str, str], ...]


def render_multicast_event(
    *,
    usn: str,
    service_id: str,
    seq: int,
    level: str,
    boot_id: int,
    body: bytes,
    host: str = f"{EVENT_GROUP}:{EVENT_PORT}",
) -> bytes:
    """The datagram of an event whose *body* is a property set.

    *usn* is the UDN and the service type, with ``::`` in between; *host* is the group and its port, an IPv6 one in
    brackets. Raises `ValueError` for a *level* that UDA does not allow.
    """
    if not is_level(level):
        raise ValueError(f"the level is {level!r}; UDA §4.3.3 wants one of {', '.join(LEVELS)}, or 'domain:/level'")
    head = (
        "NOTIFY * HTTP/1.1",
        f"HOST: {host}",
        f"CONTENT-TYPE: {CONTENT_TYPE}",
        f"USN: {usn}",
        f"SVCID: {service_id}",
        f"NT: {NOTIFICATION_TYPE}",
        f"NTS: {NOTIFICATION_SUBTYPE}",
        f"SEQ: {seq}",
        f"LVL: {level}",
        f"BOOTID.UPNP.ORG: {boot_id}",
        f"CONTENT-LENGTH: {len(body)}",
        "",
        "",
    )
    return "\r\n".join(head).encode() + body


def read_multicast_event(datagram: bytes) -> MulticastEvent:
    """The event in *datagram*; raises `MalformedMessage`, and nothing else, for bytes that are none."""
    end = _EMPTY_LINE.search(datagram, 0, MAX_HEAD_BYTES)
    if end is None:
        raise MalformedMessage(f"no empty line in the first {MAX_HEAD_BYTES} bytes")
    start_line, *lines = datagram[: end.start()].split(b"\n", MAX_HEAD_LINES + 1)
    if len(lines) > MAX_HEAD_LINES:
        raise MalformedMessage(f"more than {MAX_HEAD_LINES} lines")
    if not _START_LINE.fullmatch(start_line):
        raise MalformedMessage("the start line is not 'NOTIFY * HTTP/1.1'")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers.setdefault(name.strip().upper().decode("latin-1"), value.strip().decode("latin-1"))
    if headers.get("NT") != NOTIFICATION_TYPE or headers.get("NTS") != NOTIFICATION_SUBTYPE:
        raise MalformedMessage("NT and NTS are not those of an event")
    return MulticastEvent(
        usn=_required(headers, "USN"),
        service_id=_required(headers, "SVCID"),
        seq=parse_seq(headers.get("SEQ", "")),
        level=_required(headers, "LVL"),
        boot_id=int(text) if _NUMBER.fullmatch(text := headers.get("BOOTID.UPNP.ORG", "")) else None,
        properties=tuple(read_propertyset(_body(datagram[end.end() :], headers))),
    )


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise MalformedMessage(f"no {name}")
    return value


def _body(rest: bytes, headers: Mapping[str, str]) -> bytes:
    """What Content-Length says, or else the rest of the datagram (HTTP/1.0)."""
    length = headers.get("CONTENT-LENGTH")
    if length is None:
        return rest
    if not _NUMBER.fullmatch(length) or int(length) > len(rest):
        raise MalformedMessage("CONTENT-LENGTH is not that of the datagram")
    return rest[: int(length)]
