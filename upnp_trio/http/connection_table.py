"""The open connections, and which of them is closed when all slots are taken.

One address must not be able to take the slots of all others. When all slots are taken, a newcomer displaces the longest
waiting connection of the peer that holds the most. The connections of that peer itself displace no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import attrs

from upnp_trio.model.peers import peer_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["TOO_MANY", "TOO_MANY_OF_ONE_PEER", "ConnectionTable", "NoSlot"]

# The reasons that are counted for refused connections.
TOO_MANY = "too many connections"
TOO_MANY_OF_ONE_PEER = "too many connections of one peer"


class Waiting(Protocol):
    """What the table needs to know of a connection."""

    @property
    def address(self) -> str:
        """The address at the other end."""
        ...

    @property
    def waiting_since(self) -> float:
        """When the connection last began to wait for its peer, in seconds of any clock."""
        ...


C = TypeVar("C", bound=Waiting)


class NoSlot(Exception):
    """There is no slot for a connection; the text is the reason that is counted."""


@attrs.define(eq=False, repr=False)
class ConnectionTable(Generic[C]):
    """At most *limit* connections, and *limit_per_peer* of one peer."""

    limit: int
    limit_per_peer: int
    #: by peer and address
    _slots: dict[str, dict[str, set[C]]] = attrs.field(factory=dict)
    #: how many each peer has, without those that have none
    _per_peer: dict[str, int] = attrs.field(factory=dict)
    _size: int = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[C]:
        return iter([held for addresses in self._slots.values() for each in addresses.values() for held in each])

    def admit(self, newcomer: C) -> C | None:
        """Give *newcomer* a slot, and return the connection that loses its own, if one does.

        Raises `NoSlot` if there is none.
        """
        address = newcomer.address
        peer = peer_of(address)
        own, number = self._slots.get(peer, {}), self._per_peer.get(peer, 0)
        displaced = None
        if number >= self.limit_per_peer:
            displaced = _longest_waiting([own])
            if len(own[displaced.address]) <= len(own.get(address, ())):
                raise NoSlot(TOO_MANY_OF_ONE_PEER)
        elif self._size >= self.limit:
            displaced = self.heaviest()
            if self._per_peer[peer_of(displaced.address)] <= number:
                raise NoSlot(TOO_MANY)
        if displaced is not None:
            self.discard(displaced)
        self._slots.setdefault(peer, {}).setdefault(address, set()).add(newcomer)
        self._per_peer[peer] = self._per_peer.get(peer, 0) + 1
        self._size += 1
        return displaced

    def heaviest(self) -> C:
        """The longest waiting connection of the peer, and there of the address, that holds the most."""
        most = max(self._per_peer.values())
        return _longest_waiting(self._slots[peer] for peer, count in self._per_peer.items() if count == most)

    def discard(self, connection: C) -> None:
        """Free the slot of *connection*, if it still has one."""
        peer = peer_of(connection.address)
        addresses = self._slots.get(peer, {})
        held = addresses.get(connection.address, set())
        if connection not in held:
            return
        held.remove(connection)
        if not held:
            del addresses[connection.address]
        if not addresses:
            del self._slots[peer]
        self._size -= 1
        self._per_peer[peer] -= 1
        if not self._per_peer[peer]:
            del self._per_peer[peer]


def _longest_waiting(peers: Iterable[dict[str, set[C]]]) -> C:
    by_address = [held for addresses in peers for held in addresses.values()]
    most = max(map(len, by_address))
    candidates = (connection for held in by_address if len(held) == most for connection in held)
    return min(candidates, key=lambda connection: connection.waiting_since)
