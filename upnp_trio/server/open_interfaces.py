"""The interfaces that are open: their sockets, and the tasks that receive on them.

Sockets outlive the tasks that use them, as the last thing they send is byebye.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.errors import NetworkError
from upnp_trio.http.server import HttpServer
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.served_interface import InterfaceOptions, Network, ServedInterface
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.server.options import Settings

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable

    from upnp_trio.network.endpoint import Sender

__all__ = ["OpenInterfaces", "link_of"]

logger = logging.getLogger(__name__)


@attrs.frozen(eq=False, repr=False)
class _OpenInterface:
    served_interface: ServedInterface
    stack: ExitStack
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    ended: trio.Event = attrs.field(factory=trio.Event)


@attrs.define(eq=False, repr=False, kw_only=True)
class OpenInterfaces:
    """Opens and closes interfaces, and lets the responder and the HTTP server receive on those that are open."""

    network: Network
    settings: Settings
    http: HttpServer
    responder: Responder
    #: HTTP's port; ``None`` while there was no address to find one for, and where HTTP is not ours
    port: int | None = None
    _opened: dict[Interface, _OpenInterface] = attrs.field(factory=dict)
    #: interfaces that could not be opened, so that each is logged once
    _failing: set[Interface] = attrs.field(factory=set)

    @property
    def all(self) -> Collection[Interface]:
        """The interfaces that are open, one for each family."""
        return self._opened.keys()

    @property
    def senders(self) -> list[Sender]:
        """The senders of all interfaces that are open."""
        return [
            sender for opened in self._opened.values() for sender in opened.served_interface.endpoint.senders.values()
        ]

    def open(self, interface: Interface, nursery: trio.Nursery) -> None:
        """Open *interface* and receive on it, with tasks in *nursery*; raises `NetworkError`."""
        if self.port is None and self.settings.http is None:
            self.port = self.network.find_port([interface])
        with ExitStack() as stack:
            served_interface = stack.enter_context(self.network.open(interface, self._options(self.port)))
            self._opened[interface] = opened = _OpenInterface(served_interface, stack.pop_all())
        self._failing.discard(interface)
        nursery.start_soon(self._receive, opened)

    def try_open(self, interface: Interface, nursery: trio.Nursery) -> bool:
        """Open *interface* like `open` if it is not open yet; whether it is open now."""
        try:
            if interface not in self._opened:
                self.open(interface, nursery)
        except NetworkError as error:
            self.note_failure(interface, error)
            return False
        return True

    def openable(self, interface: Interface) -> Interface:
        """*interface* without the addresses that have come to its link and cannot be opened.

        An interface gets further addresses by closing and opening it, and one of them that another program holds must
        not cost those that are served.
        """
        served = {own for opened in self._opened if link_of(opened) == link_of(interface) for own in opened.addresses}
        kept = tuple(own for own in interface.addresses if own in served)
        new = tuple(own for own in interface.addresses if own not in served)
        if not kept or not new:
            return interface
        try:
            # on any port, or what is told of a port that is taken would be told twice
            with self.network.open(attrs.evolve(interface, addresses=new), self._options(self.settings.port or 0)):
                return interface
        except NetworkError as error:
            self.note_failure(interface, error)
            return attrs.evolve(interface, addresses=kept)

    def _options(self, port: int | None) -> InterfaceOptions:
        return InterfaceOptions(
            port=port if self.settings.http is None else None,
            or_another_port=self.settings.port is None,
            listen=not self.settings.announce_only,
            base_url=self.settings.base_url,
            multicast_ttl=self.settings.multicast_ttl,
        )

    def note_failure(self, interface: Interface, error: NetworkError) -> None:
        """Log that *interface* cannot be opened, once."""
        if interface not in self._failing:
            self._failing.add(interface)
            is_served_in_part = any(link_of(opened) == link_of(interface) for opened in self._opened)
            what = "not all of %s is served: %s" if is_served_in_part else "%s is not served: %s"
            logger.warning(what, interface.name, error)

    def clear_failures(self, but: Container[Interface]) -> None:
        """Let the next failure of every interface be logged again, *but* for some."""
        self._failing = {interface for interface in self._failing if interface in but}

    async def close(self, interfaces: Iterable[Interface]) -> None:
        """End what receives on *interfaces*, and close them."""
        for interface in interfaces:
            opened = self._opened[interface]
            opened.scope.cancel(reason="the interface or its addresses are gone")
            await opened.ended.wait()  # its port must be free before it is opened again
            opened.stack.close()
            del self._opened[interface]

    def close_all(self) -> None:
        """Close everything, when the tasks have ended."""
        for opened in self._opened.values():
            opened.stack.close()
        self._opened.clear()

    async def _receive(self, opened: _OpenInterface) -> None:
        try:
            with opened.scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self.responder.listen, opened.served_interface.endpoint)
                    for http_listener in opened.served_interface.http_listeners:
                        nursery.start_soon(self.http.accept, http_listener)
        finally:
            opened.ended.set()


def link_of(interface: Interface) -> tuple[int, int]:
    """The link and the family of *interface*: one interface at a time is open for both."""
    return interface.index, interface.addresses[0].version
