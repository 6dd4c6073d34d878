"""Which rows answer a search, and when (UDA 2.0 §1.3.2, §1.3.3).

The whole policy is `replies`: a search, an `Index` and chance in; replies with their delays out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.names import split_version
from upnp_trio.ssdp.advertisements import AdvertisedRoot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from upnp_trio.ssdp.advertisements import Advertisement
    from upnp_trio.ssdp.messages import Search

__all__ = ["Answer", "Index", "Reply", "replies"]

# The window ends early, so that the last answer has arrived when MX is over; libupnp takes off as much.
USED_PART_OF_MX = 0.9


@attrs.frozen
class Answer:
    """A row that matched a search, and how to speak of it: in the asker's version and spelling."""

    root: AdvertisedRoot
    search_target: str
    usn: str


@attrs.frozen
class Reply:
    """An answer, and how many seconds after the search it is sent."""

    delay: float
    answer: Answer


class Index:
    """Finds the rows for a search target at a cost that does not depend on how many rows do not match."""

    def __init__(self, roots: Iterable[AdvertisedRoot]) -> None:
        self._all: list[Answer] = []
        #: by target in lower case and without its version: the rows, with the version they implement
        self._by_target: dict[str, list[tuple[int | None, AdvertisedRoot, Advertisement]]] = {}
        for root in roots:
            for row in root.rows:
                self._all.append(Answer(root, row.notification_type, row.usn))
                base, version = _key(row.notification_type)
                self._by_target.setdefault(base, []).append((version, root, row))
        for rows in self._by_target.values():  # highest version first: a look-up stops at the first that is too low
            rows.sort(key=lambda entry: -(entry[0] or 0))

    def answers(self, search_target: str) -> list[Answer]:
        """The rows that *search_target* asks for, in the asker's own version and spelling.

        Types and UUIDs are compared without regard to case (Echo and Harmony write ``device:basic:1``), and a
        type answers for every version up to its own (UDA 2.0 §1.3.2).
        """
        if search_target.lower() == "ssdp:all":
            return self._all
        base, wanted = _key(search_target)
        found: list[Answer] = []
        for version, root, row in self._by_target.get(base, ()):
            if (version is None) != (wanted is None) or (wanted or 0) > (version or 0):
                break
            found.append(Answer(root, search_target, row.usn if wanted is None else _usn(row, wanted)))
        return found


def _usn(row: Advertisement, version: int) -> str:
    """The USN of a type in the asker's version (as ohNet does), in our spelling: it is what others know us by."""
    return f"{row.udn}::{split_version(row.notification_type)[0]}:{version}"


def _key(target: str) -> tuple[str, int | None]:
    lowered = target.lower()
    # only types have versions: the text after a UDN's last colon may be digits alone
    return split_version(lowered) if lowered.startswith("urn:") else (lowered, None)


def replies(search: Search, index: Index, rng: Random, *, multicast: bool) -> list[Reply]:
    """What *search* yields: multicast, spread at random over its MX window; unicast, all at once.

    A multicast search without MX gets nothing (UDA 2.0 §1.3.3).
    """
    if not multicast:
        return [Reply(0.0, answer) for answer in index.answers(search.search_target)]
    if search.mx is None:
        return []
    window = search.mx * USED_PART_OF_MX
    return [Reply(rng.random() * window, answer) for answer in index.answers(search.search_target)]
