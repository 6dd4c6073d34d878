"""The root devices that are served: added, removed and updated while searches, fetches and announcements go on.

Changes are made one at a time, each entirely or not at all (`ChangeLock`). After a change, nothing is sent that was
rendered before it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import asynccontextmanager
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.documents.publication import Publication
from upnp_trio.errors import DescriptionError, UdnTaken
from upnp_trio.model.device import RootDevice
from upnp_trio.model.names import Udn
from upnp_trio.model.rules import check
from upnp_trio.network.claims import Claim
from upnp_trio.network.served_interface import Network
from upnp_trio.server.change_lock import ChangeLock
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.server.identity import host_id, possible_names
from upnp_trio.server.served_device import ServedDevice, served_device
from upnp_trio.server.services import Services
from upnp_trio.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterable, Mapping
    from uuid import UUID


__all__ = ["DeviceHost"]

logger = logging.getLogger(__name__)


@attrs.define(eq=False, repr=False, kw_only=True)
class DeviceHost:
    """Holds the root devices that are served, and the claims of their UDNs."""

    network: Network
    #: seconds; ``None`` means what each device says
    max_age: int | None
    #: makes the documents of a root device
    publish: Callable[[RootDevice], Publication]
    changes: ChangeLock
    site: Site
    services: Services
    responder: Responder
    announcer: Announcer
    #: by UDN in lower case, also by those of embedded devices; `ConflictWatch` reads it, too
    by_udn: dict[str, ServedDevice]
    #: the root devices, in the order in which they were added; replaced as a whole, as other threads may read it
    devices: tuple[ServedDevice, ...] = ()
    _claims: dict[str, Claim] = attrs.field(factory=dict)
    _host_id: Callable[[], str] = attrs.field(factory=lambda: cache(host_id))

    def begin(self, roots: Iterable[RootDevice]) -> None:
        """Serve *roots*, before anything is sent; raises like `add`."""
        for root in roots:
            self._install(self._prepare_new(root))
        self._note_devices()

    def close(self) -> None:
        """Close all claims."""
        self._give_up(list(self._claims))

    async def add(self, root: RootDevice) -> ServedDevice:
        """Serve one more root device, found and announced from now on.

        Raises `DescriptionError` if it breaks a rule of UDA or has a UDN that is served here already, `UdnTaken` if
        another program on this host serves its UDN, and `trio.ClosedResourceError` after the end.
        """
        async with self._turn():
            device = self._prepare_new(root)
            self._install(device)
            self._note_devices()
            return device

    async def remove(self, udn: Udn | UUID | str) -> None:
        """Stop serving the root device with *udn*; raises `KeyError`, and `trio.ClosedResourceError` after the end."""
        async with self._turn():
            await self._take_away(self._known(udn))

    async def update(self, root: RootDevice) -> ServedDevice:
        """Serve *root* in place of the root device with its UDN; raises `KeyError`, and like `add`."""
        async with self._turn():
            named, old = self._counterpart(root)
            check(named)
            device = self._prepare(root, named, old)
            if device.equals(old):
                return old
            await self._take_away(old, but=device.udns)
            self._install(device)
            self._note_devices()
            return device

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with self.changes.turn():
            if self.changes.ended:
                raise trio.ClosedResourceError("the devices are no longer served")
            yield

    # --- what is served ---

    def _install(self, device: ServedDevice) -> None:
        self.by_udn |= dict.fromkeys(device.udns, device)
        self.services.attach(device.published)
        self.site.add(device.published)
        self.responder.add(device.announced)
        self.announcer.add(device.announced)

    async def _take_away(self, device: ServedDevice, but: Collection[str] = ()) -> None:
        """Stop answering searches for *device*, revoke it, and then drop its documents and its UDNs, *but* for some."""
        self.responder.remove(device.announced)
        await self.announcer.remove(device.announced)
        self.services.detach(device.published)
        self.site.remove(device.published.description_path)
        gone = [udn for udn in device.udns if udn not in but]
        for udn in gone:
            del self.by_udn[udn]
        self._note_devices()
        self._give_up(gone)

    def _note_devices(self) -> None:
        self.devices = tuple(device for udn, device in self.by_udn.items() if udn == device.udn)

    def _known(self, udn: Udn | UUID | str) -> ServedDevice:
        text = str(udn if isinstance(udn, Udn) else Udn(udn)).lower()
        device = self.by_udn.get(text)
        if device is None or device.udn != text:
            raise KeyError(f"no root device {text} is served")
        return device

    # --- a device that is to be served ---

    def _prepare_new(self, root: RootDevice) -> ServedDevice:
        """*root* made ready under the first of its possible UDNs that no other program on this host has claimed."""
        names = possible_names(root, self._host_id)
        first = next(names)
        check(first)  # the others differ only in derived UDNs
        taken: UdnTaken | None = None
        for named in chain([first], names):
            try:
                device = self._prepare(root, named)
            except UdnTaken as error:
                taken = error
                continue
            if taken is not None:
                logger.warning(
                    "another program on this host already serves %s; this one serves it as %s",
                    *(root.friendly_name, named.udn),
                )
            return device
        assert taken is not None
        raise taken

    def _counterpart(self, root: RootDevice) -> tuple[RootDevice, ServedDevice]:
        """*root* with the UDNs under which it is served, and the device that is served now."""
        names = list(possible_names(root, self._host_id))
        for named in names:
            udn = str(named.udn).lower()
            device = self.by_udn.get(udn)
            if device is not None and device.udn == udn:
                return named, device
        raise KeyError(f"no root device {names[0].udn} is served")

    def _prepare(self, root: RootDevice, named: RootDevice, old: ServedDevice | None = None) -> ServedDevice:
        """*named*, which is *root* with all UDNs, made ready to take the place of *old*, and its UDNs claimed.

        Claims nothing if it raises.
        """
        for embedded in named.walk():
            if self.by_udn.get(str(embedded.udn).lower(), old) is not old:
                raise DescriptionError(
                    f"two of the devices to serve have the UDN {embedded.udn}; "
                    "give each its own udn, or another friendly_name"
                )
        # an embedded device without a UDN gets one that is derived from the root's, so the root's claim covers it
        own = [str(device.udn).lower() for device in root.walk() if device.udn is not None]
        claims = self._claim([str(named.udn).lower(), *own])
        try:
            device = served_device(named, max_age=self.max_age, publish=self.publish)
            self._check_rows(device, old)
            self.site.check(device.published, None if old is None else old.published)
            self.services.check(device.published, None if old is None else old.published)
        except BaseException:
            _close(claims)
            raise
        self._claims |= claims
        return device

    def _check_rows(self, device: ServedDevice, old: ServedDevice | None) -> None:
        """Raise `DescriptionError` if a row of *device* has the UDN of another device: it would be taken for that."""
        for udn in device.udns:
            other = self.by_udn.get(udn, old)
            if other is not None and other is not old:
                raise DescriptionError(
                    f"{device.root.friendly_name!r} ({device.root.udn}) and {other.root.friendly_name!r} "
                    f"({other.root.udn}) both advertise {udn}; give a row of one of them another usn"
                )

    def _claim(self, udns: Iterable[str]) -> dict[str, Claim]:
        """Claim those of *udns* that this host has not claimed yet; raises `UdnTaken`."""
        claims: dict[str, Claim] = {}
        for udn in dict.fromkeys(udns):
            if udn in self._claims:
                continue
            claim = self.network.claim(udn)
            if claim is None:
                _close(claims)
                raise UdnTaken(
                    f"another program on this host serves {udn}; stop it, or give this device another UDN "
                    "(--uuid or udn=)"
                )
            claims[udn] = claim
        return claims

    def _give_up(self, udns: Iterable[str]) -> None:
        _close({udn: self._claims.pop(udn) for udn in udns if udn in self._claims})


def _close(claims: Mapping[str, Claim]) -> None:
    for claim in claims.values():
        claim.close()
