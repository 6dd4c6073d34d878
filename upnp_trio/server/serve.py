"""`serve_device`: put root devices on the network.

Start: bind every socket (errors reach the caller bare), answer HTTP, answer searches, and only then announce.
Stop: accepting and answering end, byebye goes out, requests in flight get a short grace, sockets close.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn, Unpack

import attrs
import trio

from upnp_trio._version import __version__
from upnp_trio.documents.publication import publish
from upnp_trio.errors import DeviceFailed
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.http.server import HttpServer
from upnp_trio.model.urls import decoded
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.served_interface import Network, open_system_network
from upnp_trio.server.boot_ids import BootIds
from upnp_trio.server.change_lock import ChangeLock
from upnp_trio.server.device_host import DeviceHost
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.discovery.conflicts import ConflictWatch
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.server.identity import server_token, spec_version_of
from upnp_trio.server.network_follower import NetworkFollower
from upnp_trio.server.open_interfaces import OpenInterfaces
from upnp_trio.server.options import ServeOptions, Settings
from upnp_trio.server.running import Running
from upnp_trio.server.services import Services
from upnp_trio.server.web_servers import Elsewhere, WebApp
from upnp_trio.site import Site
from upnp_trio.ssdp.profiles import PROFILES, combined
from upnp_trio.tasks.supervision import supervised

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from upnp_trio.http.metrics import Metered
    from upnp_trio.model.device import RootDevice
    from upnp_trio.server.handler_runner import HandlerRunner
    from upnp_trio.server.mounted_site import MountedSite  # noqa: TC004  # attrs does not evaluate it
    from upnp_trio.server.served_device import ServedDevice

__all__ = ["serve_device", "serve_devices", "serve_on", "serve_with"]


@asynccontextmanager
async def serve_device(device: RootDevice, **options: Unpack[ServeOptions]) -> AsyncIterator[Running]:
    """Put *device* on the network for as long as the body runs (UDA 2.0 §1, §2).

    The body starts when a search sent at that moment would be answered. Interfaces and addresses may come, go and
    change while it runs, and there may be none at all.

    *Options*, all of them keywords, with their defaults: ``interfaces=()``, names, addresses or prefixes to serve on;
    ``ipv4=True``, ``ipv6=True``; ``http=None``, the web server that has the documents, if it is not ours (`Elsewhere`);
    ``port=None``, HTTP's, or the first free one; ``advertise_url=None``, host and port of LOCATION in place of this
    host's own; ``allowed_hosts=()``, names that HTTP answers to beside its addresses; ``announce_only=False``, receive
    no searches; ``answer_off_link=False``, answer beyond the own link; ``reply_budget=64``, answers a second to one
    address in the long run; ``multicast_ttl=None``, hops of announcements; ``max_age=None``, seconds that an
    announcement holds, by default what the device says, or 1800; ``profile="uda"``, or the clients whose odd searches
    are answered, too, such as ``"windows"`` or ``["roku", "hue"]``; ``metrics=False``, serve the counters at
    ``/metrics``; ``state_dir``, where BOOTID is kept over restarts, by default where this system keeps the state of
    programs, or ``None`` to keep nothing; ``rng`` and ``utcnow``, chance and the wall clock. `Settings` has them all.

    *Errors*: `DescriptionError` and `NetworkError` leave before the body starts; `UdnTaken`, a `NetworkError`, if
    another program on this host serves the UDN that *device* was given. An exception of the body leaves as itself,
    after byebye. If a task of this package fails, the body is cancelled and `DeviceFailed` leaves.

    *Resources*: all sockets are closed when this ends, which takes up to three seconds if requests are in flight.
    """
    async with serve_devices([device], **options) as running:
        yield running


@asynccontextmanager
async def serve_devices(devices: Sequence[RootDevice], **options: Unpack[ServeOptions]) -> AsyncIterator[Running]:
    """Like `serve_device`, for several root devices that share sockets and port; there may be none at first."""
    if not trio.lowlevel.in_trio_run():
        raise RuntimeError("no trio loop runs here; use upnp_trio.asyncio in an asyncio loop, or upnp_trio.threads")
    async with serve_with(Settings(**options), devices) as running:
        yield running


@asynccontextmanager
async def serve_with(
    settings: Settings, devices: Sequence[RootDevice], runner: HandlerRunner | None = None
) -> AsyncIterator[Running]:
    """Like `serve_devices`; *runner* runs the code of handlers, if it is not to run in this thread."""
    boot_ids = BootIds(settings.utcnow, settings.state_dir)
    with open_system_network(settings.state_dir) as network:
        async with serve_on(network, devices, settings, boot_ids, runner) as running:
            yield running


@asynccontextmanager
async def serve_on(
    network: Network,
    devices: Sequence[RootDevice],
    settings: Settings,
    boot_ids: BootIds | None = None,
    runner: HandlerRunner | None = None,
    secret: Callable[[int], bytes] = os.urandom,
) -> AsyncIterator[Running]:
    """Like `serve_devices`, on a network that the caller opens and closes.

    Without *boot_ids*, BOOTID rises within this process and nothing is kept; ``state_dir`` is not used. *secret* gives
    bytes that nobody can guess, for the names of subscriptions.
    """
    boot_ids = boot_ids or BootIds(settings.utcnow)
    spec_version = spec_version_of(devices)
    parts = _assemble(network, settings, boot_ids, await boot_ids.next(), server_token(spec_version), runner, secret)
    try:
        parts.host.begin(devices)
        async with supervised(DeviceFailed, "the device") as nursery:
            await nursery.start(parts.services.run)
            await nursery.start(parts.http.run)
            nursery.start_soon(parts.responder.send_due)
            parts.follower.start(nursery)
            if parts.mounted is not None:
                await nursery.start(parts.mounted.run)
            await nursery.start(_announce, parts)  # last, when LOCATION can be fetched
            nursery.start_soon(parts.follower.follow, nursery)
            if isinstance(settings.http, Elsewhere):
                nursery.start_soon(settings.http._check_once, network, lambda: parts.announcer.senders)
            yield Running(
                stats=parts.stats,
                events=parts.events,
                host=parts.host,
                services=parts.services,
                interfaces=parts.interfaces,
                follower=parts.follower,
                announcer=parts.announcer,
            )
    finally:
        parts.interfaces.close_all()
        parts.host.close()
        parts.services.close()
        parts.events.close()


async def _announce(parts: _Parts, *, task_status: trio.TaskStatus[None]) -> NoReturn:
    """Announce until cancelled, then complete the change that is under way, and revoke everything.

    Byebye is sent on every way out, also when the first announcement was not due yet: searches may have been answered
    before.
    """
    try:
        if parts.mounted is not None:
            task_status.started()  # a server may begin to listen when the body has begun, as a lifespan's does
            await parts.mounted.wait_until_listening()
            await parts.announcer.announce()
        else:
            await parts.announcer.announce(task_status=task_status)
    finally:
        with trio.CancelScope(shield=True):
            await parts.changes.end()
            await parts.announcer.byebye(parts.announcer.senders)


@attrs.frozen(eq=False, repr=False, kw_only=True)
class _Parts:
    """The parts that serve devices. Each has references to those that it uses."""

    stats: Stats
    events: Events
    changes: ChangeLock
    services: Services
    http: HttpServer
    #: what an app within another server serves; ``None`` without one
    mounted: MountedSite | None
    responder: Responder
    announcer: Announcer
    host: DeviceHost
    interfaces: OpenInterfaces
    follower: NetworkFollower


def _assemble(
    network: Network,
    settings: Settings,
    boot_ids: BootIds,
    boot_id: int,
    server: str,
    runner: HandlerRunner | None,
    secret: Callable[[int], bytes],
) -> _Parts:
    stats = Stats()
    events = Events(stats)
    app = settings.http if isinstance(settings.http, WebApp) else None
    prefix = app._prefix if app is not None else ""
    site = Site(answers_off_link=settings.answer_off_link, prefix=prefix, others=_other_paths(settings, prefix))
    changes = ChangeLock()
    responder = Responder(
        boot_id=boot_id,
        rng=settings.rng,
        utcnow=settings.utcnow,
        stats=stats,
        events=events,
        reply_budget=settings.reply_budget,
        answer_off_link=settings.answer_off_link,
        profile=combined(PROFILES[name] for name in settings.profile),
    )
    announcer = Announcer(boot_id=boot_id, rng=settings.rng, stats=stats, events=events)
    services = Services(
        site=site,
        network=network,
        announcer=announcer,
        stats=stats,
        events=events,
        max_subscriptions=settings.max_subscriptions,
        runner=runner,
        secret=secret,
    )
    by_udn: dict[str, ServedDevice] = {}
    conflicts = ConflictWatch(devices=by_udn, announcer=announcer, stats=stats)
    responder.on_notify = conflicts.receive_notify
    host = DeviceHost(
        network=network,
        max_age=settings.max_age,
        publish=publish if settings.http is None else settings.http._publish,
        changes=changes,
        site=site,
        services=services,
        responder=responder,
        announcer=announcer,
        by_udn=by_udn,
    )
    writer = ResponseWriter(
        site=_metered(services, stats, prefix, lambda: parts) if settings.metrics else services,
        server_token=server,
        utcnow=settings.utcnow,
        stats=stats,
        events=events,
    )
    http = HttpServer(writer, allowed_hosts=settings.host_names)
    mounted = app._mount(site, writer, network, settings.host_names) if app is not None else None
    interfaces = OpenInterfaces(network=network, settings=settings, http=http, responder=responder)
    follower = NetworkFollower(
        network=network,
        settings=settings,
        changes=changes,
        boot_ids=boot_ids,
        interfaces=interfaces,
        site=site,
        responder=responder,
        announcer=announcer,
        conflicts=conflicts,
        mounted=mounted,
    )
    parts = _Parts(
        stats=stats,
        events=events,
        changes=changes,
        services=services,
        http=http,
        mounted=mounted,
        responder=responder,
        announcer=announcer,
        host=host,
        interfaces=interfaces,
        follower=follower,
    )
    return parts


def _other_paths(settings: Settings, prefix: str) -> dict[str, str]:
    """The paths at which HTTP serves something other than devices, each with what that is."""
    if not settings.metrics:
        return {}
    from upnp_trio.http.metrics import METRICS_PATH  # imported here, as few devices need it

    return {decoded(prefix + METRICS_PATH): "the counters (metrics)"}


def _metered(services: Services, stats: Stats, prefix: str, parts: Callable[[], _Parts]) -> Metered:
    # imported here, as few devices need it
    from upnp_trio.http.metrics import METRICS_PATH, Metered, State, render_metrics

    def render() -> bytes:
        now = parts()
        state = State(
            version=__version__,
            boot_id=now.announcer.boot_id,
            pending_answers=now.responder.pending,
            open_connections=now.http.open_connections + (now.mounted.waiting if now.mounted is not None else 0),
            devices=len(now.host.devices),
            interfaces=len({sender.interface.name for sender in now.announcer.senders}),
        )
        return render_metrics(stats.snapshot(), state)

    return Metered(services, render, decoded(prefix + METRICS_PATH))
