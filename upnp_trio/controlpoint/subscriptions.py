"""All subscriptions of a control point, and what they share."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

import attrs
import trio

from upnp_trio._version import __version__
from upnp_trio.controlpoint.event_receiver import EventReceiver
from upnp_trio.controlpoint.event_requests import EventRequests, EventSource
from upnp_trio.controlpoint.feeds import FeedQueue
from upnp_trio.controlpoint.subscriber import Subscriber
from upnp_trio.controlpoint.subscription import Subscription
from upnp_trio.dates import utc_now
from upnp_trio.eventing.requests import DEFAULT_SECONDS
from upnp_trio.eventing.upkeep import Upkeep
from upnp_trio.eventing.waiting_events import ReceivedEvent, WaitingEvents
from upnp_trio.http.client import HttpClient
from upnp_trio.model.members import as_names
from upnp_trio.monitoring.log_limit import LogLimit
from upnp_trio.network.asking import AskingNetwork

if TYPE_CHECKING:
    from upnp_trio.ssdp.found import DeviceChange
    from upnp_trio.ssdp.messages import Alive

__all__ = ["EventSource", "Locate", "Subscriptions"]

#: finds a service again at the present address of its device, which may have come back at another one
Locate = Callable[[EventSource], Awaitable[EventSource]]

# A name that STATEVAR can carry, which has commas between names.
_NAME = re.compile(r"[!-+\--~]+")
# The longest TIMEOUT that others read, in digits.
MAX_SECONDS = 999_999_999


@attrs.define(eq=False, repr=False)
class Subscriptions:
    """Opens subscriptions, whose tasks are in *nursery*, and tells them of changes."""

    network: AskingNetwork
    client: HttpClient
    nursery: trio.Nursery
    rng: Random
    #: those of `EventReceiver`
    utcnow: Callable[[], datetime] = utc_now
    secret: Callable[[int], bytes] = os.urandom
    _requests: EventRequests = attrs.field(init=False)
    _receiver: EventReceiver = attrs.field(init=False)
    _log_limit: LogLimit = attrs.field(factory=LogLimit)
    _subscribers: set[Subscriber] = attrs.field(factory=set)
    _is_closed: bool = False

    def __attrs_post_init__(self) -> None:
        self._requests = EventRequests(self.client, self.network)
        self._receiver = EventReceiver(
            self.network,
            self.nursery,
            f"upnp-trio/{__version__} UPnP/2.0",
            utcnow=self.utcnow,
            secret=self.secret,
        )

    def subscribe(
        self,
        source: EventSource,
        *,
        variables: Iterable[str] = (),
        seconds: int = DEFAULT_SECONDS,
        locate: Locate | None = None,
    ) -> Subscription:
        """Subscribe to *source*; nothing is sent before the reader begins to read.

        *variables* are the names of those that are wanted, by default all. *seconds* is how long the device is asked to
        keep the subscription without a renewal. *locate* finds the service before each later subscription; by default,
        it is always where it was. Raises `ValueError` for an impossible argument.
        """
        names = _names(variables, source)
        if not 1 <= seconds <= MAX_SECONDS:
            raise ValueError(f"seconds is {seconds}; it must be 1 to {MAX_SECONDS}")
        waiting = WaitingEvents()
        subscriber = Subscriber(
            source=source,
            locate=locate or _stay,
            requests=self._requests,
            receiver=self._receiver,
            upkeep=Upkeep(self.rng),
            queue=FeedQueue[ReceivedEvent](waiting),
            variables=names,
            seconds=seconds,
            log_limit=self._log_limit,
        )
        return Subscription(subscriber, waiting, lambda: self._start(subscriber))

    def note_change(self, change: DeviceChange) -> None:
        """Something has changed about a device."""
        for subscriber in self._of(change.device.udn):
            subscriber.note_change(change)

    def note_alive(self, message: Alive) -> None:
        """A device announces itself, which need be no change."""
        if self._subscribers:  # there may be thousands of devices, and nobody who subscribes
            for subscriber in self._of(message.usn.partition("::")[0]):
                subscriber.note_alive(message.boot_id)

    def _of(self, udn: str) -> list[Subscriber]:
        return [subscriber for subscriber in self._subscribers if subscriber.source.udn.lower() == udn.lower()]

    def note_network(self, has_slept: bool = False) -> None:
        """The interfaces of this host may have changed; *has_slept*: the host was asleep meanwhile."""
        for subscriber in self._subscribers:
            subscriber.note_network(has_slept=has_slept)

    def close(self) -> None:
        """Begin no subscription any more."""
        self._is_closed = True

    def _start(self, subscriber: Subscriber) -> None:
        if self._is_closed:
            raise trio.ClosedResourceError("the control point is closed; subscribe while it is open")
        self.nursery.start_soon(self._run, subscriber)
        self._subscribers.add(subscriber)

    async def _run(self, subscriber: Subscriber) -> None:
        try:
            await subscriber.run()
        finally:
            self._subscribers.discard(subscriber)


async def _stay(source: EventSource) -> EventSource:
    """The service where it was."""
    await trio.lowlevel.checkpoint()
    return source


def _names(variables: Iterable[str], source: EventSource) -> tuple[str, ...]:
    names = as_names(variables)
    if source.description is not None:
        evented = [variable.name for variable in source.description.evented]
        for name in names:
            if name not in evented:
                raise ValueError(
                    f"{source.name} has no evented variable {name!r}; it has {', '.join(evented) or 'none'}"
                )
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a variable")
    return names
