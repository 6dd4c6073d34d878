"""When announcements are made (UDA 2.0 §1.2.2, §1.2.3); all times in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

__all__ = ["DEFAULT_MAX_AGE", "FIRST_REPEATS", "announcement_gaps"]

# The least that UDA allows.
DEFAULT_MAX_AGE = 1800
# A random wait before the first set, so that devices that are powered up together do not all send at once.
MAX_FIRST_WAIT = 0.1
# UDP loses datagrams, so the first set is sent three times, the most that UDA allows, some hundred ms apart.
FIRST_REPEATS = 2
REPEAT_GAP = (0.2, 0.4)
# Later sets follow at random intervals below half of max-age, and above a quarter of it so that they stay rare.
REFRESH_PART = (0.25, 0.5)


def announcement_gaps(max_age: int, rng: Random) -> Iterator[float]:
    """Yield how long to wait before each set of announcements, without end."""
    yield rng.uniform(0, MAX_FIRST_WAIT)
    for _ in range(FIRST_REPEATS):
        # With a very short max-age, the repeats must not come later than the refresh.
        yield min(rng.uniform(*REPEAT_GAP), max_age / 4)
    while True:
        yield max_age * rng.uniform(*REFRESH_PART)
