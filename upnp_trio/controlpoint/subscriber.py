"""The task behind a `Subscription`: it subscribes, renews and unsubscribes, and takes the events in between.

`Upkeep` decides what is to be done and when. This task does it, and tells it of what happens to the device and to the
addresses of this host.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio.controlpoint.device_news import DeviceNews
from upnp_trio.controlpoint.event_receiver import CallbackUrl, EventReceiver
from upnp_trio.controlpoint.event_requests import EventRequests, EventSource
from upnp_trio.controlpoint.feeds import FeedQueue
from upnp_trio.errors import RequestFailed, UpnpTrioError
from upnp_trio.eventing.event_inbox import EventInbox
from upnp_trio.eventing.event_order import EventOrder
from upnp_trio.eventing.upkeep import Step, Upkeep
from upnp_trio.eventing.waiting_events import ReceivedEvent
from upnp_trio.monitoring.log_limit import LogLimit
from upnp_trio.tasks.finishing import finish_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.controlpoint.device_news import Meaning
    from upnp_trio.eventing.messages import EventMessage
    from upnp_trio.ssdp.found import DeviceChange

__all__ = ["END_SECONDS", "Subscriber"]

logger = logging.getLogger(__name__)

# How long the end of a subscription may take, all in all, and how much of that is kept for UNSUBSCRIBE if the response
# to SUBSCRIBE is still awaited.
END_SECONDS = 2.0
UNSUBSCRIBE_SECONDS = 0.5
# A device sends the initial event at once. If there is none after this time, something keeps it away from us.
SILENT_SECONDS = 10.0


@attrs.define(eq=False, repr=False)
class _Current:
    """The subscription that the device holds, or is asked for."""

    source: EventSource
    inbox: EventInbox
    callback: CallbackUrl
    #: whether a lost event was noticed
    is_broken: bool = False
    #: when to say that no event has come
    silent_at: float = math.inf


@attrs.define(eq=False, repr=False, kw_only=True)
class Subscriber:
    """Keeps one reader subscribed to one service."""

    source: EventSource
    #: finds the service again, at its present address
    locate: Callable[[EventSource], Awaitable[EventSource]]
    requests: EventRequests
    receiver: EventReceiver
    upkeep: Upkeep
    queue: FeedQueue[ReceivedEvent]
    #: the variables that are wanted; empty means all
    variables: tuple[str, ...]
    #: the duration to ask for
    seconds: int
    log_limit: LogLimit
    #: set when the first SUBSCRIBE has succeeded or failed, and when all is over
    answered: trio.Event = attrs.field(factory=trio.Event)
    ended: trio.Event = attrs.field(factory=trio.Event)
    _scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)
    _current: _Current | None = None
    #: subscriptions in a row whose numbers were wrong from the start
    _misnumbered: int = 0
    _device_news: DeviceNews = attrs.field(factory=DeviceNews)
    _end_at: float = math.inf
    _news: trio.Event = attrs.field(factory=trio.Event)

    @property
    def is_subscribed(self) -> bool:
        """Whether there is a subscription at the device, as far as known."""
        return self.upkeep.sid is not None

    def cancel(self) -> None:
        """End it soon; `ended` is set then."""
        self._scope.cancel(reason="the subscription was closed")

    async def run(self) -> None:
        """Be subscribed until cancelled. If that fails at first, the reader gets the error."""
        error: UpnpTrioError | None = None
        try:
            with self._scope:
                await self._follow()
        except UpnpTrioError as raised:
            error = raised
        finally:
            self.queue.end(error)
            self.answered.set()
            self.ended.set()

    # --- what happens elsewhere ---

    def note_change(self, change: DeviceChange) -> None:
        """Something has changed about the device."""
        self._heed(self._device_news.meaning(change, self.source.location))

    def note_alive(self, boot_id: int | None) -> None:
        """The device has announced itself again."""
        self._heed(self._device_news.meaning_of_alive(boot_id))

    def _heed(self, meaning: Meaning) -> None:
        if meaning == "restart":
            self.upkeep.restart(trio.current_time())
        elif meaning == "ask":
            self.upkeep.hurry(trio.current_time())
        self._news.set()

    def note_network(self, *, has_slept: bool) -> None:
        """The interfaces of this host may have changed; after a sleep, time has passed that the clock has not."""
        now = trio.current_time()
        if self._current is not None and not self.requests.has_address(self._current.source):
            self.upkeep.restart(now)
        elif has_slept or not self.is_subscribed:
            self.upkeep.hurry(now)
        self._news.set()

    # --- the task ---

    async def _follow(self) -> None:
        try:
            while True:
                self._check_events()
                step = self.upkeep.next_step
                if step.at <= trio.current_time():
                    await self._do(step)
                else:
                    self._news = trio.Event()
                    with trio.move_on_at(min(step.at, self._next_check())):
                        await self._news.wait()
        finally:
            await self._leave()

    async def _do(self, step: Step) -> None:
        if step.action == "unsubscribe":
            await self._unsubscribe(step.sid)
        else:
            try:
                await (self._subscribe() if step.action == "subscribe" else self._renew(step.sid))
            except UpnpTrioError as error:
                if not self.upkeep.granted:
                    raise
                self._note_failure(error)
        self._drop_lost()

    async def _subscribe(self) -> None:
        if self.upkeep.granted:
            self.source = self.requests.facing(await self.locate(self.source))
        source = self.source
        if source.url is None:
            raise RequestFailed(f"{source.name} has no events: its description gives no eventSubURL")
        inbox = EventInbox(self.upkeep.granted > 0, EventOrder(is_tolerant=self._misnumbered > 1))
        callback = await self.receiver.open_callback(source.served, source.url.address, self._take)
        self._current = current = _Current(source, inbox, callback)

        async def ask() -> None:
            grant = await self.requests.subscribe(source, callback.url, seconds=self.seconds, variables=self.variables)
            now = trio.current_time()
            if self.upkeep.granted:
                logger.info("subscribed to %s again", source.name)
            self.upkeep.note_granted(grant, now)
            current.silent_at = now + SILENT_SECONDS
            self.answered.set()
            self._give(inbox.open(grant.sid, now))

        # the device may have subscribed us already, under a SID that only its response tells
        await finish_by(ask, lambda: self._last_moment() - UNSUBSCRIBE_SECONDS)

    async def _renew(self, sid: str) -> None:
        assert self._current is not None
        grant = await self.requests.renew(self._current.source, sid, seconds=self.seconds)
        self.upkeep.note_granted(grant, trio.current_time())

    async def _unsubscribe(self, sid: str) -> None:
        assert self._current is not None
        try:
            with trio.move_on_after(END_SECONDS):
                await self.requests.unsubscribe(self._current.source, sid)
        except RequestFailed as error:  # it has gone, or has forgotten the subscription by itself
            logger.debug("%s", error)
        self.upkeep.note_unsubscribed(sid, trio.current_time())

    def _note_failure(self, error: UpnpTrioError) -> None:
        now = trio.current_time()
        self.upkeep.note_refused(error.status if isinstance(error, RequestFailed) else None, now)
        if self.log_limit.is_news("lost", self.source.name, now):
            logger.warning("the subscription to %s cannot be kept, and is tried again: %s", self.source.name, error)

    def _drop_lost(self) -> None:
        """Take no more events of a subscription that has ended."""
        if self.upkeep.sid is None and self._current is not None and not self.upkeep.held:
            self._current.callback.close()

    async def _leave(self) -> None:
        current = self._current
        if current is None:
            return
        # an event may have told the SID that the response did not
        sids = self.upkeep.held or [sid for sid in [current.inbox.claimed_sid] if sid is not None]
        if sids:
            with trio.CancelScope(shield=True, deadline=self._last_moment()):
                for sid in sids:
                    await self._unsubscribe(sid)
        current.callback.close()

    def _last_moment(self) -> float:
        """When the end has taken long enough; it begins now, unless it has begun."""
        self._end_at = min(self._end_at, trio.current_time() + END_SECONDS)
        return self._end_at

    # --- events ---

    def _take(self, message: EventMessage) -> bool:
        """Take an event; returns whether it belongs to the subscription."""
        if self._current is None:
            return False
        inbox = self._current.inbox
        events = inbox.receive(message, trio.current_time())
        if events is None:
            return False
        self._give(events)
        if inbox.order.is_broken or inbox.deadline < math.inf:
            self._news.set()
        return True

    def _give(self, events: Iterable[ReceivedEvent]) -> None:
        for event in events:
            wanted = event.only(self.variables) if self.variables else event
            if wanted.texts or wanted.is_initial:
                self.queue.put(wanted)

    def _check_events(self) -> None:
        """See whether events are missing, or do not come at all."""
        current = self._current
        if current is None:
            return
        now = trio.current_time()
        self._give(current.inbox.expire(now))
        if current.inbox.order.is_broken and not current.is_broken:
            current.is_broken = True
            self._misnumbered = self._misnumbered + 1 if current.inbox.order.in_order <= 1 else 0
            self.upkeep.restart(now)
        if now >= current.silent_at:
            current.silent_at = math.inf
            if current.inbox.is_silent and self.log_limit.is_news("silent", self.source.name, now):
                logger.warning(
                    "%s has sent no event to %s; if a firewall keeps it away, allow connections to that TCP port",
                    self.source.name,
                    current.callback.url,
                )

    def _next_check(self) -> float:
        return math.inf if self._current is None else min(self._current.inbox.deadline, self._current.silent_at)
