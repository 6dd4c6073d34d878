"""Plain functions of handlers in worker threads: turns, places, deadlines, and functions that never return."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
import trio
import trio.testing

from tests.bridging.lamps import Lamp
from upnp_trio.bridging import worker_threads
from upnp_trio.bridging.worker_threads import WorkerThreads
from upnp_trio.service_calls import Call


class Blocking(Lamp):
    """Its plain function blocks until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = threading.Semaphore(0)

    def do_plain(self, level: int) -> int:
        self.begun += 1
        assert self.go_on.acquire(timeout=20)
        return level


@pytest.fixture
def lamps() -> Iterator[list[Blocking]]:
    """Handlers whose functions have all ended after the test."""
    made = [Blocking() for _ in range(5)]
    yield made
    for lamp in made:
        lamp.go_on.release(100)


def asked(lamp: Lamp, name: str = "Plain") -> Call:
    """A call, with no more than a runner uses of it."""
    service = SimpleNamespace(handler=lamp)
    return cast(
        Call, SimpleNamespace(action=lamp.actions[name], service=service, arguments={"NewLevel": 7}, caller=None)
    )


async def until(lamp: Blocking, begun: int) -> None:
    with trio.fail_after(10):
        while lamp.begun < begun:  # noqa: ASYNC110  # it is counted in another thread
            await trio.sleep(0.001)


async def test_a_call_that_is_given_up_keeps_its_turn_until_its_function_ends(lamps: list[Blocking]) -> None:
    runner, (lamp, *_) = WorkerThreads(), lamps
    async with trio.open_nursery() as nursery:
        with trio.CancelScope() as scope:
            nursery.start_soon(until_begun_then_cancel, lamp, scope)
            await runner.call(asked(lamp))
        assert scope.cancelled_caught
        results: list[object] = []

        async def call_again() -> None:
            results.append(await runner.call(asked(lamp)))

        nursery.start_soon(call_again)
        await trio.testing.wait_all_tasks_blocked()
        assert lamp.begun == 1
        lamp.go_on.release()
        await until(lamp, 2)
        lamp.go_on.release()
    assert results == [7]
    assert runner._turns == {}


async def until_begun_then_cancel(lamp: Blocking, scope: trio.CancelScope) -> None:
    await until(lamp, 1)
    scope.cancel()


async def test_no_more_functions_block_at_a_time_than_there_are_places(
    lamps: list[Blocking], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_threads, "MAX_HANDLER_THREADS", 3)
    runner = WorkerThreads()
    async with trio.open_nursery() as nursery:
        for lamp in lamps:
            nursery.start_soon(runner.call, asked(lamp))
        with trio.fail_after(10):
            while sum(lamp.begun for lamp in lamps) < 3:  # noqa: ASYNC110  # it is counted in other threads
                await trio.sleep(0.001)
        await trio.sleep(0.05)
        assert sum(lamp.begun for lamp in lamps) == 3
        nursery.cancel_scope.cancel()
    # those that were given up still have their places, and their turns
    with trio.move_on_after(0.05) as scope:
        await runner.call(asked(lamps[0] if not lamps[0].begun else lamps[-1]))
    assert scope.cancelled_caught
    assert len(runner._turns) == 3


async def test_a_call_that_is_cancelled_while_it_waits_leaves_no_trace(lamps: list[Blocking]) -> None:
    runner, (lamp, *_) = WorkerThreads(), lamps
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.call, asked(lamp))
        await until(lamp, 1)
        with trio.move_on_after(0.01) as scope:
            await runner.call(asked(lamp))
        assert scope.cancelled_caught
        lamp.go_on.release()
    assert lamp.begun == 1
    assert runner._turns == {}


async def test_a_plain_function_that_returns_an_awaitable_is_awaited_in_the_loop() -> None:
    class Late(Lamp):
        def do_plain(self, level: int) -> int:
            return cast(int, self.later(level))

        async def later(self, level: int) -> int:
            await trio.lowlevel.checkpoint()
            return level + 1

    assert await WorkerThreads().call(asked(Late())) == 8


async def test_an_exception_of_a_function_leaves_as_itself() -> None:
    class Failing(Lamp):
        def do_plain(self, level: int) -> int:
            raise LookupError("no lamp")

    with pytest.raises(LookupError, match="no lamp"):
        await WorkerThreads().call(asked(Failing()))


class Ends(Lamp):
    """Ends in the way that it is told."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def do_plain(self, level: int) -> int:
        raise self.error

    async def run_while_served(self) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            raise self.error


@pytest.mark.parametrize("name", ["Plain", "Async"])
@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError(), GeneratorExit()])
async def test_an_exit_of_a_function_is_an_error_for_the_caller_that_names_both(
    error: BaseException, name: str
) -> None:
    with pytest.raises(RuntimeError) as raised:
        await WorkerThreads().call(asked(Ends(error), name))
    assert f"the function of Ends for the action {name} raised {error!r}" in str(raised.value)
    assert raised.value.__cause__ is error


async def test_an_exit_of_a_task_of_a_handler_is_an_error_that_names_it_through_all_groups() -> None:
    with pytest.raises(RuntimeError, match=r"raised SystemExit\(3\)"):
        await WorkerThreads().run_while_served(Ends(SystemExit(3)))


async def test_groups_of_errors_and_of_cancellations_leave_as_they_are() -> None:
    class Parallel(Lamp):
        async def run_while_served(self) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                nursery.start_soon(trio.sleep_forever)
                with trio.CancelScope(shield=True):
                    await trio.sleep(0.01)
                await self.do_async(1)

        async def do_async(self, level: int) -> int:
            await trio.sleep_forever()
            raise AssertionError("unreachable: sleeping for ever has no end")

    with trio.move_on_after(0.001) as scope:
        await WorkerThreads().run_while_served(Parallel())
    assert scope.cancelled_caught
    with pytest.RaisesGroup(pytest.RaisesExc(LookupError, match="no lamp")):
        await WorkerThreads().run_while_served(Ends(LookupError("no lamp")))
