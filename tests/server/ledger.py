"""Who announced what, and when: a bookkeeper in place of the air's own memory, which a week would fill."""

from __future__ import annotations

from collections.abc import Collection

import trio

from tests.server.fakes import Sent
from upnp_trio.ssdp.messages import Alive, ByeBye, SearchResponse

__all__ = ["Ledger", "Row"]

#: who says it (interface and address), and of what (USN)
Row = tuple[str, str, str]


class Ledger(list[Sent]):
    """What an `Air` appends to: keeps when each row was last announced, and which were late by *latest* seconds."""

    def __init__(self, latest: float) -> None:
        super().__init__()
        self.latest = latest
        self.told: dict[Row, float] = {}
        self.late: list[tuple[Row, float]] = []
        self.announcements = 0
        self.answers: list[Sent] = []

    def append(self, sent: Sent) -> None:
        message = sent.message
        if isinstance(message, Alive):
            row = sent.interface, str(sent.source), message.usn
            self.announcements += 1
            self._note_age(row, sent.time)
            self.told[row] = sent.time
        elif isinstance(message, ByeBye):
            # for an address that is lost, the one that came in its place says it
            for row in [row for row in self.told if (row[0], row[2]) == (sent.interface, message.usn)]:
                self._note_age(row, sent.time)
                del self.told[row]
        elif isinstance(message, SearchResponse):
            self.answers.append(sent)

    def forget(self, interface: str) -> None:
        """Of *interface* nothing can be received any more."""
        for row in [row for row in self.told if row[0] == interface]:
            del self.told[row]

    def check(self, expected: Collection[Row]) -> None:
        """Exactly the *expected* rows are announced, and none is or was late."""
        assert set(self.told) == set(expected)
        for row in self.told:
            self._note_age(row, trio.current_time())
        assert self.late == []

    def _note_age(self, row: Row, now: float) -> None:
        age = now - self.told.get(row, now)
        if age > self.latest:
            self.late.append((row, age))
