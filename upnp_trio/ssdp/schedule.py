"""When announcements are made (UDA 2.0 §1.2.2, §1.2.3); all times in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

__all__ = ["DEFAULT_MAX_AGE", "FIRST_REPEATS", "MAX_MAX_AGE", "MIN_MAX_AGE", "announcement_gaps"]

# UDA wants at least 1800. Lower is allowed to devices that come and go, and to tests.
DEFAULT_MAX_AGE = 1800
MIN_MAX_AGE = 1
MAX_MAX_AGE = 2**31 - 1
# A random wait before the first set, so that devices powered up together do not all speak at once.
MAX_FIRST_WAIT = 0.1
# The first set is sent three times, the most that UDA allows, as UDP loses datagrams, some hundred ms apart.
FIRST_REPEATS = 2
REPEAT_GAP = (0.2, 0.4)
# Later sets come at random below half of max-age; from a quarter of it on, so that they stay rare.
REFRESH_PART = (0.25, 0.5)


def announcement_gaps(max_age: int, rng: Random) -> Iterator[float]:
    """How long to wait before each set of announcements, without end."""
    yield rng.uniform(0, MAX_FIRST_WAIT)
    for _ in range(FIRST_REPEATS):
        # a device that announces itself every other second must not repeat itself beyond that
        yield min(rng.uniform(*REPEAT_GAP), max_age / 4)
    while True:
        yield max_age * rng.uniform(*REFRESH_PART)
