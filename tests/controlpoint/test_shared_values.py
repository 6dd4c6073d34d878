"""Values of many peers that wait for one reader."""

from __future__ import annotations

from collections import Counter

from upnp_trio.controlpoint.shared_values import SharedValues


def make(limit: int) -> SharedValues[str]:
    return SharedValues(limit, lambda value: value[0])


def taken(values: SharedValues[str]) -> list[str]:
    found = []
    while (value := values.take()) is not None:
        found.append(value)
    return found


def test_values_keep_their_order() -> None:
    values = make(4)
    assert all(values.put(value) for value in ("a1", "b1", "a2", "c1"))
    assert taken(values) == ["a1", "b1", "a2", "c1"]
    assert values.take() is None


def test_one_peer_does_not_take_the_room_of_others() -> None:
    values = make(6)
    assert [values.put(f"a{number}") for number in range(10)] == [True] * 6 + [False] * 4
    assert [values.put(value) for value in ("b1", "b2", "c1")] == [False] * 3
    assert taken(values) == ["a0", "a1", "a2", "b1", "b2", "c1"]


def test_shares_are_equal_when_all_want_more() -> None:
    values = make(90)
    for number in range(1000):
        for peer in "abc":
            values.put(f"{peer}{number}")
    assert Counter(value[0] for value in taken(values)) == Counter(a=30, b=30, c=30)
    assert not values._of_peer


def test_more_peers_than_there_is_room_for_stay_within_it() -> None:
    values = make(10)
    for number in range(1000):
        values.put(chr(0x4E00 + number))
    assert len(values._waiting) <= 2 * values.limit
    assert len(taken(values)) == 10
    assert not values._of_peer
