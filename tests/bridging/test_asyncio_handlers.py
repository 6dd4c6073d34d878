"""Handlers in an asyncio loop: deadlines, loops that are blocked or closed, and cancellation from either side."""

from __future__ import annotations

import asyncio
import threading
import time
import urllib.request
from collections.abc import Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import cast

import pytest
import trio

from tests.bridging.lamps import LOOPBACK, Lamp, call, lamp_device
from upnp_trio import HandlerFailed, UpnpError
from upnp_trio.asyncio import Running, serve_device, serve_devices
from upnp_trio.bridging import asyncio_handlers
from upnp_trio.bridging.asyncio_handlers import AsyncioHandlers
from upnp_trio.bridging.asyncio_waiting import until_done
from upnp_trio.bridging.into_trio import submit
from upnp_trio.bridging.trio_thread import TrioThread
from upnp_trio.service_calls import Call

SECONDS = 20  # for what takes a moment


def asked(lamp: Lamp, name: str = "Async") -> Call:
    """A call, with no more than a runner uses of it."""
    service = SimpleNamespace(handler=lamp)
    return cast(
        Call, SimpleNamespace(action=lamp.actions[name], service=service, arguments={"NewLevel": 7}, caller=None)
    )


class Waiting(Lamp):
    """Its coroutine function waits until it is cancelled, or let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.log: list[str] = []

    async def do_async(self, level: int) -> int:
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.log.append("cancelled")
            raise
        return level


async def beside_trio(test: Callable[[AsyncioHandlers, trio.lowlevel.TrioToken], object]) -> None:
    """Run an async *test* beside a trio thread that the handlers cross to."""
    handlers = AsyncioHandlers()

    class Opened:
        async def __aenter__(self) -> None:
            handlers.use_current_trio_loop()

        async def __aexit__(self, *_: object) -> None:
            pass

    thread = TrioThread(Opened, "upnp_trio")
    thread.start()
    await until_done(thread.opened)
    try:
        async with asyncio.timeout(SECONDS):
            await test(handlers, thread.token)  # type: ignore[misc]  # it is an async function
    finally:
        thread.stop()
        await until_done(thread.ended)
        thread.join()
    assert not handlers._unfinished


def test_a_call_that_nobody_waits_for_is_cancelled_in_its_loop() -> None:
    async def test(handlers: AsyncioHandlers, token: trio.lowlevel.TrioToken) -> None:
        lamp = Waiting()
        submitted = submit(token, handlers.call, asked(lamp))
        await lamp.begun.wait()
        submitted.cancel()
        await until_done(submitted.future)
        assert submitted.future.cancelled()
        while not lamp.log:  # noqa: ASYNC110  # the next turns of this loop
            await asyncio.sleep(0)
        while handlers._unfinished:  # noqa: ASYNC110  # trio is told
            await asyncio.sleep(0)

    asyncio.run(beside_trio(test))


@pytest.mark.parametrize("steps", range(6))
def test_a_call_may_be_given_up_at_any_step(steps: int) -> None:
    async def test(handlers: AsyncioHandlers, token: trio.lowlevel.TrioToken) -> None:
        lamp = Waiting()
        lamp.go_on.set()
        for _ in range(50):
            submitted = submit(token, handlers.call, asked(lamp))
            for _ in range(steps):
                await asyncio.sleep(0)
            submitted.cancel()
            await until_done(submitted.future)
            assert submitted.future.cancelled() or submitted.future.result() == 7
        while handlers._unfinished:  # noqa: ASYNC110  # trio is told
            await asyncio.sleep(0)

    asyncio.run(beside_trio(test))


def test_a_call_that_is_given_up_before_the_loop_has_a_turn_is_never_begun() -> None:
    async def test(handlers: AsyncioHandlers, token: trio.lowlevel.TrioToken) -> None:
        lamp = Waiting()
        submitted = submit(token, handlers.call, asked(lamp))
        while not handlers._unfinished:
            time.sleep(0.001)  # noqa: ASYNC251  # the loop is blocked
        submitted.cancel()
        while not submitted.future.done():
            time.sleep(0.001)  # noqa: ASYNC251
        while handlers._unfinished:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert not lamp.begun.is_set()

    asyncio.run(beside_trio(test))


def test_calls_that_a_blocked_loop_has_not_ended_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio_handlers, "MAX_UNFINISHED_CALLS", 3)

    async def test(handlers: AsyncioHandlers, token: trio.lowlevel.TrioToken) -> None:
        lamp = Waiting()
        for number in range(5):
            submitted = submit(token, handlers.call, asked(lamp))
            while len(handlers._unfinished) <= number < 3:
                time.sleep(0.001)  # noqa: ASYNC251  # the loop is blocked
            if number < 3:
                submitted.cancel()
            error = None
            while not submitted.future.done():
                time.sleep(0.001)  # noqa: ASYNC251
            if not submitted.future.cancelled():
                error = submitted.future.exception()
            assert isinstance(error, UpnpError) == (number >= 3)
        while handlers._unfinished:  # noqa: ASYNC110
            await asyncio.sleep(0)

    asyncio.run(beside_trio(test))


def test_tasks_of_handlers_take_no_place_of_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio_handlers, "MAX_UNFINISHED_CALLS", 3)

    async def test(handlers: AsyncioHandlers, token: trio.lowlevel.TrioToken) -> None:
        begun = 0

        class WithTask(Lamp):
            async def run_while_served(self) -> None:
                nonlocal begun
                begun += 1
                await asyncio.Event().wait()

        tasks = [submit(token, handlers.run_while_served, WithTask()) for _ in range(5)]
        while begun < len(tasks):  # noqa: ASYNC110
            await asyncio.sleep(0)
        submitted = submit(token, handlers.call, asked(Lamp()))
        await until_done(submitted.future)
        assert submitted.future.result() == 0
        for task in tasks:
            task.cancel()
            await until_done(task.future)

    asyncio.run(beside_trio(test))


def test_an_awaitable_of_another_loop_is_an_error_for_the_caller() -> None:
    other = asyncio.new_event_loop()

    class Foreign(Lamp):
        def do_plain(self, level: int) -> int:
            return cast(int, other.create_future())

    async def test(handlers: AsyncioHandlers, token: trio.lowlevel.TrioToken) -> None:
        submitted = submit(token, handlers.call, asked(Foreign(), "Plain"))
        await until_done(submitted.future)
        with pytest.raises(ValueError, match="different loop"):
            submitted.future.result()

    try:
        asyncio.run(beside_trio(test))
    finally:
        other.close()


class Ends(Lamp):
    """Ends in the way that it is told."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def do_plain(self, level: int) -> int:
        raise self.error


