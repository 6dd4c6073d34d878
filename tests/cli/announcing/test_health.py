"""When a page counts as there, and when to look again."""

from __future__ import annotations

import pytest

from upnp_trio.cli.announcing.health import ABSENT_SECONDS, RETRY_SECONDS, Health, Timetable, is_alive


@pytest.mark.parametrize("status", [200, 204, 301, 302, 304, 400, 401, 403, 405, 418, 429])
def test_a_server_that_has_the_page_is_alive(status: int) -> None:
    assert is_alive(status)


@pytest.mark.parametrize("status", [404, 410, 500, 502, 503, 504])
def test_a_server_that_does_not_have_it_is_not(status: int) -> None:
    assert not is_alive(status)


def after(health: Health, *answers: bool) -> list[tuple[bool, bool, float]]:
    """For each check: whether something changed, whether the page is there, and the pause."""
    return [(health.note(is_answered=each), health.is_up, health.pause) for each in answers]


def test_a_page_is_there_with_its_first_answer_and_gone_after_some_failures_in_a_row() -> None:
    assert after(Health(Timetable(60, 3)), False, True, True, False, False, True, False, False, False, False, True) == [
        (False, False, ABSENT_SECONDS),
        (True, True, 60),
        (False, True, 60),
        (False, True, RETRY_SECONDS),
        (False, True, RETRY_SECONDS),
        (False, True, 60),
        (False, True, RETRY_SECONDS),
        (False, True, RETRY_SECONDS),
        (True, False, ABSENT_SECONDS),
        (False, False, ABSENT_SECONDS),
        (True, True, 60),
    ]


def test_one_failure_is_enough_if_that_is_asked_for() -> None:
    assert after(Health(Timetable(60, 1)), True, False)[-1] == (True, False, ABSENT_SECONDS)


def test_no_pause_is_longer_than_what_is_asked_for() -> None:
    assert [pause for _, _, pause in after(Health(Timetable(2, 2)), False, True, False, False)] == [2, 2, 2, 2]
