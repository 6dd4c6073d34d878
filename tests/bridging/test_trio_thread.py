"""The thread with a trio loop of its own: it ends whenever it is stopped, and whatever interrupts that."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing

import pytest

from tests.bridging.lamps import LOOPBACK, lamp_device
from upnp_trio.asyncio import serve_device
from upnp_trio.bridging import trio_thread
from upnp_trio.bridging.trio_thread import TrioThread
from upnp_trio.threads import serve_in_thread

SECONDS = 10  # for what takes a moment


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before, running = set(threading.enumerate()), set(trio_thread._running)
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS)
        assert not thread.is_alive()
    assert set(trio_thread._running) == running


def opened_thread(opened: list[str]) -> TrioThread[None]:
    @asynccontextmanager
    async def open_it() -> AsyncIterator[None]:
        opened.append("begin")
        yield
        opened.append("end")

    return TrioThread(open_it, "upnp_trio")


def test_a_thread_that_is_stopped_before_its_start_opens_nothing() -> None:
    log: list[str] = []
    thread = opened_thread(log)
    thread.stop()
    thread.wait()
    assert thread.ended.result() is None
    thread.start()
    thread.wait()
    with pytest.raises(RuntimeError, match="stopped before it was open"):
        thread.opened.result()
    assert log == []


def test_a_thread_may_be_stopped_at_any_time_and_again() -> None:
    for _ in range(50):
        log: list[str] = []
        thread = opened_thread(log)
        thread.start()
        others = [threading.Thread(target=thread.stop) for _ in range(3)]
        for other in others:
            other.start()
        thread.wait()
        thread.stop()
        for other in others:
            other.join()
        assert log in ([], ["begin"], ["begin", "end"])
        assert thread.ended.result(timeout=0) is None


def by_thread() -> None:
    with serve_in_thread(lamp_device(), **LOOPBACK):
        pass


def by_asyncio() -> None:
    async def main() -> None:
        async with asyncio.timeout(SECONDS), serve_device(lamp_device(), **LOOPBACK):
            pass

    # not by asyncio.run, which cancels its task at the first Ctrl-C
    with closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(main())


@pytest.mark.parametrize("serve", [by_thread, by_asyncio])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ["start", "stop"])
def test_an_interruption_of_the_start_or_the_end_ends_the_thread(
    name: str, when: str, serve: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    act, interruptions = getattr(TrioThread, name), [KeyboardInterrupt]

    def interrupted(thread: TrioThread[None]) -> None:
        if when == "after":
            act(thread)
        if interruptions:
            raise interruptions.pop()
        if when == "before":
            act(thread)

    monkeypatch.setattr(TrioThread, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        serve()
