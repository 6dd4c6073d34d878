"""How a root device is advertised where that is its own choice (UDA 2.0 §1.2, §1.3, §2.11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.members import as_tuple, members_are
from upnp_trio.model.names import MAX_USN_CHARACTERS, unsearchable
from upnp_trio.model.placeholders import Headers, characters, flaw_of
from upnp_trio.model.text import tidy, tidy_optional

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "MAX_ANSWER_DELAY",
    "MAX_HEADERS",
    "MAX_HEADER_CHARACTERS",
    "MAX_MAX_AGE",
    "MAX_ROWS",
    "MIN_MAX_AGE",
    "RESERVED_DESCRIPTION_HEADERS",
    "RESERVED_HEADERS",
    "AdvertisedRow",
    "Advertising",
]

# UDA requires at least 1800 seconds. Devices that come and go, and tests, may choose less.
MIN_MAX_AGE = 1
# What every control point can hold in 32 bits with a sign.
MAX_MAX_AGE = 2**31 - 1
# A unicast search is to be answered within a second, and a multicast one within its MX, which is at least one second.
# The rest is for the way of the datagram.
MAX_ANSWER_DELAY = 0.9
# Every datagram carries these fields beside some 500 characters of UPnP's own, and should fit into one frame. Real
# devices have up to six: Sonos players, Hue bridges, Roku boxes. A placeholder counts as what it may become.
MAX_HEADERS = 16
MAX_HEADER_CHARACTERS = 768
# The longest SERVER of a real device has some 100 characters.
MAX_SERVER_CHARACTERS = 256
# Every set of announcements and every answer to ssdp:all has these rows as well. Real devices have one to three.
MAX_ROWS = 16

#: the fields that SSDP itself gives a meaning, and those that frame a message: their values follow from the device
RESERVED_HEADERS = frozenset(
    {
        *("CACHE-CONTROL", "DATE", "EXT", "HOST", "LOCATION", "MAN", "MX", "NT", "NTS", "SERVER", "ST", "USN"),
        *("BOOTID.UPNP.ORG", "CONFIGID.UPNP.ORG", "NEXTBOOTID.UPNP.ORG", "SEARCHPORT.UPNP.ORG"),
        *("SECURELOCATION.UPNP.ORG", "TCPPORT.UPNP.ORG", "OPT", "01-NLS"),
        *("CONTENT-LENGTH", "TRANSFER-ENCODING", "CONNECTION"),
    }
)
#: the fields of a response that follow from the document or belong to the connection (RFC 9110 §7.6.1, §8)
RESERVED_DESCRIPTION_HEADERS = frozenset(
    {
        *(
            "CONTENT-TYPE",
            "CONTENT-LENGTH",
            "CONTENT-ENCODING",
            "CONTENT-LANGUAGE",
            "CONTENT-RANGE",
            "CONTENT-LOCATION",
        ),
        *("ETAG", "DATE", "LOCATION", "CONNECTION", "KEEP-ALIVE", "TRANSFER-ENCODING", "TE", "TRAILER", "UPGRADE"),
    }
)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 §5.6.2
# Readers of SSDP take datagrams for ASCII, Latin-1 or UTF-8.
_PRINTABLE = re.compile(r"[ -~]*")
# One word; control points take what is before "::" for the UDN, so there must be something.
_USN = re.compile(r"(?!::)[!-~]+")


def _headers(items: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    return _pairs(items, "headers")


def _description_headers(items: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    return _pairs(items, "description_headers")


def _pairs(items: Mapping[str, str] | Iterable[tuple[str, str]], field: str) -> Headers:
    pairs = as_tuple(items.items() if isinstance(items, Mapping) else items)
    if not isinstance(pairs, tuple) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise DescriptionError(f"Advertising.{field} is {items!r}; it must be pairs of names and values")
    return tuple((tidy(name), tidy(value)) for name, value in pairs)


def _rows(items: Iterable[AdvertisedRow]) -> tuple[AdvertisedRow, ...]:
    return as_tuple(items)


@attrs.frozen
class AdvertisedRow:
    """A row that is advertised beside those that UDA wants of a device, spelled as given; raises `DescriptionError`."""

    #: NT of announcements, and what searches ask for, such as ``roku:ecp``; any case of letters is found
    notification_type: str = attrs.field(converter=tidy)
    #: such as ``uuid:roku:ecp:P0A070000007``; by default the root device's UDN, ``::`` and the notification type.
    #: Control points take what is before ``::`` for a UDN, so a row with another one than the device's is another
    #: device to them, at the same LOCATION
    usn: str | None = attrs.field(default=None, converter=tidy_optional)

    def __attrs_post_init__(self) -> None:
        target, usn = self.notification_type, self.usn
        if not isinstance(target, str):
            raise DescriptionError(f"AdvertisedRow.notification_type is {target!r}; it must be text such as 'roku:ecp'")
        if rule := unsearchable(target):
            raise DescriptionError(f"AdvertisedRow.notification_type is {target!r}: {rule}")
        if target.lower() == "ssdp:all":
            raise DescriptionError(
                f"AdvertisedRow.notification_type is {target!r}, by which searches ask for everything; give the type"
            )
        if usn is not None and (not isinstance(usn, str) or not _USN.fullmatch(usn) or len(usn) > MAX_USN_CHARACTERS):
            raise DescriptionError(
                f"AdvertisedRow.usn is {usn!r}; it must be up to {MAX_USN_CHARACTERS} characters of ASCII without "
                "blanks, with a UDN before any '::', such as 'uuid:roku:ecp:P0A070000007'"
            )


@attrs.frozen(kw_only=True)
class Advertising:
    """How a root device is advertised, where that is not left to `serve_device`; raises `DescriptionError`.

    In the values of *headers* and of *description_headers*, ``{host}`` is the address that a message is sent from, or
    that the description is read at, an IPv6 address in brackets, and ``{port}`` is HTTP's port. With *advertise_url* of
    `serve_device`, they are those of that URL. A brace that is meant is written twice.
    """

    #: SERVER of announcements and answers to searches; by default this system, the UDA version and upnp_trio. HTTP's
    #: field is not meant: one HTTP server serves all devices
    server: str | None = attrs.field(default=None, converter=tidy_optional)
    #: how many seconds an announcement is valid, unless the option *max_age* of serving says so
    max_age: int | None = None
    #: how many seconds pass at the least before a search is answered, up to 0.9; answers to multicast searches are
    #: spread over MX all the same
    answer_delay: float = 0.0
    #: more fields of announcements and of answers to searches, such as a vendor's own, as a mapping or as pairs
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_headers)
    #: more fields of the HTTP response that has the description, such as DIAL's ``Application-URL``
    description_headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_description_headers)
    #: rows beside those that UDA wants, such as ``roku:ecp``
    rows: tuple[AdvertisedRow, ...] = attrs.field(default=(), converter=_rows, validator=members_are(AdvertisedRow))

    def __attrs_post_init__(self) -> None:
        for flaw in self._flaws():
            raise DescriptionError(flaw)

    def _flaws(self) -> Iterator[str]:
        server, max_age, delay = self.server, self.max_age, self.answer_delay
        if server is not None and (not isinstance(server, str) or not _PRINTABLE.fullmatch(server)):
            yield f"server is {server!r}; it must be one line of printable ASCII"
        if isinstance(server, str) and len(server) > MAX_SERVER_CHARACTERS:
            yield f"server has {len(server)} characters; at most {MAX_SERVER_CHARACTERS} are sent"
        if max_age is not None and (type(max_age) is not int or not MIN_MAX_AGE <= max_age <= MAX_MAX_AGE):
            yield f"max_age is {max_age!r}; it must be 1 to {MAX_MAX_AGE} seconds (UDA §1.2.2: 1800 or more)"
        if type(delay) not in (int, float) or not isfinite(delay) or not 0 <= delay <= MAX_ANSWER_DELAY:
            yield (
                f"answer_delay is {delay!r}; it must be 0 to {MAX_ANSWER_DELAY} seconds, "
                "as a search is to be answered within one"
            )
        yield from _header_flaws(self.headers, _reserved_by_ssdp, "one datagram")
        yield from _header_flaws(self.description_headers, _reserved_by_http, "the description's response")
        yield from self._row_flaws()

    def _row_flaws(self) -> Iterator[str]:
        if len(self.rows) > MAX_ROWS:
            yield f"there are {len(self.rows)} rows; at most {MAX_ROWS} are advertised beside the device's own"
        seen: set[tuple[str, str | None]] = set()
        for row in self.rows:
            key = row.notification_type.lower(), row.usn and row.usn.lower()
            if key in seen:
                yield f"the row {row.notification_type} is given twice with one USN"
            seen.add(key)


def _header_flaws(headers: Headers, reserved: Callable[[str], str | None], where: str) -> Iterator[str]:
    seen: set[str] = set()
    for name, value in headers:
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            yield f"the header {name!r} has no valid name; it must be a token, such as X-Vendor"
        elif why := reserved(name.upper()):
            yield f"the header {name} is {why}"
        elif name.upper() in seen:
            yield f"the header {name} is given twice"
        elif not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
            yield f"the header {name} is {value!r}; it must be one line of printable ASCII"
        elif flaw := flaw_of(value):
            yield f"the header {name} is {value!r}: {flaw}"
        seen.add(str(name).upper())
    number, length = len(headers), characters(headers)
    if number > MAX_HEADERS or length > MAX_HEADER_CHARACTERS:
        longest = ", with the longest host for {host}" if any("{host}" in value for _, value in headers) else ""
        yield (
            f"there are {number} headers of {length} characters{longest}; {where} has room for {MAX_HEADERS} "
            f"of {MAX_HEADER_CHARACTERS}"
        )


def _reserved_by_ssdp(name: str) -> str | None:
    return "one of UPnP's own, whose value follows from the device" if name in RESERVED_HEADERS else None


def _reserved_by_http(name: str) -> str | None:
    if name in RESERVED_DESCRIPTION_HEADERS:
        return "one of HTTP's own, whose value follows from the document"
    # Any site could read the description through a visitor's browser, and what else the device serves to it.
    return "for scripts of other sites, which are refused" if name.startswith("ACCESS-CONTROL-") else None
