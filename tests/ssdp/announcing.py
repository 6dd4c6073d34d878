"""What devices say, as messages: for the tests of the cache of devices."""

from __future__ import annotations

import attrs

from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.found import Arrival, DeviceAppeared, DeviceChange, DeviceGone, FoundDevice
from upnp_trio.ssdp.messages import Alive, ByeBye, SearchResponse, Update

__all__ = ["ETH", "LIGHT", "ROOT", "SWITCH", "TYPES", "WLAN", "Follower", "Speaker", "names"]

ROOT = "upnp:rootdevice"
LIGHT = "urn:schemas-upnp-org:device:BinaryLight:1"
SWITCH = "urn:schemas-upnp-org:service:SwitchPower:1"
TYPES = (ROOT, "", LIGHT, SWITCH)
#: the numbers of two interfaces
ETH, WLAN = 2, 3
_INTERFACES = {ETH: "eth0", WLAN: "wlan0"}


@attrs.frozen(kw_only=True)
class Speaker:
    """A device at one address, whose messages arrive on one interface."""

    cache: DeviceCache
    udn: str = "uuid:1"
    address: str = "192.0.2.5"
    index: int = ETH
    url: str = "http://192.0.2.5:49152/d.xml"
    max_age: int = 1800
    server: str = "Linux/6 UPnP/1.1 light/1"
    boot_id: int | None = None
    config_id: int | None = None
    search_port: int | None = None
    forgiven: tuple[str, ...] = ()

    def alive(self, *rows: str, now: float = 0.0) -> list[DeviceChange]:
        """Announce *rows*, or the whole set, at one moment; the changes."""
        return [change for row in rows or TYPES for change in self._say(self.alive_message(row), now)]

    def answer(self, *rows: str, now: float = 0.0) -> list[DeviceChange]:
        """Answer a search with *rows*, or the whole set."""
        return [change for row in rows or TYPES for change in self._say(self.answer_message(row), now)]

    def byebye(self, *rows: str, now: float = 0.0) -> list[DeviceChange]:
        return [change for row in rows or TYPES for change in self._say(self.byebye_message(row), now)]

    def update(self, *rows: str, next_boot_id: int, now: float = 0.0) -> list[DeviceChange]:
        return [change for row in rows or TYPES for change in self._say(self.update_message(row, next_boot_id), now)]

    def _say(self, message: Alive | ByeBye | SearchResponse | Update, now: float) -> list[DeviceChange]:
        arrival = Arrival(_INTERFACES[self.index], self.index, self.address)
        return self.cache.receive(message, arrival, now, self.forgiven)

    def _usn(self, row: str) -> str:
        return f"{self.udn}::{row}" if row else self.udn

    def alive_message(self, row: str) -> Alive:
        return Alive(
            notification_type=row or self.udn,
            usn=self._usn(row),
            location=self.url,
            server=self.server,
            max_age=self.max_age,
            boot_id=self.boot_id,
            config_id=self.config_id,
            search_port=self.search_port,
        )

    def answer_message(self, row: str) -> SearchResponse:
        alive = attrs.asdict(self.alive_message(row))
        return SearchResponse(search_target=alive.pop("notification_type"), **alive)

    def byebye_message(self, row: str) -> ByeBye:
        return ByeBye(notification_type=row or self.udn, usn=self._usn(row), boot_id=self.boot_id)

    def update_message(self, row: str, next_boot_id: int) -> Update:
        return Update(
            notification_type=row or self.udn,
            usn=self._usn(row),
            location=self.url,
            boot_id=self.boot_id or 0,
            config_id=self.config_id or 0,
            next_boot_id=next_boot_id,
            search_port=self.search_port,
        )


def names(changes: list[DeviceChange]) -> list[str]:
    """What happened, in words: ``appeared``, ``updated``, ``rebooted``, or ``gone`` with its reason."""
    return [
        " ".join([type(change).__name__.removeprefix("Device").lower(), getattr(change, "reason", "")]).strip()
        for change in changes
    ]


@attrs.define
class Follower:
    """Knows the devices by the changes alone, which must make sense one after the other."""

    devices: dict[str, FoundDevice] = attrs.field(factory=dict)

    def follow(self, changes: list[DeviceChange]) -> None:
        for change in changes:
            udn = change.device.udn.lower()
            assert (udn in self.devices) == (not isinstance(change, DeviceAppeared))
            assert change.device.locations
            assert change.device.usns
            if isinstance(change, DeviceGone):
                del self.devices[udn]
            else:
                self.devices[udn] = change.device
