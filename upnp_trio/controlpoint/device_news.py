"""What a change of a device means for a subscription to one of its services (UDA 2.0 §1.2, §4.1.1)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import attrs

from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.ssdp.found import DeviceAppeared, DeviceGone, DeviceRebooted, DeviceUpdated

if TYPE_CHECKING:
    from upnp_trio.ssdp.found import DeviceChange, FoundDevice

__all__ = ["DeviceNews", "Meaning"]

# BOOTID is the time in Unix seconds, as UDA 2.0 §1.2.2 suggests, if it is at least that of 2001. Such a number tells of
# a new start.
MIN_TIME = 1_000_000_000

#: nothing; or ask the device whether it knows the subscription; or have a new one
Meaning = Literal["nothing", "ask", "restart"]


@attrs.define(eq=False)
class DeviceNews:
    """Judges the changes of one device.

    Anybody can announce that a device has gone, so the device itself is asked. A device that has started anew has
    forgotten its subscriptions, even if it does not say so when it is asked.
    """

    #: BOOTID of the device when it went
    _gone_boot_id: int | None = None

    def meaning(self, change: DeviceChange, location: LiteralUrl | None) -> Meaning:
        """What *change* means, if the device was described at *location*; ``None`` if that is not known."""
        device = change.device
        match change:
            case DeviceGone(reason="no room"):
                return "nothing"
            case DeviceGone():
                self._gone_boot_id = device.boot_id
                return "ask"
            case DeviceRebooted():
                return "restart"
            case DeviceAppeared():
                is_reborn = self._gone_boot_id is not None and device.boot_id != self._gone_boot_id
                return "restart" if is_reborn else "ask"
            case DeviceUpdated():
                # A location is valid until it expires, even if it is not true any more, and one that was not announced
                # yet may be true. The device answers at the right one.
                return "ask" if location is None or _newest_like(device, location) != location else "nothing"

    def meaning_of_alive(self, boot_id: int | None) -> Meaning:
        """What one more ``ssdp:alive`` of the device means, which is no change.

        Devices of UDA 1.0 have no BOOTID, and others write 1 for ever (async_upnp_client). When such a device has
        started anew, nothing but the time of its announcement tells.
        """
        return "ask" if boot_id is None or boot_id < MIN_TIME else "nothing"


def _newest_like(device: FoundDevice, location: LiteralUrl) -> LiteralUrl | None:
    """The newest location of *device* whose address is of the same version of IP as that of *location*."""
    version = location.address.version
    return next((each for each in _locations(device) if each.address.version == version), None)


def _locations(device: FoundDevice) -> list[LiteralUrl]:
    """The locations of *device* that lead to a host, the newest first."""
    found = []
    for location in device.locations:
        with suppress(ValueError):
            found.append(LiteralUrl.parse(location.url))
    return found
