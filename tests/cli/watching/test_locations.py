"""Which LOCATION is asked when: soon, once a minute, and never one sender's before all others."""

from __future__ import annotations

import math

import attrs

from tests.cli.watching.scenes import device, location, udn
from upnp_trio.cli.watching.locations import (
    MAX_LOCATIONS_OF_ONE_DEVICE,
    MAX_PROBES_OF_ONE_PEER,
    PROBE_SECONDS,
    RETURN_SECONDS,
    LocationTable,
    Probe,
)

URL = "http://192.0.2.7:49152/d.xml"


def take(table: LocationTable, now: float) -> Probe:
    probe = table.take(now)
    assert probe is not None
    return probe


def test_a_new_location_is_asked_at_once_and_then_once_a_minute() -> None:
    table = LocationTable()
    assert (table.take(0.0), table.next_at) == (None, math.inf)
    table.note(device(7), 5.0)
    assert table.next_at == 5.0
    probe = take(table, 5.0)
    assert (probe.udn, probe.location.url, probe.is_description_wanted) == (udn(7), URL, True)
    assert table.take(500.0) is None  # it is under way
    assert table.answered(probe, 0.1, 6.0) is False
    assert table.next_at == 6.0 + PROBE_SECONDS
    assert take(table, 66.0).is_description_wanted is False


def test_another_version_is_described_again_but_not_within_the_minute() -> None:
    table = LocationTable()
    table.note(device(7), 0.0)
    table.answered(take(table, 0.0), 0.1, 0.0)
    table.note(device(7, config_id=2), 30.0)
    assert table.next_at == PROBE_SECONDS
    assert take(table, 60.0).is_description_wanted
    table.note(device(7, config_id=3), 61.0)  # while it is asked
    assert table.take(61.0) is None


def test_a_description_that_was_not_read_is_wanted_again() -> None:
    table = LocationTable()
    table.note(device(7), 0.0)
    assert table.failed(take(table, 0.0), "refused", "why", 0.0)
    again = take(table, 60.0)
    assert again.is_description_wanted
    assert not table.failed(again, "refused", "why", 61.0)
    assert (table.state(URL).failures, table.silent) == (2, 1)
    assert table.answered(take(table, 200.0), 0.1, 200.0)


def test_devices_of_one_url_have_one_request() -> None:
    table = LocationTable()
    table.note(device(7), 0.0)
    table.note(device(8, is_root=False, locations=(location(7),)), 0.0)
    take(table, 0.0)
    assert table.take(0.0) is None
    assert table.udns_of(URL) == (udn(7), udn(8))
    table.drop(udn(7))
    assert len(table) == 1
    table.drop(udn(8))
    assert len(table) == 0


def test_a_location_that_a_device_has_no_more_is_forgotten() -> None:
    table = LocationTable()
    table.note(device(7), 0.0)
    table.note(device(7, locations=(location(8),)), 1.0)
    assert table.udns_of(URL) == ()
    assert take(table, 1.0).location.url == location(8).url


def test_a_result_of_a_location_that_was_forgotten_meanwhile_changes_nothing() -> None:
    table = LocationTable()
    table.note(device(7), 0.0)
    probe = take(table, 0.0)
    table.drop(udn(7))
    assert table.failed(probe, "refused", "why", 1.0) is False
    table.note(device(7), 2.0)
    first = take(table, RETURN_SECONDS)
    table.drop(udn(7))
    table.note(device(7), 20.0)
    second = take(table, 20.0)
    assert table.answered(first, 0.1, 21.0) is False
    assert table.state(URL).state == "waiting"
    table.answered(second, 0.1, 22.0)
    assert table.state(URL).state == "ok"


def test_a_device_that_comes_and_goes_is_not_asked_all_the_time() -> None:
    table = LocationTable()
    asked = []
    for tenth in range(600):
        now = tenth / 10
        table.note(device(7), now)
        if (probe := table.take(now)) is not None:
            asked.append(now)
            table.answered(probe, 0.0, now)
        table.drop(udn(7))
    assert asked == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]


def test_what_one_sender_announces_does_not_delay_the_locations_of_others() -> None:
    table = LocationTable()
    liar = location(66)
    for number in range(1000):
        made = attrs.evolve(liar, url=f"http://192.0.2.{number % 250}:{1000 + number}/")
        table.note(device(66, udn=udn(number), locations=(made,)), 0.0)
    table.note(device(7, udn=udn(5000)), 0.0)
    taken = [probe for _ in range(100) if (probe := table.take(0.0)) is not None]
    assert len(taken) == MAX_PROBES_OF_ONE_PEER + 1
    assert taken[-1].location.url == URL
    # each that ends lets one go, after those that were due before
    table.failed(taken[0], "too slow", "why", 10.0)
    table.note(device(8, udn=udn(5001)), 9.0)
    assert take(table, 10.0).location.url == location(8).url
    assert take(table, 10.0).location.sender == "192.0.2.66"
    assert table.take(10.0) is None


def test_a_sender_gets_all_of_its_locations_asked_in_the_end() -> None:
    table = LocationTable()
    for number in range(20):
        made = attrs.evolve(location(66), url=f"http://192.0.2.66:{1000 + number}/")
        table.note(device(66, udn=udn(number), locations=(made,)), 0.0)
    asked: set[str] = set()
    for second in range(20):
        while (probe := table.take(second)) is not None:
            asked.add(probe.location.url)
            table.answered(probe, 0.0, second)
    assert len(asked) == 20


def test_a_device_has_a_bounded_number_of_locations() -> None:
    table = LocationTable()
    many = tuple(attrs.evolve(location(7), url=f"http://192.0.2.7:{port}/") for port in range(1000, 1100))
    table.note(device(7, locations=many), 0.0)
    assert len(table) == MAX_LOCATIONS_OF_ONE_DEVICE


def test_devices_that_come_and_go_leave_nothing_behind() -> None:
    table = LocationTable()
    held = [device(66, udn=udn(number), locations=(attrs.evolve(location(66), url=f"http://192.0.2.66:{number}/"),))
            for number in (1, 2)]  # fmt: skip
    for each in held:
        table.note(each, 0.0)
        take(table, 0.0)  # from now on, the sender has as many requests as it may have
    for number in range(20_000):
        made = attrs.evolve(location(66), url=f"http://192.0.2.66/{number}")
        table.note(device(66, udn=udn(9), locations=(made,)), 0.0)
        assert table.take(0.0) is None
        table.drop(udn(9))
    assert len(table) == 2
    assert len(table._due) + sum(map(len, table._waiting_of.values())) < 100
    assert len(table._asked_at) == 2


def test_it_remembers_a_bounded_number_of_urls() -> None:
    table = LocationTable()
    for number in range(10_000):
        made = attrs.evolve(location(7), url=f"http://192.0.2.7/{number}")
        table.note(device(7, locations=(made,)), float(number))
        table.answered(take(table, float(number)), 0.0, float(number))
    assert len(table._asked_at) < 5_000
