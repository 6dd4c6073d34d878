"""What an error message says about a name that does not exist."""

from __future__ import annotations

import pytest

from upnp_trio.model.suggestions import MAX_LISTED, suggestion

ACTIONS = ["SetTarget", "GetTarget", "GetStatus"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SetTaget", "did you mean SetTarget?"),
        ("settarget", "did you mean SetTarget?"),
        ("set_target", "did you mean SetTarget?"),
        ("get-status", "did you mean GetStatus?"),
        ("Play", "the actions are SetTarget, GetTarget, GetStatus"),
        ("", "the actions are SetTarget, GetTarget, GetStatus"),
    ],
)
def test_the_nearest_name_is_suggested_or_all_are_listed(name: str, expected: str) -> None:
    assert suggestion(name, ACTIONS, "actions") == expected


def test_nothing_is_suggested_where_there_is_nothing() -> None:
    assert suggestion("Play", [], "actions") == "there are no actions"


def test_a_device_of_a_thousand_long_names_gets_a_short_list() -> None:
    text = suggestion("x" * 100_000, (f"{number}\x1b[2J" * 10_000 for number in range(1000)), "services")
    assert text.isprintable()
    assert len(text) < 2000
    assert text.endswith(f" and {1000 - MAX_LISTED} more")
