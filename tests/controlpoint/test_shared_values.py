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
    assert not any(values.put(value) for value in ("a1", "b1", "a2", "c1"))
    assert taken(values) == ["a1", "b1", "a2", "c1"]
    assert values.take() is None


def test_one_peer_does_not_take_the_room_of_others() -> None:
    values = make(6)
    assert [values.put(f"a{number}") for number in range(10)] == [0] * 6 + [1] * 4
    assert [values.put(value) for value in ("b1", "b2", "c1")] == [1] * 3
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


def by_length(limit: int) -> SharedValues[str]:
    return SharedValues(limit, lambda value: value[0], len)


def test_values_take_the_room_of_their_weight() -> None:
    values = by_length(10)
    assert [values.put(value) for value in ("aaaa", "aaaa", "aaaa")] == [0, 0, 1]
    assert taken(values) == ["aaaa", "aaaa"]
    assert values.put("a" * 10) == 0
    assert taken(values) == ["a" * 10]


def test_long_values_of_one_peer_give_way_to_those_of_others() -> None:
    values = by_length(12)
    for _ in range(3):
        values.put("aaaa")
    assert values.put("bbbb") == 1
    assert values.put("bb") == 1
    assert taken(values) == ["aaaa", "bbbb", "bb"]
    assert not values._of_peer
    assert not values._taken
    assert values._size == 0


def test_many_short_values_give_way_to_a_long_one_within_its_share() -> None:
    values = by_length(12)
    for _ in range(12):
        values.put("a")
    assert values.put("bbbbbb") == 6
    assert values.put("b") == 1  # it has its share
    assert taken(values) == ["a"] * 6 + ["bbbbbb"]


def test_a_value_that_is_too_long_for_the_whole_room_is_lost() -> None:
    values = by_length(4)
    values.put("b")
    assert values.put("a" * 5) == 1
    assert taken(values) == ["b"]
