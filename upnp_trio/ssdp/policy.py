"""What a received datagram is answered with: the whole decision, as one function (UDA 2.0 §1.3).

`SearchPolicy.decide` takes a datagram, where it came from and the time. It returns replies with their delays, or a drop
with its reason. The policy holds what its decisions depend on: the index of all rows, the searches whose answers are
pending, and the budget of each source. It waits for nothing and sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.budget import DEFAULT_REPLY_BUDGET, Budget
from upnp_trio.ssdp.drops import (
    MALFORMED,
    NO_MX,
    NOT_A_SEARCH,
    NOTHING_MATCHES,
    OFF_LINK,
    OVER_BUDGET,
    TOO_MANY_PENDING,
    Drop,
)
from upnp_trio.ssdp.duplicates import DuplicateSearches
from upnp_trio.ssdp.index import MAX_EXACT_ROWS, Index
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.parse_cache import ParseCache
from upnp_trio.ssdp.profiles import UDA, Profile
from upnp_trio.ssdp.replies import TICK_SECONDS, Reply, delayed, reply_at_once, reply_within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from upnp_trio.ssdp.advertisements import AdvertisedRoot
    from upnp_trio.ssdp.advertising import Origin
    from upnp_trio.ssdp.index import Match

__all__ = ["Answered", "Peer", "SearchPolicy"]

# One search gets at most this many answers, some 100 KiB, so that a host of many devices does not become a weapon. The
# next search for the same target gets the next ones.
MAX_ANSWERS = 256
# 5 seconds of MX at 6,000 answers a second, far above any real network; 13 MiB. The last quarter is for exact targets
# alone, so that forged sweeps cannot keep them from being answered.
MAX_PENDING_ANSWERS = 32_768
MAX_PENDING_SWEEP_ANSWERS = 24_576

#: where a datagram came from: host and port, for IPv6 with flow and scope
Peer = tuple[str, int] | tuple[str, int, int, int]


class _Sender(Protocol):
    """Stands for one of our addresses. It is compared by identity; `SearchPolicy.move` replaces it by another."""

    @property
    def origin(self) -> Origin: ...


S = TypeVar("S", bound=_Sender)


class Answered(NamedTuple):  # not attrs.frozen, which takes longer to make, and one is made for each search
    """A search that is answered."""

    search: Search
    replies: list[Reply]


class SearchPolicy(Generic[S]):
    """Decides what is answered about the root devices that were added; times are monotonic, in seconds."""

    def __init__(
        self,
        rng: Random,
        *,
        profile: Profile = UDA,
        reply_budget: int = DEFAULT_REPLY_BUDGET,
        answer_off_link: bool = False,
    ) -> None:
        self._rng = rng
        self._profile = profile
        self._answer_off_link = answer_off_link
        self._index = Index(aliases=profile.aliases, stands_for=profile.stands_for)
        self._cache = ParseCache()
        self._budget = Budget(rng, reply_budget)
        self._duplicates: DuplicateSearches[S] = DuplicateSearches()

    def add(self, root: AdvertisedRoot) -> None:
        """Answer searches for *root* from now on.

        A search that was answered before is answered again when it is repeated, as it did not find *root*.
        """
        self._index.add(root)
        self._duplicates.clear()

    def remove(self, root: AdvertisedRoot) -> None:
        """Answer no search for *root* any more; raises `KeyError` if it was not added.

        The caller drops the pending answers about it. A search that got them is answered again when it is repeated.
        """
        self._index.remove(root)
        self._duplicates.clear()

    def move(self, successor: Callable[[S], S | None]) -> None:
        """Replace each sender by its *successor*; without one, the caller drops the pending answers of the sender."""
        self._duplicates.move(successor)

    def decide(
        self,
        datagram: bytes,
        peer: Peer,
        sender: S,
        *,
        on_link: bool,
        multicast: bool | None,
        now: float,
        pending: int,
    ) -> Answered | Drop:
        """Decide how *datagram* is answered.

        *sender* would answer *peer*, and *on_link* is whether *peer* is on its link. *multicast* is ``None`` where the
        system does not report whether the datagram was sent to the group. *pending* is how many answers are pending.
        """
        # A source beyond the link may be the victim of someone who forges its address. Nothing can be sent to port 0.
        if not (on_link or self._answer_off_link) or not peer[1]:
            return Drop(OFF_LINK)
        try:
            message = self._cache.parse(datagram)
        except MalformedMessage as error:
            return Drop(MALFORMED, flaw=str(error))
        if not isinstance(message, Search):
            return Drop(NOT_A_SEARCH, message) if on_link else Drop(OFF_LINK)
        if multicast is None:
            multicast = message.mx is not None  # only searches to the group have MX
        if not multicast:
            found = self._find(message, peer, sender, now, pending)
            if isinstance(found, Drop):
                return found
            replies = reply_at_once(found)
            return Answered(message, delayed(replies) if self._index.has_delays else replies)
        mx = message.mx or self._profile.mx_of(message.search_target)
        if mx is None:
            return Drop(NO_MX, message)
        if reason := self._duplicates.reason_to_drop(peer, message.search_target, sender, now, mx):
            return Drop(reason, message)
        found = self._find(message, peer, sender, now, pending)
        if isinstance(found, Drop):
            return found
        replies = reply_within(mx, found, self._rng)
        if self._index.has_delays:
            replies = delayed(replies)
        last_leaves = now + max([delay for delay, _ in replies]) + TICK_SECONDS
        self._duplicates.note(peer, message.search_target, sender, now, last_leaves)
        return Answered(message, replies)

    def _find(self, search: Search, peer: Peer, sender: S, now: float, pending: int) -> Sequence[Match] | Drop:
        """Find what *search* is answered with, and charge it to its source."""
        # The same link-local IPv6 address is another host on another link.
        source = peer[0] if len(peer) == 2 else (peer[0], peer[3])
        if not self._budget.is_open(source, now):
            target = self._index.target_of(search.search_target)
            if not self._budget.allows(source, target, now, is_sweep=self._index.is_sweep(target)):
                return Drop(OVER_BUDGET, search)
        matches = self._index.matches(search.search_target)
        number = len(matches.rows)
        if not number:
            return Drop(NOTHING_MATCHES, search)
        answer_bytes = matches.most_bytes + sender.origin.most_bytes
        if number > MAX_EXACT_ROWS:
            number = min(number, MAX_ANSWERS, self._budget.most_answers(answer_bytes))
        if pending + number > MAX_PENDING_SWEEP_ANSWERS and (
            pending + number > MAX_PENDING_ANSWERS or self._index.is_sweep(matches.target)
        ):
            return Drop(TOO_MANY_PENDING, search)
        self._budget.charge(source, matches.target, now, number, answer_bytes)
        return matches.rows if number == len(matches.rows) else self._index.take(matches, number)
