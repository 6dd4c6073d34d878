"""How often to speak of somebody who speaks in our name: enough to be heard, never in a loop with them."""

from __future__ import annotations

import math
from collections.abc import Hashable

import attrs

__all__ = ["ConflictWatch"]

# One line for a stranger in an hour: who forges addresses must not fill a log.
QUIET_SECONDS = 3600.0
# And no more than this in memory, nor in the log, whatever addresses are forged.
MAX_STRANGERS = 64
# One announcement more in a minute: two devices with one UDN must not shout each other down.
ANSWER_SECONDS = 60.0


@attrs.define(eq=False)
class ConflictWatch:
    """Remembers, within bounds, what was already said; times are on trio's clock, in seconds."""

    _told: dict[str, float] = attrs.field(factory=dict)
    _answered: dict[Hashable, float] = attrs.field(factory=dict)

    def is_news(self, peer: str, now: float) -> bool:
        """Whether *peer* is worth a warning."""
        self._told = {known: time for known, time in self._told.items() if now < time + QUIET_SECONDS}
        if peer in self._told or len(self._told) >= MAX_STRANGERS:
            return False
        self._told[peer] = now
        return True

    def wants_answer(self, device: Hashable, now: float) -> bool:
        """Whether *device* is to be announced once more."""
        self._answered = {known: time for known, time in self._answered.items() if now < time + ANSWER_SECONDS}
        if now < self._answered.get(device, -math.inf) + ANSWER_SECONDS:
            return False
        self._answered[device] = now
        return True
