"""A UPnP device on your network, on trio, h11 and attrs.

>>> async with serve_device(RootDevice(...)) as running:
...     await trio.sleep_forever()

Each name is imported when it is first used. A program that only reads descriptions does not import the network code,
and the command starts sooner.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from upnp_trio._version import __version__
    from upnp_trio.documents.description import parse_description, render_description
    from upnp_trio.documents.device_file import load_device
    from upnp_trio.documents.scpd import parse_scpd, render_service_description
    from upnp_trio.errors import (
        ControlPointFailed,
        DescriptionError,
        DeviceFailed,
        HandlerFailed,
        InvalidCall,
        MalformedMessage,
        NetworkError,
        PortTaken,
        RequestFailed,
        UdnTaken,
        UnknownDevice,
        UnknownService,
        UnsafeUrl,
        UpnpError,
        UpnpTrioError,
    )
    from upnp_trio.eventing.last_change import LastChange
    from upnp_trio.model.advertising import AdvertisedRow, Advertising
    from upnp_trio.model.caller import Caller
    from upnp_trio.model.datatypes import DataType
    from upnp_trio.model.device import Device, Icon, RootDevice, Service
    from upnp_trio.model.extension import ExtensionElement, PnpX
    from upnp_trio.model.names import DeviceType, ServiceType, Udn
    from upnp_trio.model.rules import Violation, check, violations
    from upnp_trio.model.service import (
        ActionDescription,
        AllowedRange,
        ArgumentDescription,
        ServiceDescription,
        VariableDescription,
    )
    from upnp_trio.monitoring.events import (
        ActionCalled,
        Announced,
        Event,
        NetworkChanged,
        RequestAnswered,
        SearchAnswered,
        VariablesChanged,
    )
    from upnp_trio.monitoring.stats import Counted, Stats
    from upnp_trio.network.interfaces import Choice, Interface
    from upnp_trio.server.options import ServeOptions, Settings
    from upnp_trio.server.running import Location, Running
    from upnp_trio.server.serve import serve_device, serve_devices
    from upnp_trio.server.web_servers import Elsewhere, WebServer
    from upnp_trio.services.client_stub import render_client
    from upnp_trio.services.handler import ServiceHandler
    from upnp_trio.services.markers import In, Out, Range, StateVariable, action
    from upnp_trio.services.stub import render_stub
    from upnp_trio.services.types import (
        I1,
        I2,
        I4,
        I8,
        R4,
        R8,
        BinBase64,
        BinHex,
        Char,
        DateTime,
        DateTimeTz,
        Fixed14_4,
        Float,
        Int,
        Number,
        TimeTz,
        Ui1,
        Ui2,
        Ui4,
        Ui8,
        Uri,
    )

__all__ = [
    "I1",
    "I2",
    "I4",
    "I8",
    "R4",
    "R8",
    "ActionCalled",
    "ActionDescription",
    "AdvertisedRow",
    "Advertising",
    "AllowedRange",
    "Announced",
    "ArgumentDescription",
    "BinBase64",
    "BinHex",
    "Caller",
    "Char",
    "Choice",
    "ControlPointFailed",
    "Counted",
    "DataType",
    "DateTime",
    "DateTimeTz",
    "DescriptionError",
    "Device",
    "DeviceFailed",
    "DeviceType",
    "Elsewhere",
    "Event",
    "ExtensionElement",
    "Fixed14_4",
    "Float",
    "HandlerFailed",
    "Icon",
    "In",
    "Int",
    "Interface",
    "InvalidCall",
    "LastChange",
    "Location",
    "MalformedMessage",
    "NetworkChanged",
    "NetworkError",
    "Number",
    "Out",
    "PnpX",
    "PortTaken",
    "Range",
    "RequestAnswered",
    "RequestFailed",
    "RootDevice",
    "Running",
    "SearchAnswered",
    "ServeOptions",
    "Service",
    "ServiceDescription",
    "ServiceHandler",
    "ServiceType",
    "Settings",
    "StateVariable",
    "Stats",
    "TimeTz",
    "Udn",
    "UdnTaken",
    "Ui1",
    "Ui2",
    "Ui4",
    "Ui8",
    "UnknownDevice",
    "UnknownService",
    "UnsafeUrl",
    "UpnpError",
    "UpnpTrioError",
    "Uri",
    "VariableDescription",
    "VariablesChanged",
    "Violation",
    "WebServer",
    "__version__",
    "action",
    "check",
    "load_device",
    "parse_description",
    "parse_scpd",
    "render_client",
    "render_description",
    "render_service_description",
    "render_stub",
    "serve_device",
    "serve_devices",
    "violations",
]

_HOMES = {
    "upnp_trio._version": ("__version__",),
    "upnp_trio.documents.description": ("parse_description", "render_description"),
    "upnp_trio.documents.device_file": ("load_device",),
    "upnp_trio.eventing.last_change": ("LastChange",),
    "upnp_trio.errors": (
        "ControlPointFailed",
        "DescriptionError",
        "DeviceFailed",
        "HandlerFailed",
        "InvalidCall",
        "MalformedMessage",
        "NetworkError",
        "PortTaken",
        "RequestFailed",
        "UdnTaken",
        "UnknownDevice",
        "UnknownService",
        "UnsafeUrl",
        "UpnpError",
        "UpnpTrioError",
    ),
    "upnp_trio.documents.scpd": ("parse_scpd", "render_service_description"),
    "upnp_trio.model.service": (
        "ActionDescription",
        "AllowedRange",
        "ArgumentDescription",
        "ServiceDescription",
        "VariableDescription",
    ),
    "upnp_trio.model.datatypes": ("DataType",),
    "upnp_trio.model.advertising": ("AdvertisedRow", "Advertising"),
    "upnp_trio.model.caller": ("Caller",),
    "upnp_trio.services.handler": ("ServiceHandler",),
    "upnp_trio.services.markers": ("In", "Out", "Range", "StateVariable", "action"),
    "upnp_trio.services.client_stub": ("render_client",),
    "upnp_trio.services.stub": ("render_stub",),
    "upnp_trio.services.types": (
        "BinBase64",
        "BinHex",
        "Char",
        "DateTime",
        "DateTimeTz",
        "Fixed14_4",
        "Float",
        "I1",
        "I2",
        "I4",
        "I8",
        "Int",
        "Number",
        "R4",
        "R8",
        "TimeTz",
        "Ui1",
        "Ui2",
        "Ui4",
        "Ui8",
        "Uri",
    ),
    "upnp_trio.model.device": ("Device", "Icon", "RootDevice", "Service"),
    "upnp_trio.model.extension": ("ExtensionElement", "PnpX"),
    "upnp_trio.model.names": ("DeviceType", "ServiceType", "Udn"),
    "upnp_trio.model.rules": ("Violation", "check", "violations"),
    "upnp_trio.network.interfaces": ("Choice", "Interface"),
    "upnp_trio.monitoring.events": (
        "ActionCalled",
        "Announced",
        "Event",
        "NetworkChanged",
        "RequestAnswered",
        "SearchAnswered",
        "VariablesChanged",
    ),
    "upnp_trio.server.options": ("ServeOptions", "Settings"),
    "upnp_trio.server.running": ("Location", "Running"),
    "upnp_trio.server.serve": ("serve_device", "serve_devices"),
    "upnp_trio.server.web_servers": ("Elsewhere", "WebServer"),
    "upnp_trio.monitoring.stats": ("Counted", "Stats"),
}


def _import_on_use(
    namespace: dict[str, object], homes: "Mapping[str, Iterable[str]]"
) -> "tuple[Callable[[str], object], Callable[[], list[str]]]":
    """``__getattr__`` and ``__dir__`` of a module, which import the names in *homes*, by module, when they are used.

    Type checkers shall not see these two, so that they find names that do not exist. It is defined here because a
    module of its own would have to be imported, too.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def import_name(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        value = namespace[name] = getattr(import_module(home_of[name]), name)
        return value

    return import_name, lambda: sorted({*namespace, *home_of})


if not TYPE_CHECKING:
    __getattr__, __dir__ = _import_on_use(globals(), _HOMES)
