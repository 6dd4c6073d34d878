"""`upnp_trio.asyncio`: a device beside an asyncio loop, whose thread runs all code of handlers."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import trio
import uvloop

import upnp_trio
from tests.bridging.lamps import LOOPBACK, Lamp, call, lamp_device
from upnp_trio import Announced, DescriptionError, HandlerFailed, NetworkError, RootDevice, VariablesChanged
from upnp_trio.asyncio import Running, serve_device, serve_devices

SECONDS = 10  # for what takes a moment
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

Run = Callable[[Callable[[], Awaitable[None]]], None]


EAGER = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")


# uvloop gives `eager_task_factory` an argument that the one of Python 3.13 does not know.
@pytest.fixture(params=[*LOOPS, pytest.param("asyncio, eager", marks=EAGER)])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs an async function to its end in one of the loops; at the end, no thread is left."""
    before = set(threading.enumerate())

    def run_it(main: Callable[[], Awaitable[None]]) -> None:
        async def limited() -> None:
            async with asyncio.timeout(6 * SECONDS):
                await main()

        name, _, is_eager = request.param.partition(", ")
        with asyncio.Runner(loop_factory=LOOPS[name]) as runner:
            if is_eager and sys.version_info >= (3, 12):
                runner.get_loop().set_task_factory(asyncio.eager_task_factory)
            runner.run(limited())

    yield run_it
    assert [thread for thread in set(threading.enumerate()) - before if thread.name == "upnp_trio"] == []


async def called(running: Running, name: str, level: int) -> tuple[int, str]:
    return await asyncio.to_thread(call, running, name, level)


def test_all_its_methods_are_awaited(run: Run) -> None:
    async def main() -> None:
        async with serve_devices([], **LOOPBACK) as running:
            events = running.subscribe()
            added = await running.add(lamp_device(Lamp()))
            assert added.udn is not None
            assert running.devices == (added,)
            assert running.device is added
            assert running.where[0].udn == added.udn
            assert await running.update(lamp_device(name=added.friendly_name)) == running.device
            await running.remove(added.udn)
            assert running.locations == ()
            with pytest.raises(KeyError):
                await running.remove(added.udn)
        assert [event.kind for event in [event async for event in events] if isinstance(event, Announced)] != []
        with pytest.raises(RuntimeError, match="no longer served"):
            await running.add(added)

    run(main)


def test_the_errors_of_the_start_leave_as_themselves(run: Run) -> None:
    async def main() -> None:
        lamp = Lamp()
        with pytest.raises(NetworkError, match="nowhere"):
            async with serve_device(lamp_device(), interfaces=["nowhere"]):
                pytest.fail("there is no such interface")
        with pytest.raises(DescriptionError):
            async with serve_device(lamp_device(lamp, lamp), **LOOPBACK):
                pytest.fail("two services have one ID")

    run(main)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"device": "lamp"}, "'lamp' is a str; a device is a RootDevice"),
        ({"device": lamp_device(), "port": "8080"}, "port is '8080'; it must be 1 to 65535"),
        ({"device": lamp_device(), "interface": ["lo"]}, "there is no option 'interface'; did you mean interfaces?"),
    ],
)
def test_a_wrong_value_is_refused_in_the_thread_of_the_loop(run: Run, arguments: dict[str, Any], message: str) -> None:
    async def main() -> None:
        with pytest.raises((DescriptionError, NetworkError, TypeError)) as caught:
            async with serve_device(**arguments):
                pytest.fail("there was nothing to serve")
        assert message in str(caught.value)
        assert "trio_thread" not in {Path(frame.path).stem for frame in caught.traceback}

    run(main)


class Where(Lamp):
    """Notes the threads and tasks in which its code runs."""

    def __init__(self) -> None:
        self.threads: set[threading.Thread] = set()
        self.log: list[str] = []

    def do_plain(self, level: int) -> int:
        asyncio.get_running_loop()
        self.threads.add(threading.current_thread())
        return super().do_plain(level)

    async def do_async(self, level: int) -> int:
        await asyncio.sleep(0)
        return self.do_plain(level)

    async def run_while_served(self) -> None:
        self.do_plain(0)
        self.log.append("begin")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.log.append("end")
            raise


