"""Tables."""

from __future__ import annotations

from upnp_trio.cli.table import table


def test_columns_are_aligned_by_what_a_terminal_shows() -> None:
    rows = [("NAME", "SENT", "WHY"), ("居間", "10", ""), ("lamp", "5", "up")]
    assert table(rows, numbers=[1]).splitlines() == [
        "NAME  SENT  WHY",
        "居間    10",
        "lamp     5  up",
    ]
