"""The searches of others: who searched for what, and how often. Bounded, whoever floods it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from upnp_trio.model.peers import peer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.cli.watching.happenings import SearchedByOther

__all__ = ["SearchRow", "SearchTable"]

# A home has some ten searchers with a few targets each. Each row takes about half a KiB.
MAX_ROWS = 500
# USER-AGENT is the only text in a row without a bound of its own.
MAX_AGENT_CHARACTERS = 200


@attrs.define(kw_only=True)
class SearchRow:
    """What one address searches."""

    address: str
    search_target: str
    interface: str
    #: of its latest search
    mx: int | None
    user_agent: str
    count: int
    first_at: float
    last_at: float


@attrs.define(eq=False, repr=False)
class SearchTable:
    """A row for each address and target. When it is full, the peer with most rows loses its oldest one."""

    #: all searches, including those whose row has gone
    total: int = 0
    _rows: dict[tuple[str, str], SearchRow] = attrs.field(factory=dict)
    _by_peer: Counter[str] = attrs.field(factory=Counter)

    def __len__(self) -> int:
        return len(self._rows)

    def note(self, search: SearchedByOther) -> None:
        """Count *search*."""
        self.total += 1
        agent = search.user_agent[:MAX_AGENT_CHARACTERS]
        key = (search.address, search.search_target)
        row = self._rows.pop(key, None)
        if row is None:
            self._make_room()
            self._by_peer[peer_of(search.address)] += 1
            row = SearchRow(
                address=search.address,
                search_target=search.search_target,
                interface=search.interface,
                mx=search.mx,
                user_agent=agent,
                count=0,
                first_at=search.at,
                last_at=search.at,
            )
        row.interface, row.mx, row.user_agent = search.interface, search.mx, agent
        row.count += 1
        row.last_at = search.at
        self._rows[key] = row  # at the end, so that the dict is in the order of the latest searches

    def latest(self) -> Iterator[SearchRow]:
        """The rows, that of the latest search first."""
        return reversed(self._rows.values())

    def copy(self) -> SearchTable:
        """A table of the same rows, which does not change with this one."""
        return SearchTable(self.total, {key: attrs.evolve(row) for key, row in self._rows.items()})

    def _make_room(self) -> None:
        if len(self._rows) < MAX_ROWS:
            return
        peer, _ = self._by_peer.most_common(1)[0]
        oldest = next(key for key in self._rows if peer_of(key[0]) == peer)
        del self._rows[oldest]
        self._by_peer[peer] -= 1
        if not self._by_peer[peer]:
            del self._by_peer[peer]