def test_all_code_of_handlers_runs_in_the_loop_s_thread(run: Run) -> None:
    lamp = Where()

    async def main() -> None:
        async with serve_device(lamp_device(lamp), **LOOPBACK) as running:
            assert (await called(running, "Plain", 5))[0] == 200
            status, body = await called(running, "Async", 6)
            assert status == 200
            assert "<OldLevel>5</OldLevel>" in body
            assert running.service(Lamp).level == 6

    run(main)
    assert lamp.threads == {threading.current_thread()}
    assert lamp.log == ["begin", "end"]


def test_variables_that_are_assigned_in_one_step_leave_in_one_event(run: Run) -> None:
    async def main() -> None:
        lamp = Lamp()
        async with serve_device(lamp_device(lamp), **LOOPBACK) as running, running.subscribe() as events:
            for number in range(1, 100):
                lamp.level = number
                lamp.other = number
                async for event in events:
                    if isinstance(event, VariablesChanged):
                        assert set(event.variables) == {"Level", "Other"}
                        break

    run(main)


def test_events_are_followed_in_a_loop(run: Run) -> None:
    async def main() -> None:
        async with serve_devices([], **LOOPBACK) as running:
            with pytest.raises(RuntimeError, match="subscribe in a coroutine"):
                await asyncio.to_thread(running.subscribe)

            async def in_another_loop() -> RootDevice:
                async with running.subscribe() as events:
                    added = await running.add(lamp_device())
                    async for event in events:
                        if isinstance(event, Announced):
                            break
                return added

            added = await asyncio.to_thread(asyncio.run, in_another_loop())
            assert running.devices == (added,)

    run(main)


def test_streams_that_are_closed_or_forgotten_while_nothing_happens_do_not_pile_up(run: Run) -> None:
    async def main() -> None:
        async with serve_devices([], **LOOPBACK) as running, running.subscribe() as kept:
            for _ in range(50):
                running.subscribe().close()
                running.subscribe()
            await running.add(lamp_device())
            assert len(running._running._events._receivers) <= 2
            async for event in kept:
                if isinstance(event, Announced):
                    break
            assert running.stats.events_dropped == 0

    run(main)


class Failing(Lamp):
    async def run_while_served(self) -> None:
        raise ZeroDivisionError("no sensor")


def test_a_device_that_fails_cancels_the_body_and_leaves_under_its_own_name(run: Run) -> None:
    async def main() -> None:
        ended = False
        with pytest.raises(HandlerFailed, match="no sensor") as found:
            async with serve_devices([], **LOOPBACK) as running:
                await running.add(lamp_device(Failing()))
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    ended = True
                    raise
        assert ended
        assert isinstance(found.value.__cause__, ZeroDivisionError)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0)  # no cancellation is left

    run(main)


def test_a_task_that_is_cancelled_ends_after_byebye(run: Run) -> None:
    async def main() -> None:
        begun = asyncio.Event()
        served: list[Running] = []

        async def serve() -> None:
            async with serve_device(lamp_device(), **LOOPBACK) as running:
                served.append(running)
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(serve())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert served[0].stats.byebyes

    run(main)


def test_each_kind_of_loop_has_a_module_of_its_own() -> None:
    async def serve_by(serve: Callable[[RootDevice], AbstractAsyncContextManager[object]]) -> None:
        async with serve(lamp_device()):
            pytest.fail("served")

    with pytest.raises(RuntimeError, match=r"no trio loop runs here; use upnp_trio\.asyncio"):
        asyncio.run(serve_by(upnp_trio.serve_device))
    with pytest.raises(RuntimeError, match="no asyncio loop runs here; use upnp_trio in a trio loop"):
        trio.run(serve_by, serve_device)
