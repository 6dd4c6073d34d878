"""The network of a chaos run: a device on two links, and a hub with a good client and a hostile host on it.

    device eth0 ---- near [wire] far ---- [hub] ---- client
           eth1 ---- [hub], a link that flaps  `---- hostile

Everything is a namespace of our own; nothing leads out. The wire is a bridge that can be made a bad cable.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

from tests.network.namespaces import Namespace, open_network

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CLIENT_ADDRESS",
    "CROWD_SOURCES",
    "DEVICE_ADDRESS",
    "FLAPPING_ADDRESS",
    "FLAPPING_LINK",
    "HOSTILE_ADDRESS",
    "LINK",
    "MANY_SOURCES",
    "SLOW_SOURCES",
    "Arena",
    "open_arena",
]

LINK = "eth0"
FLAPPING_LINK = "eth1"
DEVICE_ADDRESS = "10.79.0.1"
CLIENT_ADDRESS = "10.79.0.2"
HOSTILE_ADDRESS = "10.79.0.66"
PREFIX = 20
#: the first of the addresses that the hostile host searches from, and how many
MANY_SOURCES = "10.79.1.1", 200
#: the first of the addresses that its slow connections come from, and how many: each may have 64
SLOW_SOURCES = "10.79.2.1", 8
#: the same of its subscribers and callers
CROWD_SOURCES = "10.79.3.1", 200
FLAPPING_ADDRESS = "10.80.0.1/24"
IPV6_OFF = 'for each in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e "$each" ] || echo 1 > "$each"; done'


@attrs.frozen
class Arena:
    """The hosts of the network."""

    device: Namespace
    wire: Namespace
    hub: Namespace
    client: Namespace
    hostile: Namespace


@contextmanager
def open_arena() -> Iterator[Arena]:
    """The network, removed at the end."""
    with open_network() as network:
        arena = Arena(*(network.add_host(f"chaos-{each.name}") for each in attrs.fields(Arena)))
        for host in (arena.device, arena.wire, arena.hub, arena.client, arena.hostile):
            host.run("sh", "-c", IPV6_OFF)
        _lay_cable(arena.device, LINK, arena.wire, "near")
        _lay_cable(arena.wire, "far", arena.hub, "device")
        _lay_cable(arena.client, LINK, arena.hub, "client")
        _lay_cable(arena.hostile, LINK, arena.hub, "hostile")
        _lay_cable(arena.device, FLAPPING_LINK, arena.hub, "flapping")
        _bridge(arena.wire, "near", "far")
        _bridge(arena.hub, "device", "client", "hostile")
        for host, address in (
            (arena.device, DEVICE_ADDRESS),
            (arena.client, CLIENT_ADDRESS),
            (arena.hostile, HOSTILE_ADDRESS),
        ):
            host.ip("address", "add", f"{address}/{PREFIX}", "dev", LINK)
            host.ip("route", "add", "239.0.0.0/8", "dev", LINK)
        arena.device.ip("address", "add", FLAPPING_ADDRESS, "dev", FLAPPING_LINK)
        for prefix in ("10.79.1.0/24", "10.79.2.0/24", "10.79.3.0/24"):  # each address there is the hostile host's own
            arena.hostile.ip("route", "add", "local", prefix, "dev", "lo")
        yield arena


def _lay_cable(near: Namespace, near_link: str, far: Namespace, far_link: str) -> None:
    veth = ["type", "veth", "peer", "name", far_link, "netns", far.name]
    near.ip("link", "add", near_link, *veth)
    near.ip("link", "set", near_link, "up")
    far.ip("link", "set", far_link, "up")


def _bridge(host: Namespace, *links: str) -> None:
    # without snooping: nobody asks for memberships here, and the hub is to pass on everything
    host.ip("link", "add", "bridge0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
    host.ip("link", "set", "bridge0", "up")
    for link in links:
        host.ip("link", "set", link, "master", "bridge0")
