"""A network in memory: links, hosts on them, and the network that programs on these hosts use.

::

    link = Link(seconds=0.001)
    device, asker = Host.on(link, "192.0.2.7/24"), Host.on(link, "192.0.2.9/24")
    async with serve_on(device.network, [root], Settings(...)), open_control_point_on(asker.network, ...) as cp:
        ...
    link.recording  # every datagram

All waiting is trio's, so `trio.testing.MockClock` rules it, and `upnp_trio.testing.scheduling.seeded` makes two runs
alike to the byte. Peers that no program of this package plays are written with `Host.send`, `Host.open_udp` and
`Host.listen`,
and with what `upnp_trio.testing.peers` makes of them.
"""

from upnp_trio.testing.hosts import Host
from upnp_trio.testing.links import Link
from upnp_trio.testing.recording import RecordedDatagram, Recording

__all__ = ["Host", "Link", "RecordedDatagram", "Recording"]
