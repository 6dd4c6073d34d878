"""Bounds the connections that events are sent on, so that subscribers cannot use up this process's file descriptors.

Each subscription keeps a connection of its own for a while, and a host of many devices may have thousands of
subscriptions. When a peer has as many connections as it may have, one of them that is idle is closed. If none is, its
next event waits, within the time that an event has. Peers do not wait for each other until a quarter of all
descriptors is taken.

All IPv6 hosts of a link have one link-local /64, which is one peer. So an address that has no connection may get one
beyond its peer's share, up to twice that share, and those that have one wait until the share is not exceeded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs
import trio

from upnp_trio.model.peers import peer_of
from upnp_trio.network.descriptors import descriptor_limit

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MAX_CONNECTIONS_OF_ONE_PEER", "EventConnections"]

# Several times the services of a device, to all of which a control point may be subscribed.
MAX_CONNECTIONS_OF_ONE_PEER = 32
# How many times that share the addresses of one peer may have, if each takes one alone.
BEYOND_THE_SHARE = 2
# HTTP may have half of the descriptors.
DESCRIPTORS_PER_CONNECTION = 4


class Holder(Protocol):
    """What has a connection: `upnp_trio.server.delivery.Delivery`."""

    @property
    def address(self) -> str:
        """The address at the other end."""
        ...

    @property
    def is_idle(self) -> bool:
        """Whether it has a connection that it does not use at this moment."""
        ...

    def close_idle(self) -> None:
        """Close the connection, and give it back."""
        ...


@attrs.define(eq=False)
class _Peer:
    #: the oldest first
    holders: dict[Holder, None] = attrs.field(factory=dict)
    #: those that wait for a connection of this peer: the first one of an address, or another one
    first_lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)
    lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    @property
    def is_waited_for(self) -> bool:
        return bool(self.first_lot) or bool(self.lot)

    def has(self, address: str) -> bool:
        return any(holder.address == address for holder in self.holders)


def _limit() -> int:
    return max(descriptor_limit() // DESCRIPTORS_PER_CONNECTION, 1)


@attrs.define(eq=False, repr=False)
class EventConnections:
    """At most *limit* connections, and *limit_per_peer* to one peer."""

    limit: int = attrs.field(factory=_limit)
    limit_per_peer: int = MAX_CONNECTIONS_OF_ONE_PEER
    _peers: dict[str, _Peer] = attrs.field(factory=dict)
    #: how many are open now
    size: int = 0
    #: those whose peer has room, and that wait for the limit of all
    _lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    async def take(self, holder: Holder) -> None:
        """Let *holder* open one connection, as soon as it may; it calls `give_back` when it has closed it."""
        name = peer_of(holder.address)
        while True:
            peer = self._peers.get(name)
            if peer is not None and self._is_full(peer, holder):
                if not _close_one(peer.holders):
                    await (peer.lot if peer.has(holder.address) else peer.first_lot).park()
            elif self.size >= self.limit:
                if not _close_one(each for other in self._peers.values() for each in other.holders):
                    await self._lot.park()
            else:
                self._peers.setdefault(name, _Peer()).holders[holder] = None
                self.size += 1
                return

    def _is_full(self, peer: _Peer, holder: Holder) -> bool:
        if len(peer.holders) < self.limit_per_peer:
            return False
        is_first = not peer.has(holder.address)
        has_idle = any(other.is_idle for other in peer.holders)
        return has_idle or not is_first or len(peer.holders) >= BEYOND_THE_SHARE * self.limit_per_peer

    def give_back(self, holder: Holder) -> None:
        """The connection of *holder*, if it has taken one, is closed."""
        name = peer_of(holder.address)
        peer = self._peers.get(name)
        if peer is None or holder not in peer.holders:
            return
        del peer.holders[holder]
        self.size -= 1
        if peer.first_lot:
            peer.first_lot.unpark()
        elif len(peer.holders) < self.limit_per_peer:
            peer.lot.unpark()
        if not peer.holders and not peer.is_waited_for:
            del self._peers[name]
        self._lot.unpark()

    def is_wanted(self, holder: Holder) -> bool:
        """Whether another one waits for what *holder* has."""
        peer = self._peers.get(peer_of(holder.address))
        return bool(self._lot) or (peer is not None and peer.is_waited_for)


def _close_one(holders: Iterable[Holder]) -> bool:
    """Close the first idle connection of *holders*; returns whether there was one."""
    idle = next((holder for holder in holders if holder.is_idle), None)
    if idle is not None:
        idle.close_idle()
    return idle is not None
