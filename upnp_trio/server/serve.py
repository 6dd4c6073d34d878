"""`serve_device`: put root devices on the network, and act on them while they are there.

Start: bind every socket (errors reach the caller bare), answer HTTP, answer searches, and only then announce.
Stop: accepting and answering end, byebye goes out, requests in flight get a short grace, sockets close.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Unpack

import attrs

from upnp_trio._version import __version__
from upnp_trio.documents.publication import Publication, publish
from upnp_trio.errors import DescriptionError
from upnp_trio.model.names import Udn
from upnp_trio.model.rules import check
from upnp_trio.network.interfaces import Choice, IpAddress
from upnp_trio.network.served_interface import Network, open_system_network
from upnp_trio.server.device_host import DeviceHost
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.server.http.response_writer import ResponseWriter
from upnp_trio.server.http.server import HttpServer
from upnp_trio.server.identity import host_id, next_boot_id, server_token, with_udns
from upnp_trio.server.monitoring.events import EVENTS_BUFFERED, Event, Events
from upnp_trio.server.monitoring.stats import Stats
from upnp_trio.server.options import ServeOptions, Settings
from upnp_trio.site import Site
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.profiles import PROFILES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from uuid import UUID

    import trio

    from upnp_trio.model.device import RootDevice
    from upnp_trio.server.monitoring.metrics import Metered

__all__ = ["Location", "Running", "serve_device", "serve_devices", "serve_on"]


@attrs.frozen(kw_only=True)
class Location:
    """Where one address of one interface offers the description of one root device."""

    interface: str
    address: IpAddress
    udn: Udn
    url: str


@attrs.frozen(kw_only=True, eq=False)
class Running:
    """Root devices being served; what it tells is how things are at the moment it is asked."""

    #: the counters as they go on; ``stats.snapshot()`` gives what they are at one moment
    stats: Stats
    _events: Events
    _host: DeviceHost

    @property
    def devices(self) -> tuple[RootDevice, ...]:
        """The root devices as they are served: with their UDNs, URLs and CONFIGID."""
        return tuple(publication.root for publication, _ in self._host.devices.values())

    @property
    def device(self) -> RootDevice:
        """The root device, the first of several."""
        return self.devices[0]

    @property
    def where(self) -> tuple[Location, ...]:
        """One entry for each device and served interface address; none while the host has no network."""
        return tuple(
            Location(
                interface=sender.interface.name,
                address=sender.address,
                udn=publication.root.udn or Udn(""),
                url=sender.origin.base_url + publication.description_path,
            )
            for publication, _ in self._host.devices.values()
            for sender in self._host.announcer.senders
        )

    @property
    def locations(self) -> tuple[str, ...]:
        """The URLs of the description documents: LOCATION at each interface address."""
        return tuple(location.url for location in self.where)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Which interfaces are served, and why the others are not."""
        return tuple(self._host.choices)

    @property
    def boot_id(self) -> int:
        """BOOTID: Unix seconds of the start, larger with every change of the network (UDA 2.0 §1.2.2)."""
        return self._host.announcer.boot_id

    @property
    def port(self) -> int | None:
        """The TCP port of HTTP; ``None`` while there was no address to find one for."""
        return self._host.port

    def subscribe(self, max_buffered: int = EVENTS_BUFFERED) -> trio.MemoryReceiveChannel[Event]:
        """What happens from now on: ``async for event in running.subscribe(): ...``, which ends after byebye.

        A reader that is slow misses the newest of more than *max_buffered* events, and ``stats.events_dropped``
        counts them; nobody waits for it. Close the channel to listen no more.
        """
        return self._events.subscribe(max_buffered)

    async def add(self, device: RootDevice) -> RootDevice:
        """Serve one more root device, found and announced from now on; gives it as it is served.

        Raises `DescriptionError` if it breaks a rule of UDA, or has the UDN of one that is served.
        """
        (publication,) = _publish([device], taken=self._host.known_udns)
        self._host.add(publication, _advertised(publication, self._host.settings.max_age))
        return publication.root

    async def remove(self, udn: Udn | UUID | str) -> None:
        """Take the root device with *udn* off the network, with byebye; raises `KeyError` if there is none."""
        await self._host.remove(self._known(udn))

    async def update(self, device: RootDevice) -> RootDevice:
        """Serve *device* in place of the root device with its UDN; gives it as it is served.

        If a document differs, CONFIGID does, too: byebye is said for the old one, and alive for the new one (UDA
        2.0 §1.2.2, §2). If none does, nothing happens. Raises `KeyError` if no such device is served.
        """
        named = with_udns(device, host_id())
        udn = self._known(str(named.udn))
        old = self._host.devices[udn][0]
        own = {str(embedded.udn).lower() for embedded in old.root.walk()}
        (publication,) = _publish([named], taken=self._host.known_udns - own)
        if publication.files != old.files or publication.pages != old.pages:
            await self._host.remove(udn)
            self._host.add(publication, _advertised(publication, self._host.settings.max_age))
        return publication.root

    def _known(self, udn: Udn | UUID | str) -> str:
        text = str(udn if isinstance(udn, Udn) else Udn(udn)).lower()
        if text not in self._host.devices:
            raise KeyError(f"no root device {text} is served")
        return text


