"""URLs whose host is a literal IP address: the only ones that SSDP and GENA give meaning to (UDA 2.0 §1.2.2, §4.1.2).

A name would have to be looked up, and whoever answers that look-up would decide where a request goes.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urljoin

import attrs

__all__ = ["MAX_URL_CHARACTERS", "IpAddress", "LiteralUrl", "unmapped", "without_zone"]

IpAddress = IPv4Address | IPv6Address

# As long as the longest line of a datagram.
MAX_URL_CHARACTERS = 1024
DEFAULT_PORT = 80

# Visible ASCII. Only literal addresses match: no name, no userinfo, no percent-encoded character, and no short, octal
# or hexadecimal form of an IPv4 address. A zone is for the host that wrote it (RFC 6874).
_URL = re.compile(
    r"http://(?:(?P<v4>[0-9]{1,3}(?:\.[0-9]{1,3}){3})|\[(?P<v6>[0-9a-f:.]{2,45})(?:%(?:25)?(?P<zone>[0-9a-z._~-]+))?\])"
    r"(?::(?P<port>[0-9]{0,5}))?(?P<target>/[!-~]*|\?[!-~]*|)",
    re.IGNORECASE | re.ASCII,
)
# What a vendor's URL may have and a request line may not: blanks, and characters beyond ASCII.
_SAFE = "!#$%&'()*+,/:;=?@[]~"


@attrs.frozen
class LiteralUrl:
    """An ``http`` URL, taken apart; equal if it leads to the same place."""

    #: without a zone
    address: IpAddress
    port: int
    #: path and query, for the request line
    target: str
    #: the zone that the URL names, as a person writes it for a link-local address
    zone: str = attrs.field(default="", eq=False)

    @classmethod
    def parse(cls, text: str) -> LiteralUrl:
        """The URL *text*, without its fragment; raises `ValueError` that says what is wrong."""
        if len(text) > MAX_URL_CHARACTERS:
            raise ValueError(f"the URL has {len(text)} characters; at most {MAX_URL_CHARACTERS} are read")
        match = _URL.fullmatch(text.partition("#")[0])
        # Some readers take a backslash for a slash.
        if match is None or "\\" in text:
            raise ValueError(f"{text[:200]!r} is not http:// with a literal address")
        try:
            address = IPv6Address(match["v6"]) if match["v6"] else IPv4Address(match["v4"])
        except AddressValueError as error:
            raise ValueError(f"{text[:200]!r} has no valid address: {error}") from error
        port = int(match["port"] or DEFAULT_PORT)
        if not 1 <= port <= 65535:
            raise ValueError(f"{text[:200]!r} has the port {port}, which is not 1 to 65535")
        target = match["target"]
        return cls(unmapped(address), port, target if target.startswith("/") else f"/{target}", match["zone"] or "")

    @property
    def zoned_address(self) -> str:
        """The address as a datagram is sent to it: with its zone, if it has one."""
        return f"{self.address}%{self.zone}" if self.zone else str(self.address)

    def join(self, reference: str) -> LiteralUrl:
        """The URL that *reference* means in a document at this URL (RFC 3986 §5).

        Raises `ValueError` if it leads to another address, where only the author of the document wants a request to go.
        """
        base = attrs.evolve(self, zone="")  # urllib takes a zone for a part of the address, and may refuse it
        joined = LiteralUrl.parse(urljoin(base.text, quote(reference.strip(), safe=_SAFE)))
        if joined.address != self.address:
            raise ValueError(f"{reference[:200]!r} leads to {joined.address}, away from {self.address}")
        return attrs.evolve(joined, zone=self.zone)

    def is_at(self, text: str) -> bool:
        """Whether the URL *text* leads to the same place."""
        try:
            return LiteralUrl.parse(text) == self
        except ValueError:
            return False

    @property
    def authority(self) -> str:
        """Address and port for HOST, without a zone."""
        host = f"[{self.address}]" if isinstance(self.address, IPv6Address) else str(self.address)
        return f"{host}:{self.port}"

    @property
    def text(self) -> str:
        """The whole URL; a zone is written as RFC 6874 wants it."""
        host = str(self.address)
        if isinstance(self.address, IPv6Address):
            host = f"[{host}%25{self.zone}]" if self.zone else f"[{host}]"
        return f"http://{host}:{self.port}{self.target}"

    def __str__(self) -> str:
        return self.text


def unmapped(address: IpAddress) -> IpAddress:
    """The IPv4 address that *address* maps into IPv6 (RFC 4291 §2.5.5.2), or *address* itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def without_zone(address: IpAddress) -> IpAddress:
    """*address* as it is the same on every host."""
    return IPv6Address(int(address)) if isinstance(address, IPv6Address) else address
