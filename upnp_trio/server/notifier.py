"""Events: from the assignment of a state variable to its subscribers (UDA 2.0 §4).

An assignment notes the change and wakes the task that publishes. That task runs at the next turn of the event loop, so
that all changes that a handler makes without an await in between leave in one message. The message is rendered once for
all subscribers, and each subscription has a queue and a task of its own.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

import attrs
import trio

from upnp_trio.documents.publication import PublishedService
from upnp_trio.eventing.moderation import PendingChanges
from upnp_trio.eventing.propertyset import render_propertyset
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.eventing.requests import Renew, Subscribe, Unsubscribe, subscription_headers
from upnp_trio.eventing.subscriptions import Subscription, SubscriptionTable
from upnp_trio.exchange import Peer, Response, error_response
from upnp_trio.model.deferred_value import DeferredValue
from upnp_trio.model.handler import Handler
from upnp_trio.monitoring.events import Events, VariablesChanged
from upnp_trio.monitoring.log_limit import LogLimit
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.served_interface import Network
from upnp_trio.server.delivery import Delivery
from upnp_trio.server.event_connections import EventConnections
from upnp_trio.server.multicast_events import MulticastEvents
from upnp_trio.tasks.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.model.literal_url import LiteralUrl
    from upnp_trio.network.streams import HttpStream
    from upnp_trio.service_calls import SubscriptionCall

__all__ = ["Notifier"]

logger = logging.getLogger(__name__)


@attrs.define(eq=False, repr=False)
class _Publisher:
    """The service whose events are published: its handler, and the changes that have not left yet."""

    service: PublishedService
    handler: Handler
    pending: PendingChanges
    #: whether it sends events by multicast, too
    is_multicast: bool
    #: whether variables have changed that *pending* was not told of, because there was nobody to tell
    is_behind: bool = False

    def catch_up(self) -> None:
        """Begin anew with the present values, if changes were left out."""
        if self.is_behind:
            self.is_behind = False
            self.pending = PendingChanges(self.handler.description, self.handler.variables())

    def state(self) -> list[tuple[str, str]]:
        """All evented variables, for the initial event."""
        values = self.handler.variables()
        evented = self.handler.description.evented
        return self.handler.description.texts((variable.name, values[variable.name]) for variable in evented)

    def by_level(self, changes: Iterable[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
        """Those of *changes* that are sent by multicast, by their level."""
        found: dict[str, list[tuple[str, str]]] = {}
        for name, text in changes:
            variable = self.handler.description.variable(name)
            if variable is not None and variable.multicast:
                found.setdefault(variable.level, []).append((name, text))
        return found


@attrs.define(eq=False, repr=False, kw_only=True)
class Notifier:
    """Accepts subscriptions, publishes changes, and delivers them with tasks in *nursery*."""

    network: Network
    stats: Stats
    events: Events
    nursery: trio.Nursery
    table: SubscriptionTable[PublishedService]
    multicast: MulticastEvents
    connections: EventConnections
    #: gives so many bytes that nobody can guess: whoever knows a SID can end the subscription
    secret: Callable[[int], bytes] = os.urandom
    _publishers: dict[PublishedService, _Publisher] = attrs.field(factory=dict)
    #: those that have changes, in the order of the first one
    _changed: dict[PublishedService, None] = attrs.field(factory=dict)
    _deliveries: dict[Subscription[PublishedService], Delivery] = attrs.field(factory=dict)
    _wakeup: Wakeup = attrs.field(factory=Wakeup)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)

    def __attrs_post_init__(self) -> None:
        self.nursery.start_soon(self._publish_changes)

    def attach(self, service: PublishedService) -> None:
        """Accept subscriptions to *service* from now on."""
        assert service.handler is not None
        description = service.handler.description
        pending = PendingChanges(description, service.handler.variables())
        is_multicast = any(variable.multicast for variable in description.evented)
        self._publishers[service] = _Publisher(service, service.handler, pending, is_multicast)

    def detach(self, service: PublishedService) -> None:
        """End all subscriptions to *service*; its byebye has been sent, or is about to be (UDA 2.0 §4.1.1)."""
        self._end(self.table.remove_service(service))
        self.multicast.forget(service)
        self._publishers.pop(service, None)
        self._changed.pop(service, None)

    def end(self) -> None:
        """End all subscriptions, as the device ends; its byebye is about to be sent (UDA 2.0 §4.1.1)."""
        for service in self._publishers:
            self._end(self.table.remove_service(service))

    # --- changes ---

    def note(self, service: PublishedService, name: str, value: object) -> None:
        """The variable *name* of *service* has changed."""
        publisher = self._publishers[service]
        if not (self.table.has(service) or publisher.is_multicast or self.events.wanted):
            publisher.is_behind = True
            if isinstance(value, DeferredValue):
                value.take()
            return
        publisher.catch_up()
        now = trio.current_time()
        publisher.pending.note(name, value, now)
        self._changed[service] = None
        self._wakeup.set(now)

    async def _publish_changes(self) -> NoReturn:
        while True:
            await self._wakeup.wait()
            self._end(self.table.expire(trio.current_time()))
            for service in list(self._changed):
                self._publish(self._publishers[service])
            if (next_expiry := self.table.next_expiry()) is not None:
                self._wakeup.set(next_expiry)

    def _publish(self, publisher: _Publisher) -> None:
        """Queue the changes that may leave now, and come back for those that may leave later."""
        now = trio.current_time()
        changes = publisher.handler.description.texts(publisher.pending.due(now))
        if changes:
            if by_level := publisher.by_level(changes):
                self.multicast.send(publisher.service, by_level)
            queued = self.table.publish(publisher.service, changes, now)
            for subscription in queued:
                if (delivery := self._deliveries.get(subscription)) is not None:
                    delivery.wake()
            if self.events.wanted:
                names = tuple(name for name, _ in changes)
                service_id = publisher.service.service_id
                self.events.publish(VariablesChanged(service_id=service_id, variables=names, subscribers=len(queued)))
        next_due = publisher.pending.next_due()
        if next_due is None:
            self._changed.pop(publisher.service, None)
        else:
            self._wakeup.set(next_due)

    # --- subscriptions ---

    def begin(self, call: SubscriptionCall) -> Response | _NewSubscription:
        """Carry out a request of a subscriber: the response, with the consequences of it being sent."""
        now = trio.current_time()
        request = call.request
        try:
            match request:
                case Subscribe():
                    return self._subscribe(call.service, request, call.peer, now)
                case Renew(sid=sid, seconds=seconds):
                    subscription = self.table.renew(call.service, sid, seconds=seconds, now=now)
                    self._wakeup.set(subscription.expires)
                    return _granted(subscription, seconds)
                case Unsubscribe(sid=sid):
                    self._end([self.table.cancel(call.service, sid, now=now)])
                    return Response(200)
        except EventingRefused as refused:
            self.stats.refused[refused.reason] += 1
            return error_response(refused.status)

    def _subscribe(self, service: PublishedService, request: Subscribe, peer: Peer, now: float) -> _NewSubscription:
        sid = f"uuid:{UUID(bytes=self.secret(16), version=4)}"
        subscription, ended = self.table.add(service, request, sid=sid, now=now)
        self._end(ended)
        self._wakeup.set(subscription.expires)
        self.stats.subscriptions += 1
        return _NewSubscription(self, subscription, peer, _granted(subscription, request.seconds, request.variables))

    def _tell_state(self, subscription: Subscription[PublishedService]) -> None:
        """Queue the initial event of *subscription*, with the values of this moment."""
        publisher = self._publishers[subscription.service]
        publisher.catch_up()
        self._publish(publisher)  # what has changed before is in the initial event
        # it has all variables, those too whose later changes are moderated (UDA 2.0 §4.3)
        state = [change for change in publisher.state() if subscription.wants(change[0])]
        publisher.pending.show(name for name, _ in state)
        subscription.enqueue(render_propertyset(state), trio.current_time())

    def deliver(self, subscription: Subscription[PublishedService], peer: Peer) -> None:
        """Begin to send the events of *subscription*, whose response its subscriber has got."""
        if subscription.ended:
            return

        async def connect(callback: LiteralUrl) -> HttpStream:
            return await self.network.connect(callback.address, callback.port, served=peer.served)

        delivery = self._deliveries[subscription] = Delivery(
            subscription=subscription,
            connect=connect,
            begin=partial(self._tell_state, subscription),
            stats=self.stats,
            connections=self.connections,
        )
        self.nursery.start_soon(self._run, delivery)

    async def _run(self, delivery: Delivery) -> None:
        subscription = delivery.subscription
        try:
            await delivery.run()
        except Exception:
            # like that of a connection, a fault here ends this subscription alone, and a peer may cause it again
            if self._log_limit.is_news("fault", subscription.address, trio.current_time()):
                logger.exception("a fault while delivering events to %s; its subscription ends", subscription.address)
        finally:
            self.table.remove(subscription)
            self._deliveries.pop(subscription, None)

    def forget(self, subscription: Subscription[PublishedService]) -> None:
        """End a subscription."""
        self.table.remove(subscription)
        self._end([subscription])

    def _end(self, ended: Iterable[Subscription[PublishedService]]) -> None:
        for subscription in ended:
            if (delivery := self._deliveries.get(subscription)) is not None:
                delivery.end()


@attrs.define(eq=False, repr=False)
class _NewSubscription:
    """A new subscription: its events are sent once its subscriber has the SID (UDA 2.0 §4.1.2)."""

    _notifier: Notifier
    _subscription: Subscription[PublishedService]
    _peer: Peer
    _response: Response

    async def respond(self) -> Response:
        """The response, which is there already."""
        await trio.lowlevel.checkpoint()
        return self._response

    def sent(self) -> None:
        """The subscriber has the response."""
        self._notifier.deliver(self._subscription, self._peer)

    def abandon(self) -> None:
        """The subscriber has not got the response, and so will never renew or end the subscription."""
        self._notifier.forget(self._subscription)


def _granted(
    subscription: Subscription[PublishedService], seconds: int, variables: tuple[str, ...] | None = None
) -> Response:
    return Response(200, subscription_headers(subscription.sid, seconds, variables), is_unique=True)
