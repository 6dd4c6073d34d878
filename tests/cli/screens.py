"""What a terminal shows after it was sent some bytes: an emulator of the few control sequences that we use.

Any other control character or sequence is an error, so a text of a stranger that gets through as one is found.
"""

from __future__ import annotations

import re
import unicodedata

import attrs

__all__ = ["Screen"]

_SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


@attrs.frozen
class Shown:
    """One place on the screen: a character with what combines with it, and its style."""

    text: str = " "
    style: str = ""


@attrs.define(eq=False)
class Screen:
    """A screen of *columns* by *rows*; the right half of a wide character is an empty text."""

    columns: int = 80
    rows: int = 24
    is_alternate: bool = False
    is_cursor_visible: bool = True
    wraps: bool = True
    row: int = 0
    column: int = 0
    style: str = ""
    #: how often it was cleared
    clears: int = 0
    _cells: list[list[Shown]] = attrs.field(init=False)
    #: cursor and cells of the other screen
    _other: tuple[int, int, list[list[Shown]]] = attrs.field(init=False)
    _rest: str = ""

    def __attrs_post_init__(self) -> None:
        self._cells = self._blanks()
        self._other = (0, 0, self._blanks())

    @property
    def lines(self) -> list[str]:
        """The texts of the rows, without blanks at their ends."""
        return ["".join(cell.text for cell in row).rstrip() for row in self._cells]

    @property
    def text(self) -> str:
        """All rows."""
        return "\n".join(self.lines)

    def styled(self, row: int) -> list[tuple[str, str]]:
        """The texts of a row with their styles, as parameters of SGR."""
        runs: list[tuple[str, str]] = []
        for cell in self._cells[row]:
            if runs and runs[-1][1] == cell.style:
                runs[-1] = (runs[-1][0] + cell.text, cell.style)
            else:
                runs.append((cell.text, cell.style))
        return runs

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size now; what was shown is gone."""
        self.columns, self.rows = columns, rows
        self.row = self.column = 0
        self._cells = self._blanks()
        self._other = (0, 0, self._blanks())

    def feed(self, data: str) -> None:
        """Show *data*; a control sequence may be continued by the next call."""
        data, self._rest = self._rest + data, ""
        at = 0
        while at < len(data):
            character = data[at]
            if character == "\x1b":
                match = _SEQUENCE.match(data, at)
                if match is None:
                    assert re.fullmatch(r"\x1b(\[\??[0-9;]*)?", data[at:]), f"unknown sequence {data[at : at + 20]!r}"
                    self._rest = data[at:]
                    return
                self._control(match[1], match[2], match[3])
                at = match.end()
                continue
            self._show(character)
            at += 1

    def _control(self, private: str, parameters: str, final: str) -> None:
        numbers = [int(number or 0) for number in parameters.split(";")]
        match private, final:
            case "", "H":
                self.row = max((numbers[0] if numbers else 1) - 1, 0)
                self.column = max((numbers[1] if len(numbers) > 1 else 1) - 1, 0)
            case "", "A":
                self.row = max(self.row - (numbers[0] or 1), 0)
            case "", "K":
                self._cells[self.row] = self._blank()
                assert numbers == [2]
            case "", "J":
                assert numbers == [2]
                self.clears += 1
                self._cells = self._blanks()
            case "", "m":
                self.style = "" if parameters in ("", "0") else parameters
            case "?", "h" | "l":
                self._set(numbers[0], is_on=final == "h")
            case _:
                raise AssertionError(f"unknown sequence ESC [ {private}{parameters}{final}")

    def _set(self, mode: int, *, is_on: bool) -> None:
        match mode:
            case 1049 if is_on != self.is_alternate:
                self.is_alternate = is_on
                this = (self.row, self.column, self._cells)
                self.row, self.column, self._cells = self._other
                self._other = this
                if is_on:
                    self._cells = self._blanks()
            case 1049:
                pass
            case 25:
                self.is_cursor_visible = is_on
            case 7:
                self.wraps = is_on
            case _:
                raise AssertionError(f"unknown mode {mode}")

    def _show(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._feed_line()
        else:
            self._put(character)

    def _feed_line(self) -> None:
        self.row += 1
        if self.row == self.rows:
            self.row -= 1
            self._cells = [*self._cells[1:], self._blank()]

    def _put(self, character: str) -> None:
        category = unicodedata.category(character)
        assert category[0] not in "CZ" or character == " ", f"{character!r} got through to the terminal"
        wide = unicodedata.east_asian_width(character) in "WF"
        if self.wraps and self.column + wide >= self.columns:
            self.column = 0
            self._feed_line()
        assert self.row < self.rows, f"row {self.row} is beyond the screen"
        cells = self._cells[self.row]
        if category in ("Mn", "Me"):
            before = max(min(self.column, self.columns) - 1, 0)
            cells[before] = attrs.evolve(cells[before], text=cells[before].text + character)
            return
        assert self.column + wide < self.columns, f"{character!r} is beyond the right margin of row {self.row}"
        cells[self.column] = Shown(character, self.style)
        if wide:
            cells[self.column + 1] = Shown("", self.style)
        self.column += 1 + wide

    def _blanks(self) -> list[list[Shown]]:
        return [self._blank() for _ in range(self.rows)]

    def _blank(self) -> list[Shown]:
        return [Shown() for _ in range(self.columns)]
