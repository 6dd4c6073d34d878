"""The results of a run, and the figures that follow from them."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from tests.chaos.cable import BAD_CABLE
from tests.chaos.client import MX
from tests.chaos.device import Resources
from tests.chaos.phases import Passed, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Announcement", "Outcome", "Tries", "Try"]


@attrs.frozen(kw_only=True)
class Try:
    """What the good client tried, or a fault that it saw: when, and after how many seconds it was answered."""

    kind: str
    moment: float
    seconds: float | None
    why_not: str | None


@attrs.frozen(kw_only=True)
class Announcement:
    """One announcement that was received."""

    moment: float
    usn: str
    alive: bool


@attrs.frozen
class Tries:
    """What the good client tried in one phase, of one kind."""

    tries: tuple[Try, ...]

    @property
    def share(self) -> float:
        """The share of the tries that were answered."""
        return sum(each.seconds is not None for each in self.tries) / len(self.tries) if self.tries else math.nan

    @property
    def worst(self) -> float:
        """How long the slowest answer took, in seconds."""
        return max((each.seconds for each in self.tries if each.seconds is not None), default=math.nan)

    @property
    def reasons(self) -> list[str]:
        """Why the other tries were not answered."""
        return sorted({each.why_not for each in self.tries if each.why_not})


@attrs.frozen(kw_only=True)
class Outcome:
    """A whole run."""

    cable: str
    #: whether the device had a core to itself whenever it wanted one
    right_of_way: bool
    phases: tuple[Passed, ...]
    tries: tuple[Try, ...]
    #: received on the device's own host, as they were sent
    sent: tuple[Announcement, ...]
    #: received by the good client, after the cable
    received: tuple[Announcement, ...]
    before: Resources
    after: Resources
    #: when the storm is over and its subscriptions have expired
    rest_cpu_share: float
    errors: str
    exit_status: int
    counters: str
    usns: frozenset[str]

    def tried(self, kind: str, phase: Phase) -> Tries:
        """What the good client tried in *phase*."""
        (passed,) = [each for each in self.phases if each.phase == phase]
        return Tries(tuple(t for t in self.tries if t.kind == kind and passed.start <= t.moment < passed.end))

    def all_tried(self, kind: str) -> Tries:
        """What the good client tried in the whole run."""
        return Tries(tuple(t for t in self.tries if t.kind == kind))

    def count(self, kind: str) -> int:
        """How many of a kind there are, none of which there should be."""
        return len(self.all_tried(kind).tries)

    def late(self, phase: Phase) -> float:
        """How long after its MX window the slowest answer to a search came, in seconds; less than 0 is within."""
        return self.tried("search", phase).worst - MX

    def oldest(self, announcements: Iterable[Announcement], passed: Passed) -> float:
        """How old the announcement of any row became in a phase, in seconds; infinite if it was not announced."""
        return max(self._ages(announcements, passed).values())

    def _ages(self, announcements: Iterable[Announcement], passed: Passed) -> Mapping[str, float]:
        moments: dict[str, list[float]] = defaultdict(list)
        for each in announcements:
            if each.alive:
                moments[each.usn].append(each.moment)
        ages = {}
        for usn in self.usns:
            before = [moment for moment in moments[usn] if moment <= passed.start]
            within = [moment for moment in moments[usn] if passed.start < moment < passed.end]
            marks = [max(before, default=-math.inf), *within, passed.end]
            ages[usn] = max(later - earlier for earlier, later in pairwise(marks))
        return ages

    @property
    def tracebacks(self) -> int:
        """How many tracebacks the device wrote."""
        return self.errors.count("Traceback (most recent call last)")


def least_share(phase: Phase, tries: int) -> float:
    """The share of one-datagram searches that a cable lets through, less three standard deviations of chance."""
    if not phase.impaired:
        return 1.0
    expected = (1 - BAD_CABLE.loss) ** 2
    return expected - 3 * math.sqrt(expected * (1 - expected) / max(tries, 1))


def read_lines(output: str, first: str) -> list[dict[str, object]]:
    """The JSON lines that a program of ours has written, those that begin with *first*."""
    return [json.loads(line) for line in output.splitlines() if line.startswith(first)]