@pytest.mark.parametrize("name", ["Plain", "Async"])
def test_a_handler_that_is_cancelled_in_its_loop_is_an_error_for_the_caller(name: str) -> None:
    async def test(handlers: AsyncioHandlers, token: trio.lowlevel.TrioToken) -> None:
        submitted = submit(token, handlers.call, asked(Ends(asyncio.CancelledError()), name))
        await until_done(submitted.future)
        with pytest.raises(UpnpError, match="CancelledError"):
            submitted.future.result()
        submitted = submit(token, handlers.call, asked(Ends(LookupError("no lamp")), name))
        await until_done(submitted.future)
        with pytest.raises(LookupError, match="no lamp"):
            submitted.future.result()

    asyncio.run(beside_trio(test))


@pytest.mark.parametrize("name", ["Plain", "Async"])
def test_an_exit_of_a_handler_ends_its_loop_and_is_an_error_for_the_caller(name: str) -> None:
    async def test(handlers: AsyncioHandlers, token: trio.lowlevel.TrioToken) -> None:
        submitted = submit(token, handlers.call, asked(Ends(SystemExit(3)), name))
        try:
            await asyncio.Event().wait()
        finally:
            await until_done(submitted.future)
            with pytest.raises(UpnpError, match="SystemExit"):
                submitted.future.result()

    with pytest.raises(SystemExit):
        asyncio.run(beside_trio(test))


# --- whole devices ---


