"""The part of a home automation that an integration sees, with the names that Home Assistant has for it.

It does not know what finds the devices, nor which event loop runs: `sockets.py` has it on asyncio and real sockets, and
`memory.py` on a network in memory.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

__all__ = ["AbortFlow", "ConfigEntry", "ConfigFlow", "Hub", "Integration", "SsdpChange", "SsdpServiceInfo"]


class SsdpChange(enum.Enum):
    ALIVE = "alive"
    BYEBYE = "byebye"


@attrs.frozen
class SsdpServiceInfo:
    """What an announcement or an answer says; *upnp* has what the description does, once that was fetched."""

    ssdp_usn: str
    ssdp_st: str
    ssdp_location: str | None
    upnp: dict[str, str] = attrs.field(factory=dict)

    @property
    def udn(self) -> str:
        return self.ssdp_usn.partition("::")[0]


@attrs.define
class ConfigEntry:
    """A device that was set up."""

    unique_id: str
    data: dict[str, Any]
    #: where the integration keeps what it has made of it
    runtime_data: Any = None


class AbortFlow(Exception):
    """A flow ends without an entry."""


class ConfigFlow:
    """The steps from a discovery to an entry. An integration derives from it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.unique_id = ""
        #: what the user sees of it
        self.title = ""

    def set_unique_id(self, unique_id: str) -> None:
        self.unique_id = unique_id

    def abort_if_unique_id_configured(self, updates: dict[str, Any]) -> None:
        """End the flow if there is an entry, which gets *updates*."""
        entry = self.hub.entries.get(self.unique_id)
        if entry is not None:
            entry.data |= updates
            raise AbortFlow("already_configured")

    async def async_step_ssdp(self, info: SsdpServiceInfo) -> None:
        """A device was found. Raises `AbortFlow` unless the user is to be asked."""
        raise NotImplementedError

    async def async_step_confirm(self) -> ConfigEntry:
        """The user wants it."""
        raise NotImplementedError


@attrs.frozen
class Integration:
    """What an integration has, and which devices it is for."""

    device_type: str
    flow: type[ConfigFlow]
    async_setup_entry: Callable[[Hub, ConfigEntry], Awaitable[None]]


Fetch = Callable[[str], Awaitable[bytes]]
Told = Callable[[SsdpServiceInfo, SsdpChange], Awaitable[None]]


@attrs.define(eq=False)
class Hub:
    """The home automation: its entries, the flows that wait for the user, and whoever wants to hear of a device."""

    integration: Integration
    #: a GET; raises `OSError`
    fetch: Fetch
    entries: dict[str, ConfigEntry] = attrs.field(factory=dict)
    flows: dict[str, ConfigFlow] = attrs.field(factory=dict)
    _callbacks: dict[str, list[Told]] = attrs.field(factory=dict)

    def register_callback(self, told: Told, udn: str) -> None:
        self._callbacks.setdefault(udn, []).append(told)

    async def discovered(self, info: SsdpServiceInfo, change: SsdpChange) -> None:
        """What finds devices calls this for each message about one."""
        if info.ssdp_st == self.integration.device_type and change is SsdpChange.ALIVE:
            await self._start_flow(info)
        for told in self._callbacks.get(info.udn, []):
            await told(info, change)

    async def _start_flow(self, info: SsdpServiceInfo) -> None:
        flow = self.integration.flow(self)
        try:
            await flow.async_step_ssdp(info)
        except AbortFlow:
            return
        self.flows.setdefault(flow.unique_id, flow)

    async def confirm(self, udn: str) -> ConfigEntry:
        """The user confirms what was discovered: it is set up."""
        flow = self.flows.pop(udn)
        entry = self.entries[udn] = await flow.async_step_confirm()
        await self.integration.async_setup_entry(self, entry)
        return entry
