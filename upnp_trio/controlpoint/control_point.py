"""`open_control_point`: find devices, describe them, call their actions and subscribe to their events."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from typing import TYPE_CHECKING, Unpack

import trio

from upnp_trio._version import __version__
from upnp_trio.controlpoint.describer import Describer
from upnp_trio.controlpoint.feeds import Feed, FeedQueue
from upnp_trio.controlpoint.finding import Finding
from upnp_trio.controlpoint.listening import Listening
from upnp_trio.controlpoint.options import ControlPointOptions, ControlPointSettings
from upnp_trio.controlpoint.received import SearchResult, weight_of
from upnp_trio.controlpoint.searching import MAX_SENDS, SearchPlan, run_search
from upnp_trio.controlpoint.shared_values import SharedValues
from upnp_trio.controlpoint.subscriptions import Subscriptions
from upnp_trio.dates import utc_now
from upnp_trio.errors import ControlPointFailed, NetworkError
from upnp_trio.http.client import MAX_ANSWER_BYTES, HttpClient
from upnp_trio.model.names import MAX_SEARCH_TARGET_BYTES, can_be_search_target
from upnp_trio.model.option_names import require_options
from upnp_trio.model.peers import peer_of
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.system_asking import open_asking_network
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.messages import PORT
from upnp_trio.tasks.supervision import supervised

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from upnp_trio.controlpoint.received import ReceivedMessage
    from upnp_trio.controlpoint.remote import RemoteDevice
    from upnp_trio.exchange import ServedAddress
    from upnp_trio.http.client import HttpAnswer
    from upnp_trio.model.literal_url import IpAddress
    from upnp_trio.network.asking import AskingNetwork
    from upnp_trio.network.interfaces import Choice
    from upnp_trio.network.streams import HttpStream
    from upnp_trio.ssdp.found import DeviceChange, FoundDevice, FoundLocation

__all__ = ["ControlPoint", "open_control_point", "open_control_point_on"]

#: USER-AGENT (UDA 2.0 §1.3.2)
USER_AGENT = f"upnp-trio/{__version__} UPnP/2.0"
# The most that UDA 2.0 §1.3.2 wants; devices treat more as 5.
MAX_MX = 5
# Answers that wait for a reader that is slow; a long one counts as several (`weight_of`).
MAX_WAITING_RESULTS = 16_384


class ControlPoint:
    """The asking side of UPnP on this host's networks; `open_control_point` makes it."""

    def __init__(
        self,
        network: AskingNetwork,
        settings: ControlPointSettings,
        nursery: trio.Nursery,
        utcnow: Callable[[], datetime],
        secret: Callable[[int], bytes],
    ) -> None:
        self._network = network
        self._settings = settings
        self._nursery = nursery
        self._is_closed = False
        self._client = HttpClient(self._connect, user_agent=USER_AGENT)
        self._subscriptions = Subscriptions(network, self._client, nursery, settings.rng, utcnow, secret)
        self._finding = Finding(DeviceCache(settings.cache_bytes), self._note_change, self._subscriptions.note_alive)
        self._listening = Listening(
            network=network,
            settings=settings,
            on_datagram=self._finding.receive,
            on_gone=self._finding.drop_interface,
            on_change=self._subscriptions.note_network,
        )
        self._describer = Describer(
            client=self._client,
            facing=network.facing,
            interfaces=lambda: self._listening.interfaces,
            devices=self._finding.cache,
            search=self.search,
            subscriptions=self._subscriptions,
        )

    # --- finding ---

    @property
    def devices(self) -> Mapping[str, FoundDevice]:
        """The devices that are known now, root and embedded ones, by UDN. The mapping changes as they come and go."""
        return self._finding.cache

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The interfaces of this host, whether each is used, and why."""
        return self._listening.choices

    def search(
        self, target: str = "ssdp:all", *, mx: int = 1, sends: int = 2, to: str | None = None, port: int = PORT
    ) -> Feed[SearchResult]:
        """Search for *target*, and give the answers as they come (UDA 2.0 §1.3).

        *mx* is the longest time, in seconds from 1 to 5, by which devices delay their answers. M-SEARCH is sent *sends*
        times from each address. Each USN at each LOCATION is given once for each address that answers so. *to* is the
        address of one device, for a unicast search, which has no MX; *port* is then its SEARCHPORT. All answers go into
        the cache as well.

        The feed ends a second after the last answer is due, or earlier by the caller's deadline. It raises
        `NetworkError` if nothing can be sent. Raises `ValueError` for an impossible argument, and
        `trio.ClosedResourceError` after the end of the control point.
        """
        if self._is_closed:
            raise trio.ClosedResourceError("this control point is closed; search while it is open")
        plan = self._plan(target, mx, sends, to, port)
        queue = FeedQueue[SearchResult](
            SharedValues(MAX_WAITING_RESULTS, lambda result: peer_of(result.sender), weight_of)
        )
        scope = trio.CancelScope()
        self._nursery.start_soon(self._search, plan, queue, scope)
        return Feed(queue, partial(scope.cancel, reason="the search was closed"))

    def changes(self) -> Feed[DeviceChange]:
        """Devices that come, change, reboot and go, beginning with those that are known already.

        A slow reader gets the newest state of each device, and not each step to it. The feed ends with the control
        point.
        """
        return self._finding.changes()

    def datagrams(self) -> Feed[ReceivedMessage]:
        """Every datagram from the links: announcements, searches of others, answers to ours, and malformed ones."""
        return self._finding.messages()

    def _plan(self, target: str, mx: int, sends: int, to: str | None, port: int) -> SearchPlan:
        if not can_be_search_target(target):
            raise ValueError(
                f"the search target is {target!r}; it must be 1 to {MAX_SEARCH_TARGET_BYTES} printable ASCII characters"
            )
        if not 1 <= mx <= MAX_MX:
            raise ValueError(f"mx is {mx}; UDA 2.0 §1.3.2 wants 1 to {MAX_MX} seconds")
        if not 1 <= sends <= MAX_SENDS:
            raise ValueError(f"sends is {sends}; it must be 1 to {MAX_SENDS}")
        if not 1 <= port <= 65535:
            raise ValueError(f"port is {port}; it must be 1 to 65535")
        return SearchPlan(
            target=target,
            mx=mx,
            sends=sends,
            to=None if to is None else str(ip_address(to.partition("%")[0])),
            port=port,
            user_agent=USER_AGENT,
            interfaces=self._interfaces_towards(to),
            multicast_ttl=self._settings.multicast_ttl,
            rng=self._settings.rng,
        )

    def _interfaces_towards(self, to: str | None) -> list[Interface]:
        """The interfaces that a search leaves from: all, or the one that faces *to*, with the facing address alone."""
        interfaces = self._listening.interfaces
        if to is None:
            return [interface for interface in interfaces if interface.addresses]
        address, _, zone = to.partition("%")
        facing = self._network.facing(ip_address(address), zone)
        make = IPv6Interface if ":" in facing.address else IPv4Interface
        prefix = facing.links[0].prefixlen if facing.links else 32
        return [Interface(name=facing.interface, index=facing.index, addresses=(make(f"{facing.address}/{prefix}"),))]

    async def _search(self, plan: SearchPlan, queue: FeedQueue[SearchResult], scope: trio.CancelScope) -> None:
        error: NetworkError | None = None
        try:
            with scope:
                await run_search(self._network, plan, queue, self._finding.receive_answer)
        except NetworkError as raised:
            error = raised
        finally:
            queue.end(error)

    # --- describing ---

    async def describe(self, device: str | FoundDevice, *, contents: bool = True) -> RemoteDevice:
        """The device at a URL, or with a UDN, and what can be done with it (UDA 2.0 §2).

        The description of a UDN, with the services and icons that it names, is fetched once for each root device and
        CONFIGID; a device that is not known is searched for. What only a vendor's rows name, such as a Roku's
        ``roku:ecp``, is the device at its LOCATION. A URL is always fetched, from wherever it leads. Without
        *contents*, only the description itself is fetched, and every time.

        Raises `UnknownDevice` if no device has the UDN, `UnsafeUrl` if its LOCATION leads to where no device is,
        `RequestFailed` if it does not answer, and `DescriptionError` if what it answers is no description, or that of
        another device. Raises `NetworkError` if this host has no way to it.
        """
        return await self._describer.describe(device, contents=contents)

    async def fetch(self, url: str | FoundLocation, *, max_body_bytes: int = MAX_ANSWER_BYTES) -> HttpAnswer:
        """What a GET of *url* gives: of one that the caller answers for, or of a LOCATION, if that may be fetched.

        Raises `RequestFailed`, and `UnsafeUrl` for a LOCATION that leads to where no device is.
        """
        return await self._describer.fetch(url, max_body_bytes=max_body_bytes)

    async def _connect(self, address: IpAddress, port: int, served: ServedAddress) -> HttpStream:
        return await self._network.connect(address, port, served=served)

    # --- while it is open ---

    def start(self) -> None:
        """Begin to receive; raises `NetworkError`."""
        self._listening.start(self._nursery)
        self._nursery.start_soon(self._listening.follow, self._nursery)
        self._nursery.start_soon(self._finding.expire)

    def close(self) -> None:
        """End all feeds, and close all connections."""
        self._is_closed = True
        self._finding.close()
        self._subscriptions.close()
        self._client.close()

    def _note_change(self, change: DeviceChange) -> None:
        self._describer.note_change(change)
        self._subscriptions.note_change(change)


@asynccontextmanager
async def open_control_point(**options: Unpack[ControlPointOptions]) -> AsyncIterator[ControlPoint]:
    """Find and use the devices on this host's networks for as long as the body runs.

    *Options*, all of them keywords, with their defaults: ``interfaces=()``, names, addresses or prefixes to ask on;
    ``ipv4=True``, ``ipv6=True``; ``listen=True``, receive announcements, for which port 1900 is shared with others;
    ``multicast_ttl=None``, hops of searches; ``cache_bytes``, the room for found devices; ``rng``, chance.
    `ControlPointSettings` has them one by one.

    *Errors*: `NetworkError` leaves before the body starts. An exception of the body leaves as itself. If a task of this
    package fails, the body is cancelled and `ControlPointFailed` leaves.

    *Resources*: at the end, every subscription is ended at its device, which takes up to two seconds if a device does
    not answer, and all sockets are closed.
    """
    require_options(options, ControlPointSettings)
    settings = ControlPointSettings(**options)
    with open_asking_network() as network:
        async with open_control_point_on(network, settings) as control_point:
            yield control_point


@asynccontextmanager
async def open_control_point_on(
    network: AskingNetwork,
    settings: ControlPointSettings,
    *,
    utcnow: Callable[[], datetime] = utc_now,
    secret: Callable[[int], bytes] = os.urandom,
) -> AsyncIterator[ControlPoint]:
    """Like `open_control_point`, on a network that the caller opens and closes.

    *utcnow* returns the wall-clock date, in UTC, and *secret* gives bytes that nobody can guess, for callback URLs.
    """
    async with supervised(ControlPointFailed, "the control point") as nursery:
        control_point = ControlPoint(network, settings, nursery, utcnow, secret)
        try:
            control_point.start()
            yield control_point
        finally:
            control_point.close()
