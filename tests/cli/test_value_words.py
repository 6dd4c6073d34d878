"""What values a variable may have, in few words."""

from __future__ import annotations

import pytest

from upnp_trio import AllowedRange, VariableDescription
from upnp_trio.cli.value_words import MAX_VALUES, type_words


@pytest.mark.parametrize(
    ("data_type", "allowed_values", "allowed_range", "words"),
    [
        ("boolean", (), None, "boolean"),
        ("string", ("Slow", "Fast"), None, "string: Slow, Fast"),
        ("string", ("", "a\x1b[2J"), None, 'string: "", a?[2J'),
        ("string", tuple("abcdefghij"), None, "string: a, b, c, d, e, f, g, h and 2 more"),
        ("ui2", (), AllowedRange(0, 100), "ui2, 0 to 100"),
        ("ui2", (), AllowedRange(0, 100, 1), "ui2, 0 to 100"),
        ("ui2", (), AllowedRange(10, 100, 5), "ui2, 10 to 100 by 5"),
        ("r8", (), AllowedRange(-1.5, 1.5, 0.5), "r8, -1.5 to 1.5 by 0.5"),
    ],
)
def test_the_type_is_named_with_its_list_or_its_range(
    data_type: str, allowed_values: tuple[str, ...], allowed_range: AllowedRange | None, words: str
) -> None:
    variable = VariableDescription(
        name="A", data_type=data_type, allowed_values=allowed_values, allowed_range=allowed_range
    )
    assert type_words(variable) == words


def test_a_long_list_of_long_values_stays_short() -> None:
    variable = VariableDescription(name="A", data_type="string", allowed_values=["x" * 1000] * 1000)
    assert len(type_words(variable)) < 50 * MAX_VALUES
