"""The events of one subscription, from NOTIFY to what its reader gets.

A device may send the initial event before its response to SUBSCRIBE, which alone tells the SID. Such events wait for
the response.
"""

from __future__ import annotations

import math

import attrs

from upnp_trio.eventing.event_order import MAX_EARLY_EVENTS, EventOrder
from upnp_trio.eventing.messages import EventMessage
from upnp_trio.eventing.waiting_events import ReceivedEvent

__all__ = ["EventInbox"]

# Its variables, and what was forgiven.
_Content = tuple[tuple[tuple[str, str], ...], tuple[str, ...]]


@attrs.define(eq=False, repr=False)
class EventInbox:
    """Takes the events of one subscription, and puts them into their order."""

    #: whether there was an earlier subscription of the same reader
    is_resubscribed: bool = False
    order: EventOrder[_Content] = attrs.field(factory=EventOrder)
    #: ``None`` until the response to SUBSCRIBE is there
    sid: str | None = None
    _waiting: list[EventMessage] = attrs.field(factory=list)
    _has_begun: bool = False

    @property
    def claimed_sid(self) -> str | None:
        """The SID, or that of an event which came before the response to SUBSCRIBE."""
        return self._waiting[0].sid if self.sid is None and self._waiting else self.sid

    @property
    def is_silent(self) -> bool:
        """Whether there was no event yet."""
        return not self._has_begun

    @property
    def deadline(self) -> float:
        """When `expire` has something to do."""
        return self.order.deadline if self.sid is not None else math.inf

    def open(self, sid: str, now: float) -> list[ReceivedEvent]:
        """The response to SUBSCRIBE is there; returns the events that came before it."""
        self.sid = sid
        waiting, self._waiting = self._waiting, []
        return [event for message in waiting for event in self.receive(message, now) or ()]

    def receive(self, message: EventMessage, now: float) -> list[ReceivedEvent] | None:
        """Take *message*; returns the events that the reader gets now, or ``None`` if it has the SID of another."""
        if self.sid is None:
            if len(self._waiting) < MAX_EARLY_EVENTS:  # more of them leave a gap, which is found later
                self._waiting.append(message)
            return []
        if _plain(message.sid) != _plain(self.sid):
            return None
        return self._events(self.order.receive(message.seq, (message.properties, message.forgiven), now))

    def expire(self, now: float) -> list[ReceivedEvent]:
        """Give up the events that are missing for too long; returns those that waited for them."""
        return self._events(self.order.expire(now))

    def _events(self, given: list[tuple[int, _Content]]) -> list[ReceivedEvent]:
        return [self._event(seq, *content) for seq, content in given]

    def _event(self, seq: int, properties: tuple[tuple[str, str], ...], forgiven: tuple[str, ...]) -> ReceivedEvent:
        is_initial = not self._has_begun and (seq == 0 or self.order.is_tolerant)
        self._has_begun = True
        return ReceivedEvent(
            seq=seq,
            texts=dict(properties),
            is_initial=is_initial,
            is_resubscribed=is_initial and self.is_resubscribed,
            forgiven=forgiven,
        )


def _plain(sid: str) -> str:
    """*sid* for comparison, without the prefix and the case that a device may write in two ways."""
    return sid.lower().removeprefix("uuid:")
