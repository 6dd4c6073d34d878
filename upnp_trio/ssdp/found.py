"""The devices that a control point has found, as values, and what changes about them (UDA 2.0 §1.2, §1.3)."""

from __future__ import annotations

from typing import Literal

import attrs

__all__ = [
    "Arrival",
    "DeviceAppeared",
    "DeviceChange",
    "DeviceGone",
    "DeviceRebooted",
    "DeviceUpdated",
    "FoundDevice",
    "FoundLocation",
    "GoneReason",
    "is_row_of_a_vendor",
]

#: byebye was received, max-age passed without a new announcement, the interface went away, or others needed the room
GoneReason = Literal["byebye", "expired", "interface gone", "no room"]


@attrs.frozen
class Arrival:
    """Where a datagram came from."""

    #: the interface that it arrived on: its name and the system's number of it
    interface: str
    index: int
    #: the sender's address, without a zone
    sender: str


@attrs.frozen(kw_only=True)
class FoundLocation:
    """One URL of a device's description, as it was received on one interface."""

    #: LOCATION as it was received; it may lead anywhere until it is checked
    url: str
    interface: str
    index: int
    #: the address that announced it, without a zone
    sender: str
    #: seconds, as the device gave them
    max_age: int
    #: the monotonic time when the last row of this location expires
    expires_at: float


@attrs.frozen(kw_only=True)
class FoundDevice:
    """A root or embedded device, as its announcements and its answers to searches show it at one moment."""

    udn: str
    #: whether it has announced itself as upnp:rootdevice
    is_root: bool
    #: device types, in the order in which they came; a device has one, unless it breaks the rules
    device_types: tuple[str, ...]
    service_types: tuple[str, ...]
    #: every USN that is valid now, in UDA's form: with its type, also if the device has left that out
    usns: tuple[str, ...]
    #: one for each interface and URL, the newest first; there is at least one
    locations: tuple[FoundLocation, ...]
    server: str
    boot_id: int | None
    config_id: int | None
    search_port: int | None
    #: the rules that its messages break and that were overlooked, each in words
    forgiven: tuple[str, ...]

    @property
    def location(self) -> str:
        """The newest LOCATION."""
        return self.locations[0].url

    @property
    def expires_at(self) -> float:
        """The monotonic time when the device is gone, unless it announces itself again."""
        return max(location.expires_at for location in self.locations)


def is_row_of_a_vendor(found: FoundDevice) -> bool:
    """Whether *found* is no device that UPnP knows: a Roku has ``roku:ecp`` under a name that is in no description."""
    is_known = found.is_root or found.device_types or found.service_types or found.udn in found.usns
    return not is_known


@attrs.frozen
class DeviceAppeared:
    """A device was not known before, or had gone.

    One row of it is known at this moment. What else its first burst says comes a second later in one `DeviceUpdated`.
    """

    device: FoundDevice


@attrs.frozen
class DeviceUpdated:
    """A location, a type, CONFIGID or another fact of the device has changed; a mere renewal is no change.

    There is at most one in a second for one device; it tells of all that has changed since the last.
    """

    device: FoundDevice


@attrs.frozen
class DeviceRebooted:
    """BOOTID has changed without ``ssdp:update``: the device has forgotten its subscribers (UDA 2.0 §1.2.2)."""

    device: FoundDevice


@attrs.frozen
class DeviceGone:
    """The device is not there any more; *device* is what was known of it last."""

    device: FoundDevice
    reason: GoneReason


#: a change of the network's devices, as `ControlPoint.changes` gives it
DeviceChange = DeviceAppeared | DeviceUpdated | DeviceRebooted | DeviceGone
