"""The order of a subscription's events, by SEQ, as its subscriber sees it (UDA 2.0 §4.3.2).

SEQ is 0 in the initial event and grows by one with each event. A number that is left out tells of an event that was
lost. The cure is to subscribe anew, as the initial event of the new subscription holds all values.

Devices with several threads may overtake themselves (pupnp #43), so an event that came too early waits a moment for
those before it. Some devices repeat an event whose answer they have missed, and some number all events 0 (jupnp #243).
"""

from __future__ import annotations

import math
from typing import Generic, TypeVar

import attrs

from upnp_trio.eventing.seq import MAX_SEQ, next_seq

__all__ = ["GAP_SECONDS", "MAX_EARLY_EVENTS", "EventOrder"]

E = TypeVar("E")

# How long an event may be late after one that should follow it. Threads that overtake each other are apart by
# milliseconds, or by the time that a lost segment of TCP takes, of which there are several in a second.
GAP_SECONDS = 1.0
# Events that wait for an earlier one. Whatever sends more of them within `GAP_SECONDS` has lost one.
MAX_EARLY_EVENTS = 16


@attrs.define(eq=False, repr=False)
class EventOrder(Generic[E]):
    """Puts the events of one subscription into their order, and tells when one of them was lost.

    No event is kept from the reader: those beyond a gap are given, too, because their values are newer than all others.
    """

    #: do not look for gaps until the numbers follow each other, as this device does not number its events
    is_tolerant: bool = False
    #: whether an event was lost, so that only a new subscription has all values
    is_broken: bool = False
    #: how many events were given in their order
    in_order: int = 0
    #: the number that is due
    _due: int = 0
    _last: tuple[int, E] | None = None
    _early: dict[int, E] = attrs.field(factory=dict)
    _deadline: float = math.inf

    @property
    def deadline(self) -> float:
        """When `expire` has something to do; infinity if no event is missing."""
        return self._deadline

    def receive(self, seq: int, event: E, now: float) -> list[tuple[int, E]]:
        """Take the event with number *seq*; returns those that the reader gets now, with their numbers."""
        if self._last == (seq, event):
            return []
        if self.is_broken:
            return self._give(seq, event)
        if self.is_tolerant:
            # numbers that follow each other are numbers to go by from now on
            self.is_tolerant = self._last is None or seq != next_seq(self._last[0])
            return self._give(seq, event)
        ahead = self._distance(seq)
        if ahead == 0:
            return [*self._give(seq, event), *self._give_early()]
        if 0 < ahead <= MAX_EARLY_EVENTS and len(self._early) < MAX_EARLY_EVENTS:
            self._early.setdefault(seq, event)
            self._deadline = min(self._deadline, now + GAP_SECONDS)
            return []
        return [*self._break(), *self._give(seq, event)]

    def expire(self, now: float) -> list[tuple[int, E]]:
        """Give up the events that are missing for too long; returns those that waited for them."""
        return self._break() if now >= self._deadline else []

    def _distance(self, seq: int) -> int:
        """How many events before *seq* are missing; -1 if it cannot follow."""
        if self._due == 0:
            return seq
        # MAX_SEQ is followed by 1
        return (seq - self._due) % MAX_SEQ if seq else -1

    def _give(self, seq: int, event: E) -> list[tuple[int, E]]:
        self._due = next_seq(seq)
        self._last = seq, event
        self.in_order += not self.is_broken
        return [(seq, event)]

    def _give_early(self) -> list[tuple[int, E]]:
        given = []
        while self._due in self._early:
            given += self._give(self._due, self._early.pop(self._due))
        if not self._early:
            self._deadline = math.inf
        return given

    def _break(self) -> list[tuple[int, E]]:
        self.is_broken = True
        self._deadline = math.inf
        early, self._early = self._early, {}
        by_seq = sorted(early, key=self._distance)
        return [each for seq in by_seq for each in self._give(seq, early[seq])]
