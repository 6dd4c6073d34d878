"""A device and a control point on one link in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Unpack

from upnp_trio import RootDevice, Running, Settings, load_device
from upnp_trio.controlpoint.control_point import ControlPoint, open_control_point_on
from upnp_trio.controlpoint.options import ControlPointOptions, ControlPointSettings
from upnp_trio.server.serve import serve_on
from upnp_trio.testing import Host, Link

__all__ = ["JAMBON", "asking", "hosts", "jambon", "serving"]

JAMBON = "uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363"


def jambon() -> RootDevice:
    """The example, with an icon and a service."""
    return load_device(Path(__file__).parents[2] / "examples" / "jambon3000.toml")


def hosts(link: Link | None = None) -> tuple[Host, Host]:
    """Two hosts on a link: one to serve on, and one to ask from."""
    link = link or Link()
    return Host.on(link, "192.0.2.7/24", name="device"), Host.on(link, "192.0.2.9/24", name="asker")


@asynccontextmanager
async def serving(host: Host, *devices: RootDevice) -> AsyncIterator[Running]:
    """*devices* on *host*."""
    async with serve_on(host.network, devices, Settings(rng=Random(1))) as running:
        yield running


@asynccontextmanager
async def asking(host: Host, **options: Unpack[ControlPointOptions]) -> AsyncIterator[ControlPoint]:
    """A control point on *host*."""
    options.setdefault("rng", Random(2))
    settings = ControlPointSettings(**options)
    async with open_control_point_on(host.network, settings) as control_point:
        yield control_point
