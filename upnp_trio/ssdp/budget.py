"""How much one source is sent: enough for any control point, too little to be worth forging its address for.

The source address of a datagram is whatever its sender writes into it, so answers may go to a victim that never
searched. What one source is sent is therefore bounded, whoever searches in its name. For each source, the budget knows
one date: when all that the source was sent is paid for, at a steady rate. Until then, the source is in debt by so many
seconds.

Someone who forges a source's address must not use up what the source itself needs:

- Up to `OPEN_SECONDS` of debt, every search is answered.
- Beyond, a search is answered if the source was not sent its target for a while: the deeper the debt, the longer, up to
  two seconds. So a target that is searched all the time leaves room for the others.
- Between searches for one target that is searched all the time, chance decides, so that a flood gains nothing by its
  timing.
- Sweeps, which ask what there is, are answered up to `SWEEP_SECONDS` of debt, and one of them adds no more than
  `MAX_SWEEP_SECONDS`. The rest, up to `BURST_SECONDS`, is a reserve for exact targets.
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

# Answers a second to one source, in the long run. The busiest real control points send some ten searches at once for a
# device with some ten rows, once in minutes.
DEFAULT_REPLY_BUDGET = 64
# A longer answer counts as more than one: with 64 answers a second, 32 KiB a second. Real ones have 300 to 500 bytes.
ANSWER_BYTES = 512
# The deepest debt. With 64 answers a second, 2,048 may leave at once.
BURST_SECONDS = 32.0
# Half of it is open to any search: four sweeps of a host with as many rows as one search is answered with.
OPEN_SECONDS = 16.0
# The deepest debt in which a sweep is answered. A flood of searches for one target keeps the debt between this and
# `OPEN_SECONDS`, so it leaves room for sweeps, too.
SWEEP_SECONDS = 20.0
# What one sweep may add. It leaves at least four seconds to exact targets, whatever the budget is.
MAX_SWEEP_SECONDS = 8.0
# How much deeper the debt may be for each second in which a source was not sent a target. In the deepest debt, it was
# not sent it for two seconds; so, with 64 answers a second, 128 targets can be searched at any rate without a loss to
# others.
DEBT_PER_SECOND = 8.0
# Sources in debt that are known: more than the link of a home or an office has; 1 MiB.
MAX_SOURCES = 4096
# Targets that are known to have been sent to sources in debt, twice this number; 2 MiB. A source adds no more of
# them than its budget allows.
MAX_TARGETS = 2048


class Budget:
    """Knows, within bounds, what each source was sent; times are monotonic, in seconds."""

    def __init__(self, rng: Random, answers_per_second: int = DEFAULT_REPLY_BUDGET) -> None:
        self._rng = rng
        self._answers_per_second = answers_per_second
        #: by source, when all that it was sent is paid for
        self._paid_at: dict[Hashable, float] = {}
        #: by source and target, when the source was last sent it beyond `OPEN_SECONDS`
        self._sent: Recent[tuple[Hashable, str], float] = Recent(
            (BURST_SECONDS - OPEN_SECONDS) / DEBT_PER_SECOND, MAX_TARGETS
        )

    def is_open(self, source: Hashable, now: float) -> bool:
        """Whether any search of *source* is answered."""
        return self._paid_at.get(source, now) <= now + OPEN_SECONDS

    def allows(self, source: Hashable, target: str, now: float, *, is_sweep: bool) -> bool:
        """Whether a search of *source* for *target*, in canonical form, is answered in spite of the debt."""
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
        """Drop the sources without debt and then those with the smallest debts, until half of the room is free.

        So a flood in thousands of names does not clear the debt of a source that was sent much.
        """
        in_debt = {source: paid_at for source, paid_at in self._paid_at.items() if paid_at > now}
        if len(in_debt) > MAX_SOURCES // 2:
            in_debt = dict(nlargest(MAX_SOURCES // 2, in_debt.items(), key=itemgetter(1)))
        self._paid_at = in_debt
