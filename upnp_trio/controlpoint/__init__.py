"""The asking side: find devices, describe them, call their actions and follow their events.

>>> async with open_control_point() as control_point:
...     async for result in control_point.search("upnp:rootdevice"):
...         print(result.usn, result.location, result.latency)
"""

from upnp_trio.controlpoint.call_answer import CallAnswer
from upnp_trio.controlpoint.control_point import ControlPoint, open_control_point
from upnp_trio.controlpoint.feeds import Feed
from upnp_trio.controlpoint.options import ControlPointOptions, ControlPointSettings
from upnp_trio.controlpoint.received import ReceivedMessage, SearchResult
from upnp_trio.controlpoint.remote import RemoteDevice, RemoteService
from upnp_trio.controlpoint.service_client import ServiceClient
from upnp_trio.controlpoint.subscription import Subscription
from upnp_trio.eventing.variable_change import VariableChange
from upnp_trio.http.client import HttpAnswer
from upnp_trio.ssdp.found import (
    DeviceAppeared,
    DeviceChange,
    DeviceGone,
    DeviceRebooted,
    DeviceUpdated,
    FoundDevice,
    FoundLocation,
)
from upnp_trio.ssdp.messages import Alive, ByeBye, Message, Search, SearchResponse, Update

__all__ = [
    "Alive",
    "ByeBye",
    "CallAnswer",
    "ControlPoint",
    "ControlPointOptions",
    "ControlPointSettings",
    "DeviceAppeared",
    "DeviceChange",
    "DeviceGone",
    "DeviceRebooted",
    "DeviceUpdated",
    "Feed",
    "FoundDevice",
    "FoundLocation",
    "HttpAnswer",
    "Message",
    "ReceivedMessage",
    "RemoteDevice",
    "RemoteService",
    "Search",
    "SearchResponse",
    "SearchResult",
    "ServiceClient",
    "Subscription",
    "Update",
    "VariableChange",
    "open_control_point",
]
