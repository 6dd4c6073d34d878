"""Changes of devices that wait for a reader, joined so that a slow one gets the newest state of each device.

What waits is bounded by what the reader knows: a device that appears and goes before the reader has heard of it leaves
nothing behind.
"""

from __future__ import annotations

import attrs

from upnp_trio.ssdp.found import DeviceAppeared, DeviceChange, DeviceGone, DeviceRebooted, DeviceUpdated

__all__ = ["PendingChanges"]


@attrs.define(eq=False, repr=False)
class PendingChanges:
    """The changes that one reader has not taken yet, by device, the longest waiting first."""

    #: for each UDN at most two: that it has gone, and what came after that
    _waiting: dict[str, tuple[DeviceChange, ...]] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, change: DeviceChange) -> int:
        """Add *change*; returns how many changes there was no room for, which is none."""
        udn = change.device.udn.lower()
        joined = _joined(self._waiting.get(udn, ()), change)
        if joined:
            self._waiting[udn] = joined
        else:
            self._waiting.pop(udn, None)
        return 0

    def take(self) -> DeviceChange | None:
        """The next change; ``None`` if there is none."""
        for udn, (first, *rest) in self._waiting.items():
            if rest:
                self._waiting[udn] = tuple(rest)
            else:
                del self._waiting[udn]
            return first
        return None


def _joined(waiting: tuple[DeviceChange, ...], change: DeviceChange) -> tuple[DeviceChange, ...]:
    """*waiting* and then *change*, with as few changes as tell the same."""
    if not waiting:
        return (change,)
    *before, last = waiting
    match last, change:
        case DeviceAppeared(), DeviceGone():
            return tuple(before)
        case DeviceAppeared(), _:
            return (*before, DeviceAppeared(change.device))
        case DeviceRebooted(), DeviceUpdated():
            return (*before, DeviceRebooted(change.device))
        case DeviceGone(), _:
            return (last, change)
        case _:
            return (*before, change)
