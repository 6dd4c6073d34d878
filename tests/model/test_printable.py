"""Text from the network: nothing in it controls a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.model.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Living room", "Living room"),
        ("\x1b[31mred\x1b[0m", "?[31mred?[0m"),
        ("\x9b31m", "?31m"),  # the same in one character, as ECMA-48 has it
        ("a\r\nb\tc\x00\x7f", "a??b?c??"),
        ("\u202etxt.exe", "?txt.exe"),  # right-to-left override
        ("a\u2066b\u200bc\ufeff", "a?b?c?"),  # an isolate, a space of no width, a byte order mark
        ("a\u2028b\u2029c", "a?b?c"),
        ("a\u3000b\xa0c", "a b c"),
        ("居間のランプ é ß", "居間のランプ é ß"),
        ("\ud800", "?"),
        ("\u0301\u20dda\u0301\u0323", "a\u0301\u0323"),  # marks without a letter would join what is before the text
        ("e" + "\u0301" * 100 + "f", "e\u0301\u0301\u0301\u0301f"),
    ],
)
def test_what_controls_a_terminal_is_replaced(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_text_is_cut() -> None:
    assert printable("x" * 121) == "x" * 119 + "…"
    assert printable("x" * 120) == "x" * 120
    assert printable("abcdef", 3) == "ab…"


@given(st.text())
def test_no_text_leaves_anything_that_is_not_printed(text: str) -> None:
    assert printable(text).isprintable()
