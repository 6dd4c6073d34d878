"""The picture of ``watch`` shows what the command shows today."""

from __future__ import annotations

import pytest

from docs.generate.watch import LOST, NAMES, PICTURE, draw, names_of, record, text_of
from tests.cli.screens import Screen
from tests.network.demands import demand
from tests.network.namespaces import why_impossible


@pytest.mark.interop
def test_the_picture_shows_what_the_command_shows() -> None:
    demand(why_impossible())
    shown, today = text_of(PICTURE.read_text(encoding="utf-8")), text_of(draw(record()))
    again = "the command shows something else now: python -m docs.generate.watch takes it anew"
    assert shown[1].split() == today[1].split(), again  # the heads of the columns
    assert names_of(shown) == names_of(today), again
    assert shown[-1] == today[-1], again  # the keys


def test_the_picture_has_every_device_the_searches_and_the_events() -> None:
    shown = text_of(PICTURE.read_text(encoding="utf-8"))
    *names, lost = names_of(shown)
    assert tuple(names) == NAMES
    assert LOST.startswith(lost.rstrip("…"))
    text = "\n".join(shown)
    for part in ("refused", " ok ", "ssdp:all  MX 3  ×2", "appeared", "Answers, MX 2:"):
        assert part in text


def test_a_picture_is_of_what_was_on_the_screen() -> None:
    screen = Screen(20, 3)
    screen.feed("\x1b[1;1H\x1b[1;32mgreen\x1b[0m\x1b[1;12Hfar\x1b[3;1Hlast")
    assert [line.rstrip() for line in text_of(draw(screen))] == ["green      far", "last"]
