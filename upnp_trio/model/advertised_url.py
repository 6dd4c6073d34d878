"""URLs that a device is announced under: which ones LOCATION can have, and where an address is to be filled in.

SSDP does not say which host names a control point must understand, and LOCATION is an ``http`` URL (UDA 2.0 §1.2.2).
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import attrs

from upnp_trio.errors import NetworkError
from upnp_trio.model.urls import HOST

if TYPE_CHECKING:
    from upnp_trio.model.literal_url import IpAddress

__all__ = ["UDN_PLACE", "AdvertisedUrl", "at_address", "base_url_flaw", "host_text"]

#: where the UDN of the root device is filled in, as the address is for `HOST`
UDN_PLACE = "{udn}"

# The form of scheme, host and port; port and host are checked more closely after that.
_BASE_URL = re.compile(r"http://(?P<host>[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?")
_ZONED = re.compile(r"http://\[[0-9A-Fa-f:.]+%[^\]]*\]")
# RFC 1123 §2.1, and the underscore that some home networks have
_LABEL = re.compile(r"[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?")
# RFC 1035 §2.3.4: 255 bytes on the wire, of which two frame the name.
MAX_HOST_NAME_CHARACTERS = 253
# Every datagram has it, beside some 300 characters of UPnP's own and up to 768 of the device's, and should fit into one
# frame.
MAX_ADVERTISED_CHARACTERS = 256
_AUTHORITY_END = re.compile(r"[/?#]")
# Path and query as RFC 3986 §3.3 and §3.4 have them.
_PATH = re.compile(r"(?:[0-9A-Za-z\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
_ANY_HOST = re.compile(r"http://\{host\}(:[^:]*)?")


def base_url_flaw(url: str) -> str | None:
    """What keeps *url* from being scheme, host and port of a LOCATION; ``None`` if nothing does."""
    match = _BASE_URL.fullmatch(url)
    if match is None:
        if _ZONED.match(url):
            return "a zone is a name of one host's own, so leave it out, from the % on"
        return "it is not a plain http URL"
    if match["port"] and not 1 <= int(match["port"][1:]) <= 65535:
        return f"{match['port'][1:]} is not a port, which is 1 to 65535"
    return _host_flaw(match["host"])


def _host_flaw(host: str) -> str | None:
    labels = host.removesuffix(".").split(".")
    # browsers and libraries read a name whose last label is a number as an IPv4 address
    if host.startswith("[") or labels[-1].isdecimal():
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return f"{host} is not an address"
        if (address.version == 6) is not host.startswith("["):
            return f"{host} is not an address"
        return f"nothing can be reached at {address}" if address.is_unspecified or address.is_multicast else None
    if len(host) > MAX_HOST_NAME_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        return f"{host} is not a host name"
    return None


def host_text(address: IpAddress) -> str:
    """*address* as a URL has it: an IPv6 address in brackets, without a zone, which means nothing to others."""
    return f"[{ipaddress.IPv6Address(int(address))}]" if address.version == 6 else str(address)


def at_address(base_url: str, address: IpAddress) -> str:
    """*base_url* with *address* in place of ``{host}``, if it has that."""
    return base_url.replace(HOST, host_text(address))


@attrs.frozen(kw_only=True)
class AdvertisedUrl:
    """A URL that LOCATION begins with or is, taken apart."""

    #: scheme, host and port; the host may be ``{host}``
    base: str
    #: path and query, empty or from a slash on; ``{udn}`` may stand in it
    path: str

    @classmethod
    def parse(cls, what: str, url: object, example: str) -> AdvertisedUrl:
        """*url* taken apart; raises `NetworkError`, which says that *what* is wrong and gives *example*."""
        if not isinstance(url, str):
            raise NetworkError(f"{what} is {url!r}; write a URL, as in {example}")
        end = _AUTHORITY_END.search(url, len("http://"))
        base, path = (url[: end.start()], url[end.start() :]) if end else (url, "")
        if flaw := _flaw(url, base, path):
            raise NetworkError(f"{what} is {url!r}: {flaw}; write it as in {example}")
        return cls(base=base, path=f"/{path}" if path.startswith("?") else path)

    @property
    def port(self) -> int:
        """The TCP port; 80 if the URL has none."""
        match = _BASE_URL.fullmatch(self.base.replace(HOST, "host"))
        assert match is not None
        return int(match["port"][1:]) if match["port"] else 80

    def path_for(self, udn: str) -> str:
        """Path and query with *udn* in place of ``{udn}``."""
        return self.path.replace(UDN_PLACE, quote(udn, safe=":"))


def _flaw(url: str, base: str, path: str) -> str | None:
    if len(url) > MAX_ADVERTISED_CHARACTERS:
        return f"it has {len(url)} characters; a datagram has room for {MAX_ADVERTISED_CHARACTERS}"
    if "#" in url:
        return "a fragment is for the reader of a document and is not sent"
    if not url.startswith("http://"):
        return "it is not a plain http URL"
    if HOST in path or (HOST in base and not _ANY_HOST.fullmatch(base)):
        return f"{HOST} can only be the whole host"
    if flaw := base_url_flaw(base.replace(HOST, "host")):
        return flaw
    if not _PATH.fullmatch(path.replace(UDN_PLACE, "")):
        return f"its path may have {UDN_PLACE} and what RFC 3986 allows; escape other characters with %"
    return None
