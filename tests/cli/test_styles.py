"""Colours are for terminals, and for people who want them."""

from __future__ import annotations

import pytest

from upnp_trio.cli.output import Output
from upnp_trio.cli.styles import Styles


class Terminal(Output):
    """An output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_the_environment_can_ask_for_no_colours(environment: dict[str, str], is_coloured: bool) -> None:
    styles = Styles.of(Terminal(None), environment)
    assert styles.bold("x") == ("\x1b[1mx\x1b[0m" if is_coloured else "x")


def test_there_are_none_in_a_pipe() -> None:
    styles = Styles.of(Output(None), {})
    assert [styles.bold("x"), styles.dim("x"), styles.red("x"), styles.cyan("x")] == ["x"] * 4


def test_nothing_needs_no_colour() -> None:
    assert Styles(True).red("") == ""
