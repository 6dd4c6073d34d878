"""What a control point may be told, with the checks of each value."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, TypedDict

import attrs

from upnp_trio.errors import NetworkError
from upnp_trio.model.members import as_names
from upnp_trio.network.interfaces import Choice, Interface, choose, require_names
from upnp_trio.ssdp.holdings import DEFAULT_MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ControlPointOptions", "ControlPointSettings"]


class ControlPointOptions(TypedDict, total=False):
    """The keyword arguments of `open_control_point`; `ControlPointSettings` has their meaning and defaults."""

    interfaces: Sequence[str]
    ipv4: bool
    ipv6: bool
    listen: bool
    multicast_ttl: int | None
    cache_bytes: int
    rng: Random


@attrs.frozen(kw_only=True)
class ControlPointSettings:
    """How a control point asks; raises `NetworkError` for an impossible value."""

    #: names, addresses or prefixes of the interfaces to ask on ("eth0", "192.0.2.7", "192.0.2.0/24"); empty means all
    #: that are up and lead to a network of their own
    interfaces: tuple[str, ...] = attrs.field(default=(), converter=as_names)
    ipv4: bool = True
    ipv6: bool = True
    #: receive announcements and the searches of others, which needs UDP port 1900; without them, only what answers a
    #: search is found
    listen: bool = True
    #: how many hops searches live; ``None`` means 2, and 10 in an IPv6 site (UDA 2.0 §1.3.2, §A)
    multicast_ttl: int | None = None
    #: how much memory the found devices may take, in bytes; beyond it, the address that takes most of it gives way
    cache_bytes: int = DEFAULT_MAX_BYTES
    #: makes all random choices
    rng: Random = attrs.field(factory=Random)

    def __attrs_post_init__(self) -> None:
        require_names(self.interfaces)
        if not self.ipv4 and not self.ipv6:
            raise NetworkError("neither IPv4 nor IPv6 is to be used; leave one of them on")
        if self.multicast_ttl is not None and not 1 <= self.multicast_ttl <= 255:
            raise NetworkError(f"multicast_ttl is {self.multicast_ttl}; it must be 1 to 255 hops, or None")
        if self.cache_bytes < 1:
            raise NetworkError(f"cache_bytes is {self.cache_bytes}; it must be at least 1")

    def choose(self, interfaces: Iterable[Interface]) -> list[Choice]:
        """Which of *interfaces* are asked on, with the reasons."""
        return choose(interfaces, self.interfaces, ipv4=self.ipv4, ipv6=self.ipv6)
