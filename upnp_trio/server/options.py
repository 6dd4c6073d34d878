"""How devices are served: what `upnp_trio.serve_device` takes beside the device."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from random import Random
from typing import TypedDict

import attrs

from upnp_trio.dates import utc_now
from upnp_trio.errors import DescriptionError, NetworkError
from upnp_trio.network.interfaces import Choice, Interface, choose, require_names
from upnp_trio.server.http.host_check import HostName, parse_allowed_host, parse_authority
from upnp_trio.ssdp.budget import DEFAULT_REPLY_BUDGET
from upnp_trio.ssdp.profiles import PROFILES
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE, MAX_MAX_AGE, MIN_MAX_AGE

__all__ = ["ServeOptions", "Settings"]

_BASE_URL = re.compile(r"http://([^\s/:?#@\[\]]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?")


class ServeOptions(TypedDict, total=False):
    """The keyword arguments of `serve_device` and `serve_devices`; `Settings` has their meaning and defaults."""

    interfaces: Sequence[str]
    ipv4: bool
    ipv6: bool
    port: int | None
    advertise_url: str | None
    allowed_hosts: Sequence[str]
    announce_only: bool
    answer_off_link: bool
    reply_budget: int
    multicast_ttl: int | None
    max_age: int
    metrics: bool
    profile: str
    rng: Random
    utcnow: Callable[[], datetime]


def _names(names: Sequence[str]) -> tuple[str, ...]:
    # a text is a sequence of texts, too, and one name is what is meant
    return (names,) if isinstance(names, str) else tuple(names)


def _without_slash(url: str | None) -> str | None:
    return None if url is None else url.rstrip("/")


@attrs.frozen(kw_only=True)
class Settings:
    """How devices are served; raises `NetworkError` or `DescriptionError` for a value that cannot be."""

    #: names, addresses or prefixes of the interfaces to serve on ("eth0", "192.0.2.7", "192.0.2.0/24"); empty means
    #: all that make sense
    interfaces: tuple[str, ...] = attrs.field(default=(), converter=_names)
    ipv4: bool = True
    ipv6: bool = True
    #: HTTP's port; ``None`` means the first free one from 49152
    port: int | None = None
    #: "http://192.0.2.1:8080": scheme, host and port of every LOCATION, for containers and forwarded ports
    advertise_url: str | None = attrs.field(default=None, converter=_without_slash)
    #: names that HTTP answers to beside its own addresses and the host of *advertise_url*: "ham.local" with any port,
    #: "ham.example.com:8080" with this one; others get 403, or any web page could read the device by DNS rebinding
    allowed_hosts: tuple[str, ...] = attrs.field(default=(), converter=_names)
    #: receive no searches, which needs UDP port 1900
    announce_only: bool = False
    #: answer searchers beyond the interface's own link, too; others can be flooded through such a device, so this is
    #: for routed networks of one's own
    answer_off_link: bool = False
    #: how many answers to searches one address is sent a second in the long run; half a minute's worth may leave at
    #: once
    reply_budget: int = DEFAULT_REPLY_BUDGET
    #: how many hops announcements live; ``None`` means 2, and 10 in an IPv6 site (UDA 2.0 §1.2.2, §A)
    multicast_ttl: int | None = None
    #: how many seconds an announcement holds (UDA 2.0 §1.2.2)
    max_age: int = DEFAULT_MAX_AGE
    #: serve the counters at /metrics, in Prometheus's text format, to whoever is on the link
    metrics: bool = False
    #: "uda", or "windows", which also answers a multicast search without MX, as if it had MX 1, and a search for
    #: pnp:rootdevice; UDA wants silence for the one (UDA 2.0 §1.3.3) and knows nothing of the other
    profile: str = "uda"
    #: every choice by chance
    rng: Random = attrs.field(factory=Random)
    #: every wall-clock date
    utcnow: Callable[[], datetime] = utc_now

    def __attrs_post_init__(self) -> None:
        require_names(self.interfaces)
        if not self.ipv4 and not self.ipv6:
            raise NetworkError("neither IPv4 nor IPv6 is to be served; leave one of them on")
        if self.port is not None and not 1 <= self.port <= 65535:
            raise NetworkError(f"port is {self.port}; a TCP port is 1 to 65535, or None for the first free one")
        if self.advertise_url is not None and not _BASE_URL.fullmatch(self.advertise_url):
            raise NetworkError(
                f"advertise_url is {self.advertise_url!r}; write scheme, host and port, as in http://192.0.2.1:8080"
            )
        for allowed in self.allowed_hosts:
            parse_allowed_host(allowed)
        if self.reply_budget < 1:
            raise NetworkError(f"reply_budget is {self.reply_budget}; it is answers a second to one address, from 1 on")
        if self.multicast_ttl is not None and not 1 <= self.multicast_ttl <= 255:
            raise NetworkError(f"multicast_ttl is {self.multicast_ttl}; it is 1 to 255 hops, or None for the defaults")
        if self.profile not in PROFILES:
            raise NetworkError(f"profile is {self.profile!r}; it is one of {', '.join(PROFILES)}")
        if not MIN_MAX_AGE <= self.max_age <= MAX_MAX_AGE:
            raise DescriptionError(f"max_age is {self.max_age}; UDA §1.2.2 wants seconds, 1800 or more")

    @property
    def host_names(self) -> frozenset[HostName]:
        """The names that HTTP answers to beside its own addresses."""
        names = {parse_allowed_host(allowed) for allowed in self.allowed_hosts}
        if self.advertise_url and (advertised := parse_authority(self.advertise_url.removeprefix("http://"))):
            names.add(advertised)
        return frozenset(names)

    def choose(self, interfaces: Iterable[Interface]) -> list[Choice]:
        """What of *interfaces* is served, with the reasons."""
        return choose(interfaces, self.interfaces, ipv4=self.ipv4, ipv6=self.ipv6)
