"""Devices and control points of this package on a host in memory, with chance and dates that repeat."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.server.boot_ids import BootIds, UsedBootIds
from upnp_trio.server.identity import with_udns
from upnp_trio.server.options import ServeOptions, Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.testing.scheduling import require_trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from upnp_trio.controlpoint.control_point import ControlPoint
    from upnp_trio.controlpoint.options import ControlPointOptions
    from upnp_trio.model.device import RootDevice
    from upnp_trio.server.running import Running
    from upnp_trio.testing.hosts import Host  # noqa: TC004  # only cattrs would evaluate it

__all__ = ["START", "Programs"]

#: the date when the test's clock begins, unless a test chooses another one
START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@attrs.define(eq=False, repr=False)
class Programs:
    """What runs on *host*. Each program has a random generator of its own, so one does not change another's chances."""

    host: Host
    seed: int
    start: datetime
    #: BOOTID rises from one program to the next, as on a host with a clock
    _boot_ids: UsedBootIds = attrs.field(factory=UsedBootIds, init=False)
    _count: int = attrs.field(default=0, init=False)

    def utcnow(self) -> datetime:
        """The host's date, which follows the test's clock."""
        return self.start + timedelta(seconds=trio.current_time())

    def next_chance(self) -> tuple[Random, Callable[[int], bytes]]:
        """The random generator of one more program, and where it has bytes from that nobody is to guess."""
        self._count += 1
        program = f"{self.seed} {self.host.name} {self._count}"
        return Random(program), Random(f"{program} secret").randbytes

    @asynccontextmanager
    async def serve(self, devices: Iterable[RootDevice], options: ServeOptions) -> AsyncIterator[Running]:
        """Like `Host.serve`."""
        require_trio()
        rng, secret = self.next_chance()
        defaults: ServeOptions = {"rng": rng, "utcnow": self.utcnow, "state_dir": None}
        settings = Settings(**(defaults | options))
        named = [with_udns(device, self.host.name) for device in devices]
        boot_ids = BootIds(settings.utcnow, settings.state_dir, used=self._boot_ids)
        async with serve_on(self.host.network, named, settings, boot_ids, secret=secret) as running:
            yield running

    @asynccontextmanager
    async def control_point(self, options: ControlPointOptions) -> AsyncIterator[ControlPoint]:
        """Like `Host.control_point`."""
        require_trio()
        # a host without a control point needs nothing of it
        from upnp_trio.controlpoint.control_point import open_control_point_on
        from upnp_trio.controlpoint.options import ControlPointSettings

        rng, secret = self.next_chance()
        defaults: ControlPointOptions = {"rng": rng}
        settings = ControlPointSettings(**(defaults | options))
        opening = open_control_point_on(self.host.network, settings, utcnow=self.utcnow, secret=secret)
        async with opening as control_point:
            yield control_point
