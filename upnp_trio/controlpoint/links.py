"""Which senders are neighbours on an interface's link (H1's rule for the asking side)."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from upnp_trio.network.interfaces import Interface, on_link

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["LinkCheck"]

# A home has fewer hosts. Bounded, because a source address can be anything.
MAX_CACHED_SENDERS = 1024


class LinkCheck:
    """Tells whether an address is on the link of *interface*: one of its networks, or link-local."""

    def __init__(self, interface: Interface) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [on_link(address) for address in interface.addresses]
        self._known: dict[str, bool] = {}

    def is_on_link(self, sender: str) -> bool:
        """Whether a datagram from *sender*, an address without a zone, comes from a neighbour."""
        known = self._known.get(sender)
        if known is None:
            address = ip_address(sender)
            known = address.is_link_local or any(address in network for network in self._networks)
            if len(self._known) >= MAX_CACHED_SENDERS:
                self._known.clear()
            self._known[sender] = known
        return known
