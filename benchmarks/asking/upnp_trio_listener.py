"""Listens with upnp_trio: prints "ready", then the time when it knows COUNT devices; SIGUSR1 makes it search.

python -m benchmarks.asking.upnp_trio_listener ADDRESS COUNT MX
"""

import signal
import sys
import time

import trio

from upnp_trio.controlpoint import ControlPoint, DeviceAppeared, open_control_point


async def main(address: str, count: int, mx: int) -> None:
    """Listen until killed."""
    async with open_control_point(interfaces=[address]) as control_point, trio.open_nursery() as nursery:
        nursery.start_soon(search_on_signal, control_point, mx)
        known = 0
        async for change in control_point.changes():
            known += isinstance(change, DeviceAppeared)
            if known == count and isinstance(change, DeviceAppeared):
                print(time.monotonic_ns(), flush=True)


async def search_on_signal(control_point: ControlPoint, mx: int) -> None:
    """Search once for each signal."""
    with trio.open_signal_receiver(signal.SIGUSR1) as signals:
        print("ready", flush=True)
        async for _ in signals:
            async for _ in control_point.search(mx=mx, sends=1):
                pass


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
