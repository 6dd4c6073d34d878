"""A whole day in memory: what is seen of it, and that it repeats. ``python -m tests.testing.day`` times it."""

from __future__ import annotations

from functools import cache

import pytest

from tests.controlpoint.following import LIGHT
from tests.testing.day import DAY_SECONDS, HOUR_SECONDS, News, main, run_day
from upnp_trio.testing import Recording, alive, byebye, connection, response, search


@cache
def day(seed: int = 1) -> tuple[Recording, News]:
    network, news = run_day(seed)
    return network.recording, news


def hours(news: News, what: str) -> list[int]:
    """The hours in which that was told, each once."""
    return sorted({round(time // HOUR_SECONDS) for time, told in news if told == what})


def test_two_days_with_one_seed_are_alike_to_the_byte() -> None:
    again, news = run_day(1)
    assert again.recording.as_bytes() == day()[0].as_bytes()
    assert news == day()[1]


def test_another_seed_is_another_day() -> None:
    assert run_day(2)[0].recording.as_bytes() != day()[0].as_bytes()


def test_the_light_is_announced_all_day_from_each_of_its_addresses() -> None:
    recording, _ = day()
    announced = recording.expect(alive(of=LIGHT)).at_least_every(HOUR_SECONDS)
    for number, (start, end) in enumerate([(0, 6), (6, 18), (18, 24)]):
        address = f"192.0.2.{(1, 3, 4)[number]}"
        here = announced.sent_from(address)
        assert start * HOUR_SECONDS <= here.times[0] <= here.times[-1] <= end * HOUR_SECONDS
    recording.expect(byebye(of=LIGHT)).sent_from("192.0.2.4").after(DAY_SECONDS)


def test_the_light_is_lost_within_the_partition_and_found_after_it() -> None:
    recording, news = day()
    assert hours(news, "DeviceGone") == [12, 24]
    assert hours(news, "DeviceAppeared") == [0, 13]
    assert hours(news, f"found {LIGHT}") == [hour for hour in range(24) if hour != 12]
    recording.expect(connection(outcome="unreachable")).after(12 * HOUR_SECONDS).before(13 * HOUR_SECONDS)


def test_its_events_arrive_but_for_those_within_the_partition() -> None:
    _, news = day()
    told = [hour for hour in range(1, 24) if hour in {*hours(news, "Status True"), *hours(news, "Status False")}]
    assert told == [hour for hour in range(1, 24) if hour != 12]


def test_each_search_is_answered_within_its_mx() -> None:
    recording, _ = day()
    searches = recording.expect(search("upnp:rootdevice")).at_least(2 * 130)
    # MX is 1, the second M-SEARCH follows the first one soon, and a link takes a hundredth of a second
    answered = [recording.since(time).until(time + 2).matching(response(of=LIGHT)) for time in searches.times]
    assert sum(map(bool, answered)) > 0.9 * len(answered) - 12  # but for what is lost, and the hour of the partition


def test_the_command_prints_how_long_a_day_takes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--days", "1", "--seed", "3"])
    assert capsys.readouterr().out.startswith("a day with seed 3: ")
