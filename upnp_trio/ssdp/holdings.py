"""All that a cache of devices holds: what it weighs, whose share it takes, and when it expires."""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush, heapreplace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upnp_trio.ssdp.cached_device import Sighting

__all__ = ["DEFAULT_MAX_BYTES", "Holdings", "weight_of_sighting", "weight_of_text"]

# Almost 20,000 devices with four rows each, at one LOCATION. Bounded because any host can announce any number.
DEFAULT_MAX_BYTES = 32 * 1024 * 1024
# What a sighting takes beside its texts: itself, its device, its places in the heap and the dictionaries, its numbers.
# A test measures that it is not more.
SIGHTING_BYTES = 900
# What a text takes beside its characters, with the reference to it.
TEXT_BYTES = 64
# When there is no room, so large a part of all becomes free at once, because choosing what gives way takes a look at
# everything.
FREED_PART = 1 / 32
# So many entries of the heap may be of sightings that have gone, plus as many as there are others.
MAX_GONE = 1024


class Holdings:
    """Sightings, bounded by *max_bytes*.

    The heap has one entry for each, which is not moved when the sighting is renewed: an entry that has come to the top
    too early goes back to its new place.
    """

    def __init__(self, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._bytes_of: dict[str, int] = {}
        self._heap: list[tuple[float, Sighting]] = []
        self._gone = 0

    def __len__(self) -> int:
        return len(self._heap) - self._gone

    @property
    def bytes_held(self) -> int:
        """What all of them weigh."""
        return self._bytes

    @property
    def is_too_full(self) -> bool:
        """Whether `make_room` has to be called."""
        return self._bytes > self._max_bytes

    @property
    def earliest(self) -> float:
        """Nothing expires before; it costs nothing to ask."""
        return self._heap[0][0] if self._heap else math.inf

    @property
    def next_expiry(self) -> float:
        """When the next sighting expires; infinite if there is none."""
        self._tidy_top()
        return self.earliest

    def add(self, sighting: Sighting) -> None:
        """Hold *sighting*, whose expiry will not be moved forward."""
        sighting.is_held = True
        self.grow(sighting, weight_of_sighting(sighting))
        heappush(self._heap, (sighting.expires_at, sighting))

    def grow(self, sighting: Sighting, by: int) -> None:
        """Note that *sighting* weighs more, or less, than before."""
        sighting.weight += by
        self._bytes += by
        self._bytes_of[sighting.peer] = self._bytes_of.get(sighting.peer, 0) + by

    def remove(self, sighting: Sighting) -> None:
        """Hold *sighting* no longer."""
        sighting.is_held = False
        self.grow(sighting, -sighting.weight)
        if not self._bytes_of[sighting.peer]:
            del self._bytes_of[sighting.peer]
        self._gone += 1
        if self._gone > MAX_GONE + len(self):
            self._heap = [entry for entry in self._heap if entry[1].is_held]
            heapify(self._heap)
            self._gone = 0

    def take_due(self, now: float) -> list[Sighting]:
        """Remove what has expired, and return it in the order of its expiry."""
        expired = []
        while self.next_expiry <= now:
            sighting = self._heap[0][1]
            self.remove(sighting)
            expired.append(sighting)
        return expired

    def make_room(self) -> list[Sighting]:
        """Remove as much as to make `FREED_PART` of all room free, and return it.

        What gives way is always of the address that holds the most, the next to expire first. So however much one
        address announces, it costs no other address anything.
        """
        too_much = self._bytes - int(self._max_bytes * (1 - FREED_PART))
        # No more sightings go than this, so no more addresses can lose any; there may be very many that hold little.
        most = too_much // SIGHTING_BYTES + 1
        peers = sorted(self._bytes_of, key=self._bytes_of.__getitem__, reverse=True)[:most]
        by_peer: dict[str, list[tuple[float, Sighting]]] = {peer: [] for peer in peers}
        for _, sighting in self._heap:
            if sighting.is_held and sighting.peer in by_peer:
                by_peer[sighting.peer].append((sighting.expires_at, sighting))
        for entries in by_peer.values():
            heapify(entries)
        order = [(-self._bytes_of[peer], peer) for peer in peers]
        heapify(order)
        chosen = []
        while too_much > 0 and order:
            held, peer = order[0]
            sighting = heappop(by_peer[peer])[1]
            chosen.append(sighting)
            too_much -= sighting.weight
            if by_peer[peer]:
                heapreplace(order, (held + sighting.weight, peer))
            else:
                heappop(order)
        for sighting in chosen:
            self.remove(sighting)
        return chosen

    def _tidy_top(self) -> None:
        """Take away what has gone, and put what was renewed in its place, until the top of the heap is right."""
        while self._heap:
            at, sighting = self._heap[0]
            if not sighting.is_held:
                heappop(self._heap)
                self._gone -= 1
            elif sighting.expires_at != at:
                heapreplace(self._heap, (sighting.expires_at, sighting))
            else:
                return


def weight_of_text(text: str) -> int:
    """What *text* counts as, whether or not other holders share it."""
    return TEXT_BYTES + len(text)


def weight_of_sighting(sighting: Sighting) -> int:
    """What *sighting* counts as, with its device and all its texts."""
    # its UDN is held twice, once in lower case
    texts = (*sighting.types, sighting.url, sighting.server, sighting.device.udn, sighting.device.key)
    return SIGHTING_BYTES + sum(map(weight_of_text, texts))
