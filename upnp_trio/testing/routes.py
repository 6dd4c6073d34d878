"""By which of its interfaces a host in memory reaches what."""

from __future__ import annotations

import errno
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

import attrs

from upnp_trio.network.interfaces import IpAddress, on_link
from upnp_trio.testing.udp import refused

if TYPE_CHECKING:
    from upnp_trio.network.endpoint import Address
    from upnp_trio.testing.links import Nic  # noqa: TC004  # only cattrs would evaluate it

__all__ = ["Routes"]


@attrs.define(eq=False, repr=False)
class Routes:
    """The routes of a host: those that its interfaces give it, and those that a test has added."""

    #: the host's interfaces, by name
    nics: dict[str, Nic]
    _added: dict[IPv4Network | IPv6Network, str] = attrs.field(factory=dict, init=False)

    def add(self, network: IPv4Network | IPv6Network, name: str) -> None:
        """Reach *network* by the interface with this name."""
        self._added[network] = name

    def route(self, nic: Nic | None, destination: Address) -> Nic:
        """The interface that leads from *nic*, or from any, to *destination*, or that has it. Raises `OSError`."""
        text = destination[0].lower()
        address = ip_address(text)
        if address.is_link_local and nic is not None:
            by_scope = [one for one in self.nics.values() if len(destination) == 4 and one.index == destination[3]]
            return by_scope[0] if by_scope else nic
        candidates = [*([nic] if nic else []), *self.nics.values()]
        for one in candidates:
            if one.is_up and one.has(text):
                return one
        for one in candidates:
            if one.is_up and one.is_neighbour(text):
                return one
        for network, name in self._added.items():
            if address in network and name in self.nics:
                return self.nics[name]
        raise refused(errno.ENETUNREACH)

    def nic_of(self, address: str, index: int = 0) -> Nic:
        """The interface that has *address*. Raises `OSError`."""
        for nic in self.nics.values():
            if nic.is_up and nic.has(address) and index in (0, nic.index):
                return nic
        raise refused(errno.EADDRNOTAVAIL)

    def source_towards(self, address: IpAddress) -> tuple[IpAddress, int]:
        """The own address that the routes to *address* lead from, and its interface's number. Raises `OSError`."""
        nic = self.route(None, (str(address), 0))
        own = [own for own in nic.addresses if own.version == address.version]
        own.sort(key=lambda own: (own.ip != address, address not in on_link(own)))
        if not own:
            raise refused(errno.ENETUNREACH)
        return own[0].ip, nic.index
