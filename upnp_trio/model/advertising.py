"""How a root device is advertised where that is its own choice (UDA 2.0 §1.2, §1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import DescriptionError
from upnp_trio.model.members import as_tuple
from upnp_trio.model.text import tidy, tidy_optional

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_ANSWER_DELAY", "MAX_HEADERS", "MAX_HEADER_CHARACTERS", "MAX_MAX_AGE", "MIN_MAX_AGE", "Advertising"]

# UDA requires at least 1800 seconds. Devices that come and go, and tests, may choose less.
MIN_MAX_AGE = 1
# What every control point can hold in 32 bits with a sign.
MAX_MAX_AGE = 2**31 - 1
# A unicast search is to be answered within a second, and a multicast one within its MX, which is at least one second.
# The rest is for the way of the datagram.
MAX_ANSWER_DELAY = 0.9
# Every datagram carries these fields beside some 500 characters of UPnP's own, and should fit into one frame. Real
# devices have up to six: Sonos players, Hue bridges, Roku boxes.
MAX_HEADERS = 16
MAX_HEADER_CHARACTERS = 768
# The longest SERVER of a real device has some 100 characters.
MAX_SERVER_CHARACTERS = 256

#: the fields that SSDP itself gives a meaning, and those that frame a message: their values follow from the device
RESERVED_HEADERS = frozenset(
    {
        *("CACHE-CONTROL", "DATE", "EXT", "HOST", "LOCATION", "MAN", "MX", "NT", "NTS", "SERVER", "ST", "USN"),
        *("BOOTID.UPNP.ORG", "CONFIGID.UPNP.ORG", "NEXTBOOTID.UPNP.ORG", "SEARCHPORT.UPNP.ORG"),
        *("SECURELOCATION.UPNP.ORG", "TCPPORT.UPNP.ORG", "OPT", "01-NLS"),
        *("CONTENT-LENGTH", "TRANSFER-ENCODING", "CONNECTION"),
    }
)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 §5.6.2
# Readers of SSDP take datagrams for ASCII, Latin-1 or UTF-8.
_PRINTABLE = re.compile(r"[ -~]*")


def _pairs(items: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    pairs = as_tuple(items.items() if isinstance(items, Mapping) else items)
    if not isinstance(pairs, tuple) or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise DescriptionError(f"Advertising.headers is {items!r}; it must be pairs of names and values")
    return tuple((tidy(name), tidy(value)) for name, value in pairs)


@attrs.frozen(kw_only=True)
class Advertising:
    """How a root device is advertised, where that is not left to `serve_device`; raises `DescriptionError`."""

    #: SERVER of announcements and answers to searches; by default this system, the UDA version and upnp_trio. HTTP's
    #: field is not meant: one HTTP server serves all devices
    server: str | None = attrs.field(default=None, converter=tidy_optional)
    #: how many seconds an announcement is valid, unless the option *max_age* of serving says so
    max_age: int | None = None
    #: how many seconds pass at the least before a search is answered, up to 0.9; answers to multicast searches are
    #: spread over MX all the same
    answer_delay: float = 0.0
    #: more fields of announcements and of answers to searches, such as a vendor's own, as a mapping or as pairs
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_pairs)

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
        yield from self._header_flaws()

    def _header_flaws(self) -> Iterator[str]:
        seen: set[str] = set()
        for name, value in self.headers:
            if not isinstance(name, str) or not _TOKEN.fullmatch(name):
                yield f"the header {name!r} has no valid name; it must be a token, such as X-Vendor"
            elif name.upper() in RESERVED_HEADERS:
                yield f"the header {name} is one of UPnP's own, whose value follows from the device"
            elif name.upper() in seen:
                yield f"the header {name} is given twice"
            elif not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
                yield f"the header {name} is {value!r}; it must be one line of printable ASCII"
            else:
                seen.add(name.upper())
        number, characters = len(self.headers), sum(len(f"{name}: {value}") for name, value in self.headers)
        if number > MAX_HEADERS or characters > MAX_HEADER_CHARACTERS:
            yield (
                f"there are {number} headers of {characters} characters; one datagram has room for {MAX_HEADERS} "
                f"of {MAX_HEADER_CHARACTERS}"
            )
