"""What is served follows this host's network: interfaces and addresses come, go and change.

Sockets outlive the tasks that use them, as the last thing they send is byebye.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

import attrs
import trio

from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.network.interfaces import Choice, Interface, IpAddress, missing
from upnp_trio.network.served_interface import InterfaceOptions, Network, ServedInterface
from upnp_trio.server.boot_ids import BootIds
from upnp_trio.server.change_lock import ChangeLock
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.discovery.conflicts import ConflictWatch
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.server.http.server import HttpServer
from upnp_trio.server.monitoring.events import NetworkChanged
from upnp_trio.server.options import Settings
from upnp_trio.site import Site

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from upnp_trio.network.multicast import Sender

__all__ = ["NetworkFollower"]

logger = logging.getLogger(__name__)

#: an address on an interface: the same link-local address may be on several
InterfaceAddress = tuple[int, IpAddress]


@attrs.frozen(eq=False, repr=False)
class _OpenInterface:
    served_interface: ServedInterface
    stack: ExitStack
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    ended: trio.Event = attrs.field(factory=trio.Event)

    @property
    def senders(self) -> Collection[Sender]:
        return self.served_interface.endpoint.senders.values()


@attrs.define(eq=False, repr=False, kw_only=True)
class NetworkFollower:
    """Opens the interfaces to serve on, and closes them; tells all parts which there are."""

    network: Network
    settings: Settings
    changes: ChangeLock
    boot_ids: BootIds
    site: Site
    http: HttpServer
    responder: Responder
    announcer: Announcer
    conflicts: ConflictWatch
    #: HTTP's port; ``None`` while there was no address to find one for
    port: int | None = None
    #: what was decided about each interface when the network was looked at last
    choices: tuple[Choice, ...] = ()
    _opened: dict[Interface, _OpenInterface] = attrs.field(factory=dict)
    #: addresses that the system was still checking at the last change of the network; when they become usable, that is
    #: a part of the same change
    _pending: frozenset[InterfaceAddress] = frozenset()
    #: interfaces that could not be opened, so that each is logged once
    _failing: set[Interface] = attrs.field(factory=set)
    #: whether the system could not tell its interfaces, so that this is logged once
    _is_blind: bool = False

    def start(self, nursery: trio.Nursery) -> None:
        """Serve on the interfaces that there are, with tasks in *nursery*.

        Raises `NetworkError` if the system cannot tell them, if one that was asked for does not exist, and if a port
        is taken: at the start, somebody is there to mend that.
        """
        interfaces = self.network.interfaces()
        if problem := missing(interfaces, self.settings.interfaces):
            raise NetworkError(problem)
        wanted = self._wanted(interfaces)
        self._pending = _pending(interfaces)
        self.port = self.settings.port
        if self.port is None and wanted:
            self.port = self.network.find_port(wanted)
        for interface in wanted:
            try:
                self._open(interface, nursery)
            except PortTaken:
                raise
            except NetworkError as error:  # an address that went away meanwhile settles itself
                self._note_failure(interface, error)
        self._use_all()

    async def follow(self, nursery: trio.Nursery) -> NoReturn:
        """Follow the changes of the network until cancelled, with tasks in *nursery*."""
        while True:
            slept = await self.network.wait_for_change()
            async with self.changes.turn():
                changed = await self._look(nursery)
                if slept and not changed:
                    logger.info("this host has slept; announcing again")
                    self.announcer.announce_all_again()

    def close(self) -> None:
        """Close all that is open, when the tasks have ended."""
        for opened in self._opened.values():
            opened.stack.close()

    # --- what has changed ---

    async def _look(self, nursery: trio.Nursery) -> bool:
        """Look at the network and follow it; whether anything changed."""
        try:
            interfaces = self.network.interfaces()
        except NetworkError as error:
            if not self._is_blind:
                logger.warning("cannot look at the network, so what is served stays as it is: %s", error)
            self._is_blind = True
            return False
        self._is_blind = False
        wanted = self._wanted(interfaces)
        before, after = _interface_addresses(self._opened), _interface_addresses(wanted)
        gone = [interface for interface in self._opened if interface not in wanted]
        come = [interface for interface in wanted if interface not in self._opened]
        self._failing.intersection_update(come)
        # what cannot be opened is no change; what takes the place of another one can be opened only when that is closed
        replaced = set(map(_link, gone))
        come = [each for each in come if _link(each) in replaced or self._try_open(each, nursery)]
        if not gone and not come:
            return False
        if before <= after and after - before <= self._pending:
            await self._complete(gone, come, before, nursery)
        else:
            await self._change(gone, come, before & after, nursery)
            self._pending = _pending(interfaces)
        self._tell_change()
        return True

    def _wanted(self, interfaces: Iterable[Interface]) -> list[Interface]:
        """The interfaces to serve, each by family."""
        self.choices = tuple(self.settings.choose(interfaces))
        served = [choice.interface for choice in self.choices if choice.served]
        by_family = [interface.of_family(version) for interface in served for version in (4, 6)]
        return [interface for interface in by_family if interface.addresses]

    async def _complete(
        self,
        gone: Collection[Interface],
        come: Collection[Interface],
        before: Collection[InterfaceAddress],
        nursery: trio.Nursery,
    ) -> None:
        """Serve addresses too that have become usable since the last change; BOOTID stays, as it is the same change."""
        self.announcer.use(())
        await self._close(gone)
        self._open_all(come, nursery)
        self._use_all()
        self.announcer.announce_with(
            [sender for sender in self.announcer.senders if _interface_address(sender) not in before]
        )

    async def _change(
        self,
        gone: Collection[Interface],
        come: Collection[Interface],
        kept: set[InterfaceAddress],
        nursery: trio.Nursery,
    ) -> None:
        """Follow a change: byebye for what is lost, then another BOOTID, and all is announced anew (UDA 2.0 §1).

        What came is open before anything is sent, as that takes its time with many devices.
        """
        boot_id = await self.boot_ids.next()
        replaced = [interface for interface in gone if _link(interface) in map(_link, come)]
        removed = [interface for interface in gone if interface not in replaced]
        self.announcer.use(sender for sender in self._senders() if sender.interface not in replaced)
        await self._close(replaced)
        self._open_all(come, nursery)
        senders = self._senders()
        self.conflicts.own.use(senders, self.announcer.boot_id)
        self.announcer.use(sender for sender in senders if _interface_address(sender) in kept)
        await self.announcer.byebye([sender for sender in senders if sender.interface in removed])
        await self._close(removed)
        # where the address is lost and its link is not, the one that came in its place revokes what it announced
        without_sender = set(map(_link, replaced)) - {(index, ip.version) for index, ip in kept}
        await self.announcer.byebye([sender for sender in senders if _link(sender.interface) in without_sender])
        if boot_id > self.announcer.boot_id:  # NEXTBOOTID is never lower (UDA 2.0 §1.2.4), as it is once in 68 years
            await self.announcer.update(self.announcer.senders, boot_id)
        self.announcer.boot_id = boot_id
        self.responder.reset(boot_id, self._senders())
        self._use_all()
        self.announcer.announce_all_again()

    def _tell_change(self) -> None:
        served = tuple((sender.interface.name, str(sender.address)) for sender in self.announcer.senders)
        logger.info("the network has changed; served now: %s", served or "nothing, waiting for an interface")
        self.announcer.events.tell(NetworkChanged(served=served, boot_id=self.announcer.boot_id))

    # --- what is open ---

    def _senders(self) -> list[Sender]:
        return [sender for opened in self._opened.values() for sender in opened.senders]

    def _use_all(self) -> None:
        """Send from all interfaces that are open, and show their addresses."""
        senders = self._senders()
        self.conflicts.own.use(senders, self.announcer.boot_id)
        self.announcer.use(senders)
        self.site.base_urls = dict.fromkeys(sender.origin.base_url for sender in senders)

    async def _close(self, gone: Iterable[Interface]) -> None:
        for interface in gone:
            opened = self._opened.pop(interface)
            opened.scope.cancel(reason="the interface or its addresses are gone")
            await opened.ended.wait()  # its port must be free before it is opened again
            opened.stack.close()

    def _open_all(self, come: Iterable[Interface], nursery: trio.Nursery) -> None:
        for interface in come:
            if interface not in self._opened:
                self._try_open(interface, nursery)

    def _try_open(self, interface: Interface, nursery: trio.Nursery) -> bool:
        try:
            self._open(interface, nursery)
        except NetworkError as error:
            self._note_failure(interface, error)
            return False
        self._failing.discard(interface)
        return True

    def _note_failure(self, interface: Interface, error: NetworkError) -> None:
        if interface not in self._failing:
            self._failing.add(interface)
            logger.warning("%s is not served: %s", interface.name, error)

    def _open(self, interface: Interface, nursery: trio.Nursery) -> None:
        if self.port is None:
            self.port = self.network.find_port([interface])
        options = InterfaceOptions(
            port=self.port,
            or_another_port=self.settings.port is None,
            listen=not self.settings.announce_only,
            advertise_url=self.settings.advertise_url,
            multicast_ttl=self.settings.multicast_ttl,
        )
        with ExitStack() as stack:
            served_interface = stack.enter_context(self.network.open(interface, options))
            self._opened[interface] = opened = _OpenInterface(served_interface, stack.pop_all())
        nursery.start_soon(self._attend, opened)

    async def _attend(self, opened: _OpenInterface) -> None:
        """Receive on an interface, until it is closed."""
        try:
            with opened.scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self.responder.listen, opened.served_interface.endpoint)
                    for http_listener in opened.served_interface.http_listeners:
                        nursery.start_soon(self.http.accept, http_listener)
        finally:
            opened.ended.set()


def _interface_addresses(interfaces: Iterable[Interface]) -> set[InterfaceAddress]:
    return {(interface.index, address.ip) for interface in interfaces for address in interface.addresses}


def _pending(interfaces: Iterable[Interface]) -> frozenset[InterfaceAddress]:
    return frozenset((interface.index, ip) for interface in interfaces for ip in interface.pending)


def _interface_address(sender: Sender) -> InterfaceAddress:
    return sender.interface.index, sender.address


def _link(interface: Interface) -> tuple[int, int]:
    return interface.index, interface.addresses[0].version
