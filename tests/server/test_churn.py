"""A thousand starts and cancels in one process, on a network in memory, leave nothing behind."""

from __future__ import annotations

from random import Random

import attrs
import trio
import trio.testing

from tests.devices import BASIC
from tests.growth import living_objects
from tests.server.scenes import NOON, LoneHost, interface
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import Search
from upnp_trio.ssdp.rendering import render_search

STARTS = 1000
SEARCH = render_search(Search(search_target="ssdp:all", mx=5))


async def live_and_die(number: int) -> None:
    """A device with searches pending and clients that never end, cancelled at some moment or before it starts."""
    host = LoneHost()
    # another description at each start, because nothing may be cached by its content either
    root = attrs.evolve(BASIC, friendly_name=f"Jambon {number}")
    with trio.move_on_after(Random(number).choice([0, 0.01, 0.1, 0.5, 3, 1000])):
        async with serve_on(host.network, [root], Settings(rng=Random(number), utcnow=lambda: NOON)):
            host.receive(SEARCH)
            for request in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 192.0.2.7:49152\r\n\r\n"):
                await host.client().send_all(request)
            host.have(interface("192.0.2.77/24"))
            await trio.sleep_forever()
    assert host.open_sockets == []


async def test_a_thousand_starts_and_cancels_leave_no_task_and_no_object(
    autojump_clock: trio.testing.MockClock,
) -> None:
    tasks = trio.lowlevel.current_statistics().tasks_living
    for number in range(STARTS // 10):
        await live_and_die(number)
    before = living_objects()
    for number in range(STARTS):
        await live_and_die(number)
    assert trio.lowlevel.current_statistics().tasks_living == tasks
    # much less than one for each start; anything left open warns, and warnings are errors here
    assert living_objects() < before + STARTS // 10
