"""How many documents are fetched at once, so that no device keeps those of others waiting (H11, H17).

Addresses take turns, and the requests for one address keep their order. All IPv6 hosts of a link share its /64, which
counts as one peer. So an address for which nothing is fetched may have one request beyond the share of its peer, up to
twice that share.
"""

from __future__ import annotations

from collections import Counter, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.model.literal_url import IpAddress
from upnp_trio.model.peers import peer_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["MAX_FETCHES", "MAX_FETCHES_OF_ONE_PEER", "FetchSlots"]

# Descriptions are short, so that more at once would not be sooner there (H11).
MAX_FETCHES = 8
# A device that answers slowly holds these for as long as a request may take. Many devices serve one request at a time.
MAX_FETCHES_OF_ONE_PEER = 2
# How many times that share the addresses of one peer may have, if each takes one alone.
BEYOND_THE_SHARE = 2


@attrs.define(eq=False, repr=False)
class FetchSlots:
    """At most *limit* at once, and *limit_per_peer* of one peer."""

    limit: int = MAX_FETCHES
    limit_per_peer: int = MAX_FETCHES_OF_ONE_PEER
    #: how many are taken
    size: int = 0
    _of_address: Counter[IpAddress] = attrs.field(factory=Counter)
    _of_peer: Counter[str] = attrs.field(factory=Counter)
    #: the address whose turn it is comes first
    _waiting: dict[IpAddress, deque[trio.Event]] = attrs.field(factory=dict)

    @asynccontextmanager
    async def slot(self, address: IpAddress) -> AsyncIterator[None]:
        """Wait until *address* may be asked; it counts as long as the body runs."""
        turn = trio.Event()
        self._waiting.setdefault(address, deque()).append(turn)
        self._admit()
        try:
            await turn.wait()
            yield
        finally:
            if turn.is_set():
                self._give_back(address)
            else:
                self._waiting[address].remove(turn)
                if not self._waiting[address]:
                    del self._waiting[address]
            self._admit()

    def _admit(self) -> None:
        """Let those begin for which there is room."""
        while self.size < self.limit:
            address = next((each for each in self._waiting if self._has_room(each)), None)
            if address is None:
                return
            turns = self._waiting.pop(address)
            turns.popleft().set()
            if turns:
                self._waiting[address] = turns  # at the end
            self.size += 1
            self._of_address[address] += 1
            self._of_peer[peer_of(str(address))] += 1

    def _has_room(self, address: IpAddress) -> bool:
        of_address, of_peer = self._of_address[address], self._of_peer[peer_of(str(address))]
        if of_address == 0:
            return of_peer < BEYOND_THE_SHARE * self.limit_per_peer
        return of_peer < self.limit_per_peer

    def _give_back(self, address: IpAddress) -> None:
        self.size -= 1
        self._of_address -= Counter([address])  # this drops those that are at zero
        self._of_peer -= Counter([peer_of(str(address))])
