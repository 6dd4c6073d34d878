"""SSDP datagrams, between bytes and values (UDA 2.0 §1.1 to §1.3).

`parse` is total: any bytes give a message or `MalformedMessage`. It is strict about what makes a message
(start line, MAN, ST) and lenient about how real control points spell it; each tolerance names who needs it.
What is written is strict: CRLF, UPnP's header names in upper case (some readers match them by case, pupnp #611).
"""

from __future__ import annotations

import re

import attrs

from upnp_trio.errors import MalformedMessage
from upnp_trio.model.names import MAX_SEARCH_TARGET_BYTES

__all__ = [
    "Alive",
    "ByeBye",
    "Message",
    "Search",
    "SearchResponse",
    "Update",
    "parse",
    "render_alive",
    "render_byebye",
    "render_search",
    "render_search_response",
    "render_search_response_head",
    "render_update",
    "search_response_end",
]

GROUP = "239.255.255.250"
PORT = 1900
# Announces that the header 01-NLS follows, which the control points of UDA 1.0's IPv6 annex look for.
NLS_OPTION = '"http://schemas.upnp.org/upnp/1/0/"; ns=01'

# Real datagrams stay below 1 KiB; larger than 4 KiB is a probe, and each line is looked at one by one.
MAX_DATAGRAM_BYTES = 4096
MAX_LINES = 64
MAX_LINE_BYTES = 1024
# MX of more than 5 seconds counts as 5 (UDA 2.0 §1.3.3), so no later line sees a stranger's large number.
MAX_MX_SECONDS = 5

_MX = re.compile(r"[0-9]{1,3}")
_SEARCH_TARGET = re.compile(r"[\x21-\x7e]+")
_REQUEST_VERSION = re.compile(rb"HTTP/1\.[0-9]", re.IGNORECASE)
_MAX_AGE = re.compile(r"max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,10}")


@attrs.frozen(kw_only=True)
class Search:
    """An M-SEARCH request; *mx* is 1 to 5 seconds, or ``None`` if it has none that can be read."""

    search_target: str
    mx: int | None = None
    user_agent: str | None = None


@attrs.frozen(kw_only=True)
class Alive:
    """``NOTIFY`` with ``ssdp:alive``; *max_age* in seconds, ``None`` for numbers that a UDA 1.0 device leaves out."""

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
    """One answer to a search; *date* in RFC 1123's form."""

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


Message = Search | Alive | ByeBye | Update | SearchResponse


def render_search(search: Search, *, host: str = f"{GROUP}:{PORT}") -> bytes:
    """An M-SEARCH to *host*; a unicast one has no MX (UDA 2.0 §1.3.2)."""
    return _render(
        "M-SEARCH * HTTP/1.1",
        ("HOST", host),
        ("MAN", '"ssdp:discover"'),
        ("MX", search.mx),
        ("ST", search.search_target),
        ("USER-AGENT", search.user_agent),
    )


def render_alive(alive: Alive, *, host: str = f"{GROUP}:{PORT}") -> bytes:
    """The announcement of one row of the set (UDA 2.0 §1.2.2)."""
    return _render(
        "NOTIFY * HTTP/1.1",
        ("HOST", host),
        ("CACHE-CONTROL", f"max-age={alive.max_age}"),
        ("LOCATION", alive.location),
        ("NT", alive.notification_type),
        ("NTS", "ssdp:alive"),
        ("SERVER", alive.server),
        ("USN", alive.usn),
        ("BOOTID.UPNP.ORG", alive.boot_id),
        ("CONFIGID.UPNP.ORG", alive.config_id),
        ("SEARCHPORT.UPNP.ORG", alive.search_port),
        *_nls(alive.nls),
    )


def render_byebye(byebye: ByeBye, *, host: str = f"{GROUP}:{PORT}") -> bytes:
    """The revocation of one row of the set (UDA 2.0 §1.2.3)."""
    return _render(
        "NOTIFY * HTTP/1.1",
        ("HOST", host),
        ("NT", byebye.notification_type),
        ("NTS", "ssdp:byebye"),
        ("USN", byebye.usn),
        ("BOOTID.UPNP.ORG", byebye.boot_id),
        ("CONFIGID.UPNP.ORG", byebye.config_id),
        *_nls(byebye.nls),
    )


