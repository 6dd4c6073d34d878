"""The devices that are there, and those that went a moment ago: what comes from the control point's cache."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import attrs

from upnp_trio.cli.watching.devices import WatchedDevice
from upnp_trio.cli.watching.happenings import ChangeKind, DeviceChanged
from upnp_trio.cli.watching.settling import Settling, differences
from upnp_trio.ssdp.found import DeviceGone, DeviceRebooted

if TYPE_CHECKING:
    from upnp_trio.ssdp.found import DeviceChange, FoundDevice

__all__ = ["GONE_SECONDS", "MAX_DEVICES", "MAX_GONE", "DeviceTable"]

# Four times what one network is known to have. The devices beyond it are counted.
MAX_DEVICES = 20_000
# Devices that have gone stay visible for a while, so that whoever looks sees which one it was.
GONE_SECONDS = 30.0
MAX_GONE = 200


@attrs.define(eq=False, repr=False)
class DeviceTable:
    """Pure: times are given, and what is worth telling is returned."""

    #: by UDN in lower case; those that have gone lately are among them
    rows: dict[str, WatchedDevice] = attrs.field(factory=dict)
    #: how many are there
    present: int = 0
    #: how many have come and gone
    appeared: int = 0
    gone: int = 0
    #: how many were not kept, as there were too many
    not_kept: int = 0
    _settling: Settling = attrs.field(factory=Settling)
    #: in the order in which they went
    _gone_keys: deque[str] = attrs.field(factory=deque)
    #: how many root devices have each URL
    _root_urls: dict[str, int] = attrs.field(factory=dict)

    def change(self, change: DeviceChange, now: float) -> list[DeviceChanged]:
        """The cache has changed."""
        key = change.device.udn.lower()
        row = self.rows.get(key)
        if isinstance(change, DeviceGone):
            return self._go(key, row, change, now) if row is not None and row.gone_at is None else []
        if row is None or row.gone_at is not None:
            self._appear(key, row, change.device, now)
            return []
        before = row.device
        self._count_urls(before, -1)
        row.change(change.device)
        self._count_urls(row.device, 1)
        if not isinstance(change, DeviceRebooted):
            self._settling.changed(key, before, row.appeared_at, now)
            return []
        told = self.tell_of(key, now)
        self._settling.drop(key)
        return told or [self._told("rebooted", row, now)]

    def settle(self, now: float) -> list[DeviceChanged]:
        """Tell of changes that are complete by now, and forget devices that went a while ago."""
        told: list[DeviceChanged] = []
        for key, before in self._settling.take_complete(now):
            row = self.rows[key]
            if before is None:
                told.append(self._told("appeared", row, now))
            elif reason := differences(before, row.device):
                told.append(self._told("updated", row, now, reason))
        self._forget(now)
        return told

    def tell_of(self, key: str, now: float) -> list[DeviceChanged]:
        """That the device has appeared, if that was not told yet."""
        return [self._told("appeared", self.rows[key], now)] if self._settling.take_appeared(key) else []

    def is_part(self, row: WatchedDevice) -> bool:
        """Whether *row* is embedded in another device, or was that when it went."""
        return row.is_embedded if row.gone_at is not None else self._is_embedded(row)

    def snapshot(self) -> DeviceTable:
        """The same, which does not change with this."""
        return DeviceTable(
            {key: attrs.evolve(row) for key, row in self.rows.items()},
            self.present,
            self.appeared,
            self.gone,
            self.not_kept,
            root_urls=self._root_urls.copy(),
        )

    def _appear(self, key: str, row: WatchedDevice | None, device: FoundDevice, now: float) -> None:
        if row is None and len(self.rows) >= MAX_DEVICES:
            self.not_kept += 1
            return
        self.appeared += 1
        self.present += 1
        described = row.described if row is not None else None
        self.rows[key] = WatchedDevice(
            device=device, appeared_at=now, expires_at=device.expires_at, described=described
        )
        self._count_urls(device, 1)
        self._settling.appeared(key, now)

    def _go(self, key: str, row: WatchedDevice, change: DeviceGone, now: float) -> list[DeviceChanged]:
        told = self.tell_of(key, now)
        self._settling.drop(key)
        self._count_urls(row.device, -1)
        self.gone += 1
        self.present -= 1
        row.gone_at, row.gone_reason = now, change.reason
        self._gone_keys.append(key)
        return [*told, self._told("gone", row, now, change.reason)]

    def _forget(self, now: float) -> None:
        while self._gone_keys:
            row = self.rows.get(self._gone_keys[0])
            if row is not None and row.gone_at is not None:
                if row.gone_at + GONE_SECONDS > now and len(self._gone_keys) <= MAX_GONE:
                    break
                del self.rows[self._gone_keys[0]]
            self._gone_keys.popleft()

    def _told(self, kind: ChangeKind, row: WatchedDevice, now: float, reason: str = "") -> DeviceChanged:
        # when the root device has gone first, only what was known before tells
        row.is_embedded = self._is_embedded(row) or (kind == "gone" and row.is_embedded)
        return DeviceChanged(
            at=now,
            kind=kind,
            device=row.device,
            name=row.name,
            device_type=row.device_type,
            is_embedded=row.is_embedded,
            reason=reason,
        )

    def _is_embedded(self, row: WatchedDevice) -> bool:
        """Whether a root device has the same LOCATION, or the description says so."""
        if row.device.is_root:
            return False
        is_described = row.described is not None and row.described.is_embedded
        return is_described or any(location.url in self._root_urls for location in row.device.locations)

    def _count_urls(self, device: FoundDevice, by: int) -> None:
        if device.is_root:
            for location in device.locations:
                count = self._root_urls.get(location.url, 0) + by
                if count:
                    self._root_urls[location.url] = count
                else:
                    del self._root_urls[location.url]
