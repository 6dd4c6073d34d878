"""Which rows answer a search, and when (UDA 2.0 §1.3.2, §1.3.3).

The whole policy is `replies`: a search, an `Index` and chance in; replies with their delays out.
"""

from __future__ import annotations

from bisect import insort
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import attrs

from upnp_trio.model.names import split_version
from upnp_trio.ssdp.advertisements import AdvertisedRoot, Advertisement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from random import Random

    from upnp_trio.ssdp.messages import Search

__all__ = ["Answer", "Index", "Reply", "replies"]

# The window ends early, so that the last answer has arrived when MX is over; libupnp takes off as much.
USED_PART_OF_MX = 0.9
# One search sets free at most so many datagrams, some 100 KiB: a host of many devices must not become a weapon.
MAX_ANSWERS = 256
# Answers that an index keeps for the targets that are asked for again and again; the spelling of a target is a
# stranger's choice, so it is bounded. Enough for the types of a host with a thousand devices; some 1 MiB.
MAX_KEPT_ANSWERS = 8192
# A unicast search is answered at once, but no faster than a small receive buffer bears; all of it within a second.
BURST_ANSWERS = 32
BURST_GAP = 0.02


@attrs.frozen(eq=False, repr=False)  # compared by identity: what is rendered for it is remembered by it
class Answer:
    """A row that matched a search, and how to speak of it: in the asker's version and spelling."""

    root: AdvertisedRoot
    search_target: str
    usn: str


class Reply(NamedTuple):  # made for each answer; attrs.frozen would take three times as long
    """An answer, and how many seconds after the search it is sent."""

    delay: float
    answer: Answer


@attrs.frozen
class _Entry:
    version: int | None
    root: AdvertisedRoot
    row: Advertisement


class Index:
    """Finds the rows for a search target at a cost that does not depend on how many rows do not match.

    Root devices come and go by `add` and `remove`. Of more than `MAX_ANSWERS` rows that match a search, each search
    gets that many, and the next search for the same target the next ones. *aliases* are targets that mean another
    one's rows, under their own name.
    """

    def __init__(self, roots: Iterable[AdvertisedRoot] = (), *, aliases: Mapping[str, str] | None = None) -> None:
        self._aliases = aliases or {}
        #: by target in lower case and without its version: the rows, highest version first
        self._by_target: dict[str, list[_Entry]] = {}
        self._roots: dict[AdvertisedRoot, None] = {}
        #: all rows, and by target as it was spelled its answers: as long as no device comes or goes
        self._all: list[Answer] | None = None
        self._found: dict[str, list[Answer]] = {}
        self._kept = 0
        #: by target, where the next search for it goes on
        self._turns: dict[str, int] = {}
        for root in roots:
            self.add(root)

    def add(self, root: AdvertisedRoot) -> None:
        """Let the rows of *root* be found."""
        self._roots[root] = None
        self._forget()
        for row in root.rows:
            base, version = _key(row.notification_type)
            insort(self._by_target.setdefault(base, []), _Entry(version, root, row), key=_highest_first)

    def remove(self, root: AdvertisedRoot) -> None:
        """Let the rows of *root* be found no more."""
        del self._roots[root]
        self._forget()
        for base in {_key(row.notification_type)[0] for row in root.rows}:
            left = [entry for entry in self._by_target[base] if entry.root is not root]
            if left:
                self._by_target[base] = left
            else:
                del self._by_target[base]
                self._turns.pop(base, None)

    def answers(self, search_target: str) -> list[Answer]:
        """The rows that *search_target* asks for, in the asker's own version and spelling.

        Types and UUIDs are compared without regard to case (Echo and Harmony write ``device:basic:1``), and a
        type answers for every version up to its own (UDA 2.0 §1.3.2).
        """
        found = self._found.get(search_target)
        if found is None:
            found = self._look_up(search_target)
        return found if len(found) <= MAX_ANSWERS else self._in_turn(search_target, found)

    def _look_up(self, search_target: str) -> list[Answer]:
        if search_target.lower() == "ssdp:all":
            if self._all is None:
                self._all = self._every_row()
            return self._all
        base, wanted = _key(search_target)
        meant = self._aliases.get(base)
        found: list[Answer] = []
        for entry in self._by_target.get(meant or base, ()):
            if (entry.version is None) != (wanted is None) or (wanted or 0) > (entry.version or 0):
                break
            if meant is not None:
                usn = f"{entry.row.udn}::{base}"
            else:
                usn = entry.row.usn if wanted is None else _usn(entry.row, wanted)
            found.append(Answer(entry.root, search_target, usn))
        self._keep(search_target, found)
        return found

    def _keep(self, search_target: str, found: list[Answer]) -> None:
        if self._kept + len(found) + 1 > MAX_KEPT_ANSWERS:
            self._found.clear()
            self._kept = 0
        self._found[search_target] = found
        self._kept += len(found) + 1

    def _forget(self) -> None:
        self._all = None
        self._found.clear()
        self._kept = 0

    def _every_row(self) -> list[Answer]:
        """All rows, the first of each root device before the second of any: all devices are found soon."""
        rows = zip_longest(*([(root, row) for row in root.rows] for root in self._roots))
        return [
            Answer(entry[0], entry[1].notification_type, entry[1].usn) for column in rows for entry in column if entry
        ]

    def _in_turn(self, search_target: str, found: list[Answer]) -> list[Answer]:
        target, _ = _key(search_target)  # whatever its version and spelling, so that nobody can have more turns
        start = self._turns.get(target, 0) % len(found)
        self._turns[target] = start + MAX_ANSWERS
        return (found[start:] + found[:start])[:MAX_ANSWERS]


def _usn(row: Advertisement, version: int) -> str:
    """The USN of a type in the asker's version (as ohNet does), in our spelling: it is what others know us by."""
    return f"{row.udn}::{split_version(row.notification_type)[0]}:{version}"


def _key(target: str) -> tuple[str, int | None]:
    lowered = target.lower()
    # only types have versions: the text after a UDN's last colon may be digits alone
    return split_version(lowered) if lowered.startswith("urn:") else (lowered, None)


def _highest_first(entry: _Entry) -> int:
    return -(entry.version or 0)


def replies(search: Search, index: Index, rng: Random, *, multicast: bool) -> list[Reply]:
    """What *search* yields: multicast, spread at random over its MX window; unicast, at once.

    A multicast search without MX gets nothing (UDA 2.0 §1.3.3).
    """
    if not multicast:
        return [
            Reply(number // BURST_ANSWERS * BURST_GAP, answer)
            for number, answer in enumerate(index.answers(search.search_target))
        ]
    if search.mx is None:
        return []
    window = search.mx * USED_PART_OF_MX
    return [Reply(rng.random() * window, answer) for answer in index.answers(search.search_target)]
