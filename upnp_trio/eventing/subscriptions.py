"""The subscriptions to all services of a host, and the events that wait for each of their subscribers (UDA 2.0 §4.1).

A service has a number of places, and each peer may have a share of them. The share alone would not keep hosts apart:
all IPv6 hosts of a link may have one /64, which is one peer. So when the share of its peer or the service is full, a
newcomer gets the place of

- a subscription whose events do not arrive, of its own address or of one that holds more than that, or else
- one of the address that holds the most, if that has at least two more than the newcomer's.

Otherwise it is refused. So places move towards an even spread and never back, and an address with one subscription to a
service, which is all that a control point needs, never loses it while its events arrive.

What this is worth: 1,000 SUBSCRIBE a second of one address take 8 places of 32, and in a shared /64, all but one of
these pass on to neighbours that ask. 1,000 SUBSCRIBE a second of 1,000 addresses take what is free, one each, and
nothing from those that have one; a newcomer is then refused until one of them expires or does not take its events. A
refusal costs a look at the places of one service, whose number is bounded.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from upnp_trio.eventing.propertyset import render_propertyset
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.eventing.seq import next_seq
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.peers import peer_of

if TYPE_CHECKING:
    from upnp_trio.eventing.requests import Subscribe

__all__ = ["MAX_EVENT_AGE_SECONDS", "MAX_QUEUED_EVENTS", "QueuedEvent", "Subscription", "SubscriptionTable"]

# The bounds of libupnp.
MAX_QUEUED_EVENTS = 10
MAX_EVENT_AGE_SECONDS = 30.0

TOO_MANY = "too many subscriptions"
TOO_MANY_OF_ONE_PEER = "too many subscriptions of one peer"
UNKNOWN_SID = "SID is unknown or expired"

S = TypeVar("S", bound=Hashable)


@attrs.frozen
class QueuedEvent:
    """An event that waits for its delivery; *queued_at* is monotonic, in seconds."""

    seq: int
    body: bytes = attrs.field(repr=False)
    queued_at: float


@attrs.define(eq=False, kw_only=True)
class Subscription(Generic[S]):
    """One subscriber's interest in the events of one service."""

    service: S
    sid: str
    #: without a zone
    address: str
    callbacks: tuple[LiteralUrl, ...]
    #: the variables whose events it gets; ``None`` means all
    variables: frozenset[str] | None
    #: monotonic, in seconds
    expires: float
    #: whether its last event could not be delivered, as the notifier finds; such subscriptions lose their place first
    failing: bool = False
    #: whether it was cancelled, has expired or has lost its place
    ended: bool = False
    #: how many events were dropped because the queue was full, or because they were too old
    dropped: int = 0
    #: the number of the next event
    seq: int = 0
    _queue: deque[QueuedEvent] = attrs.field(factory=deque, init=False, repr=False)

    def __len__(self) -> int:
        """The number of events that wait."""
        return len(self._queue)

    def enqueue(self, body: bytes, now: float) -> None:
        """Give an event the next number and let it wait. The first one must be the initial event.

        If the queue is full, the oldest event is dropped; a gap in the numbers tells the subscriber.
        """
        if len(self._queue) >= MAX_QUEUED_EVENTS:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(QueuedEvent(self.seq, body, now))
        self.seq = next_seq(self.seq)

    def take(self, now: float) -> QueuedEvent | None:
        """Remove and return the next event to send; ``None`` if there is none. Drops those that are too old."""
        while self._queue:
            event = self._queue.popleft()
            if now - event.queued_at <= MAX_EVENT_AGE_SECONDS:
                return event
            self.dropped += 1
        return None

    def wants(self, name: str) -> bool:
        """Whether it gets the events of the variable *name*."""
        return self.variables is None or name in self.variables


# The subscriptions to a service: by peer, then by address.
_Places = dict[str, dict[str, list[Subscription[S]]]]


