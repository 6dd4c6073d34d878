"""The value of `serve_device`: the state of the devices that are served, and the means to change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs

from upnp_trio.model.names import Udn
from upnp_trio.monitoring.events import EVENTS_BUFFERED, Event, EventReceiver, Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.interfaces import Choice, IpAddress
from upnp_trio.server.device_host import DeviceHost
from upnp_trio.server.discovery.announcer import Announcer
from upnp_trio.server.network_follower import NetworkFollower
from upnp_trio.server.open_interfaces import OpenInterfaces
from upnp_trio.server.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    import trio

    from upnp_trio.model.device import RootDevice

__all__ = ["Location", "Running"]

H = TypeVar("H")


@attrs.frozen(kw_only=True)
class Location:
    """The URL of one root device's description at one address of one interface."""

    #: the name of the interface, such as ``eth0``
    interface: str
    address: IpAddress
    #: the UDN of the root device
    udn: Udn
    #: LOCATION, as it is announced from *address*
    url: str


@attrs.frozen(kw_only=True, eq=False)
class Running:
    """Root devices that are being served. Each property returns the state at the moment it is read."""

    #: the counters, which go on; ``stats.snapshot()`` returns their values at one moment
    stats: Stats
    _events: Events
    _host: DeviceHost
    _services: Services
    _interfaces: OpenInterfaces
    _follower: NetworkFollower
    _announcer: Announcer

    @property
    def devices(self) -> tuple[RootDevice, ...]:
        """The root devices as they are served: with their UDNs, URLs and CONFIGID."""
        return tuple(device.root for device in self._host.devices)

    @property
    def device(self) -> RootDevice:
        """The root device, the first of several."""
        return self.devices[0]

    @property
    def where(self) -> tuple[Location, ...]:
        """One entry for each device and served interface address; empty while the host has no network."""
        return tuple(
            Location(
                interface=sender.interface.name,
                address=sender.address,
                udn=device.root.udn or Udn(device.udn),
                url=sender.origin.base_url + device.published.description_path,
            )
            for device in self._host.devices
            for sender in self._announcer.senders
        )

    @property
    def locations(self) -> tuple[str, ...]:
        """The URLs of the description documents: LOCATION at each interface address."""
        return tuple(location.url for location in self.where)

    @property
    def choices(self) -> tuple[Choice, ...]:
        """Which interfaces are served, and why the others are not."""
        return self._follower.choices

    @property
    def boot_id(self) -> int:
        """BOOTID: rises with each start and each change of the network (UDA 2.0 §1.2.2)."""
        return self._announcer.boot_id

    @property
    def port(self) -> int | None:
        """The TCP port of HTTP; ``None`` until there has been an address to serve on, and where HTTP is not ours."""
        return self._interfaces.port

    def service(self, kind: type[H], udn: Udn | UUID | str | None = None) -> H:
        """The living service of the class *kind*: the first one, or that of the device with *udn*.

        Its variables may be assigned from any task, and each change is sent to the subscribers:
        ``running.service(SwitchPower).status = True``. Raises `LookupError` if there is none.
        """
        return self._services.find(
            kind, None if udn is None else str(udn if isinstance(udn, Udn) else Udn(udn)).lower()
        )

    def subscribe(self, max_buffered: int = EVENTS_BUFFERED) -> trio.MemoryReceiveChannel[Event]:
        """Events from now on: ``async for event in running.subscribe(): ...``, which ends after byebye.

        A slow reader misses the newest of more than *max_buffered* events, which ``stats.events_dropped`` counts; it
        delays nothing else. Close the channel to end the subscription.
        """
        return self._events.subscribe(max_buffered)

    def _add_receiver(self, receiver: EventReceiver, has_reader: Callable[[], bool]) -> None:
        """Pass the events from now on to *receiver*, as `subscribe` does to a channel."""
        self._events.add(receiver, has_reader)

    async def add(self, device: RootDevice) -> RootDevice:
        """Serve one more root device, found and announced from now on; returns it as it is served.

        Like `remove` and `update`, this happens entirely or, when it is cancelled or raises, not at all. Changes happen
        one at a time: one that has begun is completed, which takes a second or two at most, and one that waits for its
        turn can be cancelled.

        Raises `DescriptionError` if it breaks a rule of UDA or has a UDN that is served here already, `UdnTaken` if
        another program on this host serves its explicit UDN, and `trio.ClosedResourceError` after the end.
        """
        return (await self._host.add(device)).root

    async def remove(self, udn: Udn | UUID | str) -> None:
        """Take the root device with *udn* off the network, with byebye.

        Raises `KeyError` if there is none, `DescriptionError` for a text that is not a UDN, and
        `trio.ClosedResourceError` after the end.
        """
        await self._host.remove(udn)

    async def update(self, device: RootDevice) -> RootDevice:
        """Serve *device* in place of the root device with its UDN; returns it as it is served.

        Whatever differs, byebye is sent for the old one and alive for the new one. If a document differs, CONFIGID
        does, too (UDA 2.0 §1.2.2, §2). If nothing differs, nothing happens.

        Raises `KeyError` if no such device is served, and the errors of `add`.
        """
        return (await self._host.update(device)).root
