"""Reading from a link: which senders are neighbours (H1's rule for the asking side), and how often to look."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from upnp_trio.exchange import is_neighbour
from upnp_trio.network.interfaces import Interface, on_link

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["LinkCheck", "pause_after"]

# A datagram is read when it comes, and those that follow it so soon are read together: a wake-up of the event loop
# costs several times what a datagram does. Nobody notices the time, and the socket's queue has room for it.
PAUSE_SECONDS = 0.025
# After so many at once, the next ones are read sooner, as the queue may be a short one (some 500 datagrams by default).
MANY_DATAGRAMS = 64
SHORT_PAUSE_SECONDS = 0.0025

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
            known = is_neighbour(ip_address(sender), self._networks)
            if len(self._known) >= MAX_CACHED_SENDERS:
                self._known.clear()
            self._known[sender] = known
        return known


def pause_after(datagrams: int) -> float:
    """How long to leave a socket alone that has just given so many datagrams, in seconds."""
    return SHORT_PAUSE_SECONDS if datagrams >= MANY_DATAGRAMS else PAUSE_SECONDS
