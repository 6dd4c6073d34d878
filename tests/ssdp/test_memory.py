"""How much memory other hosts can make SSDP's caches and tables hold: the figures in their comments."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from random import Random

import pytest

from tests.devices import BASIC
from tests.ssdp.fakes import HERE, advertised
from upnp_trio.model.names import MAX_SEARCH_TARGET_BYTES
from upnp_trio.server.discovery.due_queue import DueQueue
from upnp_trio.ssdp.budget import MAX_SOURCES, MAX_TARGETS, Budget
from upnp_trio.ssdp.duplicates import MAX_SEARCHES, DuplicateSearches
from upnp_trio.ssdp.index import MAX_CACHED_ABSENT, MAX_CACHED_MATCHES, Index
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.parse_cache import MAX_CACHED, MAX_CACHED_BYTES, ParseCache
from upnp_trio.ssdp.parsing import MAX_MX_SECONDS
from upnp_trio.ssdp.policy import MAX_PENDING_ANSWERS
from upnp_trio.ssdp.rendering import render_search
from upnp_trio.ssdp.replies import TICK_SECONDS

MEBIBYTE = 2**20
UDN = str(BASIC.udn)
IPV6 = "2001:db8:1111:2222:5054:ff:fe12:"


def longest(number: int) -> str:
    """A search target of the most bytes."""
    return f"urn:{'x' * (MAX_SEARCH_TARGET_BYTES - 20)}:device:{number:05}"[:MAX_SEARCH_TARGET_BYTES]


def spelled(number: int, text: str) -> str:
    """*text* with upper case where *number* has a bit."""
    letters = iter(range(64))
    return "".join(letter.upper() if letter.isalpha() and number >> next(letters) & 1 else letter for letter in text)


def duplicates() -> object:
    found = DuplicateSearches[object]()
    for number in range(2 * MAX_SEARCHES):
        peer = (f"{IPV6}{number:x}", 50_000 + number % 2000, 0, 3)
        found.note(peer, longest(number), HERE, float(number) / 1e6, float(number) / 1e6 + 4.5)
    assert len(found) == 2 * MAX_SEARCHES
    return found


def sources() -> object:
    found = Budget(Random(0))
    for number in range(MAX_SOURCES):
        found.charge((f"{IPV6}{number:x}", 3), "a", float(number) / 1e6, 64, 400)
    assert len(found._paid_at) == MAX_SOURCES
    return found


def targets() -> object:
    found = Budget(Random(0))
    for number in range(2 * MAX_TARGETS):
        source = (f"{IPV6}{number % 16:x}", 3)
        found._paid_at[source] = 24.0
        found.charge(source, longest(number), float(number) / 1e6, 1, 400)
    assert len(found._sent) == 2 * MAX_TARGETS
    return found


def parsed() -> object:
    cache = ParseCache()
    for number in range(MAX_CACHED):
        datagram = render_search(Search(search_target=longest(number), mx=1, user_agent="x" * 600))
        assert len(datagram) < MAX_CACHED_BYTES
        cache.parse(datagram)
    assert len(cache._searches) == MAX_CACHED
    return cache


def absent() -> object:
    index = Index()
    for number in range(MAX_CACHED_ABSENT):
        index.matches(longest(number))
    assert len(index._absent) == MAX_CACHED_ABSENT
    return index


def matching() -> object:
    index = Index([advertised(BASIC)])
    for number in range(MAX_CACHED_MATCHES):
        index.matches(spelled(number, UDN))
    assert len(index._cached) == MAX_CACHED_MATCHES
    return index


def pending() -> object:
    index = Index([advertised(BASIC)])
    queue = DueQueue[object](TICK_SECONDS)
    for number in range(MAX_PENDING_ANSWERS):
        peer = (f"{IPV6}{number:x}", 50_000 + number % 2000, 0, 3)
        (match,) = index.matches(spelled(number, UDN)).rows
        queue.put(number / MAX_PENDING_ANSWERS * MAX_MX_SECONDS, (HERE, peer, match))
    assert len(queue) == MAX_PENDING_ANSWERS
    return queue


@pytest.mark.parametrize(
    ("fill", "mebibytes"),
    [
        pytest.param(duplicates, 2.8, id="pending searches"),
        pytest.param(sources, 1, id="sources in debt"),
        pytest.param(targets, 2, id="targets sent to sources in debt"),
        pytest.param(parsed, 2, id="parsed searches"),
        pytest.param(absent, 0.3, id="targets that match nothing"),
        pytest.param(matching, 4, id="matches"),
        pytest.param(pending, 13, id="pending answers"),
    ],
)
def test_full_caches_and_tables_take_so_many_mebibytes(fill: Callable[[], object], mebibytes: float) -> None:
    tracemalloc.start()
    try:
        filled = fill()
        taken = tracemalloc.get_traced_memory()[0] / MEBIBYTE
    finally:
        tracemalloc.stop()
    assert filled
    assert taken == pytest.approx(mebibytes, rel=0.4)
