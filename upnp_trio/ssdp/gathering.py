"""Which changes of a device are reported at once, and which are gathered into one."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from upnp_trio.ssdp.found import DeviceAppeared, DeviceRebooted, DeviceUpdated

if TYPE_CHECKING:
    from upnp_trio.ssdp.cached_device import CachedDevice
    from upnp_trio.ssdp.found import DeviceChange

__all__ = ["GATHERING_SECONDS", "Gathering"]

# The rows of a burst, on all interfaces and addresses, come within a second.
GATHERING_SECONDS = 1.0


class Gathering:
    """Reports the first change of a device at once, and all others within `GATHERING_SECONDS` in one at their end.

    Times are monotonic, in seconds, and never less than those given before.
    """

    def __init__(self) -> None:
        #: those of which a change was reported, in that order, and until when what follows is gathered
        self._until: OrderedDict[CachedDevice, float] = OrderedDict()
        #: what is gathered of them
        self._kept: dict[CachedDevice, type[DeviceUpdated | DeviceRebooted]] = {}

    @property
    def earliest(self) -> float:
        """Before, `take_due` has nothing to do."""
        return next(iter(self._until.values()), math.inf)

    @property
    def next_end(self) -> float:
        """When `take_due` is to be called, for what it may return; infinite if nothing is gathered."""
        return self.earliest if self._kept else math.inf

    def report(
        self, device: CachedDevice, change: type[DeviceAppeared | DeviceUpdated | DeviceRebooted], now: float
    ) -> list[DeviceChange]:
        """Return *change*, unless it is kept for later. A reboot is not lost by what is gathered with it."""
        if device not in self._until:
            self._until[device] = now + GATHERING_SECONDS
            return [change(device.found())]
        if self._kept.get(device) is not DeviceRebooted:
            self._kept[device] = DeviceRebooted if change is DeviceRebooted else DeviceUpdated
        return []

    def take_due(self, now: float) -> list[DeviceChange]:
        """Return what was kept until *now*."""
        changes: list[DeviceChange] = []
        while self.earliest <= now:
            device, _ = self._until.popitem(last=False)
            if (change := self._kept.pop(device, None)) is not None:
                changes += self.report(device, change, now)
        return changes

    def forget(self, device: CachedDevice) -> None:
        """Report nothing more of *device*, which is gone."""
        self._until.pop(device, None)
        self._kept.pop(device, None)
