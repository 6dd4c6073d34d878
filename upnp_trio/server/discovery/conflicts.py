"""How often to answer somebody who speaks in our name: enough to be received, never in a loop with them."""

from __future__ import annotations

import math
from collections.abc import Hashable

import attrs

__all__ = ["ConflictWatch"]

# One announcement more in a minute: two devices with one UDN must not shout each other down.
ANSWER_SECONDS = 60.0


@attrs.define(eq=False, repr=False)
class ConflictWatch:
    """Remembers which devices were announced once more, and when; times are on trio's clock, in seconds."""

    _answered: dict[Hashable, float] = attrs.field(factory=dict)

    def wants_answer(self, device: Hashable, now: float) -> bool:
        """Whether *device* is to be announced once more."""
        self._answered = {known: time for known, time in self._answered.items() if now < time + ANSWER_SECONDS}
        if now < self._answered.get(device, -math.inf) + ANSWER_SECONDS:
            return False
        self._answered[device] = now
        return True
