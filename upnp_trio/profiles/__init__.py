"""Root devices that well-known clients look for, as values: each a few lines of data with its source.

They say what a client needs to see before it takes a device for one of these, and no more. What it then asks for, such
as a Hue bridge's ``/api``, is for the program to answer. Change a value with `attrs.evolve`. Where they break a rule of
UDA as the real devices do, that is logged at INFO.
"""

from upnp_trio.profiles.dial import dial_receiver
from upnp_trio.profiles.hdhomerun import hdhomerun_tuner
from upnp_trio.profiles.hue import hue_bridge, hue_bridge_id
from upnp_trio.profiles.roku import roku_player
from upnp_trio.profiles.sonos import sonos_player
from upnp_trio.profiles.wemo import AsyncBasicEvent, BasicEvent, wemo_switch
from upnp_trio.profiles.windows import windows_device

__all__ = [
    "AsyncBasicEvent",
    "BasicEvent",
    "dial_receiver",
    "hdhomerun_tuner",
    "hue_bridge",
    "hue_bridge_id",
    "roku_player",
    "sonos_player",
    "wemo_switch",
    "windows_device",
]
