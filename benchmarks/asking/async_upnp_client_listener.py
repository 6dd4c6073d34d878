"""Listens with async_upnp_client: prints "ready", then the time when it knows COUNT devices; SIGUSR1 makes it search.

python -m benchmarks.asking.async_upnp_client_listener ADDRESS COUNT MX
"""

import asyncio
import signal
import sys
import time

from async_upnp_client.const import SsdpSource
from async_upnp_client.ssdp_listener import SsdpDevice, SsdpListener


async def main(address: str, count: int, mx: int) -> None:
    """Listen until killed."""
    known: set[str] = set()

    def note(device: SsdpDevice, kind: str, source: SsdpSource) -> None:
        if device.udn not in known:
            known.add(device.udn)
            if len(known) == count:
                print(time.monotonic_ns(), flush=True)

    listener = SsdpListener(callback=note, source=(address, 0), search_timeout=mx)
    await listener.async_start()
    loop = asyncio.get_running_loop()
    searches: set[asyncio.Task[None]] = set()
    loop.add_signal_handler(signal.SIGUSR1, lambda: searches.add(asyncio.ensure_future(listener.async_search())))
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
