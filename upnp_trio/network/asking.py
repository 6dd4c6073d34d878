"""The network as a control point needs it; `Network` is what a device needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio.network.endpoint import Address

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.endpoint import Receiver
    from upnp_trio.network.interfaces import Interface, IpAddress, IpInterface
    from upnp_trio.network.listeners import HttpListener
    from upnp_trio.network.streams import HttpStream

__all__ = ["AskingNetwork", "ReceivedDatagram", "SearchSocket"]


@attrs.frozen
class ReceivedDatagram:
    """A datagram, and how it came."""

    payload: bytes
    #: of IPv6, without the zone's name
    source: Address
    #: when it arrived, by trio's clock: the kernel's time stamp where there is one, so that the time which this process
    #: takes to read it does not count
    arrived_at: float
    #: the group, or the address of ours and the port that it was sent to
    destination: Address


class SearchSocket(Protocol):
    """A socket of its own for each search, so that whatever it receives is an answer to that search."""

    @property
    def interface(self) -> Interface:
        """The interface that it sends on."""
        ...

    @property
    def address(self) -> IpAddress:
        """The address that it sends from."""
        ...

    @property
    def group(self) -> Address:
        """Where a multicast search from this address goes, with SSDP's port."""
        ...

    @property
    def host(self) -> str:
        """HOST of a multicast search (UDA 2.0 §1.3.2, §A.2.3)."""
        ...

    async def send(self, payload: bytes, destination: Address) -> float:
        """Send one datagram; returns when it left, by trio's clock. Raises `OSError` when the network refuses."""
        ...

    async def receive(self) -> list[ReceivedDatagram]:
        """Wait for answers; at least one, and not more than a bounded number at once. Raises `OSError`."""
        ...


class AskingNetwork(Protocol):
    """The network of a host, from which a control point asks; tests have one in memory."""

    def interfaces(self) -> list[Interface]:
        """The interfaces as they are now. Raises `NetworkError` when the system cannot list them."""
        ...

    async def wait_for_change(self) -> bool:
        """Wait until the interfaces may be different; ``True`` if the host has slept meanwhile."""
        ...

    def open_receivers(self, interface: Interface) -> AbstractContextManager[tuple[Receiver, ...]]:
        """Receive what is sent to SSDP's groups on *interface*: announcements, and the searches of others.

        Raises `NetworkError`, and then nothing stays open.
        """
        ...

    def open_search_socket(
        self, interface: Interface, address: IpInterface, *, multicast_ttl: int | None = None
    ) -> AbstractContextManager[SearchSocket]:
        """A socket that searches from *address* of *interface*, on a port of its own. Raises `NetworkError`."""
        ...

    def facing(self, address: IpAddress, zone: str = "") -> ServedAddress:
        """The address of this host from which *address* is reached, with its interface.

        *zone* is the name or the number of the interface that a link-local address belongs to. Raises `NetworkError`
        if there is no way to it.
        """
        ...

    async def connect(self, address: IpAddress, port: int, *, served: ServedAddress) -> HttpStream:
        """Connect from *served* to *port* of *address*. Raises `OSError`."""
        ...

    def listen(self, served: ServedAddress, port: int = 0) -> AbstractContextManager[HttpListener]:
        """Listen at *served* on *port*, or on a dynamic port if that is 0 or taken. Raises `NetworkError`."""
        ...
