"""The devices that announcements and answers show, until they expire or leave (UDA 2.0 §1.2, §1.3).

How messages become changes:

- A device appears with the first row that is received, and is gone when nothing of it is left.
- The other rows of the same burst are no news. After each change, what else changes within `GATHERING_SECONDS` is
  reported at the end of that time, in one change. So a first burst gives one `DeviceAppeared`, and one `DeviceUpdated`
  with all types and locations; and no device can cause more than one such change a second.
- A byebye for a service takes away that row. Any other takes away all that its sender has announced on that interface:
  the rows of a device are revoked together (UDA 2.0 §1.2.3), those that follow may get lost, and without its UDN, its
  type or its root there is nothing to ask for. What follows finds nothing, and is no change.
- A byebye counts for what its sender has announced, and for the LOCATIONs at its address. Anyone can forge a sender,
  but no host can take away by its own address what others have announced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from upnp_trio.model.literal_url import MAX_URL_CHARACTERS
from upnp_trio.model.names import MAX_USN_CHARACTERS
from upnp_trio.model.peers import peer_of
from upnp_trio.ssdp.cached_device import CachedDevice, Sighting
from upnp_trio.ssdp.drops import LATE, NOT_ITS_OWN, TOO_LONG, TOO_MANY_TYPES
from upnp_trio.ssdp.found import DeviceAppeared, DeviceGone, DeviceRebooted, DeviceUpdated
from upnp_trio.ssdp.gathering import Gathering
from upnp_trio.ssdp.holdings import DEFAULT_MAX_BYTES, Holdings, weight_of_text
from upnp_trio.ssdp.messages import ByeBye, Search, SearchResponse, Update
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from upnp_trio.ssdp.found import Arrival, DeviceChange, FoundDevice, GoneReason
    from upnp_trio.ssdp.messages import Alive, Message

    _Presence = Alive | SearchResponse | Update

__all__ = ["DeviceCache"]

# A longer SERVER is cut off. The three names and versions that UDA wants take less than 100 characters.
MAX_SERVER_CHARACTERS = 512
# Types that one device announces at one LOCATION: its own, and one for each type of its services. A media renderer has
# three services, a gateway's devices have fewer each.
MAX_TYPES = 64
# LOCATIONs of one device: two interfaces with IPv4 and three IPv6 addresses have eight. Bounded because other hosts may
# announce its UDN.
MAX_LOCATIONS = 16
# A device that has gone without a byebye, or never was, is not held for years, whatever its lifetime.
MAX_LIFETIME_SECONDS = 7 * 86400.0
# Texts that are kept once for all that have them, such as the types; 1 MiB at most.
MAX_SHARED_TEXTS = 1024


class DeviceCache(Mapping[str, "FoundDevice"]):
    """Devices by UDN, in any case of letters; their values are made when they are asked for.

    Times are monotonic, in seconds. A cache takes no more than *max_bytes*. When it is full, what the address that
    takes the most has announced gives way.
    """

    def __init__(self, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._devices: dict[str, CachedDevice] = {}
        self._holdings = Holdings(max_bytes)
        self._gathering = Gathering()
        self._shared: dict[str, str] = {}
        #: the time of the last call that had one
        self._latest = 0.0
        #: how many messages were left out, by reason (`upnp_trio.ssdp.drops`)
        self.dropped: Counter[str] = Counter()

    def __getitem__(self, udn: str) -> FoundDevice:
        return self._devices[udn.lower()].found()

    def __contains__(self, udn: object) -> bool:
        return isinstance(udn, str) and udn.lower() in self._devices

    def __iter__(self) -> Iterator[str]:
        return iter([device.udn for device in self._devices.values()])

    def __len__(self) -> int:
        return len(self._devices)

    @property
    def bytes_held(self) -> int:
        """What the cache takes, at the most."""
        return self._holdings.bytes_held

    @property
    def next_expiry(self) -> float:
        """When `expire` has something to do; infinite if nothing is held."""
        return min(self._holdings.next_expiry, self._gathering.next_end)

    def receive(
        self, message: Message, arrival: Arrival, now: float, forgiven: Sequence[str] = ()
    ) -> list[DeviceChange]:
        """Take note of *message* and return what it changes, after what has changed until *now* without it.

        *forgiven* is what `parse_leniently` has overlooked.
        """
        self._latest = now
        is_due = now >= self._holdings.earliest or now >= self._gathering.earliest
        changes = self.expire(now) if is_due else []
        if isinstance(message, Search):
            return changes
        udn, row = _names(message)
        url = "" if isinstance(message, ByeBye) else message.location
        if len(udn) + len(row) > MAX_USN_CHARACTERS or len(url) > MAX_URL_CHARACTERS:
            self.dropped[TOO_LONG] += 1
        elif isinstance(message, ByeBye):
            changes += self._revoke(message, udn, row, arrival, now)
        else:
            changes += self._see(message, udn, row, arrival, now, forgiven)
        return changes

    def expire(self, now: float) -> list[DeviceChange]:
        """Return what has changed until *now* without a message."""
        self._latest = now
        return self._leave(self._holdings.take_due(now), "expired", now) + self._gathering.take_due(now)

    def drop_interface(self, index: int) -> list[DeviceChange]:
        """Forget what was received on the interface *index*, which has gone."""
        leaving = [
            sighting for device in self._devices.values() for sighting in device.sightings if sighting.index == index
        ]
        return self._leave(leaving, "interface gone", self._latest)

    # --- what a message says -------------------------------------------------------------------------------------

    def _see(
        self, message: _Presence, udn: str, row: str, arrival: Arrival, now: float, forgiven: Sequence[str]
    ) -> list[DeviceChange]:
        key = udn.lower()
        device = self._devices.get(key) or CachedDevice(key if key == udn else udn, key)
        sighting = device.sighting(arrival, message.location)
        step = device.take_boot_id(message, sighting, arrival, now)
        if step == "late":
            self.dropped[LATE] += 1
            return []
        is_changed = False
        if message.boot_id is not None and (sighting is None or sighting.boot_id != message.boot_id):
            for outlived in device.outlived(message.boot_id, arrival):
                self._remove(outlived)
                is_changed = True
        if sighting is None or not sighting.is_held:
            is_changed |= not device.shows(arrival.index, message.location, row)
            before = device.facts()
            sighting = self._add(device, message, row, arrival, now)
            is_changed |= device.facts() != before
        elif self._renew(sighting, message, row, now):
            is_changed = True
        if forgiven and not set(device.forgiven).issuperset(forgiven):
            device.forgiven = tuple(dict.fromkeys((*device.forgiven, *forgiven)))
        changes: list[DeviceChange] = []
        if key not in self._devices:
            self._devices[key] = device
            changes = self._gathering.report(device, DeviceAppeared, now)
        elif is_changed or step == "rebooted":
            changes = self._gathering.report(device, DeviceRebooted if step == "rebooted" else DeviceUpdated, now)
        if self._holdings.is_too_full:
            changes += self._leave(self._holdings.make_room(), "no room", now)
        return changes

    def _add(self, device: CachedDevice, message: _Presence, row: str, arrival: Arrival, now: float) -> Sighting:
        """Hold a new sighting of *device*."""
        peer = peer_of(arrival.sender)
        if len(device.sightings) >= MAX_LOCATIONS:
            self._remove(device.crowded_out(peer))
        if isinstance(message, Update):  # it has no lifetime of its own
            max_age = device.sightings[-1].max_age if device.sightings else DEFAULT_MAX_AGE
            server = ""
        else:
            max_age, server = message.max_age, message.server[:MAX_SERVER_CHARACTERS]
        sighting = Sighting(
            device,
            url=message.location,
            interface=self._share(arrival.interface),
            index=arrival.index,
            sender=peer if peer == arrival.sender else arrival.sender,
            peer=peer,
            types=(self._share(row),),
            max_age=max_age,
            expires_at=now + _lifetime(max_age),
            server=self._share(server),
            boot_id=message.boot_id,
            config_id=message.config_id,
            search_port=message.search_port,
        )
        device.sightings += (sighting,)
        self._holdings.add(sighting)
        return sighting

    def _renew(self, sighting: Sighting, message: _Presence, row: str, now: float) -> bool:
        """Take note of what *message* says about a known sighting; return whether that is news."""
        is_news = False
        if row not in sighting.types:
            if len(sighting.types) >= MAX_TYPES:
                self.dropped[TOO_MANY_TYPES] += 1
            else:
                is_news = not sighting.device.announces(row)
                sighting.types += (self._share(row),)
                self._holdings.grow(sighting, weight_of_text(row))
        if not isinstance(message, Update):
            expires_at = now + _lifetime(message.max_age)
            if expires_at > sighting.expires_at:  # a shorter promise does not take back a longer one
                sighting.expires_at, sighting.max_age = expires_at, message.max_age
            server = message.server[:MAX_SERVER_CHARACTERS]
            if server and server != sighting.server:
                self._holdings.grow(sighting, len(server) - len(sighting.server))
                sighting.server = self._share(server)
                is_news = True
        if message.boot_id is not None:
            sighting.boot_id = message.boot_id
        if message.config_id is not None and message.config_id != sighting.config_id:
            sighting.config_id = message.config_id
            is_news = True
        if message.search_port is not None and message.search_port != sighting.search_port:
            sighting.search_port = message.search_port
            is_news = True
        return is_news

    def _revoke(self, byebye: ByeBye, udn: str, row: str, arrival: Arrival, now: float) -> list[DeviceChange]:
        device = self._devices.get(udn.lower())
        if device is None:
            return []  # the other rows of a device that is gone
        revoked = device.revoked_by(byebye, arrival, now)
        if not revoked:
            self.dropped[LATE if revoked is None else NOT_ITS_OWN] += 1
            return []
        if ":service:" not in row.lower():
            return self._leave(revoked, "byebye", now)
        was_announced = device.announces(row)
        for sighting in revoked:
            if row in sighting.types and len(sighting.types) > 1:
                sighting.types = tuple(other for other in sighting.types if other != row)
                self._holdings.grow(sighting, -weight_of_text(row))
        emptied = [sighting for sighting in revoked if sighting.types == (row,)]
        if emptied:
            return self._leave(emptied, "byebye", now)
        is_news = was_announced and not device.announces(row)
        return self._gathering.report(device, DeviceUpdated, now) if is_news else []

    # --- what goes -----------------------------------------------------------------------------------------------

    def _leave(self, leaving: Iterable[Sighting], reason: GoneReason, now: float) -> list[DeviceChange]:
        """Take away sightings, and the devices of which nothing is left then."""
        changes: list[DeviceChange] = []
        by_device: dict[CachedDevice, list[Sighting]] = {}
        for sighting in leaving:
            by_device.setdefault(sighting.device, []).append(sighting)
        for device, lost in by_device.items():
            is_gone = len(lost) == len(device.sightings)
            if is_gone:
                changes.append(DeviceGone(device.found(), reason))
                self._gathering.forget(device)
                del self._devices[device.key]
            for sighting in lost:
                self._remove(sighting)
            if not is_gone:
                changes += self._gathering.report(device, DeviceUpdated, now)
        return changes

    def _remove(self, sighting: Sighting) -> None:
        if sighting.is_held:
            self._holdings.remove(sighting)
        device = sighting.device
        device.sightings = tuple(other for other in device.sightings if other is not sighting)

    def _share(self, text: str) -> str:
        """Return *text*, and the same object whenever it is the same text."""
        if len(self._shared) >= MAX_SHARED_TEXTS and text not in self._shared:
            self._shared.clear()
        return self._shared.setdefault(text, text)


def _names(message: Alive | ByeBye | SearchResponse | Update) -> tuple[str, str]:
    """The UDN, which is all before "::" in USN, and the type, which is "" for the row of the bare UDN."""
    udn, _, row = message.usn.partition("::")
    if not row:
        # Hue bridges announce their type, and Rokus answer roku:ecp, with the UDN alone as USN.
        target = message.search_target if isinstance(message, SearchResponse) else message.notification_type
        if target.lower() not in (udn.lower(), "ssdp:all"):
            row = target
    return udn, row


def _lifetime(max_age: int) -> float:
    return min(max_age or DEFAULT_MAX_AGE, MAX_LIFETIME_SECONDS)
