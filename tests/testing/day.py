"""A day on a network in memory: ``python -m tests.testing.day`` prints how long it takes.

A light announces itself again and again, its address changes twice, and a partition cuts it off for an hour. A control
point follows all of it: it searches every ten minutes, describes the light when it appears, and subscribes to its
events. The light is switched on or off once an hour.
"""

from __future__ import annotations

import argparse
import logging
import time
from hashlib import sha256

import trio

from examples.light import SwitchPower
from tests.controlpoint.following import LIGHT, light
from upnp_trio.controlpoint import ControlPoint, DeviceAppeared
from upnp_trio.testing import MemoryNetwork

__all__ = ["DAY_SECONDS", "News", "run_day"]

HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
SEARCH_SECONDS = 600

#: what the control point told of the light, and when
News = list[tuple[float, str]]


def run_day(seed: int) -> tuple[MemoryNetwork, News]:
    """The network at the end of the day, with its recording, and what the control point told."""
    network = MemoryNetwork(seed, jitter=0.01, loss=0.02, duplicates=0.02)
    news: News = []
    used: list[DeviceAppeared] = []

    def note(what: str) -> None:
        news.append((trio.current_time(), what))

    async def follow(control_point: ControlPoint, nursery: trio.Nursery) -> None:
        async for change in control_point.changes():
            note(type(change).__name__)
            if isinstance(change, DeviceAppeared) and not used:
                used.append(change)
                nursery.start_soon(use, control_point)  # the subscription is kept, whatever happens to the light

    async def use(control_point: ControlPoint) -> None:
        described = await control_point.describe(LIGHT)
        async for event in described.service("SwitchPower").subscribe():
            note(f"Status {event.values['Status']}")

    async def search(control_point: ControlPoint) -> None:
        while True:
            async for result in control_point.search("upnp:rootdevice"):
                note(f"found {result.udn}")
            await trio.sleep(SEARCH_SECONDS)

    async def switch(handler: SwitchPower) -> None:
        while True:
            await trio.sleep(HOUR_SECONDS)
            handler.status = not handler.status

    async def day() -> None:
        lamp, phone = network.host("lamp"), network.host("phone")
        async with phone.control_point() as control_point, trio.open_nursery() as nursery:
            nursery.start_soon(follow, control_point, nursery)
            nursery.start_soon(search, control_point)
            handler = SwitchPower()
            async with lamp.serve(light(handler)):
                nursery.start_soon(switch, handler)
                await trio.sleep_until(6 * HOUR_SECONDS)
                lamp.change(network.free_address())
                await trio.sleep_until(12 * HOUR_SECONDS)
                with network.partitioned(lamp):
                    await trio.sleep(HOUR_SECONDS)
                await trio.sleep_until(18 * HOUR_SECONDS)
                lamp.change(network.free_address())
                await trio.sleep_until(DAY_SECONDS)
            await trio.sleep(1)
            nursery.cancel_scope.cancel()

    network.run(day)
    return network, news


def digest(network: MemoryNetwork, news: News) -> str:
    """What all of the day comes to: two days are alike if this is."""
    return sha256(network.recording.as_bytes() + repr(news).encode()).hexdigest()


def main(words: list[str] | None = None) -> None:
    """Run some days, and print how long each took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--days", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="decides everything that is chance (default: 1)")
    arguments = parser.parse_args(words)
    for number in range(arguments.days):
        start, cpu = time.perf_counter(), time.process_time()
        network, news = run_day(arguments.seed + number)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu  # a busy machine has more real time
        recording = network.recording
        print(
            f"a day with seed {arguments.seed + number}: {1000 * seconds:.0f} ms ({1000 * cpu:.0f} ms of CPU), "
            f"{len(recording)} datagrams, {len(recording.connections)} connections, "
            f"{len(news)} changes, events and answers seen, sha256 {digest(network, news)}"
        )


if __name__ == "__main__":
    # the subscription fails while the light is cut off, which is wanted and would be told a few times a day
    logging.getLogger("upnp_trio").setLevel(logging.ERROR)
    main()
