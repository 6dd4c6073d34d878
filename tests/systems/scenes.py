"""Devices and control points of the package on a simulated system, and what a neighbour of theirs sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from tests.systems.kernel import Kernel, SentDatagram
from tests.systems.system import SimulatedSystem
from tests.systems.tcp import TcpSocket, open_connection
from tests.systems.udp import UdpSocket, arrive

__all__ = ["GROUP", "NEIGHBOUR", "OWN", "UDN", "fetch", "m_search", "search", "served", "sockets_at"]

UDN = "uuid:4d696e69-444c-164e-9d41-000000000001"
GROUP = "239.255.255.250"
OWN, NEIGHBOUR = "192.0.2.7", "192.0.2.9"


@asynccontextmanager
async def served(system: SimulatedSystem, **options: Any) -> AsyncIterator[Any]:  # noqa: ANN401  # another Running
    """A device, once it is announced."""
    package = system.module("")
    device = package.RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name="Jambon 3000",
        manufacturer="Boucherie numérique SAS",
        model_name="Jambon 3000",
        udn=UDN,
    )
    async with package.serve_device(device, **{"state_dir": None, **options}) as running:
        await trio.sleep(5)
        yield running


def m_search(target: str = "upnp:rootdevice", mx: int | None = 1, host: str = f"{GROUP}:1900") -> bytes:
    """A search."""
    lines = ["M-SEARCH * HTTP/1.1", f"HOST: {host}", 'MAN: "ssdp:discover"', f"ST: {target}"]
    lines += [] if mx is None else [f"MX: {mx}"]
    return "\r\n".join([*lines, "", ""]).encode()


async def search(
    system: SimulatedSystem, source: tuple[Any, ...] = (NEIGHBOUR, 5000), to: tuple[Any, ...] = (GROUP, 1900)
) -> list[SentDatagram]:
    """What a neighbour's search is answered with, within three seconds."""
    before = len(system.kernel.sent)
    arrive(system.kernel, m_search(), source, to, system.lan)
    await trio.sleep(3)
    return [each for each in system.kernel.sent[before:] if each.destination == source]


async def fetch(kernel: Kernel, address: str, port: int, path: str) -> bytes:
    """The response to a neighbour's GET."""
    connection: TcpSocket = open_connection(kernel, (NEIGHBOUR, 5001), (address, port))
    host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    connection.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    await connection.wait_end()
    connection.close()
    return bytes(connection.received)


def sockets_at(kernel: Kernel, address: str, port: int = 1900) -> list[UdpSocket]:
    """The UDP sockets that are bound there."""
    sockets = [one for one in kernel.udp if isinstance(one, UdpSocket)]
    return [one for one in sockets if one.getsockname()[:2] == (address, port)]
