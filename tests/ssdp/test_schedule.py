"""The timetable of announcements."""

from __future__ import annotations

from itertools import islice
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.ssdp.schedule import announcement_gaps


@given(st.integers(1, 86400), st.integers())
def test_the_first_set_is_announced_within_100_ms_and_repeated_twice(max_age: int, seed: int) -> None:
    first, second, third = islice(announcement_gaps(max_age, Random(seed)), 3)
    assert 0 <= first <= 0.1
    assert 0 < second <= 0.4
    assert 0 < third <= 0.4


@given(st.integers(1, 86400), st.integers())
def test_later_sets_come_at_random_below_half_of_max_age(max_age: int, seed: int) -> None:
    later = list(islice(announcement_gaps(max_age, Random(seed)), 3, 50))
    assert all(max_age / 4 <= gap <= max_age / 2 for gap in later)
    assert len(set(later)) == len(later)
