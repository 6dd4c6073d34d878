"""What finds devices for the hub in memory: a control point of this package, whose changes become the hub's words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from tests.testing.integration.hub import Hub, Integration, SsdpChange, SsdpServiceInfo
from upnp_trio.controlpoint import ControlPoint, DeviceGone
from upnp_trio.errors import RequestFailed
from upnp_trio.testing import Host

__all__ = ["open_hub"]


@asynccontextmanager
async def open_hub(integration: Integration, host: Host) -> AsyncIterator[Hub]:
    """A hub on a host in memory. It listens as long as the body runs."""
    async with host.control_point() as control_point, trio.open_nursery() as nursery:

        async def fetch(url: str) -> bytes:
            try:
                return (await control_point.fetch(url)).body
            except RequestFailed as error:
                raise OSError(str(error)) from error

        hub = Hub(integration, fetch)
        nursery.start_soon(_tell, control_point, hub)
        yield hub
        nursery.cancel_scope.cancel()


async def _tell(control_point: ControlPoint, hub: Hub) -> None:
    async for change in control_point.changes():
        device = change.device
        kind = SsdpChange.BYEBYE if isinstance(change, DeviceGone) else SsdpChange.ALIVE
        for device_type in device.device_types:
            await hub.discovered(SsdpServiceInfo(f"{device.udn}::{device_type}", device_type, device.location), kind)
