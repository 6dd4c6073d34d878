"""A device as the cache holds it: where it was seen, and which BOOTID it has (UDA 2.0 §1.2.2, §1.2.4)."""

from __future__ import annotations

import math
from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

import attrs

from upnp_trio.model.literal_url import LiteralUrl, unmapped
from upnp_trio.ssdp.found import FoundDevice, FoundLocation
from upnp_trio.ssdp.messages import Update
from upnp_trio.ssdp.parsing import MAX_MX_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.ssdp.found import Arrival
    from upnp_trio.ssdp.messages import Alive, ByeBye, SearchResponse

__all__ = ["BootStep", "CachedDevice", "Sighting"]

# An answer may wait for as long as the longest MX, so it may come after the first announcement with the next BOOTID.
LATE_SECONDS = float(MAX_MX_SECONDS)
# GUPnP counts BOOTID for each interface by itself. What changes on another one so soon is the same reboot.
SAME_REBOOT_SECONDS = 10.0

#: what a BOOTID means: nothing new, or a message from before the change of BOOTID, or the first or a later sign of a
#: reboot
BootStep = Literal["same", "late", "rebooted", "follows"]


@attrs.define(eq=False)
class Sighting:
    """A LOCATION of a device, as one address announces it on one interface.

    It expires as a whole: as long as one announcement of a root device is valid, all that it announced counts as
    available (UDA 1.1 §1.2.2), and a lost datagram takes away no service.
    """

    device: CachedDevice
    url: str
    interface: str
    index: int
    sender: str
    #: the address whose share of the cache it takes
    peer: str
    #: the types that were announced there, "" for the bare UDN
    types: tuple[str, ...]
    max_age: int
    expires_at: float
    server: str
    boot_id: int | None
    config_id: int | None
    search_port: int | None
    #: what it counts as in memory
    weight: int = 0
    is_held: bool = False

    def __lt__(self, other: Sighting) -> bool:
        """Decides between those that expire at the same moment, for a heap."""
        return (self.device.key, self.url) < (other.device.key, other.url)

    def belongs_to(self, address: str) -> bool:
        """Whether *address*, without a zone, may speak for it: it announced it, or it is the URL's own host."""
        return self.sender == address or self.is_at(address)

    def is_at(self, address: str) -> bool:
        """Whether the URL leads to *address*."""
        if "." in address and address not in self.url:
            return False  # as nearly always; to read the URL takes longer
        try:
            return LiteralUrl.parse(self.url).address == unmapped(ip_address(address))
        except ValueError:
            return False

    def found(self) -> FoundLocation:
        """What a control point is shown of it."""
        return FoundLocation(
            url=self.url,
            interface=self.interface,
            index=self.index,
            sender=self.sender,
            max_age=self.max_age,
            expires_at=self.expires_at,
        )


