"""Which connections get a slot, and which one is displaced."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.http.connection_table import TOO_MANY, TOO_MANY_OF_ONE_PEER, ConnectionTable, NoSlot
from upnp_trio.model.peers import peer_of

Table = ConnectionTable["Held"]


@attrs.frozen(eq=False)
class Held:
    address: str
    waiting_since: float


def filled(table: Table, *addresses: str) -> list[Held]:
    """Connections from *addresses*, each of which has waited for less time than those before it."""
    held = [Held(address, number) for number, address in enumerate(addresses)]
    for connection in held:
        assert table.admit(connection) is None
    return held


def test_one_address_gets_its_share_and_displaces_no_other() -> None:
    table = Table(8, 3)
    held = filled(table, *["192.0.2.1"] * 3)
    with pytest.raises(NoSlot, match=TOO_MANY_OF_ONE_PEER):
        table.admit(Held("192.0.2.1", 9))
    assert set(table) == set(held)


def test_when_all_slots_are_taken_the_longest_waiting_of_the_largest_peer_is_displaced() -> None:
    table = Table(6, 3)
    held = filled(table, "192.0.2.1", *["192.0.2.2"] * 3, *["192.0.2.3"] * 2)
    newcomer = Held("192.0.2.9", 9)
    assert table.admit(newcomer) is held[1]
    assert set(table) == {newcomer, *held} - {held[1]}


def test_the_longest_waiting_is_displaced_when_each_peer_holds_one() -> None:
    table = Table(3, 3)
    held = filled(table, "192.0.2.1", "192.0.2.2", "192.0.2.3")
    assert table.admit(Held("192.0.2.9", 9)) is held[0]


def test_a_peer_that_holds_the_most_displaces_no_other() -> None:
    table = Table(3, 3)
    filled(table, "192.0.2.1", "192.0.2.1", "192.0.2.2")
    with pytest.raises(NoSlot, match=TOO_MANY):
        table.admit(Held("192.0.2.1", 9))


def test_a_flooder_in_the_same_prefix_is_displaced_by_a_neighbour() -> None:
    table = Table(8, 3)
    held = filled(table, *["2001:db8::bad"] * 3)
    neighbour = Held("2001:db8::1", 9)
    assert table.admit(neighbour) is held[0]
    with pytest.raises(NoSlot, match=TOO_MANY_OF_ONE_PEER):
        table.admit(Held("2001:db8::bad", 9))
    assert neighbour in set(table)


def test_a_host_with_many_addresses_takes_no_more_than_its_prefix_may() -> None:
    table = Table(8, 3)
    for number in range(20):
        table.admit(Held(f"2001:db8::{number:x}", number))
    assert len(table) == 3


def test_a_slot_is_freed_once() -> None:
    table = Table(2, 2)
    first, _ = filled(table, "192.0.2.1", "192.0.2.1")
    table.discard(first)
    table.discard(first)
    assert len(table) == 1
    assert table.admit(Held("192.0.2.1", 3)) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"]), st.booleans()), max_size=60
    )
)
def test_the_limits_hold_whatever_comes_and_goes(moves: list[tuple[str, bool]]) -> None:
    table = Table(5, 3)
    for time, (address, comes) in enumerate(moves):
        if comes:
            before = set(table)
            own = sum(held.address == address for held in before)
            try:
                displaced = table.admit(Held(address, time))
            except NoSlot:
                assert set(table) == before
            else:
                assert displaced is None or displaced in before - set(table)
                # no connection is displaced by an address that holds more than its own
                assert (
                    displaced is None
                    or sum(held.address == displaced.address for held in before) > own
                    or (peer_of(displaced.address) != peer_of(address))
                )
        elif len(table):
            table.discard(next(iter(table)))
        per_peer = Counter(peer_of(held.address) for held in table)
        assert len(table) == per_peer.total() <= 5
        assert max(per_peer.values(), default=0) <= 3
