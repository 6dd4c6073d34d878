"""A WeMo switch, for Echo and for pywemo, which Home Assistant uses.

An Echo searches ``urn:Belkin:device:**`` (first and second generation) or ``upnp:rootdevice``, gets ``/setup.xml``, and
calls ``SetBinaryState`` and ``GetBinaryState`` at ``/upnp/control/basicevent1``; it takes a place for each switch by
its ``friendlyName``. Other clients scan for the port and call ``GetFriendlyName``. pywemo searches
``urn:Belkin:service:basicevent:1``, takes what has a UDN that begins with ``uuid:Socket`` for a switch, and gets
``/eventservice.xml``, too. All devices that are served together share a port, and there is one ``/setup.xml`` at a
port: serve each switch by itself.

Sources: protocol_notes of makermusings/fauxmo and n8henrie/fauxmo, which recorded an Echo and a WeMo switch; fauxmoESP;
pywemo (pywemo/ssdp.py, pywemo/discovery.py).
"""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Annotated, cast

import attrs

from upnp_trio.model.advertising import AdvertisedRow, Advertising
from upnp_trio.model.device import RootDevice
from upnp_trio.profiles.identifiers import serial_text
from upnp_trio.services.handler import ServiceHandler
from upnp_trio.services.markers import In, Out, StateVariable, action
from upnp_trio.services.types import Ui4

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["AsyncBasicEvent", "BasicEvent", "wemo_switch"]

SERVICE_TYPE = "urn:Belkin:service:basicevent:1"
SERVICE_ID = "urn:Belkin:serviceId:basicevent1"

_NewState = Annotated[bool, In("BinaryState", "BinaryState")]
# A switch of Belkin's answers so.
_Countdown = Annotated[Ui4, Out("CountdownEndTime", "CountdownEndTime")]


class _BinaryState(ServiceHandler):
    """What both kinds of the service have."""

    #: whether the switch is on; an assignment tells the subscribers
    is_on: Annotated[bool, StateVariable("BinaryState")] = False
    #: the name that GetFriendlyName gives
    friendly_name: Annotated[str, StateVariable("FriendlyName", evented=False)] = ""
    #: when the switch changes by itself, in seconds since 1970; 0 for never
    countdown_end_time: Annotated[Ui4, StateVariable("CountdownEndTime", evented=False)] = Ui4(0)

    @action("GetFriendlyName")
    def get_friendly_name(self) -> Annotated[str, Out("FriendlyName", "FriendlyName")]:
        return self.friendly_name

    @action("GetBinaryState")
    def get_binary_state(self) -> Annotated[bool, Out("BinaryState", "BinaryState")]:
        return self.is_on


class BasicEvent(_BinaryState, service_type=SERVICE_TYPE, service_id=SERVICE_ID):
    """The service of a switch that is called *name*.

    *switch* is called with whether it is to be on; if it raises, the state stays.
    """

    def __init__(self, switch: Callable[[bool], None], name: str = "") -> None:
        self._switch = switch
        self.friendly_name = name

    @action("SetBinaryState")
    def set_binary_state(self, on: _NewState) -> _Countdown:
        self._switch(on)
        self.is_on = on
        return self.countdown_end_time


class AsyncBasicEvent(_BinaryState, service_type=SERVICE_TYPE, service_id=SERVICE_ID):
    """The same with a coroutine function."""

    def __init__(self, switch: Callable[[bool], Awaitable[None]], name: str = "") -> None:
        self._switch = switch
        self.friendly_name = name

    @action("SetBinaryState")
    async def set_binary_state(self, on: _NewState) -> _Countdown:
        await self._switch(on)
        self.is_on = on
        return self.countdown_end_time


def wemo_switch(
    name: str, *, serial: str, switch: Callable[[bool], None] | Callable[[bool], Awaitable[None]]
) -> RootDevice:
    """A switch that calls *switch*, a function or a coroutine function, with whether it is to be on.

    *serial* tells switches apart, such as ``221517K0101769``. Raises `DescriptionError`.
    """
    serial = serial_text(serial)
    handler: ServiceHandler
    if iscoroutinefunction(switch):
        handler = AsyncBasicEvent(switch, name)
    else:
        handler = BasicEvent(cast("Callable[[bool], None]", switch), name)
    service = attrs.evolve(
        handler.as_service(),
        scpd_url="/eventservice.xml",
        control_url="/upnp/control/basicevent1",
        event_sub_url="/upnp/event/basicevent1",
    )
    return RootDevice(
        device_type="urn:Belkin:device:controllee:1",
        friendly_name=name,
        manufacturer="Belkin International Inc.",
        manufacturer_url="http://www.belkin.com",
        model_description="Belkin Plugin Socket 1.0",
        model_name="Socket",
        model_number="1.0",
        serial_number=serial,
        udn=f"uuid:Socket-1_0-{serial}",
        services=[service],
        spec_version=(1, 0),
        description_path="/setup.xml",
        advertising=Advertising(
            server="Unspecified, UPnP/1.0, Unspecified",
            max_age=86400,
            rows=[AdvertisedRow("urn:Belkin:device:**")],
        ),
        strict=None,  # the UDN is no UUID
    )
