"""The real loopback interface with addresses that a test chooses, for devices that real sockets find."""

from __future__ import annotations

from contextlib import contextmanager
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.network.endpoint import Address, Sender
from upnp_trio.network.host_interfaces import host_interfaces
from upnp_trio.network.served_interface import InterfaceOptions, ServedInterface, SystemNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.network.changes import Changes
    from upnp_trio.network.claims import Claims
    from upnp_trio.network.interfaces import Interface, IpAddress

__all__ = ["LoopbackNetwork"]


class LoopbackNetwork(SystemNetwork):
    """Loopback alone, with one address, as if it were a host's network that changes when a test says so.

    All of 127.0.0.0/8 is this host's on Linux and Windows, so a device may move there without any change of the system.
    """

    def __init__(self, changes: Changes, claims: Claims, address: str) -> None:
        super().__init__(changes, claims)
        self.address = address
        #: whether nothing leaves any more, not even byebye
        self.is_mute = False
        self._changed = trio.Event()

    def interfaces(self) -> list[Interface]:
        """Loopback, with the address of now."""
        loopback = next(interface for interface in host_interfaces() if interface.is_loopback)
        return [attrs.evolve(loopback, addresses=(IPv4Interface(f"{self.address}/8"),), pending=frozenset())]

    def move(self, address: str) -> None:
        """Have *address* from now on."""
        self.address = address
        self._changed.set()

    async def wait_for_change(self) -> bool:
        """Wait for `move`; what the system's network does is not looked at."""
        await self._changed.wait()
        self._changed = trio.Event()
        return False

    @contextmanager
    def open(self, interface: Interface, options: InterfaceOptions) -> Iterator[ServedInterface]:
        """Like that of `SystemNetwork`, with senders that can be muted."""
        with super().open(interface, options) as served:
            senders: dict[IpAddress, Sender] = {
                ip: _MutableSender(
                    interface=sender.interface,
                    address=sender.address,
                    socket=sender.socket,
                    group=sender.group,
                    origin=sender.origin,
                    network=self,
                )
                for ip, sender in served.endpoint.senders.items()
            }
            yield attrs.evolve(served, endpoint=attrs.evolve(served.endpoint, senders=senders))


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _MutableSender(Sender):
    """Sends, unless the network is mute: then what it sends is lost, as if the cable had been pulled."""

    network: LoopbackNetwork

    def send(self, payload: bytes, destination: Address) -> bool:
        return self.network.is_mute or super().send(payload, destination)
