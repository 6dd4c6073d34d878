"""What devices send although it breaks the rules, and how a control point understands it nevertheless (UDA 2.0 §1).

The comment at each tolerance names a device or a library that needs it.
"""

from __future__ import annotations

import re

from upnp_trio.errors import MalformedMessage

__all__ = ["MAX_AGE", "is_number", "repair"]

# Of BOOTID, CONFIGID and SEARCHPORT; the greatest that UDA 2.0 §1.2.2 allows, 2**31 - 1, has as many.
MAX_DIGITS = 10

#: the lifetime in CACHE-CONTROL. UDA 1.0's own examples have blanks around "=" (ohNet #17), others quote the number,
#: and other directives may come first: no-cache="Ext", max-age = 5000 (netdisco #98)
MAX_AGE = re.compile(r"max-age\s*=\s*\"?([0-9]{1,10})", re.IGNORECASE)

_KINDS = {"ssdp:alive", "ssdp:byebye", "ssdp:update"}
_END_OF_KIND = re.compile(r"(alive|byebye|update)\W*$", re.IGNORECASE)
_NUMBERS = (b"BOOTID.UPNP.ORG", b"CONFIGID.UPNP.ORG", b"SEARCHPORT.UPNP.ORG")
_NUMBERS_OF_UPDATE = (b"BOOTID.UPNP.ORG", b"CONFIGID.UPNP.ORG", b"NEXTBOOTID.UPNP.ORG")
_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_LIFETIME = re.compile(r"max-age ?= ?[1-9]")  # as most devices write it
_VERSION = re.compile(r":[0-9]+$")


def is_number(text: str) -> bool:
    """Whether *text*, decoded as Latin-1, is a number as UPnP's headers have them."""
    return len(text) <= MAX_DIGITS and text.isdecimal()  # of Latin-1, only 0 to 9 are decimal


def repair(datagram: bytes, words: list[bytes], headers: dict[bytes, str]) -> tuple[str, ...]:
    """Mend *headers*, so that the parser can read them, and return what is wrong with the message, each in words.

    *words* are those of the start line. Searches come from control points; they are left as they are.
    """
    start = words[0].upper()
    forgiven: list[str] = []
    if start.startswith(b"HTTP/"):
        _look_at_form(datagram, words[0], forgiven)
        _mend_names(headers, b"ST", forgiven)
        if b"EXT" not in headers:  # go-ssdp before its #15
            forgiven.append("no EXT")
        _mend_presence(headers, forgiven)
    elif start == b"NOTIFY":
        _look_at_form(datagram, words[-1], forgiven)
        _mend_names(headers, b"NT", forgiven)
        if b"HOST" not in headers:  # go-ssdp before its #30
            forgiven.append("no HOST")
        kind = _mend_kind(headers, forgiven)
        if kind == "ssdp:alive":
            _mend_presence(headers, forgiven)
        elif kind == "ssdp:update":
            _mend_location(headers, forgiven)
    for name in _NUMBERS:
        number = headers.get(name)
        # Linkplay's speakers put a UUID there (openhab-core #4527). Such a number counts as missing.
        if number is not None and not is_number(number):
            forgiven.append(f"{name.decode()} is not a number")
    return tuple(forgiven)


def _look_at_form(datagram: bytes, version: bytes, forgiven: list[str]) -> None:
    if not datagram.endswith(b"\r\n\r\n"):
        if b"\r\n" not in datagram:  # seen behind RSSDP #30, and in makeshift Hue bridges (reactphp-multicast #13)
            forgiven.append("lines end in LF alone")
        if b"\r\n\r\n" not in datagram and b"\n\n" not in datagram:  # minisatip #277, ssdpy #41
            forgiven.append("no empty line at the end")
    if version != b"HTTP/1.1":  # no public case is known; whoever answers through an HTTP/1.0 library would send it
        forgiven.append("the start line does not say HTTP/1.1")


