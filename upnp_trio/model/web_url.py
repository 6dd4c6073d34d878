"""URLs of web pages, as people write them: with names, over HTTP and HTTPS.

`LiteralUrl` is for URLs that strangers give, which lead to literal addresses alone.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urljoin

import attrs

from upnp_trio.model.literal_url import MAX_URL_CHARACTERS, IpAddress, unmapped
from upnp_trio.model.urls import HOST, has_scheme

__all__ = ["WebUrl"]

DEFAULT_PORTS = {"http": 80, "https": 443}

# RFC 1035 §2.3.4, as Python's look-ups insist.
MAX_LABEL_CHARACTERS = 63

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<target>.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|\{host\}|[^\[\]{}:]+)(?::(?P<port>[0-9]{0,5}))?")
# RFC 1123 §2.1, and the underscore that some home networks have; RFC 1035 §2.3.4 bounds a name to 253 characters.
_NAME = re.compile(r"(?=.{1,253}\Z)[0-9a-z_][0-9a-z_-]*(?:\.[0-9a-z_][0-9a-z_-]*)*\.?")
# Python's codec and browsers write these in different ways (UTS 46, "deviation characters").
_AMBIGUOUS = frozenset("ßς\u200c\u200d")
_UNWANTED = re.compile(r"[\x00-\x20\x7f\\]")
# What people write into a URL and a request line may not have: blanks, and characters beyond ASCII.
_SAFE = "!#$%&'()*+,/:;=?@[]~"


@attrs.frozen
class WebUrl:
    """The URL of a page, taken apart, without a fragment."""

    #: "http" or "https"
    scheme: str
    #: a name in lower case, an IPv4 address, an IPv6 address in brackets, or `HOST`, which is this host
    host: str
    port: int
    #: path and query, for the request line
    target: str

    @classmethod
    def parse(cls, text: str) -> WebUrl:
        """The URL *text*; raises `ValueError` that says what is wrong.

        A URL at loopback, such as http://localhost:8000, gets `HOST`: others would look for the page on themselves.
        """
        text = text.strip()
        if len(text) > MAX_URL_CHARACTERS:
            raise ValueError(f"the URL has {len(text)} characters; at most {MAX_URL_CHARACTERS} are taken")
        match = _URL.fullmatch(text.partition("#")[0])
        if match is None:
            what = "is not a web page" if has_scheme(text) and "://" in text else "has no scheme"
            raise ValueError(f"{text!r} {what}; write it with http:// or https://, as in http://nas.local:5000/")
        if "@" in match["authority"]:
            host = match["authority"].rpartition("@")[2]
            raise ValueError(f"the URL of {host} has a user name, which everybody would see; leave it out")
        authority = _AUTHORITY.fullmatch(match["authority"])
        if authority is None or _UNWANTED.search(text):
            raise ValueError(f"{text!r} is not a URL; write it as in http://nas.local:5000/ or https://[2001:db8::1]/")
        scheme = match["scheme"].lower()
        port = int(authority["port"] or DEFAULT_PORTS[scheme])
        if not 1 <= port <= 65535:
            raise ValueError(f"{text!r} has the port {port}, which is not 1 to 65535")
        target = quote(match["target"], safe=_SAFE)
        return cls(scheme, _host(authority["host"], text), port, target if target.startswith("/") else f"/{target}")

    def join(self, reference: str) -> WebUrl:
        """The URL that *reference* means on this page (RFC 3986 §5); raises `ValueError` if it is no web page."""
        try:
            return WebUrl.parse(urljoin(self.text, quote(reference.strip(), safe=_SAFE)))
        except ValueError as error:
            raise ValueError(f"{reference[:200]!r} leads nowhere: {error}") from error

    def at(self, address: IpAddress) -> WebUrl:
        """The same page at *address*."""
        return attrs.evolve(self, host=f"[{address}]" if address.version == 6 else str(address))

    @property
    def is_here(self) -> bool:
        """Whether the page is on this host, at whichever of its addresses."""
        return self.host == HOST

    @property
    def authority(self) -> str:
        """Host and port, without the port that the scheme implies."""
        return self.host if self.port == DEFAULT_PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def text(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.authority}{self.target}"

    def __str__(self) -> str:
        """The URL as a person writes it."""
        return self.text.replace(HOST, "localhost", 1)


def _host(host: str, text: str) -> str:
    """*host* as `WebUrl.host` has it; raises `ValueError` about the URL *text*."""
    if host == HOST:
        return HOST
    name = host.lower() if host.isascii() else _in_ascii(host, text)
    bare = name.removesuffix(".")
    if bare == "localhost" or bare.endswith(".localhost"):  # RFC 6761 §6.3
        return HOST
    # browsers and libraries read a name whose last label is a number as an IPv4 address
    if not host.startswith("[") and not re.fullmatch(r"[0-9]+|0x[0-9a-f]*", bare.rpartition(".")[2]):
        if not _NAME.fullmatch(name) or max(map(len, name.split("."))) > MAX_LABEL_CHARACTERS:
            raise ValueError(f"{text!r} has no valid name of a host: {host!r}")
        return name
    try:
        address = unmapped(ip_address(host.strip("[]")))
    except ValueError as error:
        raise ValueError(f"{text!r} has no valid address: {error}") from error
    if address.is_loopback or address.is_unspecified:
        return HOST
    if address.is_multicast or (isinstance(address, IPv6Address) and address.is_link_local):
        kind = "a group's address" if address.is_multicast else "an address that means something on one link alone"
        raise ValueError(f"{text!r} has {kind}; write the host's name or another of its addresses")
    return str(address) if isinstance(address, IPv4Address) else f"[{address}]"


def _in_ascii(host: str, text: str) -> str:
    if not _AMBIGUOUS.isdisjoint(host):
        raise ValueError(f"{text!r} has a name with two forms in ASCII; write the one that is meant, as in xn--…")
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"{text!r} has no valid name of a host: {host!r}") from error
