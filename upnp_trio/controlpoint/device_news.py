"""What a change of a device means for a subscription to one of its services (UDA 2.0 §1.2, §4.1.1)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import attrs

from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.ssdp.found import DeviceAppeared, DeviceGone, DeviceRebooted, DeviceUpdated

if TYPE_CHECKING:
    from upnp_trio.model.literal_url import IpAddress
    from upnp_trio.ssdp.found import DeviceChange, FoundDevice

__all__ = ["DeviceNews", "Meaning"]

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

    def meaning(self, change: DeviceChange, address: IpAddress | None) -> Meaning:
        """What *change* means, if the events come from *address*; ``None`` if there are none at present."""
        device = change.device
        has_moved = address is not None and address not in _addresses(device)
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
                return "restart" if is_reborn or has_moved else "ask"
            case DeviceUpdated():
                if has_moved:
                    return "restart"
                # a location that was announced is valid until it expires, even if it is not true any more
                return "ask" if address is None or _newest_like(device, address) != address else "nothing"


def _newest_like(device: FoundDevice, address: IpAddress) -> IpAddress | None:
    """The newest address of *device* of the same version of IP as *address*."""
    return next((each for each in _addresses(device) if each.version == address.version), None)


def _addresses(device: FoundDevice) -> list[IpAddress]:
    """Where the locations of *device* lead to, the newest first."""
    found = []
    for location in device.locations:
        with suppress(ValueError):  # it leads nowhere
            found.append(LiteralUrl.parse(location.url).address)
    return found
