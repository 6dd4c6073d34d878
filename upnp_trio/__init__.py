"""A UPnP device on your network, on trio, h11 and attrs.

>>> async with serve_device(RootDevice(...)) as running:
...     await trio.sleep_forever()
"""

from upnp_trio._version import __version__
from upnp_trio.documents.description import parse_description, render_description
from upnp_trio.documents.device_file import load_device
from upnp_trio.errors import DescriptionError, DeviceFailed, MalformedMessage, NetworkError, PortTaken, UpnpTrioError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement, PnpX
from upnp_trio.model.names import DeviceType, ServiceType, Udn
from upnp_trio.model.rules import Violation, check, violations
from upnp_trio.server.events import Announced, Event, NetworkChanged, RequestAnswered, SearchAnswered
from upnp_trio.server.options import ServeOptions, Settings
from upnp_trio.server.serve import Location, Running, serve_device, serve_devices
from upnp_trio.server.stats import Counted, Stats

__all__ = [
    "Announced",
    "Counted",
    "DescriptionError",
    "Device",
    "DeviceFailed",
    "DeviceType",
    "Event",
    "ExtensionElement",
    "Icon",
    "Location",
    "MalformedMessage",
    "NetworkChanged",
    "NetworkError",
    "PnpX",
    "PortTaken",
    "RequestAnswered",
    "RootDevice",
    "Running",
    "SearchAnswered",
    "ServeOptions",
    "Service",
    "ServiceType",
    "Settings",
    "Stats",
    "Udn",
    "UpnpTrioError",
    "Violation",
    "__version__",
    "check",
    "load_device",
    "parse_description",
    "render_description",
    "serve_device",
    "serve_devices",
    "violations",
]