@asynccontextmanager
async def serve_device(device: RootDevice, **options: Unpack[ServeOptions]) -> AsyncIterator[Running]:
    """Put *device* on the network for as long as the body runs (UDA 2.0 §1, §2).

    The body starts when a search sent at that moment would be answered. Interfaces and addresses may come, go and
    change while it runs, and there may be none at all.

    *Options*, all of them keywords, with their defaults: ``interfaces=()``, names, addresses or prefixes to serve on;
    ``ipv4=True``, ``ipv6=True``; ``port=None``, HTTP's, or the first free one; ``advertise_url=None``, host and port
    that LOCATION tells in place of this host's own; ``allowed_hosts=()``, names that HTTP answers to beside its
    addresses; ``announce_only=False``, receive no searches; ``answer_off_link=False``, answer beyond the own link;
    ``reply_budget=64``, answers a second to one address in the long run; ``multicast_ttl=None``, hops of
    announcements; ``max_age=1800``, seconds that an announcement holds; ``metrics=False``, serve the counters at
    ``/metrics``; ``rng`` and ``utcnow``, chance and the wall clock. `Settings` has them one by one.

    *Errors*: `DescriptionError` and `NetworkError` leave before the body starts. An exception of the body leaves
    as itself, after byebye. If a task of ours fails, the body is cancelled and `DeviceFailed` leaves.

    *Resources*: all sockets are closed when this ends, which takes up to three seconds if requests are in flight.
    """
    async with serve_devices([device], **options) as running:
        yield running


@asynccontextmanager
async def serve_devices(devices: Sequence[RootDevice], **options: Unpack[ServeOptions]) -> AsyncIterator[Running]:
    """Like `serve_device`, for several root devices that share sockets and port; there may be none at first."""
    settings = Settings(**options)
    with open_system_network() as network:
        async with serve_on(network, devices, settings) as running:
            yield running


@asynccontextmanager
async def serve_on(network: Network, devices: Sequence[RootDevice], settings: Settings) -> AsyncIterator[Running]:
    """Like `serve_devices`, on a network that somebody else opened and closes."""
    publications = _publish(devices)
    stats = Stats()
    events = Events(stats)
    site = Site()
    boot_id = next_boot_id(settings.utcnow)
    spec_version = publications[0].root.spec_version if publications else (1, 1)
    host = DeviceHost(
        network=network,
        settings=settings,
        site=site,
        http=HttpServer(
            ResponseWriter(
                site=_metered(site, stats, lambda: host) if settings.metrics else site,
                server_token=server_token(spec_version),
                utcnow=settings.utcnow,
                stats=stats,
                events=events,
            ),
            allowed_hosts=settings.host_names,
        ),
        responder=Responder(
            boot_id=boot_id,
            rng=settings.rng,
            utcnow=settings.utcnow,
            stats=stats,
            events=events,
            reply_budget=settings.reply_budget,
            answer_off_link=settings.answer_off_link,
            profile=PROFILES[settings.profile],
        ),
        announcer=Announcer(boot_id=boot_id, rng=settings.rng, stats=stats, events=events),
    )
    host.responder.on_notify = host.receive_notify
    for publication in publications:
        host.add(publication, _advertised(publication, settings.max_age))
    try:
        async with host.serve():
            yield Running(stats=stats, events=events, host=host)
    finally:
        events.close()


def _metered(site: Site, stats: Stats, host: Callable[[], DeviceHost]) -> Metered:
    from upnp_trio.server.monitoring.metrics import Metered, State, render_metrics  # here, as most devices go without

    def render() -> bytes:
        serving = host()
        state = State(
            version=__version__,
            boot_id=serving.announcer.boot_id,
            pending_answers=serving.responder.pending,
            open_connections=serving.http.open_connections,
            devices=len(serving.devices),
            interfaces=len({sender.interface.name for sender in serving.announcer.senders}),
        )
        return render_metrics(stats.snapshot(), state)

    return Metered(site, render)


def _publish(devices: Sequence[RootDevice], taken: frozenset[str] | set[str] = frozenset()) -> list[Publication]:
    host = host_id()
    named = [with_udns(device, host) for device in devices]
    seen = set(taken)
    for device in named:
        check(device)
        udns = {str(embedded.udn).lower() for embedded in device.walk()}
        if both := seen & udns:
            raise DescriptionError(
                f"two of the devices to serve have the UDN {min(both)}; give each its own udn, or another friendly_name"
            )
        seen |= udns
    return [publish(device) for device in named]


def _advertised(publication: Publication, max_age: int) -> AdvertisedRoot:
    return AdvertisedRoot(
        rows=advertisements(publication.root),
        description_path=publication.description_path,
        server=server_token(publication.root.spec_version),
        config_id=publication.root.config_id or 0,
        max_age=max_age,
    )
