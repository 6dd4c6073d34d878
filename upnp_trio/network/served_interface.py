"""Everything that is open on one interface: SSDP's endpoint and HTTP's listeners."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

import attrs

from upnp_trio.model.advertised_url import at_address
from upnp_trio.network.changes import Changes, open_changes
from upnp_trio.network.claims import Claim, Claims
from upnp_trio.network.endpoint import Endpoint
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.listeners import HttpListener, authority, find_port, open_listener, served_address
from upnp_trio.network.ssdp_sockets import open_endpoint
from upnp_trio.network.system_host import SystemHost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.interfaces import IpAddress
    from upnp_trio.network.streams import HttpStream

__all__ = ["InterfaceOptions", "Network", "ServedInterface", "SystemNetwork", "base_url", "open_system_network"]


@attrs.frozen(eq=False, repr=False, kw_only=True)
class ServedInterface:
    """One interface that is served."""

    interface: Interface
    endpoint: Endpoint
    http_listeners: tuple[HttpListener, ...]


@attrs.frozen(kw_only=True)
class InterfaceOptions:
    """How an interface is opened."""

    #: the TCP port of HTTP; ``None`` if HTTP is not ours
    port: int | None
    #: listen on another port at an address where this one is taken
    or_another_port: bool = False
    #: receive searches; if not, the device is only announced
    listen: bool = True
    #: scheme, host and port of LOCATION, in place of those of each address, which ``{host}`` stands for
    base_url: str | None = None
    #: how many hops announcements live, in place of the default of each group
    multicast_ttl: int | None = None

    def base_url_at(self, address: IpAddress, port: int | None) -> str:
        """LOCATION up to its path, from *address*, where HTTP is at *port*."""
        if self.base_url is not None:
            return at_address(self.base_url, address)
        assert port is not None, "where HTTP is not ours, its URL is given"
        return base_url(address, port)


class Network(Protocol):
    """The network of a host; tests have one in memory."""

    def interfaces(self) -> list[Interface]:
        """The interfaces as they are now. Raises `NetworkError` when the system cannot list them."""
        ...

    async def wait_for_change(self) -> bool:
        """Wait until the interfaces may be different; ``True`` if the host has slept meanwhile."""
        ...

    def find_port(self, interfaces: Iterable[Interface]) -> int:
        """A TCP port that is free on all of *interfaces*. Raises `NetworkError`."""
        ...

    def open(self, interface: Interface, options: InterfaceOptions) -> AbstractContextManager[ServedInterface]:
        """Open *interface*; closed at the end. Raises `NetworkError`, and then nothing stays open."""
        ...

    def claim(self, udn: str) -> Claim | None:
        """Claim *udn* among the programs on this host; ``None`` if one of them has it."""
        ...

    async def connect(self, address: IpAddress, port: int, *, served: ServedAddress) -> HttpStream:
        """Connect from a served address to *port* of *address*. Raises `OSError`."""
        ...


class SystemNetwork(SystemHost):
    """The network of this system."""

    def __init__(self, changes: Changes, claims: Claims) -> None:
        super().__init__(changes)
        self._claims = claims

    def find_port(self, interfaces: Iterable[Interface]) -> int:
        """A TCP port that is free on all of *interfaces*. Raises `NetworkError`."""
        return find_port(interfaces)

    def claim(self, udn: str) -> Claim | None:
        """Claim *udn* among the programs on this host; ``None`` if one of them has it."""
        return self._claims.claim(udn)

    @contextmanager
    def open(self, interface: Interface, options: InterfaceOptions) -> Iterator[ServedInterface]:
        """Open *interface*, first HTTP and then SSDP, which announces it; closed at the end.

        Raises `NetworkError`, and then nothing stays open.
        """
        with ExitStack() as stack:
            http_listeners: list[HttpListener] = []
            base_urls: dict[IpAddress, str] = {}
            for address in interface.addresses:
                port, opened = options.port, None
                if port is not None:
                    port, opened = stack.enter_context(
                        open_listener(address.ip, interface, port, or_another=options.or_another_port)
                    )
                base_urls[address.ip] = url = options.base_url_at(address.ip, port)
                if port is not None and opened is not None:
                    served = attrs.evolve(served_address(address.ip, interface), base_url=url)
                    http_listeners.append(HttpListener(authority(address.ip, port), opened, served))
            endpoint = stack.enter_context(
                open_endpoint(interface, base_urls, listen=options.listen, multicast_ttl=options.multicast_ttl)
            )
            yield ServedInterface(interface=interface, endpoint=endpoint, http_listeners=tuple(http_listeners))


@contextmanager
def open_system_network(state_dir: Path | None = None) -> Iterator[SystemNetwork]:
    """The network of this system and its changes; closed at the end.

    *state_dir* is where UDNs are claimed on systems that need files for it.
    """
    with open_changes() as changes:
        yield SystemNetwork(changes, Claims(state_dir))


def base_url(address: IpAddress, port: int) -> str:
    """LOCATION up to its path."""
    return f"http://{authority(address, port)}"
