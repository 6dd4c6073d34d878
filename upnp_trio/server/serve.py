"""`serve_device`: open everything, start in order, supervise, stop in order.

Start: bind every socket (errors reach the caller bare), answer HTTP, answer searches, and only then announce.
Stop: accepting and answering end, byebye goes out, requests in flight get a short grace, sockets close.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from ipaddress import IPv4Address
from random import Random
from typing import TYPE_CHECKING

import attrs

from upnp_trio.dates import utc_now
from upnp_trio.documents.publication import Publication, publish
from upnp_trio.errors import DescriptionError, NetworkError
from upnp_trio.model.device import RootDevice
from upnp_trio.model.names import Udn
from upnp_trio.model.rules import check
from upnp_trio.network.interfaces import Choice, Interface, choose, host_interfaces
from upnp_trio.network.listeners import Listener, open_listeners
from upnp_trio.network.multicast import Endpoint, open_endpoints
from upnp_trio.server.announcer import Announcer
from upnp_trio.server.events import EventHandler, Stats, ignore_events
from upnp_trio.server.http import HttpServer
from upnp_trio.server.identity import host_id, next_boot_id, server_token, with_udns
from upnp_trio.server.presence import Presence
from upnp_trio.server.responder import Responder
from upnp_trio.server.supervision import supervised
from upnp_trio.site import Site
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.schedule import DEFAULT_MAX_AGE, MIN_MAX_AGE
from upnp_trio.ssdp.search import Index

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Location", "Running", "serve_device", "serve_devices"]


@attrs.frozen(kw_only=True)
class Location:
    """Where one address of one interface offers the description of one root device."""

    interface: str
    address: IPv4Address
    udn: Udn
    url: str


@attrs.frozen(kw_only=True, eq=False)
class Running:
    """A device, or several, being served."""

    #: the root devices as they are served: with their UDNs, URLs and CONFIGID
    devices: tuple[RootDevice, ...]
    #: one for each device and interface address
    where: tuple[Location, ...]
    #: which interfaces are served, and why the others are not
    choices: tuple[Choice, ...]
    #: Unix seconds of the start, larger at each (UDA 2.0 §1.2.2)
    boot_id: int
    #: the TCP port of HTTP, the same at every address
    port: int
    stats: Stats

    @property
    def device(self) -> RootDevice:
        """The root device, the first of several."""
        return self.devices[0]

    @property
    def locations(self) -> tuple[str, ...]:
        """The URLs of the description documents: LOCATION at each interface address."""
        return tuple(location.url for location in self.where)


@asynccontextmanager
async def serve_device(
    device: RootDevice,
    *,
    interfaces: Sequence[str] = (),
    port: int | None = None,
    max_age: int = DEFAULT_MAX_AGE,
    on_event: EventHandler = ignore_events,
    rng: Random | None = None,
    utcnow: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Running]:
    """Put *device* on the network for as long as the body runs (UDA 2.0 §1, §2).

    *interfaces* names interfaces, addresses or prefixes, by default all that make sense; *port* is HTTP's, by
    default the first free one from 49152; *max_age* is the seconds that an announcement holds; *on_event* is
    called, without awaiting, with what happens. The body starts when a search sent at that moment would be
    answered.

    *Errors*: `DescriptionError` and `NetworkError` leave before the body starts. An exception of the body leaves
    as itself, after byebye. If a task of ours fails, the body is cancelled and `DeviceFailed` leaves.

    *Resources*: all sockets are closed when this ends, which takes up to three seconds if requests are in flight.
    """
    async with serve_devices(
        [device],
        interfaces=interfaces,
        port=port,
        max_age=max_age,
        on_event=on_event,
        rng=rng,
        utcnow=utcnow,
    ) as running:
        yield running


@asynccontextmanager
async def serve_devices(
    devices: Sequence[RootDevice],
    *,
    interfaces: Sequence[str] = (),
    port: int | None = None,
    max_age: int = DEFAULT_MAX_AGE,
    on_event: EventHandler = ignore_events,
    rng: Random | None = None,
    utcnow: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Running]:
    """Like `serve_device`, for several root devices that share sockets and port."""
    if max_age < MIN_MAX_AGE:
        raise DescriptionError(f"max_age is {max_age}; UDA §1.2.2 wants seconds, 1800 or more")
    if port is not None and not 1 <= port <= 65535:
        raise NetworkError(f"port is {port}; a TCP port is 1 to 65535, or None for the first free one")
    if isinstance(interfaces, str):  # a text is a sequence of texts, too, and not what is meant
        interfaces = (interfaces,)
    rng = rng or Random()
    publications = _publish(devices)
    choices = choose(host_interfaces(), interfaces)
    served = [choice.interface for choice in choices if choice.served]
    if not served:
        raise NetworkError("no interface to serve on: this host has none that is up; bring one up")
    addresses = _served_addresses(served)
    with open_listeners(addresses, port) as (bound_port, listeners), open_endpoints(served) as endpoints:
        presence = Presence({ip: f"http://{ip}:{bound_port}" for ip in addresses}, next_boot_id(utcnow))
        running = Running(
            devices=tuple(publication.root for publication in publications),
            where=_locations(publications, served, presence),
            choices=tuple(choices),
            boot_id=presence.boot_id,
            port=bound_port,
            stats=Stats(),
        )
        device = DeviceAtWork(
            publications=publications,
            presence=presence,
            max_age=max_age,
            rng=rng,
            utcnow=utcnow,
            stats=running.stats,
            on_event=on_event,
        )
        async with device.serve(endpoints, listeners):
            yield running


@attrs.define(eq=False, kw_only=True)
class DeviceAtWork:
    """All tasks of served devices, on sockets that somebody else opened and closes."""

    publications: Sequence[Publication]
    presence: Presence
    max_age: int
    rng: Random
    utcnow: Callable[[], datetime]
    stats: Stats
    on_event: EventHandler

    @asynccontextmanager
    async def serve(self, endpoints: Sequence[Endpoint], listeners: Sequence[Listener]) -> AsyncIterator[None]:
        """Answer HTTP, then searches, then announce, until the body ends; errors as `serve_device` says."""
        roots = [_advertised(publication, self.max_age) for publication in self.publications]
        locations = {
            str(publication.root.udn): [
                base + publication.description_path for base in self.presence.base_urls.values()
            ]
            for publication in self.publications
        }
        http = HttpServer(
            site=Site(self.publications, locations),
            server_token=server_token(self.publications[0].root.spec_version),
            utcnow=self.utcnow,
            stats=self.stats,
            on_event=self.on_event,
        )
        responder = Responder(
            index=Index(roots),
            presence=self.presence,
            rng=self.rng,
            utcnow=self.utcnow,
            stats=self.stats,
            on_event=self.on_event,
        )
        announcer = Announcer(
            endpoints=endpoints,
            roots=roots,
            presence=self.presence,
            rng=self.rng,
            stats=self.stats,
            on_event=self.on_event,
        )
        async with supervised() as nursery:
            await nursery.start(http.serve, listeners)
            await nursery.start(responder.answer_searches, endpoints)
            await nursery.start(announcer.announce)  # last: what LOCATION names answers already
            yield


def _publish(devices: Sequence[RootDevice]) -> list[Publication]:
    if not devices:
        raise DescriptionError("no device to serve")
    host = host_id()
    named = [with_udns(device, host) for device in devices]
    for device in named:
        check(device)
    udns = Counter(str(embedded.udn).lower() for device in named for embedded in device.walk())
    for udn, count in udns.items():
        if count > 1:
            raise DescriptionError(
                f"{count} of the devices to serve have the UDN {udn}; give each its own udn, or another friendly_name"
            )
    return [publish(device) for device in named]


def _served_addresses(served: Sequence[Interface]) -> list[IPv4Address]:
    return list(dict.fromkeys(address.ip for interface in served for address in interface.addresses))


def _locations(
    publications: Sequence[Publication], served: Sequence[Interface], presence: Presence
) -> tuple[Location, ...]:
    return tuple(
        Location(
            interface=interface.name,
            address=address.ip,
            udn=publication.root.udn or Udn(""),
            url=presence.base_urls[address.ip] + publication.description_path,
        )
        for publication in publications
        for interface in served
        for address in interface.addresses
    )


def _advertised(publication: Publication, max_age: int) -> AdvertisedRoot:
    return AdvertisedRoot(
        rows=advertisements(publication.root),
        description_path=publication.description_path,
        server=server_token(publication.root.spec_version),
        config_id=publication.root.config_id or 0,
        max_age=max_age,
    )
