"""A network in memory, to test programs that serve, find and use devices.

::

    from upnp_trio.testing import MemoryNetwork, alive, byebye

    async def test_the_lamp_is_found(autojump_clock):
        network = MemoryNetwork(seed=1)
        lamp, phone = network.host("lamp"), network.host("phone")
        async with lamp.serve(LAMP) as running, phone.control_point() as control_point:
            ...
        network.recording.expect(alive(of=running)).sent_from("192.0.2.1").at_least(2).before(byebye(of=running))

All waiting is trio's, so `trio.testing.MockClock` rules it, and two runs with one seed are the same to the byte. The
pytest plugin, `upnp_trio.testing.pytest_plugin`, has fixtures for this network and for real devices on loopback.

Each name is imported when it is first used, so that the plugin costs nothing in tests that do without it.
"""

from typing import TYPE_CHECKING

from upnp_trio import _import_on_use

if TYPE_CHECKING:
    from upnp_trio.testing.device_factory import DeviceFactory
    from upnp_trio.testing.expectations import Expectation
    from upnp_trio.testing.hosts import Host
    from upnp_trio.testing.links import Link, Nic
    from upnp_trio.testing.memory_network import MemoryNetwork
    from upnp_trio.testing.patterns import (
        Pattern,
        Subject,
        alive,
        anything,
        byebye,
        connection,
        malformed,
        response,
        search,
        update,
    )
    from upnp_trio.testing.peers import answer_datagrams, http_response, serve_connections
    from upnp_trio.testing.pipes import Listener, PipeStream
    from upnp_trio.testing.playing import Playing
    from upnp_trio.testing.real_device import RealDevice
    from upnp_trio.testing.recording import Recorded, RecordedConnection, RecordedDatagram, Recording
    from upnp_trio.testing.scheduling import seeded
    from upnp_trio.testing.scripted import GARBAGE, ScriptedDevice
    from upnp_trio.testing.udp import UdpSocket

__all__ = [
    "GARBAGE",
    "DeviceFactory",
    "Expectation",
    "Host",
    "Link",
    "Listener",
    "MemoryNetwork",
    "Nic",
    "Pattern",
    "PipeStream",
    "Playing",
    "RealDevice",
    "Recorded",
    "RecordedConnection",
    "RecordedDatagram",
    "Recording",
    "ScriptedDevice",
    "Subject",
    "UdpSocket",
    "alive",
    "answer_datagrams",
    "anything",
    "byebye",
    "connection",
    "http_response",
    "malformed",
    "response",
    "search",
    "seeded",
    "serve_connections",
    "update",
]

_HOMES = {
    "upnp_trio.testing.device_factory": ("DeviceFactory",),
    "upnp_trio.testing.expectations": ("Expectation",),
    "upnp_trio.testing.hosts": ("Host",),
    "upnp_trio.testing.links": ("Link", "Nic"),
    "upnp_trio.testing.memory_network": ("MemoryNetwork",),
    "upnp_trio.testing.patterns": (
        "Pattern",
        "Subject",
        "alive",
        "anything",
        "byebye",
        "connection",
        "malformed",
        "response",
        "search",
        "update",
    ),
    "upnp_trio.testing.peers": ("answer_datagrams", "http_response", "serve_connections"),
    "upnp_trio.testing.pipes": ("Listener", "PipeStream"),
    "upnp_trio.testing.playing": ("Playing",),
    "upnp_trio.testing.real_device": ("RealDevice",),
    "upnp_trio.testing.recording": ("Recorded", "RecordedConnection", "RecordedDatagram", "Recording"),
    "upnp_trio.testing.scheduling": ("seeded",),
    "upnp_trio.testing.scripted": ("GARBAGE", "ScriptedDevice"),
    "upnp_trio.testing.udp": ("UdpSocket",),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = _import_on_use(globals(), _HOMES)
