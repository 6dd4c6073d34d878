"""Which searches are duplicates of one that is being answered."""

from __future__ import annotations

from upnp_trio.ssdp.drops import RECEIVED_ELSEWHERE, REPEATED
from upnp_trio.ssdp.duplicates import MAX_SEARCHES, RECEIVED_SECONDS, DuplicateSearches

PEER = ("192.0.2.9", 50000)


def test_the_same_from_the_same_port_is_repeated_until_its_last_answer_has_left() -> None:
    duplicates = DuplicateSearches[str]()
    assert duplicates.reason_to_drop(PEER, "a", "eth0", 10.0, 3) is None
    duplicates.note(PEER, "a", "eth0", 10.0, 12.0)
    assert duplicates.reason_to_drop(PEER, "a", "eth0", 11.9, 3) == REPEATED
    assert duplicates.reason_to_drop(PEER, "b", "eth0", 11.9, 3) is None
    assert duplicates.reason_to_drop((PEER[0], 1), "a", "eth0", 11.9, 3) is None
    assert duplicates.reason_to_drop(PEER, "a", "eth0", 12.0, 3) is None


def test_a_search_with_a_shorter_mx_than_the_pending_answer_needs_is_not_repeated() -> None:
    duplicates = DuplicateSearches[str]()
    duplicates.note(PEER, "a", "eth0", 10.0, 14.0)
    assert duplicates.reason_to_drop(PEER, "a", "eth0", 10.5, 3) is None
    assert duplicates.reason_to_drop(PEER, "a", "eth0", 11.0, 3) == REPEATED


def test_a_search_that_was_answered_again_is_repeated_for_as_long_as_the_new_answer_takes() -> None:
    duplicates = DuplicateSearches[str]()
    duplicates.note(PEER, "a", "eth0", 10.0, 10.1)
    duplicates.note(PEER, "a", "eth0", 10.2, 12.0)
    duplicates.note(PEER, "b", "eth0", 11.0, 12.0)
    assert duplicates.reason_to_drop(PEER, "a", "eth0", 11.0, 1) == REPEATED


def test_another_interface_does_not_answer_while_one_datagram_may_still_reach_both() -> None:
    duplicates = DuplicateSearches[str]()
    duplicates.note(PEER, "a", "eth0", 10.0, 10.02)
    assert duplicates.reason_to_drop(PEER, "a", "eth1", 10.1, 1) == RECEIVED_ELSEWHERE
    assert duplicates.reason_to_drop(PEER, "a", "eth1", 10.0 + RECEIVED_SECONDS, 1) is None


def test_searches_of_a_sender_are_pending_with_its_successor_or_not_at_all() -> None:
    duplicates = DuplicateSearches[str]()
    for target, sender in (("a", "eth0"), ("b", "eth1")):
        duplicates.note(PEER, target, sender, 10.0, 12.0)
    duplicates.move({"eth0": "new eth0"}.get)
    assert duplicates.reason_to_drop(PEER, "a", "new eth0", 10.1, 3) == REPEATED
    assert duplicates.reason_to_drop(PEER, "b", "new eth0", 10.1, 3) is None


def test_pending_searches_are_known_within_bounds() -> None:
    duplicates = DuplicateSearches[str]()
    for number in range(5 * MAX_SEARCHES):
        duplicates.note((PEER[0], number), "a", "eth0", 100.0, 105.0)
        assert len(duplicates) <= 2 * MAX_SEARCHES
    assert duplicates.reason_to_drop((PEER[0], number), "a", "eth0", 100.0, 5) == REPEATED
    duplicates.clear()
    assert duplicates.reason_to_drop((PEER[0], number), "a", "eth0", 100.0, 5) is None
