"""In which order the LOCATIONs of a device are tried: those that a stranger has announced do not come first (H11)."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING

from upnp_trio.model.literal_url import LiteralUrl, unmapped, without_zone
from upnp_trio.model.peers import peer_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upnp_trio.ssdp.found import FoundLocation

__all__ = ["in_order_of_trust"]


def in_order_of_trust(locations: Iterable[FoundLocation]) -> list[FoundLocation]:
    """*locations*, the newest first, in the order in which they are tried.

    Those that their own host has announced come before those that another host has, and of each host one before the
    second of any. A host that announces many in the name of a device delays its description by a single request.
    """
    ranked: list[tuple[bool, int, FoundLocation]] = []
    of_peer: Counter[tuple[bool, str]] = Counter()
    for location in locations:
        is_strange = not _is_its_own(location)
        peer = (is_strange, peer_of(location.sender))
        ranked.append((is_strange, of_peer[peer], location))
        of_peer[peer] += 1
    return [location for _, _, location in sorted(ranked, key=lambda each: each[:2])]


def _is_its_own(location: FoundLocation) -> bool:
    try:
        address = LiteralUrl.parse(location.url).address
    except ValueError:
        return False
    return unmapped(without_zone(address)) == unmapped(without_zone(ip_address(location.sender)))
