"""How devices are served: the options of `upnp_trio.serve_device`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TypedDict

import attrs

from upnp_trio.dates import utc_now
from upnp_trio.errors import DescriptionError, NetworkError
from upnp_trio.http.host_check import HostName, parse_allowed_host, parse_authority
from upnp_trio.model.advertised_url import base_url_flaw
from upnp_trio.model.advertising import MAX_MAX_AGE, MIN_MAX_AGE
from upnp_trio.model.members import as_names
from upnp_trio.model.option_names import require_options
from upnp_trio.network.interfaces import Choice, Interface, choose, require_names
from upnp_trio.server.web_servers import Elsewhere, WebServer
from upnp_trio.ssdp.budget import DEFAULT_REPLY_BUDGET
from upnp_trio.ssdp.profiles import PROFILES
from upnp_trio.state import state_directory

__all__ = ["ServeOptions", "Settings", "settings_of"]

# Several times the control points of a home.
DEFAULT_MAX_SUBSCRIPTIONS = 32


class ServeOptions(TypedDict, total=False):
    """The keyword arguments of `serve_device` and `serve_devices`; `Settings` has their meaning and defaults."""

    interfaces: Sequence[str]
    ipv4: bool
    ipv6: bool
    http: WebServer | None
    port: int | None
    advertise_url: str | None
    allowed_hosts: Sequence[str]
    announce_only: bool
    answer_off_link: bool
    reply_budget: int
    max_subscriptions: int
    multicast_ttl: int | None
    max_age: int | None
    metrics: bool
    profile: str | Sequence[str]
    state_dir: str | os.PathLike[str] | None
    rng: Random
    utcnow: Callable[[], datetime]


def _without_slash(url: str | None) -> str | None:
    return None if url is None else url.rstrip("/")


def _optional_path(path: str | os.PathLike[str] | None) -> Path | None:
    return None if path is None else Path(os.fspath(path))


@attrs.frozen(kw_only=True)
class Settings:
    """How devices are served; raises `NetworkError` or `DescriptionError` for an impossible value."""

    #: names, addresses or prefixes of the interfaces to serve on ("eth0", "192.0.2.7", "192.0.2.0/24"); empty means
    #: all that are up and lead to a network of their own
    interfaces: tuple[str, ...] = attrs.field(default=(), converter=as_names)
    ipv4: bool = True
    ipv6: bool = True
    #: the web server that serves the documents, in place of one of our own: `Elsewhere`, or `upnp_trio.asgi.UpnpApp`
    #: or `upnp_trio.wsgi.UpnpApp` within a server of this program. No TCP port is opened then
    http: WebServer | None = None
    #: HTTP's port; ``None`` means the first free one from 49152
    port: int | None = None
    #: scheme, host and port of every LOCATION, such as "http://192.0.2.1:8080", for containers and forwarded ports
    advertise_url: str | None = attrs.field(default=None, converter=_without_slash)
    #: names that HTTP answers to beside its own addresses and the host of *advertise_url*: "ham.local" with any port,
    #: "ham.example.com:8080" with this one; others get 403, or any web page could read the device by DNS rebinding
    allowed_hosts: tuple[str, ...] = attrs.field(default=(), converter=as_names)
    #: receive no searches, which needs UDP port 1900
    announce_only: bool = False
    #: answer searchers beyond the interface's own link, too; anybody can be flooded through such a device, so this is
    #: for private routed networks
    answer_off_link: bool = False
    #: how many answers to searches are sent to one address, per second in the long run; those of half a minute may be
    #: sent at once
    reply_budget: int = DEFAULT_REPLY_BUDGET
    #: how many subscriptions to its events each service accepts; one peer may have a quarter of them
    max_subscriptions: int = DEFAULT_MAX_SUBSCRIPTIONS
    #: how many hops announcements live; ``None`` means 2, and 10 in an IPv6 site (UDA 2.0 §1.2.2, §A)
    multicast_ttl: int | None = None
    #: how many seconds an announcement is valid (UDA 2.0 §1.2.2); ``None`` means what the device says, else 1800
    max_age: int | None = None
    #: serve the counters at /metrics, in Prometheus's text format, to everybody on the link
    metrics: bool = False
    #: the clients whose searches are answered beyond UDA, one name or several: "windows", multicast searches without
    #: MX, which UDA 2.0 §1.3.3 wants to be left unanswered, and those for pnp:rootdevice; "roku", those for roku:ecp
    #: without MX; "hue", those for libhue:idl and SsdpSearch:all, as if for ssdp:all. A missing MX counts as 1
    profile: tuple[str, ...] = attrs.field(default=("uda",), converter=as_names)
    #: where BOOTID is kept, so that it rises over restarts whatever the clock does; ``None`` keeps nothing. By default
    #: STATE_DIRECTORY, which systemd sets, or ``upnp_trio`` below XDG_STATE_HOME or ~/.local/state (Linux), ~/Library/
    #: Application Support (macOS) or LOCALAPPDATA (Windows). A failure to write there is logged once, at INFO
    state_dir: Path | None = attrs.field(factory=state_directory, converter=_optional_path)
    #: makes all random choices
    rng: Random = attrs.field(factory=Random)
    #: returns the wall-clock date, in UTC
    utcnow: Callable[[], datetime] = utc_now

    def __attrs_post_init__(self) -> None:
        require_names(self.interfaces)
        if not self.ipv4 and not self.ipv6:
            raise NetworkError("neither IPv4 nor IPv6 is to be served; leave one of them on")
        if self.port is not None and not (isinstance(self.port, int) and 1 <= self.port <= 65535):
            raise NetworkError(f"port is {self.port!r}; it must be 1 to 65535, or None for the first free port")
        if self.advertise_url is not None and (flaw := base_url_flaw(self.advertise_url)):
            raise NetworkError(
                f"advertise_url is {self.advertise_url!r}: {flaw}; write scheme, host and port, as in "
                "http://192.0.2.1:8080, http://ham.local or http://[2001:db8::1]:8080"
            )
        for allowed in self.allowed_hosts:
            parse_allowed_host(allowed)
        self._check_web_server()
        if self.reply_budget < 1:
            raise NetworkError(
                f"reply_budget is {self.reply_budget}; it must be at least 1 answer a second to one address"
            )
        if self.max_subscriptions < 1:
            raise NetworkError(f"max_subscriptions is {self.max_subscriptions}; it must be at least 1 for each service")
        if self.multicast_ttl is not None and not 1 <= self.multicast_ttl <= 255:
            raise NetworkError(f"multicast_ttl is {self.multicast_ttl}; it must be 1 to 255 hops, or None")
        for name in self.profile:
            if name not in PROFILES:
                raise NetworkError(f"profile is {name!r}; it must be one of {', '.join(PROFILES)}, or several of them")
        if self.max_age is not None and not MIN_MAX_AGE <= self.max_age <= MAX_MAX_AGE:
            raise DescriptionError(
                f"max_age is {self.max_age}; it must be 1 to {MAX_MAX_AGE} seconds (UDA §1.2.2: 1800 or more)"
            )
        if self.state_dir is not None and "\0" in str(self.state_dir):
            raise NetworkError(f"state_dir is {str(self.state_dir)!r}; a path cannot contain NUL")

    def _check_web_server(self) -> None:
        """Raise `NetworkError` for options that mean nothing where another server has the documents."""
        if self.http is None:
            return
        if not isinstance(self.http, WebServer):
            raise NetworkError(f"http is {self.http!r}; give an Elsewhere, a UpnpApp, or None for a server of our own")
        server = f"http is {type(self.http).__name__}"
        if self.port is not None:
            raise NetworkError(f"port is {self.port}, and {server}: no port is opened; its URL has the port")
        if self.advertise_url is not None:
            raise NetworkError(
                f"advertise_url is {self.advertise_url!r}, and {server}: its URL is announced already; leave one out"
            )
        if isinstance(self.http, Elsewhere) and self.allowed_hosts:
            raise NetworkError(f"allowed_hosts is given, and {server}: that server checks what it is asked for")
        if isinstance(self.http, Elsewhere) and self.metrics:
            raise NetworkError(f"metrics is on, and {server}: nothing would serve /metrics; read running.stats")

    @property
    def base_url(self) -> str | None:
        """Scheme, host and port of every LOCATION, where ``{host}`` may be the host; ``None`` for those of HTTP."""
        return self.advertise_url if self.http is None else self.http._base_url

    @property
    def host_names(self) -> frozenset[HostName]:
        """The names that HTTP answers to beside its own addresses."""
        names = {parse_allowed_host(allowed) for allowed in self.allowed_hosts}
        if self.advertise_url and (advertised := parse_authority(self.advertise_url.removeprefix("http://"))):
            names.add(advertised)
        return frozenset(names)

    def choose(self, interfaces: Iterable[Interface]) -> list[Choice]:
        """Which of *interfaces* are served, with the reasons."""
        return choose(interfaces, self.interfaces, ipv4=self.ipv4, ipv6=self.ipv6)


def settings_of(options: ServeOptions) -> Settings:
    """`Settings` with *options*; raises `TypeError` for a name that is no option, and what `Settings` raises."""
    require_options(options, Settings)
    return Settings(**options)