def test_a_blocked_loop_delays_its_handlers_and_nothing_else() -> None:
    async def main() -> None:
        lamp = Lamp()
        async with serve_device(lamp_device(lamp), **LOOPBACK) as running:
            location = running.locations[0]
            begin = time.monotonic()
            thread = threading.Thread(target=lambda: statuses.append(call(running, "Plain", 5)[0]))
            thread.start()
            with urllib.request.urlopen(location, timeout=SECONDS) as response:  # noqa: ASYNC210  # it blocks the loop
                assert response.status == 200
            assert running.stats.snapshot().calls == 0
            assert time.monotonic() > begin
            await asyncio.to_thread(thread.join)
            assert statuses == [200]

    statuses: list[int] = []
    asyncio.run(main())


context: ContextVar[str] = ContextVar("context")


def test_handlers_see_the_context_variables_of_the_task_that_serves_and_change_none_of_them() -> None:
    class Seeing(Lamp):
        def do_plain(self, level: int) -> int:
            seen.append(context.get())
            context.set("the handler's")
            return level

    seen: list[str] = []

    async def main() -> None:
        context.set("the task's")
        async with serve_device(lamp_device(Seeing()), **LOOPBACK) as running:
            for name in ("Plain", "Async", "Plain"):
                assert (await asyncio.to_thread(call, running, name, 1))[0] == 200
        assert context.get() == "the task's"

    asyncio.run(main())
    assert seen == ["the task's"] * 3


def test_a_handler_may_add_and_remove_devices() -> None:
    class Deep(Lamp):
        running: Running

        async def do_async(self, level: int) -> int:
            added = await self.running.add(lamp_device())
            await self.running.remove(str(added.udn))
            return level

    async def main() -> None:
        lamp = Deep()
        async with serve_device(lamp_device(lamp), **LOOPBACK) as running:
            lamp.running = running
            assert (await asyncio.to_thread(call, running, "Async", 1))[0] == 200
            assert len(running.devices) == 1

    asyncio.run(main())


def test_two_devices_are_served_at_once_and_one_within_the_other() -> None:
    async def serve(begun: asyncio.Barrier) -> None:
        async with serve_device(lamp_device(Lamp()), **LOOPBACK) as outer:
            async with serve_device(lamp_device(Lamp()), **LOOPBACK) as inner:
                await begun.wait()
                assert (await asyncio.to_thread(call, inner, "Plain", 1))[0] == 200
            assert (await asyncio.to_thread(call, outer, "Plain", 1))[0] == 200

    async def main() -> None:
        begun = asyncio.Barrier(2)
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            group.create_task(serve(begun))
            group.create_task(serve(begun))

    asyncio.run(main())


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13, 21, 34])
def test_a_task_may_be_cancelled_at_any_step_from_its_start_to_its_end(steps: int) -> None:
    async def serve() -> None:
        async with serve_devices([], **LOOPBACK) as running:
            added = await running.add(lamp_device(Lamp()))
            await running.remove(str(added.udn))

    async def main() -> None:
        task = asyncio.create_task(serve())
        for _ in range(steps):
            await asyncio.sleep(0)
            await asyncio.sleep(0.002)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            assert task.cancelled()
        assert [thread for thread in threading.enumerate() if thread.name == "upnp_trio"] == []

    asyncio.run(main())


def test_a_change_that_is_cancelled_has_happened_entirely_or_not_at_all() -> None:
    async def main() -> None:
        async with serve_devices([], **LOOPBACK) as running:
            for steps in range(12):
                task = asyncio.create_task(running.add(lamp_device(Lamp())))
                for _ in range(steps):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.wait([task])
                for device in running.devices:
                    assert device.udn is not None
                    with urllib.request.urlopen(running.locations[0], timeout=SECONDS) as response:  # noqa: ASYNC210
                        assert device.friendly_name in response.read().decode()
                    await running.remove(device.udn)

    asyncio.run(main())


def test_a_body_that_has_ended_when_the_device_fails_is_not_cancelled_any_more() -> None:
    class Failing(Lamp):
        async def run_while_served(self) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                raise LookupError("as it ends")

    async def main() -> None:
        with pytest.raises(HandlerFailed, match="as it ends"):
            async with serve_device(lamp_device(Failing()), **LOOPBACK):
                await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0)

    asyncio.run(main())
