"""The network of this system, as a control point needs it."""

from __future__ import annotations

from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

from upnp_trio.network.changes import open_changes
from upnp_trio.network.facing import facing
from upnp_trio.network.group_sockets import open_receivers
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.listeners import HttpListener, authority, open_listener
from upnp_trio.network.search_sockets import open_search_socket
from upnp_trio.network.system_host import SystemHost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.asking import AskingNetwork, SearchSocket
    from upnp_trio.network.endpoint import Receiver
    from upnp_trio.network.interfaces import IpAddress, IpInterface

__all__ = ["SystemAskingNetwork", "open_asking_network"]


class SystemAskingNetwork(SystemHost):
    """This system as an `AskingNetwork`."""

    def open_receivers(self, interface: Interface) -> AbstractContextManager[tuple[Receiver, ...]]:
        """Receive what is sent to SSDP's groups and broadcast on *interface*. Raises `NetworkError`."""
        return open_receivers(interface)

    def open_search_socket(
        self, interface: Interface, address: IpInterface, *, multicast_ttl: int | None = None
    ) -> AbstractContextManager[SearchSocket]:
        """A socket that searches from *address* of *interface*, on a port of its own. Raises `NetworkError`."""
        return open_search_socket(interface, address, multicast_ttl=multicast_ttl)

    def facing(self, address: IpAddress, zone: str = "") -> ServedAddress:
        """The address of this host from which *address* is reached, with its interface. Raises `NetworkError`."""
        return facing(address, zone, self.interfaces())

    @contextmanager
    def listen(self, served: ServedAddress, port: int = 0) -> Iterator[HttpListener]:
        """Listen at *served* on *port*, or on a dynamic port if that is 0 or taken. Raises `NetworkError`."""
        address = ip_address(served.address)
        interface = Interface(name=served.interface, index=served.index, addresses=())
        with open_listener(address, interface, port or None, or_another=True) as (actual_port, listener):
            yield HttpListener(authority(address, actual_port), listener, served)


@contextmanager
def open_asking_network() -> Iterator[AskingNetwork]:
    """The network of this system and its changes; closed at the end."""
    with open_changes() as changes:
        yield SystemAskingNetwork(changes)
