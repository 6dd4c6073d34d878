"""What is remembered of searches that are being answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.fakes import ASKER, FakeEndpoint, fake_endpoint
from upnp_trio.server.discovery import duplicates as duplicates_module
from upnp_trio.server.discovery.duplicates import RECEIVED_SECONDS, DuplicateSearches


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as opened:
        yield opened


def test_the_same_from_the_same_port_is_a_repeat_until_its_last_answer_has_left(endpoint: FakeEndpoint) -> None:
    repeats = DuplicateSearches()
    assert repeats.why(ASKER, "a", endpoint, 10.0, 3) is None
    repeats.note(ASKER, "a", endpoint, 10.0, 12.0)
    assert repeats.why(ASKER, "a", endpoint, 11.9, 3) == "repeated"
    assert repeats.why(ASKER, "b", endpoint, 11.9, 3) is None
    assert repeats.why((ASKER[0], 1), "a", endpoint, 11.9, 3) is None
    assert repeats.why(ASKER, "a", endpoint, 12.0, 3) is None


def test_who_is_less_patient_is_no_repeat(endpoint: FakeEndpoint) -> None:
    repeats = DuplicateSearches()
    repeats.note(ASKER, "a", endpoint, 10.0, 14.0)
    assert repeats.why(ASKER, "a", endpoint, 10.5, 3) is None
    assert repeats.why(ASKER, "a", endpoint, 11.0, 3) == "repeated"


def test_what_was_asked_again_is_remembered_for_as_long_as_it_takes_anew(endpoint: FakeEndpoint) -> None:
    repeats = DuplicateSearches()
    repeats.note(ASKER, "a", endpoint, 10.0, 10.1)
    repeats.note(ASKER, "a", endpoint, 10.2, 12.0)
    repeats.note(ASKER, "b", endpoint, 11.0, 12.0)
    assert repeats.why(ASKER, "a", endpoint, 11.0, 1) == "repeated"


def test_another_interface_is_quiet_for_as_long_as_one_datagram_takes_to_reach_both(endpoint: FakeEndpoint) -> None:
    repeats = DuplicateSearches()
    with fake_endpoint("192.0.2.8/24", name="eth1", index=3) as other:
        repeats.note(ASKER, "a", endpoint, 10.0, 10.02)
        assert repeats.why(ASKER, "a", other, 10.1, 1) == "received on another interface"
        assert repeats.why(ASKER, "a", other, 10.0 + RECEIVED_SECONDS, 1) is None


def test_what_is_over_is_forgotten_and_what_is_not_is_bounded(endpoint: FakeEndpoint) -> None:
    repeats = DuplicateSearches()
    for number in range(5000):
        repeats.note((ASKER[0], number), "a", endpoint, number / 100, number / 100 + 1)
    assert len(repeats._asked) <= 100 * (1 + 2 * RECEIVED_SECONDS)
    for number in range(3 * duplicates_module.MAX_REMEMBERED):
        repeats.note((ASKER[0], number), "a", endpoint, 100.0, 105.0)
    assert 0 < len(repeats._asked) <= duplicates_module.MAX_REMEMBERED
    assert len(repeats._over) <= duplicates_module.MAX_REMEMBERED
