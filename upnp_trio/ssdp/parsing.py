"""Datagrams as SSDP messages (UDA 2.0 §1.1 to §1.3).

`parse` is total: any bytes give a message or `MalformedMessage`. It is strict about what makes a message (start line,
MAN, ST) and lenient about how real control points spell it. The comment at each tolerance names the client that needs
it. `parse_leniently` is for control points: `upnp_trio.ssdp.repairs` first mends what real devices send, and then the
same code reads it.
"""

from __future__ import annotations

import re

from upnp_trio.errors import MalformedMessage
from upnp_trio.model.names import MAX_SEARCH_TARGET_BYTES
from upnp_trio.ssdp.messages import MAX_DATAGRAM_BYTES, Alive, ByeBye, Message, Search, SearchResponse, Update
from upnp_trio.ssdp.repairs import MAX_AGE, is_number, repair

__all__ = ["MAX_LINES", "MAX_LINE_BYTES", "MAX_MX_SECONDS", "parse", "parse_leniently"]

# The parser looks at each line, so a datagram that is all line ends must not keep it busy.
MAX_LINES = 64
MAX_LINE_BYTES = 1024
# An MX of more than 5 seconds counts as 5 (UDA 2.0 §1.3.3), so no other code sees a larger number.
MAX_MX_SECONDS = 5

_MX = re.compile(r"[0-9]{1,3}")
_SEARCH_TARGET = re.compile(r"[\x21-\x7e]+")
_REQUEST_VERSION = re.compile(rb"HTTP/1\.[0-9]", re.IGNORECASE)


def parse(datagram: bytes) -> Message:
    """Return the message in *datagram*; raises `MalformedMessage`, and nothing else, for bytes that are no message."""
    return _read(*_split(datagram))


def parse_leniently(datagram: bytes) -> tuple[Message, tuple[str, ...]]:
    """Return the message in *datagram*, even if its sender breaks rules, and what is wrong with it, each in words.

    The words are of a fixed set and repeat nothing that was received. Raises `MalformedMessage`, and nothing else, for
    what cannot be forgiven. A search is read as `parse` reads it.
    """
    words, headers = _split(datagram)
    forgiven = repair(datagram, words, headers)
    return _read(words, headers), forgiven


def _split(datagram: bytes) -> tuple[list[bytes], dict[bytes, str]]:
    """Return the words of the start line, at least two, and the headers."""
    if len(datagram) > MAX_DATAGRAM_BYTES:
        raise MalformedMessage(f"{len(datagram)} bytes; at most {MAX_DATAGRAM_BYTES} are read")
    # Some clients end lines with LF alone (RSSDP #30) or leave out the empty line at the end (ssdpy #41).
    start_line, *lines = datagram.split(b"\n", MAX_LINES + 1)
    if len(lines) > MAX_LINES:
        raise MalformedMessage(f"more than {MAX_LINES} lines")
    words = start_line.split()
    if len(words) < 2:
        raise MalformedMessage("no start line")
    return words, _parse_headers(lines)


def _read(words: list[bytes], headers: dict[bytes, str]) -> Message:
    if words[0].upper().startswith(b"HTTP/"):
        return _parse_response(words, headers)
    if len(words) != 3 or words[1] != b"*" or (words[2] != b"HTTP/1.1" and not _REQUEST_VERSION.fullmatch(words[2])):
        raise MalformedMessage("the start line is neither 'M-SEARCH * HTTP/1.1' nor 'NOTIFY * HTTP/1.1'")
    method = words[0].upper()
    if method == b"M-SEARCH":
        return _parse_search(headers)
    if method == b"NOTIFY":
        return _parse_notify(headers)
    raise MalformedMessage("the method is neither M-SEARCH nor NOTIFY")


def _parse_headers(lines: list[bytes]) -> dict[bytes, str]:
    """Return the headers by name in upper case. The first of duplicates wins; lines without a colon are skipped."""
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
    # Old clients leave out the quotes (ssdpy #16). Many clients send a wrong HOST (node-ssdp #23), so it is ignored.
    if headers.get(b"MAN", "").strip('"') != "ssdp:discover":
        raise MalformedMessage('M-SEARCH without MAN: "ssdp:discover"')
    search_target = headers.get(b"ST", "").strip('"')  # Node's own test vectors have quotes
    if not _SEARCH_TARGET.fullmatch(search_target) or len(search_target) > MAX_SEARCH_TARGET_BYTES:
        raise MalformedMessage("M-SEARCH without a readable ST")
    mx = headers.get(b"MX", "")
    return Search(
        search_target=search_target,
        # 0 counts as 1. The DIAL reference client sends 10 (dial-reference #34). Text or a sign is no MX.
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
    value = headers.get(name)
    return int(value) if value is not None and is_number(value) else None


def _max_age(headers: dict[bytes, str]) -> int:
    value = headers.get(b"CACHE-CONTROL", "")
    if value[:8] == "max-age=" and is_number(value[8:]):  # as most devices write it
        return int(value[8:])
    match = MAX_AGE.search(value)
    return int(match[1]) if match else 0
