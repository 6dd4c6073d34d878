"""Which rows of which root devices match a search target (UDA 2.0 §1.3.2)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.names import split_version
from upnp_trio.ssdp.advertisements import AdvertisedRoot, Advertisement
from upnp_trio.ssdp.advertising import search_response_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Index", "Match", "Matches", "canonical"]

ALL = "ssdp:all"
# A target with up to this many rows is exact: a UDN has one row, and a type has few on most hosts. A target with more
# rows is a sweep, such as upnp:rootdevice on a host of many devices.
MAX_EXACT_ROWS = 4
# Matches that are cached for the targets that are searched again and again. Bounded because other hosts choose how they
# spell a target. Enough for the types of a host with a thousand devices; 4 MiB.
MAX_CACHED_MATCHES = 8192
# Targets that other devices are to answer; a network has few, but other hosts can make up any number. They are cached
# apart, so that they do not displace what matches; 0.3 MiB.
MAX_CACHED_ABSENT = 1024


@attrs.frozen(eq=False, repr=False)  # compared by identity, as rendered answers are cached by it
class Match:
    """A row that matches a search, with the version and the spelling of the search."""

    root: AdvertisedRoot
    search_target: str
    usn: str


@attrs.frozen(eq=False, repr=False)
class Matches:
    """All that one search target matches."""

    #: the target in the one form that all its versions and spellings share
    target: str
    rows: Sequence[Match] = ()
    #: how many bytes an answer about one of them has at the most, without what its origin adds
    most_bytes: int = 0


_NOTHING = Matches("")


@attrs.frozen
class _Entry:
    version: int | None
    root: AdvertisedRoot
    row: Advertisement


class Index:
    """Finds the rows for a search target, at a cost that does not depend on how many rows do not match.

    *aliases* are targets that match the rows of another target, under their own name, and *stands_for* those that match
    what another one does.
    """

    def __init__(
        self,
        roots: Iterable[AdvertisedRoot] = (),
        *,
        aliases: Mapping[str, str] | None = None,
        stands_for: Mapping[str, str] | None = None,
    ) -> None:
        self._aliases = aliases or {}
        self._stands_for = stands_for or {}
        #: by canonical target, the rows, highest version first
        self._by_target: dict[str, list[_Entry]] = {}
        #: those beside the rows that UDA wants, which are found by their very type alone
        self._exact: dict[str, list[_Entry]] = {}
        #: by root device, the bytes of an answer about it without ST, USN and origin
        self._roots: dict[AdvertisedRoot, int] = {}
        #: whether a root device waits before it answers
        self.has_delays = False
        #: the matches of ssdp:all, and by target as it was spelled those of others, until a device comes or goes
        self._all: Matches | None = None
        self._cached: dict[str, Matches] = {}
        self._cached_rows = 0
        #: targets that match nothing, as they were spelled
        self._absent: set[str] = set()
        #: by canonical target, where `take` goes on
        self._turns: dict[str, int] = {}
        for root in roots:
            self.add(root)

    def add(self, root: AdvertisedRoot) -> None:
        """Let the rows of *root* match."""
        self._roots[root] = search_response_bytes(root)
        self._change()
        for row in root.rows:
            target, version = _key(row.notification_type)
            entries = self._by_target if row.own_usn is None else self._exact
            insort(entries.setdefault(target, []), _Entry(version, root, row), key=_highest_first)

    def remove(self, root: AdvertisedRoot) -> None:
        """Stop matching the rows of *root*; raises `KeyError` if they did not."""
        del self._roots[root]
        self._change()
        for target in {canonical(row.notification_type) for row in root.rows}:
            for entries in (self._by_target, self._exact):
                left = [entry for entry in entries.pop(target, ()) if entry.root is not root]
                if left:
                    entries[target] = left
            if target not in self._by_target and target not in self._exact:
                self._turns.pop(target, None)

    def matches(self, search_target: str) -> Matches:
        """Return the rows that *search_target* asks for.

        Types and UUIDs are compared without regard to case (Echo and Harmony write ``device:basic:1``). A type
        matches every version up to its own, from 1 on (UDA 2.0 §1.3.2).
        """
        cached = self._cached.get(search_target)
        if cached is not None:
            return cached
        return _NOTHING if search_target in self._absent else self._look_up(search_target)

    def target_of(self, search_target: str) -> str:
        """The target that *search_target* means, in the one form that all its versions and spellings share."""
        target = canonical(search_target)
        return self._stands_for.get(target, target)

    def is_sweep(self, target: str) -> bool:
        """Whether *target*, as `target_of` gives it, asks what there is, and not for a few rows that it names."""
        entries = len(self._by_target.get(self._aliases.get(target, target), ())) + len(self._exact.get(target, ()))
        return target == ALL or entries > MAX_EXACT_ROWS

    def take(self, matches: Matches, number: int) -> Sequence[Match]:
        """Return only *number* rows of *matches*; the next call for the target returns the next ones."""
        rows = matches.rows
        start = self._turns.get(matches.target, 0) % len(rows)
        self._turns[matches.target] = start + number
        taken = rows[start : start + number]
        return [*taken, *rows[: number - len(taken)]]

    def _look_up(self, search_target: str) -> Matches:
        meant = self._stands_for.get(search_target.lower(), search_target)
        target, wanted = _key(meant)
        if target == ALL:
            if self._all is None:
                self._all = self._matches(ALL, self._every_row())
            return self._all
        rows = self._find(meant, target, wanted)
        if not rows:
            if len(self._absent) >= MAX_CACHED_ABSENT:
                self._absent.clear()
            self._absent.add(search_target)
            return _NOTHING
        matches = self._matches(target, rows)
        self._cache(search_target, matches)
        return matches

    def _find(self, search_target: str, target: str, wanted: int | None) -> list[Match]:
        meant = self._aliases.get(target)
        found: list[Match] = []
        for entry in self._by_target.get(meant or target, ()):
            if (entry.version is None) != (wanted is None) or wanted == 0 or (wanted or 0) > (entry.version or 0):
                break
            if meant is not None:
                usn = f"{entry.row.udn}::{target}"
            else:
                usn = entry.row.usn if wanted is None else _usn(entry.row, wanted)
            found.append(Match(entry.root, search_target, usn))
        for entry in self._exact.get(target, ()):
            if entry.version == wanted:
                found.append(Match(entry.root, search_target, entry.row.usn))
        return found

    def _every_row(self) -> list[Match]:
        """All rows: the first of each root device before the second of any, so that all devices are found soon."""
        rows = zip_longest(*([(root, row) for row in root.rows] for root in self._roots))
        return [
            Match(entry[0], entry[1].notification_type, entry[1].usn) for column in rows for entry in column if entry
        ]

    def _matches(self, target: str, rows: Sequence[Match]) -> Matches:
        sizes = (self._roots[match.root] + len(match.search_target) + len(match.usn) for match in rows)
        return Matches(target, rows, max(sizes, default=0))

    def _cache(self, search_target: str, matches: Matches) -> None:
        if self._cached_rows + len(matches.rows) > MAX_CACHED_MATCHES:
            self._cached.clear()
            self._cached_rows = 0
        self._cached[search_target] = matches
        self._cached_rows += len(matches.rows)

    def _change(self) -> None:
        self.has_delays = any(root.answer_delay for root in self._roots)
        self._all = None
        self._cached.clear()
        self._cached_rows = 0
        self._absent.clear()


def canonical(target: str) -> str:
    """The form of *target* that all its versions and spellings share."""
    return _key(target)[0]


def _key(target: str) -> tuple[str, int | None]:
    lowered = target.lower()
    # Only types have versions: what follows a UDN's last colon may be digits alone.
    return split_version(lowered) if lowered.startswith("urn:") else (lowered, None)


def _usn(row: Advertisement, version: int) -> str:
    """The USN of a type in the searcher's version (as ohNet does) and in our spelling, by which others know the row."""
    return f"{row.udn}::{split_version(row.notification_type)[0]}:{version}"


def _highest_first(entry: _Entry) -> int:
    return -(entry.version or 0)
