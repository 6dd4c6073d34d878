"""``python -W error -m tests.network.churning COUNT``: so many devices started and cancelled in one process.

Prints what the process has before and after as JSON. Whatever it warns of goes to standard error.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import attrs
import trio

from tests.growth import living_objects
from upnp_trio import RootDevice, Running, serve_device

__all__ = ["Resources", "churn", "resources"]

# This many devices run at the same time, because a start and a stop are mostly waiting.
SIDE_BY_SIDE = 25
# After this many, everything that is allocated once exists: caches, free lists, gaps in the heap. In Python 3.13 and
# 3.14, the heap grows until several hundred.
WARM_UP = 40 * SIDE_BY_SIDE
# From before the sockets are open to after the second set of announcements.
LONGEST_LIFE_SECONDS = 0.4


@attrs.frozen
class Resources:
    """The resources of a process."""

    tasks: int
    descriptors: int
    objects: int
    #: its own memory, resident or swapped out
    own_kib: int


def resources() -> Resources:
    """The resources of this process now."""
    # the pages of files do not count: the system drops them when it likes, and reads them again
    own = re.findall(r"^(?:RssAnon|VmSwap):\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert len(own) == 2
    return Resources(
        objects=living_objects(),  # first, as it collects the garbage
        tasks=trio.lowlevel.current_statistics().tasks_living,
        descriptors=len(os.listdir("/proc/self/fd")),
        own_kib=sum(map(int, own)),
    )


def device(number: int) -> RootDevice:
    """One of the devices that run at the same time."""
    return RootDevice(
        device_type="urn:schemas-upnp-org:device:Basic:1",
        friendly_name=f"Jambon {number}",
        manufacturer="Boucherie numérique SAS",
        model_name="Jambon 3000",
        udn=f"uuid:00000000-0000-0000-0000-{number:012}",
    )


async def visit(running: Running) -> None:
    """Send one whole request and one that is cut short."""
    parts = urlsplit(running.locations[0])
    asking = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    async with AsyncExitStack() as stack:
        for request in (asking, asking[:20]):
            stream = await trio.open_tcp_stream(str(parts.hostname), parts.port or 0)
            await stack.enter_async_context(stream)
            await stream.send_all(request)
        await trio.sleep_forever()


async def live_and_die(number: int, times: int, rng: Random) -> None:
    """Start a device and cancel it at some moment, again and again."""
    for _ in range(times):
        with trio.move_on_after(rng.uniform(0, LONGEST_LIFE_SECONDS)):
            async with serve_device(device(number), ipv6=False) as running:
                await visit(running)


async def churn(count: int) -> None:
    """Start and cancel *count* devices, some at a time."""
    async with trio.open_nursery() as nursery:
        for number in range(SIDE_BY_SIDE):
            nursery.start_soon(live_and_die, number, count // SIDE_BY_SIDE, Random(number))


async def main(count: int) -> None:
    """Churn, and print the resources before and after."""
    await churn(WARM_UP)
    before = resources()
    await churn(count)
    print(json.dumps({"before": attrs.asdict(before), "after": attrs.asdict(resources())}))


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
