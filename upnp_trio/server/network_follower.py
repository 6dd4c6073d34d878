"""What is served follows this host's network: interfaces and addresses come, go and change."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NoReturn

import attrs

from upnp_trio.errors import NetworkError, PortTaken
from upnp_trio.monitoring.events import NetworkChanged
from upnp_trio.network.interfaces import Choice, Interface, InterfaceAddress, missing
from upnp_trio.network.served_interface import Network
from upnp_trio.server.boot_ids import BootIds
from upnp_trio.server.change_lock import ChangeLock
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.discovery.conflicts import ConflictWatch
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.server.open_interfaces import OpenInterfaces, link_of
from upnp_trio.server.options import Settings
from upnp_trio.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterable

    import trio

    from upnp_trio.server.mounted_site import MountedSite  # noqa: TC004  # attrs does not evaluate it

__all__ = ["NetworkFollower"]

logger = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class _Difference:
    """The interfaces to close and to open, and the addresses that are served before and after."""

    gone: list[Interface]
    come: list[Interface]
    before: set[InterfaceAddress]
    after: set[InterfaceAddress]

    @property
    def replaced(self) -> list[Interface]:
        """Those that are gone although their link is still served, with other addresses."""
        links = set(map(link_of, self.come))
        return [interface for interface in self.gone if link_of(interface) in links]

    @property
    def removed(self) -> list[Interface]:
        """Those that are gone together with their links."""
        return [interface for interface in self.gone if interface not in self.replaced]

    @property
    def links_without_sender(self) -> set[tuple[int, int]]:
        """The links that are still served, but from none of the addresses that announced there before."""
        kept = self.before & self.after
        return set(map(link_of, self.replaced)) - {(address.index, address.ip.version) for address in kept}


@attrs.define(eq=False, repr=False, kw_only=True)
class NetworkFollower:
    """Looks at the network when it may have changed, opens and closes interfaces, and announces what changed."""

    network: Network
    settings: Settings
    changes: ChangeLock
    boot_ids: BootIds
    interfaces: OpenInterfaces
    site: Site
    responder: Responder
    announcer: Announcer
    conflicts: ConflictWatch
    #: answers under the addresses that are served
    mounted: MountedSite | None = None
    #: which interfaces are served and why, as of the last look at the network
    choices: tuple[Choice, ...] = ()
    #: addresses that the system was still checking at the last change of the network; when they become usable, that is
    #: a part of the same change
    _pending: frozenset[InterfaceAddress] = frozenset()
    #: whether the last look failed, so that a series of failures is logged once
    _look_failed: bool = False

    def start(self, nursery: trio.Nursery) -> None:
        """Serve on the interfaces that exist, with tasks in *nursery*.

        Raises `NetworkError` if the system cannot list its interfaces, if one that was asked for does not exist, and if
        a port is taken: at the start, the caller can mend this.
        """
        interfaces = self.network.interfaces()
        if problem := missing(interfaces, self.settings.interfaces):
            raise NetworkError(problem)
        wanted = self._wanted(interfaces)
        self._pending = _pending(interfaces)
        self.interfaces.port = self.settings.port
        if self.interfaces.port is None and self.settings.http is None and wanted:
            self.interfaces.port = self.network.find_port(wanted)
        for interface in wanted:
            try:
                self.interfaces.open(interface, nursery)
            except PortTaken:
                raise
            except NetworkError as error:  # an address that went away meanwhile settles itself
                self.interfaces.note_failure(interface, error)
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

    # --- what has changed ---

    async def _look(self, nursery: trio.Nursery) -> bool:
        """Look at the network and follow it; whether anything changed."""
        try:
            interfaces = self.network.interfaces()
        except NetworkError as error:
            if not self._look_failed:
                logger.warning("cannot look at the network, so what is served stays as it is: %s", error)
            self._look_failed = True
            return False
        self._look_failed = False
        difference = self._compare(self._wanted(interfaces), nursery)
        if not difference.gone and not difference.come:
            return False
        if difference.before <= difference.after and difference.after - difference.before <= self._pending:
            await self._complete(difference, nursery)
        else:
            await self._change(difference, nursery)
            self._pending = _pending(interfaces)
        self._log_change()
        return True

    def _wanted(self, interfaces: Iterable[Interface]) -> list[Interface]:
        """The interfaces to serve, each by family."""
        self.choices = tuple(self.settings.choose(interfaces))
        served = [choice.interface for choice in self.choices if choice.served]
        by_family = [interface.of_family(version) for interface in served for version in (4, 6)]
        return [interface for interface in by_family if interface.addresses]

    def _compare(self, wanted: list[Interface], nursery: trio.Nursery) -> _Difference:
        """How *wanted* differs from what is open.

        Opens the interfaces that are new, as one that cannot be opened makes no difference.
        """
        before = list(self.interfaces.all)
        self.interfaces.clear_failures(but=wanted)
        wanted = [self.interfaces.openable(interface) for interface in wanted]
        gone = [interface for interface in before if interface not in wanted]
        come = [interface for interface in wanted if interface not in before]
        # what takes the place of another one can be opened only when that is closed
        replaced = set(map(link_of, gone))
        come = [each for each in come if link_of(each) in replaced or self.interfaces.try_open(each, nursery)]
        return _Difference(
            gone=gone, come=come, before=_interface_addresses(before), after=_interface_addresses(wanted)
        )

    async def _complete(self, difference: _Difference, nursery: trio.Nursery) -> None:
        """Serve also the addresses that have become usable since the last change.

        They belong to that change, so BOOTID stays and the other addresses announce nothing.
        """
        async with self.announcer.paused():
            await self.interfaces.close(difference.gone)
            self._open(difference.come, nursery)
            self._use_all()
        self.announcer.announce_with(
            [sender for sender in self.announcer.senders if sender.interface_address not in difference.before]
        )

    async def _change(self, difference: _Difference, nursery: trio.Nursery) -> None:
        """Send byebye for what is lost, and then announce everything with another BOOTID (UDA 2.0 §1).

        New interfaces are opened before anything is sent, as sending takes a while with many devices.
        """
        boot_id = await self.boot_ids.next()
        replaced, removed = difference.replaced, difference.removed
        self.announcer.use(sender for sender in self.announcer.senders if sender.interface not in replaced)
        await self.interfaces.close(replaced)
        self._open(difference.come, nursery)
        senders = self.interfaces.senders
        self.conflicts.own.use(senders, self.announcer.boot_id)
        # no answer may follow the byebye on an interface that is gone
        staying = [sender for sender in senders if sender.interface not in removed]
        self.responder.reset(self.announcer.boot_id, staying)
        kept = difference.before & difference.after
        self.announcer.use(sender for sender in senders if sender.interface_address in kept)
        await self.announcer.byebye([sender for sender in senders if sender.interface in removed])
        await self.interfaces.close(removed)
        # what a lost address announced there is revoked from the one that took its place
        links = difference.links_without_sender
        await self.announcer.byebye([sender for sender in senders if link_of(sender.interface) in links])
        # NEXTBOOTID must be higher (UDA 2.0 §1.2.4), which it is not where BOOTID starts over
        if boot_id > self.announcer.boot_id:
            await self.announcer.update(self.announcer.senders, boot_id)
        self.announcer.boot_id = boot_id
        self._use_all()
        self.announcer.announce_all_again()

    def _open(self, come: Iterable[Interface], nursery: trio.Nursery) -> None:
        for interface in come:
            self.interfaces.try_open(interface, nursery)

    def _use_all(self) -> None:
        """Announce and answer from all interfaces that are open, and show their addresses on the pages."""
        senders = self.interfaces.senders
        self.conflicts.own.use(senders, self.announcer.boot_id)
        self.announcer.use(senders)
        self.responder.reset(self.announcer.boot_id, senders)
        self.site.base_urls = dict.fromkeys(sender.origin.base_url for sender in senders)
        if self.mounted is not None:
            self.mounted.use(senders)

    def _log_change(self) -> None:
        served = tuple((sender.interface.name, str(sender.address)) for sender in self.announcer.senders)
        logger.info("the network has changed; served now: %s", served or "nothing, waiting for an interface")
        self.announcer.events.publish(NetworkChanged(served=served, boot_id=self.announcer.boot_id))


def _interface_addresses(interfaces: Iterable[Interface]) -> set[InterfaceAddress]:
    return {InterfaceAddress(interface.index, own.ip) for interface in interfaces for own in interface.addresses}


def _pending(interfaces: Iterable[Interface]) -> frozenset[InterfaceAddress]:
    return frozenset(InterfaceAddress(interface.index, ip) for interface in interfaces for ip in interface.pending)
