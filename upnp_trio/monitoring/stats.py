"""Counters of everything that was received, answered, refused or lost, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

import attrs

__all__ = ["Counted", "Stats"]


def _frozen(counter: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType({key: counter[key] for key in sorted(counter) if counter[key]})


def _by_number(counter: Mapping[int, int]) -> Mapping[int, int]:
    return MappingProxyType({number: counter[number] for number in sorted(counter)})


@attrs.frozen(kw_only=True)
class Counted:
    """The counters at one moment; they do not change any more. `Stats` describes each of them."""

    datagrams: int
    searches: int
    answers: int
    announcements: int
    byebyes: int
    updates: int
    conflicts: int
    connections: int
    calls: int
    subscriptions: int
    notifications: int
    events_dropped: int
    requests: Mapping[int, int]
    refused: Mapping[str, int] = attrs.field(converter=_frozen)
    timeouts: Mapping[str, int] = attrs.field(converter=_frozen)
    faults: Mapping[int, int]
    notifications_lost: Mapping[str, int] = attrs.field(converter=_frozen)
    dropped: Mapping[str, int] = attrs.field(converter=_frozen)
    send_errors: Mapping[str, int] = attrs.field(converter=_frozen)


@attrs.define(eq=False, repr=False)
class Stats:
    """How often each thing has happened since the device was started. The counters go on; only read them.

    `snapshot` returns their values at one moment. A datagram is a search or is in *dropped*, and a search that is not
    answered is in *dropped*, too.
    """

    #: datagrams that were received, of whatever kind
    datagrams: int = 0
    #: searches that could be read
    searches: int = 0
    #: answers that were sent
    answers: int = 0
    #: ssdp:alive messages that were sent
    announcements: int = 0
    #: ssdp:byebye messages that were sent
    byebyes: int = 0
    #: ssdp:update messages that were sent
    updates: int = 0
    #: how often another device announced or revoked a UDN of ours
    conflicts: int = 0
    #: HTTP connections that were accepted
    connections: int = 0
    #: actions that were called, of those that a handler carries out
    calls: int = 0
    #: subscriptions to the events of a service that were accepted; renewals do not count
    subscriptions: int = 0
    #: event messages that a subscriber took
    notifications: int = 0
    #: events of this package that a slow reader of `Running.subscribe` missed
    events_dropped: int = 0
    #: HTTP requests that were answered, by status
    requests: Counter[int] = attrs.field(factory=Counter)
    #: HTTP requests and connections that were refused, by reason; those that got a response are in *requests*, too
    refused: Counter[str] = attrs.field(factory=Counter)
    #: HTTP connections that were closed because the peer was too slow, by phase: idle, head, body, write
    timeouts: Counter[str] = attrs.field(factory=Counter)
    #: actions that failed, by the code of their UPnP error
    faults: Counter[int] = attrs.field(factory=Counter)
    #: event messages that did not reach their subscriber, by reason
    notifications_lost: Counter[str] = attrs.field(factory=Counter)
    #: datagrams that were received and not answered, by reason
    dropped: Counter[str] = attrs.field(factory=Counter)
    #: datagrams that could not be sent, by the system's reason
    send_errors: Counter[str] = attrs.field(factory=Counter)

    def snapshot(self) -> Counted:
        """The counters at this moment."""
        return Counted(
            datagrams=self.datagrams,
            searches=self.searches,
            answers=self.answers,
            announcements=self.announcements,
            byebyes=self.byebyes,
            updates=self.updates,
            conflicts=self.conflicts,
            connections=self.connections,
            calls=self.calls,
            subscriptions=self.subscriptions,
            notifications=self.notifications,
            events_dropped=self.events_dropped,
            requests=_by_number(self.requests),
            faults=_by_number(self.faults),
            notifications_lost=self.notifications_lost,
            refused=self.refused,
            timeouts=self.timeouts,
            dropped=self.dropped,
            send_errors=self.send_errors,
        )
