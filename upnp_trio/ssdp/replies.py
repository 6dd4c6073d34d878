"""When the answers to a search leave (UDA 2.0 §1.3.2, §1.3.3); all times in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.ssdp.index import Match

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

__all__ = ["TICK_SECONDS", "Reply", "delayed", "reply_at_once", "reply_within"]

# Answers leave in ticks: those that are due within one tick leave together at its end. 20 ms is far below what a
# searcher that waits whole seconds can notice.
TICK_SECONDS = 0.02
# The window ends early, so that the last answer has arrived when MX is over. libupnp takes off as much.
USED_PART_OF_MX = 0.9
# A unicast search is answered at once, but no faster than a small receive buffer bears: 256 answers take 0.14 s.
BURST_REPLIES = 32
BURST_GAP = 0.02


#: an answer: how long after its search it is sent, and the match that it reports
Reply = tuple[float, Match]


def reply_within(mx: int, matches: Iterable[Match], rng: Random) -> list[Reply]:
    """Spread the answers to a multicast search at random over its MX."""
    window = mx * USED_PART_OF_MX
    return [(rng.random() * window, match) for match in matches]


def reply_at_once(matches: Iterable[Match]) -> list[Reply]:
    """Answer a unicast search in bursts, the first of them without delay."""
    return [(position // BURST_REPLIES * BURST_GAP, match) for position, match in enumerate(matches)]


def delayed(replies: Iterable[Reply]) -> list[Reply]:
    """*replies*, none of which leaves before its root device answers."""
    return [(max(delay, match.root.answer_delay), match) for delay, match in replies]
