"""TOML that is written is read back as it was, and no character in it is invisible."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upnp_trio.documents.toml_writing import comment, key, value

_texts = st.text(st.characters(exclude_categories=["Cs"]))
_simple = _texts | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    _simple, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3), max_leaves=8
)


@given(_texts, _values)
@example("", '"""\\"')
@example("a.b", {"é": [True, 1, -0.0, 1e-05, 1e300]})
@example("\u202eevil", "\u2028\u200b\ufeff\x00\x7f\U000e0001")
def test_what_is_written_is_read_back(name: str, item: object) -> None:
    line = f"{key(name)} = {value(item)}"
    assert tomllib.loads(line) == {name: item}
    assert line.isprintable()


@given(_texts)
@example("first\nsecond = 1")
@example("\r\n[table]")
def test_a_comment_is_one_line_that_says_nothing(text: str) -> None:
    line = comment(text)
    assert tomllib.loads(line) == {}
    assert line.isprintable()


def test_what_toml_does_not_have_is_refused() -> None:
    for item in (None, float("nan"), b"bytes", object()):
        with pytest.raises(TypeError, match="is nothing that TOML has"):
            value(item)
