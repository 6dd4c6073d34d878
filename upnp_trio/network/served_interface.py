"""Everything that is open on one interface: SSDP's endpoint and HTTP's listeners."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio.network.changes import Changes, open_changes
from upnp_trio.network.claims import Claim, Claims
from upnp_trio.network.interfaces import Interface, host_interfaces
from upnp_trio.network.listeners import HttpListener, authority, find_port, open_listener
from upnp_trio.network.multicast import Endpoint, open_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from upnp_trio.network.interfaces import IpAddress

__all__ = ["InterfaceOptions", "Network", "ServedInterface", "SystemNetwork", "open_system_network"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ServedInterface:
    """One interface that is served."""

    interface: Interface
    endpoint: Endpoint
    http_listeners: tuple[HttpListener, ...]


@attrs.frozen(kw_only=True)
class InterfaceOptions:
    """How a served_interface is opened."""

    #: HTTP's port
    port: int
    #: take another port at an address where this one is taken
    or_another_port: bool = False
    #: receive searches; without, the device is announced alone
    listen: bool = True
    #: scheme, host and port that LOCATION has everywhere, in place of the address's own
    advertise_url: str | None = None
    #: how many hops announcements live, in place of the defaults
    multicast_ttl: int | None = None


class Network(Protocol):
    """This host's network, or one that a test made."""

    def interfaces(self) -> list[Interface]:
        """The interfaces as they are now."""
        ...

    async def wait_for_change(self) -> bool:
        """Wait until they may be different; ``True`` if the host has slept in between."""
        ...

    def find_port(self, interfaces: Iterable[Interface]) -> int:
        """A TCP port that is free on all of *interfaces*."""
        ...

    def open(self, interface: Interface, options: InterfaceOptions) -> AbstractContextManager[ServedInterface]:
        """Open *interface*; raises `NetworkError`."""
        ...

    def claim(self, udn: str) -> Claim | None:
        """Claim *udn* among the programs on this host; ``None`` if one of them has it."""
        ...


class SystemNetwork:
    """The network of the system we run on."""

    def __init__(self, changes: Changes, claims: Claims) -> None:
        self._changes = changes
        self._claims = claims

    def interfaces(self) -> list[Interface]:
        """The interfaces as they are now."""
        return host_interfaces()

    async def wait_for_change(self) -> bool:
        """Wait until they may be different; ``True`` if the host has slept in between."""
        return await self._changes.wait()

    def find_port(self, interfaces: Iterable[Interface]) -> int:
        """A TCP port that is free on all of *interfaces*."""
        return find_port(interfaces)

    def claim(self, udn: str) -> Claim | None:
        """Claim *udn* among the programs on this host; ``None`` if one of them has it."""
        return self._claims.claim(udn)

    @contextmanager
    def open(self, interface: Interface, options: InterfaceOptions) -> Iterator[ServedInterface]:
        """Open *interface*: first what LOCATION names, then what speaks of it; closed at the end."""
        with ExitStack() as stack:
            http_listeners: list[HttpListener] = []
            base_urls: dict[IpAddress, str] = {}
            for address in interface.addresses:
                port, listener = stack.enter_context(
                    open_listener(address.ip, interface, options.port, or_another=options.or_another_port)
                )
                http_listeners.append(HttpListener(authority(address.ip, port), listener))
                base_urls[address.ip] = options.advertise_url or base_url(address.ip, port)
            endpoint = stack.enter_context(
                open_endpoint(interface, base_urls, listen=options.listen, multicast_ttl=options.multicast_ttl)
            )
            yield ServedInterface(interface=interface, endpoint=endpoint, http_listeners=tuple(http_listeners))


@contextmanager
def open_system_network(state_dir: Path | None = None) -> Iterator[SystemNetwork]:
    """The network of the system we run on, and its news; closed at the end.

    *state_dir* is where UDNs are claimed on systems that need files for it.
    """
    with open_changes() as changes:
        yield SystemNetwork(changes, Claims(state_dir))


def base_url(address: IpAddress, port: int) -> str:
    """LOCATION up to its path."""
    return f"http://{authority(address, port)}"
