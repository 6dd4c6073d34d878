"""Text from the network on a terminal: nothing in it controls the terminal, and it takes the columns that it should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.cli.printable import can_encode, cells, fit, printable


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


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("居間", 4), ("ｶﾅ", 2), ("💡", 2), ("a…", 2)]
)
def test_the_columns_of_a_text(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("ab", 4, "ab  "), ("居間", 6, "居間  "), ("abcdef", 4, "abc…"), ("居間のランプ", 6, "居間… "), ("居間", 1, "…")],
)
def test_a_text_is_filled_or_cut_to_its_columns(text: str, width: int, shown: str) -> None:
    assert fit(text, width) == shown
    assert fit(text, width, cut=False) == (text if cells(text) > width else shown)


@given(st.text().map(printable), st.integers(1, 40))
def test_what_fits_has_exactly_the_columns(text: str, width: int) -> None:
    assert cells(fit(text, width)) == width


def test_whether_an_encoding_has_a_character() -> None:
    assert can_encode("█", "utf-8")
    assert not can_encode("█", "ascii")