def render_update(update: Update, *, host: str = f"{GROUP}:{PORT}") -> bytes:
    """The news that BOOTID is about to change for one row of the set (UDA 2.0 §1.2.4)."""
    return _render(
        "NOTIFY * HTTP/1.1",
        ("HOST", host),
        ("LOCATION", update.location),
        ("NT", update.notification_type),
        ("NTS", "ssdp:update"),
        ("USN", update.usn),
        ("BOOTID.UPNP.ORG", update.boot_id),
        ("CONFIGID.UPNP.ORG", update.config_id),
        ("NEXTBOOTID.UPNP.ORG", update.next_boot_id),
        ("SEARCHPORT.UPNP.ORG", update.search_port),
        *_nls(update.nls),
    )


def render_search_response(response: SearchResponse) -> bytes:
    """One answer to a search (UDA 2.0 §1.3.3)."""
    return render_search_response_head(response) + search_response_end(response.date)


def render_search_response_head(response: SearchResponse) -> bytes:
    """All of an answer but its date and its end, so that it can be kept and sent many times."""
    return _render(
        "HTTP/1.1 200 OK",
        ("CACHE-CONTROL", f"max-age={response.max_age}"),
        ("EXT", ""),
        ("LOCATION", response.location),
        ("SERVER", response.server),
        ("ST", response.search_target),
        ("USN", response.usn),
        ("BOOTID.UPNP.ORG", response.boot_id),
        ("CONFIGID.UPNP.ORG", response.config_id),
        ("SEARCHPORT.UPNP.ORG", response.search_port),
        *_nls(response.nls),
    )[:-2]


def search_response_end(date: str | None) -> bytes:
    """What completes an answer after what `render_search_response_head` gave."""
    return b"\r\n" if date is None else f"DATE: {date}\r\n\r\n".encode()


def _nls(nls: str | None) -> tuple[tuple[str, str], ...]:
    return () if nls is None else (("OPT", NLS_OPTION), ("01-NLS", nls))


def _render(start_line: str, *headers: tuple[str, str | int | None]) -> bytes:
    lines = [f"{name}: {value}" if value != "" else f"{name}:" for name, value in headers if value is not None]
    return "\r\n".join([start_line, *lines, "", ""]).encode()


def parse(datagram: bytes) -> Message:
    """The message in *datagram*; raises `MalformedMessage`, and nothing else, for bytes that are none."""
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise MalformedMessage(f"{len(datagram)} bytes; at most {MAX_DATAGRAM_BYTES} are read")
    # Lines may end in LF alone (RSSDP #30), and the empty line at the end may be missing (ssdpy #41).
    start_line, *lines = datagram.split(b"\n", MAX_LINES + 1)
    if len(lines) > MAX_LINES:
        raise MalformedMessage(f"more than {MAX_LINES} lines")
    words = start_line.split()
    if len(words) < 2:
        raise MalformedMessage("no start line")
    headers = _parse_headers(lines)
    if words[0].upper().startswith(b"HTTP/"):
        return _parse_response(words, headers)
    if len(words) != 3 or words[1] != b"*" or not _REQUEST_VERSION.fullmatch(words[2]):
        raise MalformedMessage("the start line is neither 'M-SEARCH * HTTP/1.1' nor 'NOTIFY * HTTP/1.1'")
    method = words[0].upper()
    if method == b"M-SEARCH":
        return _parse_search(headers)
    if method == b"NOTIFY":
        return _parse_notify(headers)
    raise MalformedMessage("the method is neither M-SEARCH nor NOTIFY")


def _parse_headers(lines: list[bytes]) -> dict[bytes, str]:
    """Header names in upper case; the first of duplicates wins, lines without a colon are skipped."""
    headers: dict[bytes, str] = {}
    for line in lines:
        if len(line) > MAX_LINE_BYTES:
            raise MalformedMessage(f"a line of more than {MAX_LINE_BYTES} bytes")
        name, colon, value = line.partition(b":")
        if colon:
            headers.setdefault(name.strip().upper(), value.strip().decode("latin-1"))
        elif not line.strip():
            break
    return headers