@attrs.define(eq=False)
class CachedDevice:
    """A device that was seen at least once; it is in the cache as long as one of its sightings is valid."""

    #: as it was announced first, and without regard to case
    udn: str
    key: str
    #: in the order in which they came
    sightings: tuple[Sighting, ...] = ()
    boot_id: int | None = None
    #: what ``ssdp:update`` announced
    next_boot_id: int | None = None
    #: the one before, and since when it is
    former_boot_id: int | None = None
    moved_at: float = -math.inf
    #: when the last reboot was noticed, and on which interface
    rebooted_at: float = -math.inf
    rebooted_on: int | None = None
    forgiven: tuple[str, ...] = ()

    def sighting(self, arrival: Arrival, url: str) -> Sighting | None:
        """The sighting of *url* in what came from there."""
        for sighting in self.sightings:
            if sighting.index == arrival.index and sighting.sender == arrival.sender and sighting.url == url:
                return sighting
        return None

    def take_boot_id(
        self, message: Alive | SearchResponse | Update, sighting: Sighting | None, arrival: Arrival, now: float
    ) -> BootStep:
        """Take note of BOOTID in *message*, which came from there for *sighting*, or for one that is not known yet."""
        if isinstance(message, Update):
            if message.next_boot_id == self.boot_id:  # a repeat, after the device has begun to use the number
                return "late" if self._has_moved(arrival) else "same"
            step = self._step(message.boot_id, sighting, arrival, now)
            if step != "late":
                self.next_boot_id = message.next_boot_id
            return step
        return "same" if message.boot_id is None else self._step(message.boot_id, sighting, arrival, now)

    def _step(self, boot_id: int, sighting: Sighting | None, arrival: Arrival, now: float) -> BootStep:
        known = None if sighting is None else sighting.boot_id
        if self.boot_id is None or boot_id == self.boot_id:
            self.boot_id = boot_id
            return "same" if known is None or known == boot_id else "follows"
        if boot_id == self.next_boot_id:
            self._move(boot_id, now)
            return "same"
        if boot_id == known:
            return "same"  # this interface counts by itself
        if boot_id == self.former_boot_id and now < self.moved_at + LATE_SECONDS and self._has_moved(arrival):
            return "late"
        if all(other.index != arrival.index for other in self.sightings):
            return "same"  # so may a new interface
        self.former_boot_id, self.boot_id, self.next_boot_id = self.boot_id, boot_id, None
        self.moved_at = now
        if arrival.index != self.rebooted_on and now < self.rebooted_at + SAME_REBOOT_SECONDS:
            return "follows"
        self.rebooted_at, self.rebooted_on = now, arrival.index
        return "rebooted"

    def _has_moved(self, arrival: Arrival) -> bool:
        """Whether its sender has used the newest BOOTID; others may have forged it."""
        return any(
            sighting.boot_id == self.boot_id and sighting.index == arrival.index and sighting.sender == arrival.sender
            for sighting in self.sightings
        )

    def _move(self, boot_id: int, now: float) -> None:
        """Change BOOTID as ``ssdp:update`` announced it: on all interfaces, and nothing falls away."""
        for sighting in self.sightings:
            if sighting.boot_id == self.boot_id:
                sighting.boot_id = boot_id
        self.former_boot_id, self.boot_id, self.next_boot_id = self.boot_id, boot_id, None
        self.moved_at = now

    def revoked_by(self, byebye: ByeBye, arrival: Arrival, now: float) -> list[Sighting] | None:
        """The sightings that *byebye* is about; ``None`` if it is from before the change of BOOTID."""
        own = [
            sighting
            for sighting in self.sightings
            if sighting.index == arrival.index and sighting.belongs_to(arrival.sender)
        ]
        if byebye.boot_id != self.former_boot_id or byebye.boot_id is None or now >= self.moved_at + LATE_SECONDS:
            return own
        return [sighting for sighting in own if sighting.boot_id == byebye.boot_id] or (None if own else [])

    def outlived(self, boot_id: int, arrival: Arrival) -> list[Sighting]:
        """The sightings that their own address has announced with another BOOTID than *boot_id*, which it has now."""
        return [
            sighting
            for sighting in self.sightings
            if sighting.index == arrival.index
            and sighting.boot_id is not None
            and sighting.boot_id != boot_id
            and sighting.belongs_to(arrival.sender)
        ]

    def announces(self, row: str) -> bool:
        """Whether the type *row* is announced at any location."""
        return any(row in sighting.types for sighting in self.sightings)

    def shows(self, index: int, url: str, row: str) -> bool:
        """Whether neither *url* on the interface *index* nor the type *row* is news."""
        return self.announces(row) and any(other.index == index and other.url == url for other in self.sightings)

    def crowded_out(self, peer: str) -> Sighting:
        """What gives way to another sighting of *peer*: of the address that has the most, the next to expire."""
        numbers = Counter([peer, *(sighting.peer for sighting in self.sightings)])
        return min(self.sightings, key=lambda sighting: (-numbers[sighting.peer], sighting.expires_at, sighting.url))

    def found(self) -> FoundDevice:
        """What a control point is shown of it now."""
        is_root = False
        device_types, service_types, usns = [], [], []
        for row in dict.fromkeys(row for sighting in self.sightings for row in sighting.types):
            usns.append(f"{self.udn}::{row}" if row else self.udn)
            lower = row.lower()
            if ":service:" in lower:
                service_types.append(row)
            elif ":device:" in lower:
                device_types.append(row)
            elif lower == "upnp:rootdevice":
                is_root = True
        server, config_id, search_port = self.facts()
        return FoundDevice(
            udn=self.udn,
            is_root=is_root,
            device_types=tuple(device_types),
            service_types=tuple(service_types),
            usns=tuple(usns),
            locations=self._locations(),
            server=server,
            boot_id=self.boot_id,
            config_id=config_id,
            search_port=search_port,
            forgiven=self.forgiven,
        )

    def facts(self) -> tuple[str, int | None, int | None]:
        """SERVER, CONFIGID and SEARCHPORT, as the newest of its sightings have them."""
        newest_first = self.sightings[::-1]
        return (
            next((sighting.server for sighting in newest_first if sighting.server), ""),
            _first(sighting.config_id for sighting in newest_first),
            _first(sighting.search_port for sighting in newest_first),
        )

    def _locations(self) -> tuple[FoundLocation, ...]:
        """One for each interface and URL, the newest first.

        Where several addresses announce the same, it is its own host's, and lasts as long as the longest.
        """
        chosen: dict[tuple[int, str], FoundLocation] = {}
        for sighting in reversed(self.sightings):
            place = (sighting.index, sighting.url)
            other = chosen.get(place)
            if other is None:
                chosen[place] = sighting.found()
            else:
                shown = sighting.found() if sighting.is_at(sighting.sender) else other
                chosen[place] = attrs.evolve(shown, expires_at=max(sighting.expires_at, other.expires_at))
        return tuple(chosen.values())


def _first(numbers: Iterator[int | None]) -> int | None:
    return next((number for number in numbers if number is not None), None)
