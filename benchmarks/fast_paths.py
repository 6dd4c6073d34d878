"""How much each fast path of the package gains over the plain way: ``python -m benchmarks.fast_paths``.

Each pair does the same work in one process, in turn, many times. The best repeat is printed, since disturbances only
ever add time.
"""

import heapq
import ipaddress
import random
from collections.abc import Callable, Iterator
from functools import partial
from timeit import repeat

import attrs
import h11

from benchmarks.calls import SWITCH_POWER
from upnp_trio.control.envelope import read_envelope
from upnp_trio.control.plain_call import parse_plain_call
from upnp_trio.control.rendering import render_action
from upnp_trio.exchange import Peer
from upnp_trio.http.plain_request import parse_plain_request
from upnp_trio.network.interfaces import Interface, on_link
from upnp_trio.network.served_interface import InterfaceOptions
from upnp_trio.server.discovery.due_queue import DueQueue
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.parse_cache import ParseCache
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_search
from upnp_trio.testing import Host, Link

REPEATS = 7
WAITING = 15_000  # the answers waiting at 30,000 searches a second with MX 1
DESCRIPTION = "/e427ce1a-3e80-43d0-ad6f-89ec42e46363/description.xml"
HERE = "10.0.0.7:49152"


@attrs.frozen
class Pair:
    """The same work done in both ways, *times* times in each call."""

    what: str
    plain: Callable[[], object]
    fast: Callable[[], object]
    times: int


def pairs() -> Iterator[Pair]:
    """Yield a pair for every fast path."""
    search = bytearray(
        render_search(Search(search_target="upnp:rootdevice", mx=1, user_agent="test/1 UPnP/1.1 test/1"))
    )
    memory = ParseCache()
    yield Pair(
        "reading a search that was read before",
        lambda: parse(bytes(search)),  # a new object each time, as from a socket: its hash is not cached
        lambda: memory.parse(bytes(search)),
        1,
    )
    host = Host.on(Link(), "10.0.0.7/8")
    with host.network.open(host.nics["eth0"].interface, InterfaceOptions(port=49152)) as opened:
        endpoint = opened.endpoint
        yield Pair(
            "whether a searcher is on the link",
            partial(_is_on_link, "10.1.2.3", endpoint.interface),
            partial(endpoint.sender_towards, "10.1.2.3"),
            1,
        )
    moments = [random.Random(1).random() for _ in range(WAITING)]
    yield Pair("an answer into the queue and out of it", partial(_heap, moments), partial(_ticks, moments), WAITING)
    request = f"GET {DESCRIPTION} HTTP/1.1\r\nHost: {HERE}\r\nUser-Agent: Linux/6 UPnP/1.1 test/1\r\n\r\n".encode()
    yield Pair("a plain GET, read", partial(_by_h11, request), partial(_as_plain, request), 1)
    call = render_action(SWITCH_POWER, "SetTarget", [("newTargetValue", "1")])
    yield Pair("a plain call, read", partial(read_envelope, call), partial(_as_plain_call, call), 1)


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


def _by_h11(request: bytes) -> None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(request)
    while not isinstance(connection.next_event(), h11.EndOfMessage):
        pass


def _as_plain(request: bytes) -> None:
    assert parse_plain_request(request, max_fields=64, peer=Peer()) is not None


def _as_plain_call(call: bytes) -> None:
    assert parse_plain_call(call) is not None


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
