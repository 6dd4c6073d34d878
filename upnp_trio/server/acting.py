"""Handlers at work: calls of their actions, the events of their variables, their tasks, and the pages that show them.

Most devices have no handlers. This module, and all that it needs, is imported when the first of them is attached.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import attrs

from upnp_trio.eventing.subscriptions import SubscriptionTable
from upnp_trio.exchange import Response, error_response
from upnp_trio.server.calls import Calls
from upnp_trio.server.event_connections import MAX_CONNECTIONS_OF_ONE_PEER, EventConnections
from upnp_trio.server.handler_tasks import HandlerTasks
from upnp_trio.server.multicast_events import MulticastEvents
from upnp_trio.server.notifier import Notifier
from upnp_trio.server.page_state import PageState
from upnp_trio.service_calls import Call, StateWanted, SubscriptionCall

if TYPE_CHECKING:
    from collections.abc import Callable

    import trio

    from upnp_trio.documents.publication import PublishedService
    from upnp_trio.http.responding import PendingResponse
    from upnp_trio.monitoring.events import Events
    from upnp_trio.monitoring.stats import Stats
    from upnp_trio.network.served_interface import Network
    from upnp_trio.server.discovery.announcer import Announcer
    from upnp_trio.server.handler_runner import HandlerRunner

__all__ = ["Acting", "open_acting"]

# One peer may hold this part of the subscriptions to a service, so that others can always subscribe.
PARTS_OF_ONE_PEER = 4


@attrs.define(eq=False, repr=False)
class Acting:
    """The parts that carry out what is asked of services with handlers."""

    calls: Calls
    notifier: Notifier
    page_state: PageState
    tasks: HandlerTasks
    _is_ending: bool = False

    def start(self, service: PublishedService) -> None:
        """Accept subscriptions to *service*, and run its handler's own task."""
        self.notifier.attach(service)
        self.tasks.start(service)

    def stop(self, service: PublishedService) -> None:
        """End the subscriptions to *service*, its calls that are under way, and its handler's own task."""
        self.notifier.detach(service)
        self.calls.cancel(service)
        self.tasks.cancel(service)
        self.page_state.depart()

    def end(self) -> None:
        """Begin nothing new, in the moment that connections have to finish."""
        self._is_ending = True
        self.notifier.end()
        self.page_state.end()

    def note(self, service: PublishedService, name: str, value: object) -> None:
        """The variable *name* of *service* has changed."""
        if not self._is_ending:
            self.notifier.note(service, name, value)
            self.page_state.change()

    def begin(self, asked: Call | SubscriptionCall | StateWanted) -> Response | PendingResponse:
        """Carry out what was *asked*: the response, or what it takes to make it."""
        match asked:
            case Call():
                return self.calls.begin(asked)
            case SubscriptionCall():
                return error_response(503) if self._is_ending else self.notifier.begin(asked)
            case StateWanted():
                return self.page_state.begin(asked)


def open_acting(
    *,
    network: Network,
    announcer: Announcer,
    stats: Stats,
    events: Events,
    nursery: trio.Nursery,
    max_subscriptions: int,
    runner: HandlerRunner | None = None,
    secret: Callable[[int], bytes] = os.urandom,
) -> Acting:
    """All parts, with their tasks in *nursery*; each service accepts *max_subscriptions*.

    *runner* runs the code of handlers, if it is not to run in these tasks; *secret* is that of `Notifier`.
    """
    limit_per_peer = max(max_subscriptions // PARTS_OF_ONE_PEER, 1)
    notifier = Notifier(
        network=network,
        stats=stats,
        events=events,
        nursery=nursery,
        table=SubscriptionTable(max_subscriptions, limit_per_peer),
        # a service may have an event for all subscriptions of a peer at once
        connections=EventConnections(limit_per_peer=max(limit_per_peer, MAX_CONNECTIONS_OF_ONE_PEER)),
        multicast=MulticastEvents(announcer, stats),
        secret=secret,
    )
    return Acting(Calls(stats, events, runner), notifier, PageState(), HandlerTasks(nursery, runner))
