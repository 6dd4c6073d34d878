"""An integration as Home Assistant has them: found by SSDP, set up, unavailable when lost, updated when it moves."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.etree import ElementTree

import attrs

from tests.testing.integration.hub import (
    AbortFlow,
    ConfigEntry,
    ConfigFlow,
    Hub,
    Integration,
    SsdpChange,
    SsdpServiceInfo,
)

__all__ = ["LAMPS", "Lamp"]

_DEVICE = "{urn:schemas-upnp-org:device-1-0}device/{urn:schemas-upnp-org:device-1-0}"


class Flow(ConfigFlow):
    """From a discovery to an entry."""

    async def async_step_ssdp(self, info: SsdpServiceInfo) -> None:
        if info.ssdp_location is None:
            raise AbortFlow("no_location")
        self.set_unique_id(info.udn)
        self.data = {"host": urlsplit(info.ssdp_location).hostname, "location": info.ssdp_location}
        self.abort_if_unique_id_configured(updates=self.data)
        try:
            self.title = friendly_name(await self.hub.fetch(info.ssdp_location))
        except OSError:
            raise AbortFlow("cannot_connect") from None

    async def async_step_confirm(self) -> ConfigEntry:
        return ConfigEntry(unique_id=self.unique_id, data=self.data)


@attrs.define(eq=False)
class Lamp:
    """The entity."""

    hub: Hub
    entry: ConfigEntry
    available: bool = False
    name: str = ""

    async def async_update(self) -> None:
        """Look whether it is there; called now and then, as a device may vanish without byebye."""
        try:
            self.name = friendly_name(await self.hub.fetch(self.entry.data["location"]))
        except OSError:
            self.available = False
        else:
            self.available = True

    async def told(self, info: SsdpServiceInfo, change: SsdpChange) -> None:
        if change is SsdpChange.BYEBYE:
            self.available = False
        elif not self.available or info.ssdp_location != self.entry.data["location"]:
            location = info.ssdp_location or self.entry.data["location"]
            self.entry.data |= {"host": urlsplit(location).hostname, "location": location}
            await self.async_update()


async def async_setup_entry(hub: Hub, entry: ConfigEntry) -> None:
    """Make the entity of an entry."""
    entry.runtime_data = lamp = Lamp(hub, entry)
    hub.register_callback(lamp.told, entry.unique_id)
    await lamp.async_update()


def friendly_name(description: bytes) -> str:
    return ElementTree.fromstring(description).findtext(f"{_DEVICE}friendlyName", "")


LAMPS = Integration("urn:schemas-upnp-org:device:BinaryLight:1", Flow, async_setup_entry)
