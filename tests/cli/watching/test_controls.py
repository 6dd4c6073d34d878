"""Keys: what a terminal sends as names, and what they do."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.cli.watching.columns import COLUMNS
from upnp_trio.cli.watching.controls import (
    MAX_PROMPT_CHARACTERS,
    SORTS,
    Action,
    Controls,
    Prompt,
    Quit,
    Redraw,
    Save,
    arrange,
    press,
)
from upnp_trio.cli.watching.keys import MAX_SEQUENCE_CHARACTERS, KeyReader

LISTING = ["a", "b", "c", "d", "e", "f"]
HEIGHT = 3


def after(*keys: str, controls: Controls | None = None) -> Controls:
    controls = controls or Controls()
    for key in keys:
        controls, _ = press(controls, key, LISTING, HEIGHT)
    return controls


def action_of(key: str, controls: Controls | None = None) -> Action | None:
    return press(controls or Controls(), key, LISTING, HEIGHT)[1]


# --- what a terminal sends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"j/", ["j", "/"]),
        (b"\x1b[A\x1b[B\x1bOA\x1bOB", ["up", "down", "up", "down"]),
        (b"\x1b[5~\x1b[6~\x1b[3~", ["page up", "page down", "delete"]),
        (b"\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[7~\x1b[8~", ["home", "end"] * 3),
        (b"\x1b[1;5A", ["up"]),
        (b"\r\n\x7f\x08\x0c\x15", ["enter", "enter", "backspace", "backspace", "redraw", "erase"]),
        ("é漢".encode(), ["é", "漢"]),
        (b"\x00\x01\x1b[200~x\x1b[Z", ["x"]),
        (b"\x1bx", []),  # Alt
        (b"\xff", ["\ufffd"]),
    ],
)
def test_keys_have_names(data: bytes, keys: list[str]) -> None:
    assert KeyReader().feed(data) == keys
    reader = KeyReader()
    assert [key for byte in data for key in reader.feed(bytes([byte]))] == keys
    assert not reader.is_inside


def test_escape_is_a_key_when_nothing_follows() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b") == []
    assert reader.is_inside
    assert reader.flush() == ["escape"]
    assert reader.feed(b"[A") == ["[", "A"]
    assert reader.feed(b"\x1b[") == []
    assert reader.flush() == []
    assert reader.feed(b"\x1b\x1b[A") == ["escape", "up"]


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_keys_or_nothing_and_never_pile_up(chunks: list[bytes]) -> None:
    reader = KeyReader()
    for chunk in chunks:
        for key in reader.feed(chunk):
            assert key.isprintable()
        assert len(reader._rest) <= MAX_SEQUENCE_CHARACTERS
    reader.flush()
    assert reader.feed(b"q")[-1:] == ["q"]


# --- the list ------------------------------------------------------------------------------------------------------


def test_the_cursor_moves_and_stays_within_the_list() -> None:
    assert after("down").selected == "b"
    assert after("j", "j", "k").selected == "b"
    assert after("up").selected == "a"
    assert after("end").selected == after("G").selected == "f"
    assert after("end", "down").selected == "f"
    assert after("page down").selected == after(" ").selected == "d"
    assert after("end", "home").selected == after("end", "g").selected == "a"


def test_the_list_scrolls_with_the_cursor() -> None:
    assert [after(*["down"] * count).top for count in range(6)] == [0, 0, 0, 1, 2, 3]
    assert after("end", "up", "up", "up").top == 2
    assert after("end", "home").top == 0


def test_the_cursor_stays_with_its_device_when_the_order_changes() -> None:
    controls = after("down")
    assert arrange(controls, ["x", "y", "z", "b"], HEIGHT).index == 3
    assert arrange(controls, ["x", "y", "z", "b"], HEIGHT).top == 1


def test_as_long_as_it_was_not_moved_the_cursor_is_on_the_first_row() -> None:
    assert arrange(Controls(), ["x", *LISTING], HEIGHT) == Controls()


def test_when_its_device_goes_the_cursor_takes_the_next_one() -> None:
    controls = after("down")
    assert arrange(controls, ["a", "c", "d"], HEIGHT).selected == "c"
    assert arrange(after("end"), ["a", "b"], HEIGHT).selected == "b"
    assert arrange(controls, [], HEIGHT).index == 0
    assert press(Controls(), "down", [], HEIGHT)[0] == Controls()
    assert press(Controls(), "enter", [], HEIGHT)[0] == Controls()


def test_a_list_that_shrinks_leaves_no_empty_rows() -> None:
    assert arrange(after("end"), LISTING[3:], HEIGHT).top == 0
    assert arrange(Controls(selected="f", top=3), LISTING, 10).top == 0


def test_sorting_goes_through_all_columns() -> None:
    assert set(SORTS) == {column.name for column in COLUMNS}
    seen, controls = [], Controls()
    for _ in SORTS:
        seen.append(controls.sort)
        controls = after("s", controls=controls)
    assert seen == list(SORTS)
    assert controls == Controls()
    assert after("r").is_reversed
    assert not after("r", "s").is_reversed


def test_keys_switch_embedded_devices_pause_and_help() -> None:
    assert after("e").shows_embedded
    assert after("p").is_paused
    assert not after("p", "p").is_paused
    assert after("?").page == "help"
    assert after("?", "?").page == after("?", "escape").page == "list"


def test_enter_shows_the_device_under_the_cursor_and_escape_leads_back() -> None:
    details = after("down", "enter")
    assert (details.page, details.selected) == ("details", "b")
    assert after("enter").selected == "a"
    assert after("down", controls=details).scroll == 1
    assert after("down", "up", "up", controls=details).scroll == 0
    assert after("page down", controls=details).scroll == HEIGHT
    assert after("escape", controls=details).page == "list"
    assert after("e", "s", controls=details) == details


def test_quit_redraw_and_save() -> None:
    assert isinstance(action_of("q"), Quit)
    assert isinstance(action_of("redraw"), Redraw)
    assert action_of("x") is None
    controls = after("w", "erase", *"my.jsonl")
    assert press(controls, "enter", LISTING, HEIGHT) == (Controls(), Save("my.jsonl"))
    assert press(after("w", "erase"), "enter", LISTING, HEIGHT) == (Controls(), None)
    assert after("w", "escape") == Controls()
    refused, action = press(Controls(), "w", LISTING, HEIGHT, can_save=False)
    assert (refused.prompt, action) == (None, None)
    assert refused.notice


def test_the_filter_works_while_it_is_typed_and_can_be_taken_back() -> None:
    typing = after("/", "a", "b", "backspace", "q")
    assert typing.filter == "aq"
    assert typing.prompt == Prompt("filter", "aq", "")
    done = after("enter", controls=typing)
    assert (done.filter, done.prompt, done.words) == ("aq", None, ("aq",))
    again = after("/", "erase", "x", controls=done)
    assert again.filter == "x"
    assert after("escape", controls=again).filter == "aq"
    assert after("escape", controls=done).filter == ""


def test_a_key_that_is_held_down_does_not_fill_a_prompt_for_ever() -> None:
    prompt = after("/", *"x" * 1000).prompt
    assert prompt is not None
    assert len(prompt.text) == MAX_PROMPT_CHARACTERS


def test_a_notice_stays_until_the_next_key() -> None:
    assert after("x", controls=Controls(notice="saved")).notice == ""


@given(
    st.lists(st.sampled_from(["up", "down", "page down", "end", "home", "enter", "escape", "/", "x", "s", "r", "p"]))
)
def test_whatever_is_pressed_the_cursor_is_visible(keys: list[str]) -> None:
    controls = after(*keys)
    controls = arrange(controls, LISTING, HEIGHT)
    assert controls.top <= controls.index < controls.top + HEIGHT
    assert attrs.evolve(controls, notice="") == controls