class SubscriptionTable(Generic[S]):
    """The subscriptions to any number of services, at most *limit* to each, and *limit_per_peer* of one peer."""

    def __init__(self, limit: int, limit_per_peer: int) -> None:
        self._limit = limit
        self._limit_per_peer = limit_per_peer
        self._by_sid: dict[str, Subscription[S]] = {}
        self._of_service: dict[S, dict[str, Subscription[S]]] = {}
        self._places: dict[S, _Places[S]] = {}
        #: (when, SID); a renewal leaves the earlier entry, which then means nothing
        self._expiries: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._by_sid)

    def __iter__(self) -> Iterator[Subscription[S]]:
        return iter(list(self._by_sid.values()))

    def has(self, service: S) -> bool:
        """Whether there is any subscription to *service*."""
        return service in self._of_service

    def of(self, service: S) -> list[Subscription[S]]:
        """The subscriptions to *service*, the oldest first."""
        return list(self._of_service.get(service, {}).values())

    def add(
        self, service: S, request: Subscribe, *, sid: str, now: float
    ) -> tuple[Subscription[S], list[Subscription[S]]]:
        """A new subscription to *service*, and those that lost their place to it: none, or one.

        Raises `EventingRefused` with status 503 if there is no place, and `ValueError` if *sid* is not new.
        """
        if sid in self._by_sid:
            raise ValueError(f"{sid} is the SID of a subscription already")
        address = str(request.subscriber).partition("%")[0]
        losers = self._losers(self._places.get(service, {}), address, now)
        for loser in losers:
            self.remove(loser)
        subscription = Subscription(
            service=service,
            sid=sid,
            address=address,
            callbacks=request.callbacks,
            variables=None if request.variables is None else frozenset(request.variables),
            expires=now + request.seconds,
        )
        self._by_sid[sid] = subscription
        self._of_service.setdefault(service, {})[sid] = subscription
        peers = self._places.setdefault(service, {})
        peers.setdefault(peer_of(address), {}).setdefault(address, []).append(subscription)
        self._schedule(subscription)
        return subscription, losers

    def _losers(self, peers: _Places[S], address: str, now: float) -> list[Subscription[S]]:
        """The subscription that makes room for one more of *address*; none if there is room."""
        own = peers.get(peer_of(address), {})
        if _size(own) >= self._limit_per_peer:
            addresses, reason = list(own.values()), TOO_MANY_OF_ONE_PEER
        elif sum(map(_size, peers.values())) >= self._limit:
            addresses, reason = [held for peer in peers.values() for held in peer.values()], TOO_MANY
        else:
            return []
        first = _first_to_expire(subscription for held in addresses for subscription in held)
        if first.expires <= now:  # it is over, and only not swept yet
            return [first]
        mine = own.get(address, [])
        givers = [held for held in addresses if held is mine or len(held) > len(mine)]
        failing = [subscription for held in givers for subscription in held if subscription.failing]
        if failing:
            return [_first_to_expire(failing)]
        most = max(addresses, key=len)
        if len(most) < len(mine) + 2:
            raise EventingRefused(503, reason)
        return [_first_to_expire(most)]

    def renew(self, service: S, sid: str, *, seconds: int, now: float) -> Subscription[S]:
        """Keep a subscription for *seconds* from *now*. It keeps its SID, its place and its numbers.

        The SID alone is asked for, not the address: a host's temporary IPv6 address may have changed since. Raises
        `EventingRefused` with status 412 if *service* has no such subscription.
        """
        subscription = self._find(service, sid, now)
        subscription.expires = now + seconds
        self._schedule(subscription)
        return subscription

    def cancel(self, service: S, sid: str, *, now: float) -> Subscription[S]:
        """End a subscription and return it; raises `EventingRefused` like `renew`."""
        subscription = self._find(service, sid, now)
        self.remove(subscription)
        return subscription

    def _find(self, service: S, sid: str, now: float) -> Subscription[S]:
        subscription = self._by_sid.get(sid)
        if subscription is None or subscription.service != service or subscription.expires <= now:
            raise EventingRefused(412, UNKNOWN_SID)
        return subscription

    def remove(self, subscription: Subscription[S]) -> None:
        """End *subscription*, if it has not ended: its subscriber does not know it (status 412), or has gone."""
        if subscription.ended:
            return
        subscription.ended = True
        del self._by_sid[subscription.sid]
        of_service = self._of_service[subscription.service]
        del of_service[subscription.sid]
        peers = self._places[subscription.service]
        peer = peer_of(subscription.address)
        peers[peer][subscription.address].remove(subscription)
        if not peers[peer][subscription.address]:
            del peers[peer][subscription.address]
        if not peers[peer]:
            del peers[peer]
        if not of_service:
            del self._of_service[subscription.service], self._places[subscription.service]

    def remove_service(self, service: S) -> list[Subscription[S]]:
        """End all subscriptions to *service*, which is about to leave, and return them (UDA 2.0 §4.1.1)."""
        ended = self.of(service)
        for subscription in ended:
            self.remove(subscription)
        return ended

    def expire(self, now: float) -> list[Subscription[S]]:
        """End the subscriptions whose time is over, and return them."""
        ended = []
        while (when := self.next_expiry()) is not None and when <= now:
            subscription = self._by_sid[self._expiries[0][1]]
            self.remove(subscription)
            ended.append(subscription)
        return ended

    def next_expiry(self) -> float | None:
        """When the next subscription expires, unless it is renewed; ``None`` without subscriptions."""
        while self._expiries:
            when, sid = self._expiries[0]
            subscription = self._by_sid.get(sid)
            if subscription is not None and subscription.expires == when:
                return when
            heapq.heappop(self._expiries)
        return None

    def _schedule(self, subscription: Subscription[S]) -> None:
        heapq.heappush(self._expiries, (subscription.expires, subscription.sid))
        if len(self._expiries) > 2 * len(self._by_sid) + 64:
            # a subscriber may renew as often as it likes
            self._expiries = [(each.expires, each.sid) for each in self._by_sid.values()]
            heapq.heapify(self._expiries)

    def publish(self, service: S, changes: Sequence[tuple[str, str]], now: float) -> list[Subscription[S]]:
        """Queue an event with *changes* for the subscriptions to *service* that want any of them, and return these.

        The message is rendered once for all who get the same variables. Those without an initial event get none yet.
        """
        rendered: dict[frozenset[str] | None, bytes | None] = {}
        queued = []
        for subscription in self._of_service.get(service, {}).values():
            if not subscription.seq:
                continue  # its initial event, which is still to come, will have these changes
            variables = subscription.variables
            if variables not in rendered:
                wanted = [change for change in changes if subscription.wants(change[0])]
                rendered[variables] = render_propertyset(wanted) if wanted else None
            body = rendered[variables]
            if body is not None:
                subscription.enqueue(body, now)
                queued.append(subscription)
        return queued


def _size(addresses: dict[str, list[Subscription[S]]]) -> int:
    return sum(map(len, addresses.values()))


def _first_to_expire(subscriptions: Iterable[Subscription[S]]) -> Subscription[S]:
    return min(subscriptions, key=lambda subscription: subscription.expires)
