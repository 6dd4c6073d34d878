"""The local ports of the connections that events are sent on: one subscriber cannot use up those of all (H17)."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest
import trio

from tests.network.namespaces import open_network
from upnp_trio.exchange import ServedAddress
from upnp_trio.network.streams import connect

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("possible")]

PORTS = 16


async def _close_first(listening: socket.socket, address: str, times: int) -> None:
    """Connect to *listening* and be the first to close, after which the kernel remembers the connection."""
    for _ in range(times):
        served = ServedAddress(interface="lo", index=1, address=address)
        stream = await connect(ip_address(address), listening.getsockname()[1], served=served)
        with listening.accept()[0]:
            stream.close()


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_subscriber_that_lets_us_close_every_connection_leaves_ports_for_the_others(
    family: socket.AddressFamily, address: str
) -> None:
    def attack() -> None:
        Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"40000 {40000 + PORTS - 1}")
        with socket.create_server((address, 8000), family=family) as greedy:
            trio.run(_close_first, greedy, address, PORTS)
        with socket.create_server((address, 9000), family=family) as neighbour:
            trio.run(_close_first, neighbour, address, 1)

    with open_network() as network:
        network.add_host("device").inside(attack)
