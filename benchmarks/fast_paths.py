"""What each fast path of the package gains over the plain one: ``python -m benchmarks.fast_paths``.

Each pair does the same work in one process, in turn, many times; printed is the best of the repeats, as what disturbs
only ever adds.
"""

import heapq
import ipaddress
import random
from collections.abc import Callable, Iterator
from functools import partial
from timeit import repeat

import attrs
import trio
import trio.testing

from tests.devices import BASIC
from tests.server.fakes import HERE, NOON, FakeListener, fake_endpoint, serving_http
from upnp_trio.documents.publication import publish
from upnp_trio.network.interfaces import Interface, on_link
from upnp_trio.server.discovery.due_queue import DueQueue
from upnp_trio.server.http.response_writer import ResponseWriter
from upnp_trio.server.monitoring.events import Events
from upnp_trio.server.monitoring.stats import Stats
from upnp_trio.site import Site
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.parse_cache import ParseCache
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_search

REPEATS = 7
WAITING = 15_000  # what waits at 30,000 searches a second with MX 1
GETS = 300


@attrs.frozen
class Pair:
    """The same work in both ways, *times* times at each call."""

    what: str
    plain: Callable[[], object]
    fast: Callable[[], object]
    times: int


def pairs() -> Iterator[Pair]:
    """Every fast path there is."""
    search = bytearray(
        render_search(Search(search_target="upnp:rootdevice", mx=1, user_agent="test/1 UPnP/1.1 test/1"))
    )
    memory = ParseCache()
    yield Pair(
        "reading a search that was read before",
        lambda: parse(bytes(search)),  # other bytes each time, as they come from a socket: no hash is known yet
        lambda: memory.parse(bytes(search)),
        1,
    )
    with fake_endpoint("10.0.0.7/8") as endpoint:
        yield Pair(
            "whether a searcher is on the link",
            partial(_is_on_link, "10.1.2.3", endpoint.interface),
            partial(endpoint.sender_towards, "10.1.2.3"),
            1,
        )
    moments = [random.Random(1).random() for _ in range(WAITING)]
    yield Pair("an answer into the queue and out of it", partial(_heap, moments), partial(_ticks, moments), WAITING)
    yield Pair("a GET, with the client's part", partial(_gets, is_new=True), partial(_gets, is_new=False), GETS)


def _is_on_link(peer: str, interface: Interface) -> bool:
    address = ipaddress.ip_address(peer)
    return any(address in on_link(own) for own in interface.addresses)


def _heap(moments: list[float]) -> None:
    waiting: list[tuple[float, int]] = []
    for number, moment in enumerate(moments):
        heapq.heappush(waiting, (moment, number))
    while waiting:
        heapq.heappop(waiting)


def _ticks(moments: list[float]) -> None:
    waiting = DueQueue[int](0.02)
    for number, moment in enumerate(moments):
        waiting.put(moment, number)
    for tick in range(51):
        waiting.take(tick * 0.02)


def _gets(*, is_new: bool) -> None:
    trio.run(_get_repeatedly, is_new, clock=trio.testing.MockClock(autojump_threshold=0))


async def _get_repeatedly(is_new: bool) -> None:
    publication = publish(BASIC)
    site = Site()
    site.add(publication)
    stats = Stats()
    answers = ResponseWriter(site, "s/1", lambda: NOON, stats, Events(stats))
    async with FakeListener() as listener, serving_http(answers, listener):
        client = listener.connect()
        for number in range(GETS):
            agent = f"test/{number if is_new else 0}"
            await client.send_all(
                f"GET {publication.description_path} HTTP/1.1\r\nHost: {HERE}\r\nUser-Agent: {agent}\r\n\r\n".encode()
            )
            await client.receive_some()
        await client.aclose()


def main() -> None:
    """Print the table."""
    print(f"{'':40} {'plain':>10} {'fast':>10} {'gain':>7}")
    for pair in pairs():
        number = max(1, 20_000 // pair.times)
        plain, fast = (min(repeat(way, number=number, repeat=REPEATS)) for way in (pair.plain, pair.fast))
        each = 1e6 / (number * pair.times)
        print(f"{pair.what:40} {plain * each:>7.2f} µs {fast * each:>7.2f} µs {plain / fast:>6.1f}×")


if __name__ == "__main__":
    main()
