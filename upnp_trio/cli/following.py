"""What ``upnp-trio subscribe`` does: it follows services of a device side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.cli.asking import open_asked, room, run_asking, within
from upnp_trio.cli.change_lines import ChangeLines, change_json
from upnp_trio.cli.locating import locate
from upnp_trio.cli.output import Outputs
from upnp_trio.cli.printable import printable
from upnp_trio.cli.progress import showing_progress
from upnp_trio.cli.statuses import DONE, INTERRUPTED
from upnp_trio.cli.styles import Styles
from upnp_trio.cli.verbs.subscribe import SubscribeArguments
from upnp_trio.cli.watching.clock import time_of_day, utc_text
from upnp_trio.controlpoint.remote import RemoteService
from upnp_trio.controlpoint.subscription import Subscription
from upnp_trio.errors import DescriptionError, RequestFailed, UpnpTrioError

if TYPE_CHECKING:
    from upnp_trio.cli.locating import Located
    from upnp_trio.controlpoint.control_point import ControlPoint
    from upnp_trio.eventing.variable_change import VariableChange

__all__ = ["Following", "subscribe"]

SENTENCE_CHARACTERS = 400
# How long the present values are waited for if nothing else is wanted. Devices send them at once.
INITIAL_SECONDS = 10.0


def subscribe(asked: SubscribeArguments, outputs: Outputs) -> int:
    """Follow the device until it is enough or a signal comes, and say what came; returns the exit status."""
    following = Following(asked, outputs)
    return run_asking(following.run, asked, outputs, stopped=following.finish)


@attrs.define(eq=False)
class Following:
    """The events of some services, and what they show."""

    _asked: SubscribeArguments
    _outputs: Outputs
    _subscriptions: list[Subscription] = attrs.field(factory=list)
    #: the services whose present values are still to come
    _awaited: set[RemoteService] = attrs.field(factory=set)
    _events: int = 0
    _enough: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def run(self) -> int:
        """Open a control point and follow; returns the exit status."""
        async with open_asked(self._asked, listen=True) as control_point:
            return await self.follow(control_point)

    async def follow(self, control_point: ControlPoint) -> int:
        """Follow by *control_point* until it is enough; returns the exit status."""
        asked, begin = self._asked, trio.current_time()
        with within(asked.timeout):
            async with showing_progress(self._outputs.errors, f"reading the description of {asked.device}"):
                located = await locate(control_point, asked.device)
        services = self._services(located)
        lines = self._introduce(located, services)
        if asked.timeout is not None:
            self._enough.deadline = begin + asked.timeout
        elif asked.count == 0:
            self._enough.deadline = trio.current_time() + INITIAL_SECONDS
        with self._enough:
            if len(services) == 1:
                await self._follow(services[0], lines)
            else:
                await self._follow_all(services, lines)
        if not self._subscriptions:
            raise RequestFailed(
                f"not subscribed within {asked.timeout or INITIAL_SECONDS:g} s; --timeout gives it longer"
            )
        return self.finish()

    def finish(self) -> int:
        """Say what came; returns the exit status."""
        followed = len(self._subscriptions)
        if not followed:
            return INTERRUPTED
        if not self._asked.json and self._asked.count != 0:
            events = "1 event" if self._events == 1 else f"{self._events} events"
            services = "1 service" if followed == 1 else f"{followed} services"
            joined = sum(subscription.joined for subscription in self._subscriptions)
            more = f", and {joined} that were joined with later ones" if joined else ""
            self._outputs.output.write_line(f"\n{events} of {services}{more}")
        return DONE

    # --- which services ---

    def _services(self, located: Located) -> list[RemoteService]:
        if self._asked.service is not None:
            return [located.device.service(self._asked.service, udn=located.udn)]
        services = [
            service
            for service in located.device.services_of_all()
            if (located.udn is None or service.device.udn == located.udn) and _has_events(service)
        ]
        if not services:
            raise RequestFailed(f"{printable(located.device.friendly_name)} has no service with events")
        return services

    def _introduce(self, located: Located, services: list[RemoteService]) -> ChangeLines:
        self._awaited = set(services)
        names = [service.name for service in services]
        if not self._asked.json:
            listed = printable(", ".join(names), SENTENCE_CHARACTERS)
            name = printable(located.device.friendly_name)
            self._outputs.output.write_line(f"Following {listed} of {name}. Press Ctrl-C to stop.")
        variables = [name for service in services for name in _evented(service)]
        return ChangeLines.of(names, variables, Styles.of(self._outputs.output))

    # --- following ---

    async def _follow_all(self, services: list[RemoteService], lines: ChangeLines) -> None:
        """Follow *services* side by side; those that fail are told of, and it goes on with the others."""
        failed = 0

        async def follow(service: RemoteService) -> None:
            nonlocal failed
            try:
                await self._follow(service, lines)
            except UpnpTrioError as error:
                failed += 1
                self._outputs.errors.write_line(f"Error: {printable(str(error), SENTENCE_CHARACTERS)}")
                self._note(service, 0)

        async with trio.open_nursery() as nursery:
            for service in services:
                nursery.start_soon(follow, service)
        if failed == len(services):
            raise RequestFailed("none of these services could be subscribed to")

    async def _follow(self, service: RemoteService, lines: ChangeLines) -> None:
        async with service.subscribe() as changes:
            self._subscriptions.append(changes)
            async for change in changes:
                await self._show(service, change, lines)
                self._note(service, 0 if change.is_initial else 1)

    def _note(self, service: RemoteService, events: int) -> None:
        """Count *events* of *service*, whose present values are not awaited any more, and stop when it is enough."""
        self._awaited.discard(service)
        self._events += events
        wanted = self._asked.count
        if wanted is not None and self._events >= wanted and (wanted or not self._awaited):
            self._enough.cancel(reason="enough events have come")

    async def _show(self, service: RemoteService, change: VariableChange, lines: ChangeLines) -> None:
        output, now = self._outputs.output, trio.current_time()
        await room(output)
        if self._asked.json:
            found = change_json(utc_text(now), service.name, service.service.service_id, change)
            output.write_line(json.dumps(found))
            return
        for flaw in change.forgiven:
            self._outputs.errors.write_line(printable(f"overlooked: {flaw}", SENTENCE_CHARACTERS))
        for line in lines.lines(time_of_day(now), service.name, change):
            await room(output)
            output.write_line(line)


def _evented(service: RemoteService) -> list[str]:
    """The names of the variables that send events, as far as they are known."""
    try:
        return [variable.name for variable in service.description.evented]
    except DescriptionError:
        return []


def _has_events(service: RemoteService) -> bool:
    """Whether *service* can be subscribed to and may have events; without its description, nobody knows."""
    if not service.service.event_sub_url:
        return False
    try:
        return bool(service.description.evented)
    except DescriptionError:
        return True
