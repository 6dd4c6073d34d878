"""Delivers the events of one subscription, in order, over a connection that is kept (UDA 2.0 §4.3.2).

Each subscription has a task and a queue of its own, so that a slow or dead subscriber delays nobody else. The address
to connect to is literal and equals the subscriber's (`upnp_trio.eventing.callbacks`). No redirect is followed, and the
reply is bounded in length and in time.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import attrs
import trio

from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.messages import notify_prefix, render_notify
from upnp_trio.eventing.subscriptions import MAX_EVENT_AGE_SECONDS, QueuedEvent, Subscription
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.streams import HttpStream
from upnp_trio.server.event_connections import EventConnections
from upnp_trio.server.reply_reader import read_reply

if TYPE_CHECKING:
    from upnp_trio.eventing.messages import Reply

__all__ = ["Delivery"]

# A neighbour connects and replies in milliseconds. UDA gives it 30 s, within which all its URLs are tried.
CONNECT_SECONDS = 5.0
REPLY_SECONDS = 10.0
# How long a subscriber has to read the response to its SUBSCRIBE before the initial event comes. GUPnP 1.6 drops an
# event, with 200, while it does not know the SID; its event loop may see the event's connection first.
SETTLING_SECONDS = 0.125
# A connection that has been idle for longer is closed. Changes that follow each other sooner share one.
IDLE_SECONDS = 30.0

PRECONDITION_FAILED = 412

# The reasons that are counted for lost messages.
NOT_CONNECTED = "cannot connect"
NO_REPLY = "no reply"
TOO_LATE = "too late"
REFUSED = "refused"
TOO_SLOW = "too slow"


class _Failed(Exception):
    """A URL did not take the message; the text is the reason that is counted."""


@attrs.define(eq=False, repr=False, kw_only=True)
class Delivery:
    """Sends the queued events of *subscription* until it ends."""

    subscription: Subscription[Any]
    #: raises `OSError`
    connect: Callable[[LiteralUrl], Awaitable[HttpStream]]
    #: queues the initial event
    begin: Callable[[], None]
    stats: Stats
    connections: EventConnections
    _news: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)
    _scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    _stream: HttpStream | None = None
    #: the URL that the kept connection leads to
    _connected_to: LiteralUrl | None = None
    _prefixes: dict[LiteralUrl, bytes] = attrs.field(factory=dict)
    _is_waiting: bool = False
    #: how many of the events that the subscription dropped are counted
    _counted: int = 0

    @property
    def address(self) -> str:
        """The subscriber's address, without a zone."""
        return self.subscription.address

    @property
    def is_idle(self) -> bool:
        """Whether there is a connection on which nothing is being sent."""
        return self._is_waiting and self._stream is not None

    def close_idle(self) -> None:
        """Close the connection, because another one of this subscriber is needed more."""
        self._close()

    def wake(self) -> None:
        """There is an event in the queue, which may have dropped another one."""
        self._count_dropped()
        self._news.unpark()

    def end(self) -> None:
        """The subscription has ended: send nothing more."""
        self._scope.cancel(reason="the subscription has ended")

    async def run(self) -> None:
        """Send events until the subscription ends, or its subscriber says that it does not know it."""
        with self._scope:
            await trio.sleep(SETTLING_SECONDS)
            if not self.subscription.ended:
                self.begin()
            try:
                while not self.subscription.ended:
                    event = self.subscription.take(trio.current_time())
                    self._count_dropped()
                    if event is None:
                        await self._wait()
                    elif not await self._deliver(event):
                        break
            finally:
                self._close()

    def _count_dropped(self) -> None:
        if self.subscription.dropped > self._counted:
            self.stats.notifications_lost[TOO_SLOW] += self.subscription.dropped - self._counted
            self._counted = self.subscription.dropped

    async def _wait(self) -> None:
        """Wait for an event, and close the connection if none comes for long, or if another needs it more."""
        if self._stream is not None and self.connections.is_wanted(self):
            self._close()
        self._is_waiting = True
        try:
            with trio.move_on_after(math.inf if self._stream is None else IDLE_SECONDS) as idle:
                await self._news.park()
        finally:
            self._is_waiting = False
        if idle.cancelled_caught:
            # an event may have been queued at this moment, too, and then nobody was parked; so look again
            self._close()

    async def _deliver(self, event: QueuedEvent) -> bool:
        """Send *event* to the first URL that takes it; without one it is lost, and the subscription stays.

        Returns whether the subscriber knows the subscription.
        """
        reason = TOO_LATE
        with trio.move_on_at(event.queued_at + MAX_EVENT_AGE_SECONDS):
            for callback in self._in_order():
                try:
                    reply = await self._send(callback, event)
                except _Failed as failed:
                    reason = str(failed)
                    continue
                if reply.status == PRECONDITION_FAILED:
                    return False
                if 200 <= reply.status < 300:
                    self.stats.notifications += 1
                    self.subscription.failing = False
                    return True
                reason = REFUSED
        self._close()
        self.stats.notifications_lost[reason] += 1
        self.subscription.failing = True
        return True

    def _in_order(self) -> list[LiteralUrl]:
        """The URLs in the subscriber's order, but the one that is connected first."""
        connected = self._connected_to
        others = [callback for callback in self.subscription.callbacks if callback != connected]
        return others if connected is None else [connected, *others]

    async def _send(self, callback: LiteralUrl, event: QueuedEvent) -> Reply:
        prefix = self._prefixes.get(callback)
        if prefix is None:
            prefix = self._prefixes[callback] = notify_prefix(callback, self.subscription.sid)
        message = render_notify(prefix, event.seq, event.body)
        if (kept := self._kept(callback)) is not None:
            reply = await self._exchange(kept, message)
            if reply is not None:
                return reply
            # the subscriber has closed the kept connection at this moment
        await self.connections.take(self)
        stream = self._stream = await self._connect(callback)
        self._connected_to = callback
        reply = await self._exchange(stream, message)
        if reply is None:
            raise _Failed(NO_REPLY)
        return reply

    def _kept(self, callback: LiteralUrl) -> HttpStream | None:
        """The connection to *callback*, if it is open and nothing unexpected has arrived on it."""
        stream = self._stream
        if stream is not None and self._connected_to == callback:
            try:
                if stream.receive_now(1) is None:
                    return stream
            except trio.BrokenResourceError:  # reset by the subscriber
                pass
        self._close()
        return None

    async def _connect(self, callback: LiteralUrl) -> HttpStream:
        try:
            with trio.fail_after(CONNECT_SECONDS):
                return await self.connect(callback)
        except (OSError, trio.TooSlowError) as error:
            self.connections.give_back(self)
            raise _Failed(NOT_CONNECTED) from error

    async def _exchange(self, stream: HttpStream, message: bytes) -> Reply | None:
        """Send *message* and read the reply; ``None`` if the connection ended before it."""
        reply = None
        try:
            with trio.fail_after(REPLY_SECONDS):
                sent = stream.send_now([message])
                if sent < len(message):
                    await stream.send_all(memoryview(message)[sent:])
                reply = await read_reply(stream)
        except trio.BrokenResourceError:
            return None
        except (MalformedMessage, trio.TooSlowError) as error:
            raise _Failed(NO_REPLY) from error
        finally:
            if reply is None or not reply.keeps_open:
                self._close()
        return reply

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = self._connected_to = None
        self.connections.give_back(self)
