"""The lines of an answer: aligned, with texts of several lines below each other, and harmless to a terminal."""

from __future__ import annotations

import trio.testing

from tests.controlpoint.test_remote import described
from tests.services.every_type import device as device_of_every_type
from upnp_trio.cli.call_words import answer_json, answer_lines
from upnp_trio.cli.styles import Styles
from upnp_trio.controlpoint.call_answer import CallAnswer

Clock = trio.testing.MockClock


async def lines_of(*values: tuple[str, object], action: str = "Order") -> tuple[list[str], dict[str, object]]:
    answer = CallAnswer(action=action, values=dict(values), texts={}, forgiven=())
    async with described(device_of_every_type()) as (device, _):
        service = device.service("Limits")
        return list(answer_lines(service, answer, Styles(False))), answer_json(service, answer)


async def test_a_text_of_several_lines_is_aligned(autojump_clock: Clock) -> None:
    lines, _ = await lines_of(("Note", "<a>\r\n  <b/>\n\n</a>"), ("Flavour", ""))
    assert lines == ["Note     <a>", "           <b/>", "", "         </a>", "Flavour"]


async def test_what_is_no_value_and_what_is_not_described_is_shown_as_it_came(autojump_clock: Clock) -> None:
    lines, found = await lines_of(("Count", "many"), ("Extra", "x"))
    assert lines == ["Count  many", "Extra  x"]
    assert found == {"Count": "many", "Extra": "x"}


async def test_nothing_in_an_answer_controls_the_terminal(autojump_clock: Clock) -> None:
    lines, _ = await lines_of(("Note", "\x1b[2J\u202e\x07"), ("Extra\x1b]0;x\x07", "\x9b\u2066"))
    assert lines == ["Note         ?[2J??", "Extra?]0;x?  ??"]
