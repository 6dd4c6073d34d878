"""The device that is measured: `python -m benchmarks.loops.device WAY`, until its input ends.

It prints the URLs of its description and of control. Its loop, trio's or asyncio's, is idle, busy half of the time, or
blocked, as a line of its input says.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import trio
import uvloop

from upnp_trio import In, Out, RootDevice, ServiceHandler, StateVariable, action, serve_device
from upnp_trio.asyncio import serve_device as serve_beside_asyncio
from upnp_trio.bridging.asyncio_handlers import AsyncioHandlers
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from upnp_trio.server.running import Running
    from upnp_trio.service_calls import Call

WAYS = ("trio", "thread", "guest", "thread, uvloop", "guest, uvloop")
# How much CPU time a busy loop uses at a time, and how long it then waits; and how long a blocked one is blocked.
BUSY_SECONDS = 0.005
BLOCKED_SECONDS = 2.0
# One client asks as much as it likes.
REPLY_BUDGET = 10**6


class Lamp(ServiceHandler, service_type="urn:example-com:service:Lamp:1"):
    """What it does takes no time, so what is measured is the way there and back."""

    level: Annotated[int, StateVariable("Level", evented=False)] = 0

    @action("Plain")
    def plain(self, level: Annotated[int, In("NewLevel", "Level")]) -> Annotated[int, Out("OldLevel", "Level")]:
        old, self.level = self.level, level
        return old

    @action("Async")
    async def coroutine(
        self, level: Annotated[int, In("NewLevel", "Level")]
    ) -> Annotated[int, Out("OldLevel", "Level")]:
        return self.plain(level)


DEVICE = RootDevice(
    device_type="urn:example-com:device:Lamp:1",
    friendly_name="Lamp",
    manufacturer="upnp_trio",
    model_name="Lamp",
    services=[Lamp()],
)


class GuestHandlers(AsyncioHandlers):
    """Handlers where trio is a guest in asyncio's thread: plain functions are called at once."""

    async def call(self, call: Call) -> object:
        """Call a plain function here, and wait for a coroutine function in the loop."""
        if call.action.may_block:
            return call.action.call(call.service.handler, call.arguments, call.caller)
        return await super().call(call)


@asynccontextmanager
async def serve_as_guest(device: RootDevice) -> AsyncIterator[Running]:
    """Like `upnp_trio.asyncio.serve_device`, by trio's guest mode; for measurements only, as it survives no failure."""
    loop = asyncio.get_running_loop()
    began: asyncio.Future[Running] = loop.create_future()
    ended = asyncio.Event()
    scope = trio.CancelScope()
    handlers = GuestHandlers()

    async def serve() -> None:
        handlers.use_current_trio_loop()
        with scope:
            async with serve_with(settings(), [device], handlers) as running:
                began.set_result(running)
                await trio.sleep_forever()

    trio.lowlevel.start_guest_run(
        serve,
        run_sync_soon_threadsafe=loop.call_soon_threadsafe,
        done_callback=lambda _: ended.set(),
        host_uses_signal_set_wakeup_fd=True,
    )
    yield await began
    scope.cancel()
    await ended.wait()


def settings() -> Settings:
    """The same for each way."""
    return Settings(interfaces=["lo"], ipv6=False, state_dir=None, reply_budget=REPLY_BUDGET)


def compute() -> None:
    """Use the interpreter for so much CPU time, as a program's own code does."""
    end = time.thread_time() + BUSY_SECONDS
    while time.thread_time() < end:
        pass


class Load:
    """What the program does besides: the last line of its input."""

    def __init__(self) -> None:
        self.wanted = "idle"
        self.ended = threading.Event()
        self.rounds = 0

    def read(self, note: Callable[[], object]) -> None:
        """Read lines until the input ends; *note* is called after each of them."""
        for line in sys.stdin:
            self.wanted = line.strip()
            if self.wanted == "rounds":
                print(self.rounds, flush=True)
            else:
                note()
        self.wanted = "end"
        note()

    async def carry(self, wait: Callable[[], Awaitable[object]], sleep: Callable[[float], Awaitable[object]]) -> None:
        """Do what is wanted, in the program's loop."""
        while self.wanted != "end":
            if self.wanted == "busy":
                compute()
                self.rounds += 1
                await sleep(BUSY_SECONDS)
            elif self.wanted == "blocked":
                print("blocked", flush=True)
                time.sleep(BLOCKED_SECONDS)  # noqa: ASYNC251  # that is what blocks
                self.wanted = "idle"
            else:
                await wait()


def show(locations: tuple[str, ...], device: RootDevice) -> None:
    """Say where the device is."""
    print(locations[0], device.services[0].control_url, flush=True)


async def beside_asyncio(serve: Callable[[RootDevice], AbstractAsyncContextManager[Running]]) -> None:
    """Serve in asyncio's loop, and carry the load in it."""
    loop, load, news = asyncio.get_running_loop(), Load(), asyncio.Event()

    async def wait() -> None:
        news.clear()
        await news.wait()

    async with serve(DEVICE) as running:
        show(running.locations, running.device)
        threading.Thread(target=load.read, args=(lambda: loop.call_soon_threadsafe(news.set),), daemon=True).start()
        await load.carry(wait, asyncio.sleep)


async def in_trio() -> None:
    """Serve in trio's loop, and carry the load in it."""
    token, load, lot = trio.lowlevel.current_trio_token(), Load(), trio.lowlevel.ParkingLot()
    async with serve_device(
        DEVICE, interfaces=["lo"], ipv6=False, state_dir=None, reply_budget=REPLY_BUDGET
    ) as running:
        show(running.locations, running.device)
        threading.Thread(target=load.read, args=(lambda: token.run_sync_soon(lot.unpark_all),), daemon=True).start()
        await load.carry(lot.park, trio.sleep)


def main() -> None:
    """Serve in the way that the first argument names."""
    way, _, loop = sys.argv[1].partition(", ")
    if way == "trio":
        trio.run(in_trio)
        return
    in_thread = partial(serve_beside_asyncio, interfaces=["lo"], ipv6=False, state_dir=None, reply_budget=REPLY_BUDGET)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop else None) as runner:
        runner.run(beside_asyncio(in_thread if way == "thread" else serve_as_guest))  # type: ignore[arg-type]  # alike


if __name__ == "__main__":
    main()