def _mend_names(headers: dict[bytes, str], target_name: bytes, forgiven: list[str]) -> None:
    """See to USN and to *target_name*, which is NT or ST."""
    usn, target = headers.get(b"USN", ""), headers.get(target_name, "")
    udn, colons, row = usn.partition("::")
    if target == (row if colons else usn) and usn.startswith("uuid:") and usn.isprintable():
        return  # as the rules want it, which is so in nearly all messages
    name = target_name.decode()
    if not usn and target[:5].lower() == "uuid:":  # no public case is known; NT says all that USN would
        udn = headers[b"USN"] = target
        forgiven.append("no USN")
    elif not usn:
        return
    elif row[:5].lower() == "uuid:" and udn[:5].lower() != "uuid:":  # achingbrain/ssdp before its #7
        udn, row = row, udn
        headers[b"USN"] = f"{udn}::{row}"
        forgiven.append("type and UDN are the wrong way round in USN")
    elif udn[:5].lower() != "uuid:":  # ThunderNanoServices before its #404
        forgiven.append("USN does not begin with uuid:")
    if not udn:
        raise MalformedMessage("USN without a UDN")
    if not target:  # no public case is known; USN says all that NT and ST do
        target = headers[target_name] = row or udn
        forgiven.append(f"no {name}")
    elif not row and target.lower() != udn.lower():
        # Hue bridges announce their type, and Rokus answer roku:ecp, with the UDN alone (bifrost #31).
        forgiven.append(f"USN does not end in ::{name}")
    elif row and _VERSION.sub("", target).lower() != _VERSION.sub("", row).lower():
        # Emulated Hue bridges answer with ST: ssdp:all (fauxmo #38).
        forgiven.append(f"USN and {name} do not match")
    _refuse_control_characters(headers, b"USN", target_name)


def _mend_kind(headers: dict[bytes, str], forgiven: list[str]) -> str:
    """Return NTS."""
    kind = headers.get(b"NTS", "")
    if kind not in _KINDS:
        # async_upnp_client 0.34 sent NotificationSubType.SSDP_ALIVE (its #179); others quote it or use capitals.
        end = _END_OF_KIND.search(kind)
        if end is None:
            return kind
        kind = headers[b"NTS"] = f"ssdp:{end[1].lower()}"
        forgiven.append("NTS is misspelled")
    if kind == "ssdp:update" and not all(is_number(headers.get(name, "")) for name in _NUMBERS_OF_UPDATE):
        # No public case is known. Without its numbers, it says what ssdp:alive says.
        kind = headers[b"NTS"] = "ssdp:alive"
        forgiven.append("ssdp:update without its numbers")
    return kind


def _mend_presence(headers: dict[bytes, str], forgiven: list[str]) -> None:
    """See to what says where a device is, and for how long."""
    _mend_location(headers, forgiven)
    server = headers.get(b"SERVER", "")
    if not server:  # peer-dial before its #4, and Rokus (nodeku #18)
        forgiven.append("no SERVER")
    elif not server.isprintable():
        headers[b"SERVER"] = "".join(character if character.isprintable() else "?" for character in server)
        forgiven.append("control characters in SERVER")
    lifetime = headers.get(b"CACHE-CONTROL", "")
    if _LIFETIME.match(lifetime):
        return
    match = MAX_AGE.search(lifetime)
    if match is None and lifetime.isdecimal():  # pydial before its #1
        headers[b"CACHE-CONTROL"] = f"max-age={lifetime}"
        forgiven.append("CACHE-CONTROL is a bare number")
    elif match is None or not int(match[1]):  # makeshift Hue bridges (reactphp-multicast #13)
        forgiven.append("no max-age")


def _mend_location(headers: dict[bytes, str], forgiven: list[str]) -> None:
    location = headers.get(b"LOCATION", "")
    if location.startswith("http://") and " " not in location and location.isprintable():
        return
    if not location:
        # Redfish services answer with AL alone (DSP0266 of DMTF), as the draft of SSDP allowed it.
        url = _URL.search(headers.get(b"AL", ""))
        if url is not None:
            headers[b"LOCATION"] = url[0]
            forgiven.append("AL in place of LOCATION")
    elif " " in location or location[0] in "\"'<":  # no public case is known; control points in C read such URLs
        headers[b"LOCATION"] = location.strip("\"'<> ").replace(" ", "%20")
        forgiven.append("blanks or quotes in LOCATION")
    _refuse_control_characters(headers, b"LOCATION")


def _refuse_control_characters(headers: dict[bytes, str], *names: bytes) -> None:
    """No device needs them there, and a terminal that shows them would obey them."""
    for name in names:
        if not headers.get(name, "").isprintable():
            raise MalformedMessage(f"control characters in {name.decode()}")
