"""Items that fall due within one tick are taken together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.server.discovery.due_queue import DueQueue


def test_items_due_within_one_tick_are_taken_together() -> None:
    queue = DueQueue[str](0.5)
    for due, item in [(0.7, "b"), (0.2, "a"), (0.9, "c"), (1.0, "d"), (1.01, "e")]:
        queue.put(due, item)
    assert len(queue) == 5
    assert queue.next_due() == 0.5
    assert queue.take(0.49) == []
    assert queue.take(0.5) == ["a"]
    assert queue.take(1.2) == ["b", "c", "d"]
    assert queue.next_due() == 1.5
    queue.put(3.0, "f")
    queue.revise(lambda item: None if item == "e" else item.upper())
    assert (len(queue), queue.take(9.0), len(queue), queue.next_due()) == (1, ["F"], 0, None)


@given(st.lists(st.floats(0, 5)), st.lists(st.floats(0, 6)))
def test_no_item_is_lost_or_taken_early_or_more_than_a_tick_late(dues: list[float], looks: list[float]) -> None:
    queue = DueQueue[float](0.02)
    for due in dues:
        queue.put(due, due)
    taken: list[float] = []
    for now in sorted([*looks, 7.0]):
        for due in queue.take(now):
            assert due <= now + 1e-9
            taken.append(due)
        assert not any(due + 0.02 + 1e-9 < now for due in dues if due not in taken)
    assert sorted(taken) == sorted(dues)
    assert len(queue) == 0
