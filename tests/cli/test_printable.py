"""Text from the network on a terminal takes the columns that it should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.cli.printable import can_encode, cells, fit, printable


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("abc", 3), ("é", 1), ("e\u0301", 1), ("居間", 4), ("ｶﾅ", 2), ("💡", 2), ("a…", 2)]
)
def test_the_columns_of_a_text(text: str, columns: int) -> None:
    assert cells(text) == columns


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("ab", 4, "ab  "),
        ("居間", 6, "居間  "),
        ("abcdef", 4, "abc…"),
        ("居間のランプ", 6, "居間… "),
        ("居間", 1, "…"),
        ("ab", 0, ""),
    ],
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
