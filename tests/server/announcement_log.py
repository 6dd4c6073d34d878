"""What was announced and when, in place of a list of all datagrams, which a week would make too long."""

from __future__ import annotations

from collections.abc import Collection

import trio

from upnp_trio.network.endpoint import Address
from upnp_trio.ssdp.messages import Alive, ByeBye, SearchResponse
from upnp_trio.ssdp.parsing import parse
from upnp_trio.testing import RecordedDatagram, Recording

__all__ = ["AnnouncementLog", "Row"]

#: the link and the address that an announcement was sent from, and its USN
Row = tuple[str, str, str]


class AnnouncementLog(Recording):
    """Keeps when each row was last announced, and the rows older than *latest* seconds."""

    def __init__(self, latest: float) -> None:
        super().__init__()
        self.latest = latest
        self.last_announced: dict[Row, float] = {}
        self.late: list[tuple[Row, float]] = []
        self.announcements = 0
        self.answers: list[RecordedDatagram] = []

    def add(self, time: float, link: str, source: Address, destination: Address, payload: bytes) -> None:
        sent = RecordedDatagram(time, link, source[:2], destination[:2], payload)
        message = parse(payload)  # not kept, as `sent.message` is
        if isinstance(message, Alive):
            row = sent.link, sent.source[0], message.usn
            self.announcements += 1
            self._note_age(row, sent.time)
            self.last_announced[row] = sent.time
        elif isinstance(message, ByeBye):
            # the byebye of a lost address is sent from the address that replaced it
            for row in [row for row in self.last_announced if (row[0], row[2]) == (sent.link, message.usn)]:
                self._note_age(row, sent.time)
                del self.last_announced[row]
        elif isinstance(message, SearchResponse):
            self.answers.append(sent)

    def drop(self, link: str) -> None:
        """Drop the rows of *link*, which cannot send any more."""
        for row in [row for row in self.last_announced if row[0] == link]:
            del self.last_announced[row]

    def check(self, expected: Collection[Row]) -> None:
        """Assert that exactly the *expected* rows are announced, and that no announcement is or was late."""
        assert set(self.last_announced) == set(expected)
        for row in self.last_announced:
            self._note_age(row, trio.current_time())
        assert self.late == []

    def _note_age(self, row: Row, now: float) -> None:
        age = now - self.last_announced.get(row, now)
        if age > self.latest:
            self.late.append((row, age))
