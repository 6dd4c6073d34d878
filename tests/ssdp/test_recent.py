"""A mapping that is bounded in age and in number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.ssdp.recent import Recent


@given(st.lists(st.tuples(st.floats(0, 4), st.integers(0, 30)), max_size=300))
def test_a_recent_entry_is_kept_and_there_are_never_more_than_twice_the_most(
    entries: list[tuple[float, int]],
) -> None:
    recent = Recent[int, int](seconds=5, most=10)
    now = 0.0
    last: dict[int, tuple[float, int]] = {}
    for number, (pause, key) in enumerate(entries):
        now += pause
        recent.put(key, number, now)
        last[key] = now, number
        assert len(recent) <= 20
        for known, (time, value) in last.items():
            if number - value < 10 and time > now - 5:
                assert recent.get(known) == value
            assert recent.get(known) in (value, None)


def test_entries_are_revised_and_dropped_in_both_generations() -> None:
    recent = Recent[str, int](seconds=5, most=10)
    for now, key in enumerate("abcdefgh"):
        recent.put(key, now, now)
    recent.revise(lambda value: value * 10 if value % 2 else None)
    assert {key: recent.get(key) for key in "abcdefgh"} == {
        **dict.fromkeys("aceg"),
        **{"b": 10, "d": 30, "f": 50, "h": 70},
    }
    recent.clear()
    assert len(recent) == 0
    assert recent.get("b") is None
