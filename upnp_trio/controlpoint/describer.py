"""Describes devices: where a description may be fetched, from which of a device's LOCATIONs, and how often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.controlpoint.describing import describe_at
from upnp_trio.controlpoint.descriptions import Descriptions
from upnp_trio.controlpoint.feeds import Feed
from upnp_trio.controlpoint.location_order import in_order_of_trust
from upnp_trio.controlpoint.received import SearchResult
from upnp_trio.controlpoint.remote import EventAccess
from upnp_trio.controlpoint.subscriptions import Subscriptions
from upnp_trio.errors import DescriptionError, RequestFailed, UnknownDevice, UnsafeUrl, UpnpTrioError
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import REQUEST_SECONDS, HttpAnswer, HttpClient
from upnp_trio.model.literal_url import IpAddress, LiteralUrl
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.listeners import served_address
from upnp_trio.network.reach import own_address_towards
from upnp_trio.ssdp.found import DeviceChange, DeviceGone, FoundDevice, FoundLocation, is_row_of_a_vendor

if TYPE_CHECKING:
    from upnp_trio.controlpoint.remote import RemoteDevice

__all__ = ["Describer"]

# No further LOCATION of a device is tried after so long: that is time for two that do not answer.
LOCATIONS_SECONDS = 2 * REQUEST_SECONDS


@attrs.frozen(eq=False, repr=False, kw_only=True)
class Describer:
    """Fetches descriptions for a control point, which says what each of these does."""

    client: HttpClient
    #: the address of this host that faces another one, which may have a zone; raises `NetworkError`
    facing: Callable[[IpAddress, str], ServedAddress]
    #: the interfaces that are used now
    interfaces: Callable[[], Iterable[Interface]]
    devices: Mapping[str, FoundDevice]
    search: Callable[[str], Feed[SearchResult]]
    subscriptions: Subscriptions
    _descriptions: Descriptions = attrs.field(factory=Descriptions)

    def note_change(self, change: DeviceChange) -> None:
        """Forget descriptions that *change* makes out of date."""
        if isinstance(change, DeviceGone):
            self._descriptions.forget(change.device.udn)
        else:
            self._descriptions.note(change.device)

    async def describe(self, device: str | FoundDevice, *, contents: bool) -> RemoteDevice:
        """See `ControlPoint.describe`."""
        if isinstance(device, str) and "://" in device:
            url, served = self._located(device)
            return await describe_at(
                self.client,
                url,
                served,
                contents=contents,
                events=EventAccess(self.subscriptions, self._describe_again),
            )
        if not isinstance(device, str):
            return await self._described(device, contents=contents)
        udn = device if device.lower().startswith("uuid:") else f"uuid:{device}"
        if (known := self.devices.get(udn)) is not None:
            return await self._described(known, contents=contents)
        return await self._search_and_describe(udn, contents=contents)

    async def fetch(self, url: str | FoundLocation, *, max_body_bytes: int) -> HttpAnswer:
        """See `ControlPoint.fetch`."""
        located, served = self._located(url) if isinstance(url, str) else self._reach(url)
        return await self.client.get(located, served, max_body_bytes=max_body_bytes)

    async def _describe_again(self, device: RemoteDevice, location: FoundLocation | None = None) -> RemoteDevice:
        """*device* as it is now, without contents: where it announces itself, or else where it was.

        *location* is what a stranger announced, and not the caller; this host may be on other networks by now.
        """
        udn = None if device.udn is None else str(device.udn)
        if udn is not None and (found := self.devices.get(udn)) is not None:
            return await self.describe(found, contents=False)
        if location is None:
            return await self.describe(device.location.text, contents=False)
        try:
            return await self._describe_found(location, contents=False)
        except UnsafeUrl:
            if udn is None:
                raise
            return await self.describe(udn, contents=False)

    async def _describe_found(self, location: FoundLocation, *, contents: bool) -> RemoteDevice:
        """What is described at a LOCATION; raises `UnsafeUrl` if that may not be fetched."""
        url, served = self._reach(location)
        events = EventAccess(self.subscriptions, partial(self._describe_again, location=location))
        return await describe_at(self.client, url, served, contents=contents, events=events)

    def _located(self, text: str) -> tuple[LiteralUrl, ServedAddress]:
        """A URL that the caller gives, and the address of ours that faces it."""
        try:
            url = LiteralUrl.parse(text)
        except ValueError as error:
            raise UnsafeUrl(f"{error}; write the device's address, as in http://192.0.2.7:49152/device.xml") from error
        return url, self.facing(url.address, url.zone)

    async def _search_and_describe(self, udn: str, *, contents: bool) -> RemoteDevice:
        """The device with *udn* after a search for it, which ends with the first answer that leads to a description.

        The first answer may be for IPv6, where a firewall is in the way, or nothing listens.
        """
        try:
            search = self.search(udn)
        except ValueError as error:
            raise UnknownDevice(f"{udn[:200]!r} is no UDN: {error}") from error
        async with search as results:
            found = await self._first_answer(results, udn)
            try:
                return await self._described(found, contents=contents)
            except (UnsafeUrl, RequestFailed, DescriptionError):
                async for _ in results:
                    pass  # all answers before the next attempt, which is the last
                found_again = self.devices.get(udn)
                if found_again is None or _urls(found_again) <= _urls(found):
                    raise
            return await self._described(found_again, contents=contents)

    async def _first_answer(self, results: Feed[SearchResult], udn: str) -> FoundDevice:
        async for _ in results:
            if (known := self.devices.get(udn)) is not None:
                return known
        raise UnknownDevice(f"no device with the UDN {udn} answers; is it on, and on this network?")

    async def _described(self, found: FoundDevice, *, contents: bool) -> RemoteDevice:
        if not contents:
            return await self._fetch_description(found, contents=False)
        return await self._descriptions.get(found, lambda: self._fetch_description(found, contents=True))

    async def _fetch_description(self, found: FoundDevice, *, contents: bool) -> RemoteDevice:
        """The description of *found*, from the first of its locations that has it, in the order of their trust."""
        failure: UpnpTrioError | None = None
        began = trio.current_time()
        for location in in_order_of_trust(found.locations):
            if trio.current_time() - began >= LOCATIONS_SECONDS:
                break
            try:
                described = await self._describe_found(location, contents=contents)
            except (UnsafeUrl, RequestFailed, DescriptionError) as error:
                failure = failure or error
                continue
            udns = {str(each.udn).lower() for each in described.walk()}
            if found.udn.lower() in udns or is_row_of_a_vendor(found):
                return described
            failure = failure or DescriptionError(
                f"the description at {described.location} is that of {', '.join(sorted(udns))[:200]}, "
                f"and not of {found.udn}"
            )
        raise failure or UnknownDevice(f"{found.udn} has no location")

    def _reach(self, location: FoundLocation) -> tuple[LiteralUrl, ServedAddress]:
        """A LOCATION that may be fetched, and the address of ours on its link; raises `UnsafeUrl`."""
        try:
            url = LiteralUrl.parse(location.url)
        except ValueError as error:
            raise UnsafeUrl(f"the LOCATION is not fetched: {error}") from error
        for interface in self.interfaces():
            if interface.index == location.index:
                own = own_address_towards(url, interface, location.sender)
                # a zone that the device names is none of this host's, and could lead a later request elsewhere
                return attrs.evolve(url, zone=""), served_address(own.ip, interface)
        raise UnsafeUrl(f"{url} was announced on {location.interface}, which is not there any more")


def _urls(found: FoundDevice) -> set[str]:
    return {location.url for location in found.locations}