def _parse_search(headers: dict[bytes, str]) -> Search:
    # Old clients leave out the quotes (ssdpy #16); HOST is not looked at, many send a wrong one (node-ssdp #23).
    if headers.get(b"MAN", "").strip('"') != "ssdp:discover":
        raise MalformedMessage('M-SEARCH without MAN: "ssdp:discover"')
    search_target = headers.get(b"ST", "").strip('"')  # quotes: Node's own test vectors have them
    if not _SEARCH_TARGET.fullmatch(search_target) or len(search_target) > MAX_SEARCH_TARGET_BYTES:
        raise MalformedMessage("M-SEARCH without a readable ST")
    mx = headers.get(b"MX", "")
    return Search(
        search_target=search_target,
        # 0 is used as 1, and the DIAL reference client sends 10 (dial-reference #34); text or a sign is no MX
        mx=min(max(int(mx), 1), MAX_MX_SECONDS) if _MX.fullmatch(mx) else None,
        user_agent=headers.get(b"USER-AGENT"),
    )


def _parse_notify(headers: dict[bytes, str]) -> Message:
    kind = headers.get(b"NTS", "").lower()
    notification_type, usn = _required(headers, b"NT"), _required(headers, b"USN")
    boot_id, config_id = _id(headers, b"BOOTID.UPNP.ORG"), _id(headers, b"CONFIGID.UPNP.ORG")
    search_port, nls = _id(headers, b"SEARCHPORT.UPNP.ORG"), headers.get(b"01-NLS")
    if kind == "ssdp:byebye":
        return ByeBye(notification_type=notification_type, usn=usn, boot_id=boot_id, config_id=config_id, nls=nls)
    location = _required(headers, b"LOCATION")
    if kind == "ssdp:alive":
        return Alive(
            notification_type=notification_type,
            usn=usn,
            location=location,
            server=headers.get(b"SERVER", ""),
            max_age=_max_age(headers),
            boot_id=boot_id,
            config_id=config_id,
            search_port=search_port,
            nls=nls,
        )
    next_boot_id = _id(headers, b"NEXTBOOTID.UPNP.ORG")
    if kind != "ssdp:update" or boot_id is None or config_id is None or next_boot_id is None:
        raise MalformedMessage("NOTIFY without a known NTS, or ssdp:update without its numbers")
    return Update(
        notification_type=notification_type,
        usn=usn,
        location=location,
        boot_id=boot_id,
        config_id=config_id,
        next_boot_id=next_boot_id,
        search_port=search_port,
        nls=nls,
    )


def _parse_response(words: list[bytes], headers: dict[bytes, str]) -> SearchResponse:
    if words[1] != b"200":
        raise MalformedMessage("a response that is not 200 OK")
    return SearchResponse(
        search_target=_required(headers, b"ST"),
        usn=_required(headers, b"USN"),
        location=_required(headers, b"LOCATION"),
        server=headers.get(b"SERVER", ""),
        max_age=_max_age(headers),
        boot_id=_id(headers, b"BOOTID.UPNP.ORG"),
        config_id=_id(headers, b"CONFIGID.UPNP.ORG"),
        search_port=_id(headers, b"SEARCHPORT.UPNP.ORG"),
        nls=headers.get(b"01-NLS"),
        date=headers.get(b"DATE"),
    )


def _required(headers: dict[bytes, str], name: bytes) -> str:
    value = headers.get(name)
    if not value:
        raise MalformedMessage(f"no {name.decode()}")
    return value


def _id(headers: dict[bytes, str], name: bytes) -> int | None:
    value = headers.get(name, "")
    return int(value) if _NUMBER.fullmatch(value) else None


def _max_age(headers: dict[bytes, str]) -> int:
    match = _MAX_AGE.search(headers.get(b"CACHE-CONTROL", ""))
    return int(match[1]) if match else 0
