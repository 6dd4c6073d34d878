"""What devices and control points need alike of this system: its interfaces, their changes, and connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.network.host_interfaces import host_interfaces
from upnp_trio.network.streams import connect

if TYPE_CHECKING:
    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.changes import Changes
    from upnp_trio.network.interfaces import Interface, IpAddress
    from upnp_trio.network.streams import HttpStream

__all__ = ["SystemHost"]


class SystemHost:
    """This system as a host."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def interfaces(self) -> list[Interface]:
        """The interfaces as they are now. Raises `NetworkError` when the system cannot list them."""
        return host_interfaces()

    async def wait_for_change(self) -> bool:
        """Wait until the interfaces may be different; ``True`` if the host has slept meanwhile."""
        return await self._changes.wait()

    async def connect(self, address: IpAddress, port: int, *, served: ServedAddress) -> HttpStream:
        """Connect from a served address to *port* of *address*. Raises `OSError`."""
        return await connect(address, port, served=served)
