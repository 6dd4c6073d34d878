"""A light and a control point that follows it, on a link in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import attrs
import trio

from examples.light import SwitchPower
from examples.light import device as example
from tests.controlpoint.scenes import asking, hosts, serving
from upnp_trio import RootDevice, Running
from upnp_trio.controlpoint.control_point import ControlPoint
from upnp_trio.controlpoint.remote import RemoteService
from upnp_trio.controlpoint.subscription import Subscription
from upnp_trio.eventing.variable_change import VariableChange
from upnp_trio.monitoring.events import Event, RequestAnswered
from upnp_trio.testing import Host, Link

__all__ = ["LIGHT", "Following", "following", "held", "light", "news", "open_sockets"]

LIGHT = "uuid:8e5c1a2e-95cd-4b4b-b4b6-8b7f0c1f9e10"


def light(handler: SwitchPower) -> RootDevice:
    """The example's light, with a handler of its own."""
    return attrs.evolve(example, udn=LIGHT, services=[handler])


def held(running: Running) -> int:
    """How many subscriptions a served device holds."""
    acting = running._services._acting
    return 0 if acting is None else len(acting.notifier.table)


def open_sockets(host: Host) -> list[object]:
    """What a control point has open on *host*, beside the sockets of SSDP: listeners, and ends of connections."""
    nic = host.nics["eth0"]
    listeners: list[object] = [each for each in nic.listeners.values() if not each.is_closed]
    return [*listeners, *(pipe for pipe in nic.pipes if not pipe.is_closed)]


@attrs.frozen(kw_only=True)
class Following:
    """A served light, and a control point on another host."""

    link: Link
    device: Host
    asker: Host
    handler: SwitchPower
    running: Running
    control_point: ControlPoint
    service: RemoteService
    _events: trio.MemoryReceiveChannel[Event]

    def requests(self) -> list[str]:
        """Methods and statuses of the requests for subscriptions since the last look, such as ``SUBSCRIBE 200``."""
        found = []
        with suppress(trio.WouldBlock):
            while True:
                event = self._events.receive_nowait()
                if isinstance(event, RequestAnswered) and "SUBSCRIBE" in event.method:
                    found.append(f"{event.method} {event.status}")
        return found


@asynccontextmanager
async def following(link: Link | None = None) -> AsyncIterator[Following]:
    """A light that a control point has described."""
    link = link or Link(seconds=0.001)
    device, asker = hosts(link)
    handler = SwitchPower()
    async with serving(device, light(handler)) as running, asking(asker) as control_point:
        described = await control_point.describe(LIGHT)
        yield Following(
            link=link,
            device=device,
            asker=asker,
            handler=handler,
            running=running,
            control_point=control_point,
            service=described.service("SwitchPower"),
            events=running.subscribe(100_000),
        )


async def news(changes: Subscription, seconds: float = 5.0) -> VariableChange:
    """The next change; fails if there is none within *seconds*."""
    with trio.fail_after(seconds):
        return await anext(changes)
