"""What one host serves: its root devices, on the interfaces that its network has at the time.

Devices and interfaces come and go while it runs; whatever changes, the answers, the announcements and the pages follow.
Sockets outlive the tasks that use them, as the last thing they send is byebye.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.documents.publication import Publication
from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.network.interfaces import Choice, Interface, IpAddress, missing
from upnp_trio.network.served_interface import InterfaceOptions, Network, ServedInterface
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.discovery.conflicts import ConflictWatch
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.server.http.server import HttpServer
from upnp_trio.server.identity import next_boot_id
from upnp_trio.server.monitoring.events import NetworkChanged
from upnp_trio.server.monitoring.log_limit import LogLimit
from upnp_trio.server.options import Settings
from upnp_trio.server.supervision import supervised
from upnp_trio.site import Site
from upnp_trio.ssdp.advertisements import AdvertisedRoot
from upnp_trio.ssdp.messages import Alive, ByeBye

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable

    from upnp_trio.network.multicast import Address, Endpoint, Sender

__all__ = ["DeviceHost"]

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
class DeviceHost:
    """Serves root devices on a network."""

    network: Network
    settings: Settings
    site: Site
    http: HttpServer
    responder: Responder
    announcer: Announcer
    port: int | None = None
    choices: list[Choice] = attrs.field(factory=list)
    #: by UDN in lower case
    devices: dict[str, tuple[Publication, AdvertisedRoot]] = attrs.field(factory=dict)
    #: by UDN in lower case, embedded devices too
    _roots_by_udn: dict[str, AdvertisedRoot] = attrs.field(factory=dict)
    _interfaces: dict[Interface, _OpenInterface] = attrs.field(factory=dict)
    #: addresses that the system was still checking at the last change of the network; when they become usable, that is
    #: a part of the same change
    _pending: frozenset[InterfaceAddress] = frozenset()
    _nursery: trio.Nursery | None = None
    #: one change at a time
    _changing: trio.Lock = attrs.field(factory=trio.Lock)
    #: interfaces that could not be opened, so that each is logged once
    _failing: set[Interface] = attrs.field(factory=set)
    _conflicts: ConflictWatch = attrs.field(factory=ConflictWatch)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Serve for as long as the body runs; errors as `serve_device` says."""
        try:
            async with supervised() as nursery:
                self._nursery = nursery
                await nursery.start(self.http.run)
                nursery.start_soon(self.responder.send_due)
                await self._look_first()
                await nursery.start(self.announcer.announce)  # last: what LOCATION names answers already
                nursery.start_soon(self._follow)
                yield
        finally:
            for opened in self._interfaces.values():
                opened.stack.close()

    # --- devices ---

    def add(self, publication: Publication, root: AdvertisedRoot) -> None:
        """Serve one more root device; it is found from now on."""
        self.devices[str(publication.root.udn).lower()] = publication, root
        self.site.add(publication)
        self.responder.add(root)
        self.announcer.add(root)
        for device in publication.root.walk():
            self._roots_by_udn[str(device.udn).lower()] = root

    @property
    def known_udns(self) -> set[str]:
        """The UDNs of all devices that are served, embedded ones too, in lower case."""
        return set(self._roots_by_udn)

    async def remove(self, udn: str) -> None:
        """Serve a root device no more: it is found no more, and then byebye is said for it."""
        publication, root = self.devices.pop(udn.lower())
        for device in publication.root.walk():
            del self._roots_by_udn[str(device.udn).lower()]
        self.responder.remove(root)
        await self.announcer.remove(root)
        self.site.remove(publication.description_path)

    def receive_notify(self, message: Alive | ByeBye, peer: Address, endpoint: Endpoint) -> None:
        """Notice when somebody else speaks for a device of ours: say so, and announce it again."""
        udn = message.usn.partition("::")[0]
        root = self._roots_by_udn.get(udn.lower())
        if root is None or any(
            peer[0] == str(sender.address) for opened in self._interfaces.values() for sender in opened.senders
        ):
            return
        what = "announces" if isinstance(message, Alive) else "says byebye for"
        self.responder.stats.conflicts += 1
        if self._log_limit.is_news("conflict", peer[0], trio.current_time()):
            logger.warning(  # what stands behind the UDN is theirs, and could steer a terminal
                "%s on %s %s our %s; two devices with one UDN hide each other: give one of them another UUID",
                *(peer[0], endpoint.interface.name, what, udn),
            )
        if self._conflicts.wants_answer(root, trio.current_time()):
            self.announcer.add(root)  # its first set leaves after a random wait

    # --- the network ---

    @property
    def interfaces(self) -> Collection[ServedInterface]:
        """What is served now, by interface and family."""
        return [opened.served_interface for opened in self._interfaces.values()]

    async def _follow(self) -> None:
        while True:
            slept = await self.network.wait_for_change()
            changed = await self._look()
            if slept and not changed:
                logger.info("this host has slept; announcing again")
                self.announcer.begin_again()

    async def _look_first(self) -> None:
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
                self._open(interface)
            except PortTaken:  # for the user to settle
                raise
            except NetworkError as error:  # an address that went away meanwhile settles itself
                self._note_failure(interface, error)
        self._take_stock()

    async def _look(self) -> bool:
        """See what the network has become, and follow; whether anything changed."""
        async with self._changing:
            interfaces = self.network.interfaces()
            wanted = self._wanted(interfaces)
            before, after = _interface_addresses(self._interfaces), _interface_addresses(wanted)
            gone = [interface for interface in self._interfaces if interface not in wanted]
            come = [interface for interface in wanted if interface not in self._interfaces]
            # what could not be opened the last time is no change before it can be
            self._failing.intersection_update(come)
            come = [interface for interface in come if interface not in self._failing or self._try_open(interface)]
            if not gone and not come:
                return False
            if before <= after and after - before <= self._pending:
                await self._close(gone)
                self._open_all(come)
                self._take_stock()
                self.announcer.introduce(
                    [sender for sender in self.announcer.senders if _interface_address(sender) not in before]
                )
            else:
                await self._change(gone, come, before & after)
                self._pending = _pending(interfaces)
            self._tell_change()
            return True

    def _wanted(self, interfaces: Iterable[Interface]) -> list[Interface]:
        """The interfaces to serve, each by family."""
        self.choices = self.settings.choose(interfaces)
        served = [choice.interface for choice in self.choices if choice.served]
        by_family = [interface.of_family(version) for interface in served for version in (4, 6)]
        return [interface for interface in by_family if interface.addresses]

    async def _change(
        self, gone: Collection[Interface], come: Collection[Interface], kept: set[InterfaceAddress]
    ) -> None:
        """The network is another one: byebye to what is lost, BOOTID rises, all is announced anew (UDA 2.0 §1).

        What came is open before anything is said, as saying it takes its time with many devices.
        """
        boot_id = next_boot_id(self.settings.utcnow)
        replaced = [interface for interface in gone if _link(interface) in map(_link, come)]
        removed = [interface for interface in gone if interface not in replaced]
        await self._close(replaced)
        self._open_all(come)
        senders = [sender for opened in self._interfaces.values() for sender in opened.senders]
        # No answer may follow the byebye on an interface that is gone.
        staying = [sender for sender in senders if sender.interface not in removed]
        self.responder.reset(self.announcer.boot_id, staying)
        self.announcer.senders = [sender for sender in senders if _interface_address(sender) in kept]
        await self.announcer.byebye([sender for sender in senders if sender.interface in removed])
        await self._close(removed)
        # where the address is lost and its link is not, the one that came in its origin says byebye
        without_sender = set(map(_link, replaced)) - {(index, ip.version) for index, ip in kept}
        await self.announcer.byebye([sender for sender in senders if _link(sender.interface) in without_sender])
        await self.announcer.update(self.announcer.senders, boot_id)
        self.announcer.boot_id = boot_id
        self._take_stock()
        self.announcer.begin_again()

    async def _close(self, gone: Iterable[Interface]) -> None:
        closing = [self._interfaces.pop(interface) for interface in gone]
        for opened in closing:
            opened.scope.cancel(reason="the interface or its addresses are gone")
        for opened in closing:
            await opened.ended.wait()  # its port must be free before it is opened again
        # Without a checkpoint between here and `Responder.reset`, no answer falls due while its address is closed.
        for opened in closing:
            opened.stack.close()

    def _open_all(self, come: Iterable[Interface]) -> None:
        for interface in come:
            if interface not in self._interfaces:
                self._try_open(interface)

    def _try_open(self, interface: Interface) -> bool:
        try:
            self._open(interface)
        except NetworkError as error:
            self._note_failure(interface, error)
            return False
        self._failing.discard(interface)
        return True

    def _note_failure(self, interface: Interface, error: NetworkError) -> None:
        if interface not in self._failing:
            self._failing.add(interface)
            logger.warning("%s is not served: %s", interface.name, error)

    def _open(self, interface: Interface) -> None:
        assert self._nursery is not None
        options = InterfaceOptions(
            port=self.port or 0,
            or_another_port=self.settings.port is None,
            listen=not self.settings.announce_only,
            advertise_url=self.settings.advertise_url,
            multicast_ttl=self.settings.multicast_ttl,
        )
        if self.port is None:
            self.port = self.network.find_port([interface])
            options = attrs.evolve(options, port=self.port)
        with ExitStack() as stack:
            served_interface = stack.enter_context(self.network.open(interface, options))
            self._interfaces[interface] = opened = _OpenInterface(served_interface, stack.pop_all())
        self._nursery.start_soon(self._attend, opened)

    async def _attend(self, opened: _OpenInterface) -> None:
        try:
            with opened.scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self.responder.listen, opened.served_interface.endpoint)
                    for http_listener in opened.served_interface.http_listeners:
                        nursery.start_soon(self.http.accept, http_listener)
        finally:
            opened.ended.set()

    def _take_stock(self) -> None:
        """Let everybody know the interfaces that are there now."""
        senders = [sender for opened in self._interfaces.values() for sender in opened.senders]
        self.announcer.senders = senders
        self.responder.reset(self.announcer.boot_id, senders)
        self.site.base_urls = dict.fromkeys(sender.origin.base_url for sender in senders)

    def _tell_change(self) -> None:
        served = tuple((sender.interface.name, str(sender.address)) for sender in self.announcer.senders)
        logger.info("the network has changed; served now: %s", served or "nothing, waiting for an interface")
        self.announcer.events.tell(NetworkChanged(served=served, boot_id=self.announcer.boot_id))


def _interface_addresses(interfaces: Iterable[Interface]) -> set[InterfaceAddress]:
    return {(interface.index, address.ip) for interface in interfaces for address in interface.addresses}


def _pending(interfaces: Iterable[Interface]) -> frozenset[InterfaceAddress]:
    return frozenset((interface.index, ip) for interface in interfaces for ip in interface.pending)


def _interface_address(sender: Sender) -> InterfaceAddress:
    return sender.interface.index, sender.address


def _link(interface: Interface) -> tuple[int, int]:
    return interface.index, interface.addresses[0].version
