"""The picture of the command at work shows what the command prints today."""

from __future__ import annotations

import pytest

from docs.generate.terminal import PICTURE, draw, record, text_of
from tests.network.demands import demand
from tests.network.namespaces import why_impossible


@pytest.mark.interop
def test_the_picture_shows_what_the_command_prints() -> None:
    demand(why_impossible())
    shown, printed = text_of(PICTURE.read_text(encoding="utf-8")), text_of(draw(record()))
    assert shown == printed, "the command prints something else now: python -m docs.generate.terminal takes it anew"


def test_times_and_colours_do_not_count_as_a_difference() -> None:
    one, other = (draw(f"{time}  eth0  announced\n\nGone") for time in ("08:14:55", "23:59:01"))
    assert one != other
    assert text_of(one) == text_of(other)
    assert text_of(one)[1:] == ["hh:mm:ss  eth0  announced", "Gone"]
