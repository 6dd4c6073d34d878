"""How much one source is sent: enough for any control point, too little to be worth forging its address for.

Whoever sends a datagram writes the source address into it. What leaves for each source is therefore bounded, whoever
searches in its name. The cost for each source is one moment: the one at which all that it was sent is paid for, at a
steady rate. Until then the source is in debt, by so many seconds.

Someone who forges a source's address must not be able to use up what the source itself needs. So the deeper a source
is in debt, the more it matters what a search asks for:

- up to `OPEN_SECONDS`, anything is answered;
- beyond, a target is answered if the source has not been sent it for a while, the longer the deeper its debt:
  what is forged again and again yields to what is not;
- sweeps, which ask what there is, end at `SWEEP_SECONDS` and one of them takes no more than `MAX_SWEEP_SECONDS`;
  what is between that and `BURST_SECONDS` is a reserve for exact targets, which sweeps cannot spend.
"""

from __future__ import annotations

import math
from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING

from upnp_trio.ssdp.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

__all__ = ["DEFAULT_REPLY_BUDGET", "Budget"]

# Answers a second to one source, in the long run. The busiest real control points search ten times at once for a
# device with some ten rows, and do so once in minutes.
DEFAULT_REPLY_BUDGET = 64
# A longer answer counts as more than one: with 64 answers a second, 32 KiB a second. Real ones have 300 to 500 bytes.
ANSWER_BYTES = 512
# The deepest debt: 2,048 answers may leave at once with 64 a second.
BURST_SECONDS = 32.0
# Half of it is for anything: four sweeps of a host with as many rows as a search is answered with.
OPEN_SECONDS = 16.0
# Sweeps of a source that is deeper in debt wait, so that forged searches for one exact target, which keep it at
# `OPEN_SECONDS`, leave room for its own sweeps.
SWEEP_SECONDS = 20.0
MAX_SWEEP_SECONDS = 8.0
# How fast the allowed debt grows with the time since a source was sent a target: at 24 seconds, where sweeps of the
# default budget leave it at the most, once a second; at the deepest, every two seconds, so 128 targets can be forged
# at any rate without a loss to others.
DEBT_PER_SECOND = 8.0
# Sources in debt that are known; more than there are on the link of a home or an office, and 1 MiB.
MAX_SOURCES = 4096
# Targets sent to sources in deep debt that are known, twice this number; some 2 MiB. One source adds no more a second
# than its budget.
MAX_TARGETS = 4096


class Budget:
    """Knows, within bounds, what each source was sent; times are monotonic, in seconds."""

    def __init__(self, rng: Random, answers_per_second: int = DEFAULT_REPLY_BUDGET) -> None:
        self._rng = rng
        self._answers_per_second = answers_per_second
        #: by source, when all that it was sent is paid for
        self._paid_at: dict[Hashable, float] = {}
        #: by source and target, when it was sent last in deep debt
        self._sent: Recent[tuple[Hashable, str], float] = Recent(
            (BURST_SECONDS - OPEN_SECONDS) / DEBT_PER_SECOND, MAX_TARGETS
        )

    def is_open(self, source: Hashable, now: float) -> bool:
        """Whether any search of *source* is answered."""
        return self._paid_at.get(source, now) <= now + OPEN_SECONDS

    def allows(self, source: Hashable, target: str, now: float, *, is_sweep: bool) -> bool:
        """Whether a search of *source* for *target*, a canonical one, is answered in spite of its debt."""
        debt = self._paid_at.get(source, now) - now
        sent = self._sent.get((source, target))
        waited = math.inf if sent is None else now - sent
        chance = self._rng.uniform(OPEN_SECONDS, SWEEP_SECONDS)
        return debt <= min(chance + DEBT_PER_SECOND * waited, SWEEP_SECONDS if is_sweep else BURST_SECONDS)

    def most_answers(self, answer_bytes: int) -> int:
        """Return how many answers of *answer_bytes* each one sweep may take; at least one."""
        weight = max(1.0, answer_bytes / ANSWER_BYTES)
        return max(1, int(MAX_SWEEP_SECONDS * self._answers_per_second / weight))

    def charge(self, source: Hashable, target: str, now: float, answers: int, answer_bytes: int) -> None:
        """Note that *source* is sent so many answers about *target*, of at most *answer_bytes* each."""
        paid_at = self._paid_at.get(source, now)
        if paid_at < now:
            paid_at = now
        elif paid_at > now + OPEN_SECONDS:
            self._sent.put((source, target), now, now)
        if len(self._paid_at) >= MAX_SOURCES and source not in self._paid_at:
            self._make_room(now)
        weight = answer_bytes / ANSWER_BYTES if answer_bytes > ANSWER_BYTES else 1.0
        self._paid_at[source] = paid_at + answers * weight / self._answers_per_second

    def _make_room(self, now: float) -> None:
        """Drop the sources without debt, and those with the smallest debts until half of the room is free.

        So a flood in the names of many does not clear the debt of the one that was sent the most.
        """
        in_debt = {source: paid_at for source, paid_at in self._paid_at.items() if paid_at > now}
        if len(in_debt) > MAX_SOURCES // 2:
            in_debt = dict(nlargest(MAX_SOURCES // 2, in_debt.items(), key=itemgetter(1)))
        self._paid_at = in_debt
