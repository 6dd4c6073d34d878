"""The picture of the command at work shows what the command prints today."""

from __future__ import annotations

import re

import pytest

from docs.generate.asking_terminals import PICTURES, Picture, open_asker
from docs.generate.terminal import PICTURE, draw, record, text_of
from tests.network.demands import demand
from tests.network.namespaces import why_impossible

HALF = 48


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


@pytest.mark.interop
@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.file.stem)
def test_the_pictures_of_asking_show_what_the_verbs_print(picture: Picture) -> None:
    demand(why_impossible())
    with open_asker() as asker:
        printed = picture.draw(picture.record(asker))
    shown = picture.file.read_text(encoding="utf-8")
    again = "python -m docs.generate.asking_terminals takes it anew"
    assert stable(shown) == stable(printed), f"the command prints something else now: {again}"


def stable(picture: str) -> set[str]:
    """The words of letters alone in the left half, where no longer number beside them pushes them out of sight."""
    lines = text_of(picture)
    words = (found for line in lines for found in re.finditer(r"(?<!\S)[^\W\d_]+(?!\S)", line))
    # a word that the half ends within is none: how much of it is left of there depends on the numbers before it
    return {found[0] for found in words if found.end() <= HALF}


def test_a_word_across_the_middle_does_not_count() -> None:
    words = stable(draw(f"{'a' * (HALF - 3)} P50"))
    assert "a" * (HALF - 3) in words
    assert "P" not in words
