"""Changes that are told when they are complete.

The rows of a device come and go in datagrams of their own. What they change is told when no further one has come for a
while. Rows that come later than that, but soon after a device has appeared, are no news: devices spread them.
"""

from __future__ import annotations

import attrs

from upnp_trio.ssdp.found import FoundDevice

__all__ = ["QUIET_SECONDS", "YOUNG_SECONDS", "Settling", "differences"]

# The rows of one device mostly follow each other within some milliseconds.
QUIET_SECONDS = 0.5
# Devices repeat their first announcements within some seconds, to be sure (UDA 2.0 §1.2.2).
YOUNG_SECONDS = 3.0


@attrs.frozen
class _Change:
    """What is going on with a device; without *before* it has just appeared."""

    before: FoundDevice | None
    since: float
    latest_at: float


@attrs.define(eq=False, repr=False)
class Settling:
    """The devices with changes that were not told yet, by UDN in lower case."""

    _changes: dict[str, _Change] = attrs.field(factory=dict)

    def appeared(self, key: str, now: float) -> None:
        """The device has appeared."""
        self._changes[key] = _Change(None, now, now)

    def changed(self, key: str, before: FoundDevice, appeared_at: float, now: float) -> None:
        """Something has changed about the device, which was *before*."""
        known = self._changes.get(key)
        if known is not None:
            self._changes[key] = attrs.evolve(known, latest_at=now)
        elif now >= appeared_at + YOUNG_SECONDS:
            self._changes[key] = _Change(before, now, now)

    def take_appeared(self, key: str) -> bool:
        """Whether it was not told yet that the device has appeared; the caller tells it."""
        known = self._changes.get(key)
        if known is None or known.before is not None:
            return False
        del self._changes[key]
        return True

    def drop(self, key: str) -> None:
        """Something else is told of the device, which includes what has changed."""
        self._changes.pop(key, None)

    def take_complete(self, now: float) -> list[tuple[str, FoundDevice | None]]:
        """The devices whose changes are complete, each with what it was before, if it has not just appeared."""
        complete = [
            key
            for key, change in self._changes.items()
            if now >= min(change.latest_at + QUIET_SECONDS, change.since + YOUNG_SECONDS)
        ]
        return [(key, self._changes.pop(key).before) for key in complete]


def differences(old: FoundDevice, new: FoundDevice) -> str:
    """Which facts differ, in words."""

    def urls(device: FoundDevice) -> set[tuple[str, str]]:
        return {(location.interface, location.url) for location in device.locations}

    found = {
        "LOCATION": urls(old) != urls(new),
        "types": set(old.device_types) != set(new.device_types),
        "services": set(old.service_types) != set(new.service_types),
        "SERVER": old.server != new.server,
        "BOOTID": old.boot_id != new.boot_id,
        "CONFIGID": old.config_id != new.config_id,
        "SEARCHPORT": old.search_port != new.search_port,
    }
    return ", ".join(name for name, differs in found.items() if differs)
