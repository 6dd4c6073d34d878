"""Tables of plain text, aligned by what a terminal shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.cli.printable import cells, fit

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["table"]


def table(rows: Sequence[Sequence[str]], *, numbers: Collection[int] = ()) -> str:
    """*rows* with aligned columns, two spaces apart; those at the places *numbers* are aligned on the right."""
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            " " * (width - cells(cell)) + cell if place in numbers else fit(cell, width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
