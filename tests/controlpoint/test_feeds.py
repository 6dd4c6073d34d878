"""Feeds: values in order, an end, and nothing left behind by a reader who leaves."""

from __future__ import annotations

import gc
import threading

import pytest
import trio
import trio.testing

from upnp_trio.controlpoint.feeds import VALUES_IN_A_TURN, Feed, FeedQueue
from upnp_trio.controlpoint.shared_values import SharedValues


def make(limit: int = 3) -> tuple[FeedQueue[int], Feed[int], list[str]]:
    closed: list[str] = []
    queue = FeedQueue[int](SharedValues(limit, lambda value: ""))
    return queue, Feed(queue, lambda: closed.append("closed")), closed


async def test_values_come_in_order_and_then_the_feed_ends() -> None:
    queue, feed, _ = make()
    queue.put(1)
    queue.put(2)
    queue.end()
    assert [value async for value in feed] == [1, 2]
    with pytest.raises(StopAsyncIteration):
        await anext(feed)


async def test_a_reader_waits_for_a_value(autojump_clock: trio.testing.MockClock) -> None:
    queue, feed, _ = make()

    async def put_later() -> None:
        await trio.sleep(5)
        queue.put(7)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(put_later)
        assert await anext(feed) == 7
    assert trio.current_time() == 5


async def test_what_there_is_no_room_for_is_counted() -> None:
    queue, feed, _ = make(limit=2)
    for value in range(5):
        queue.put(value)
    assert feed.missed == 3
    assert [await anext(feed), await anext(feed)] == [0, 1]


async def test_the_error_of_the_task_reaches_the_reader_once_after_the_values() -> None:
    queue, feed, _ = make()
    queue.put(1)
    queue.end(ValueError("no"))
    assert await anext(feed) == 1
    with pytest.raises(ValueError, match="no"):
        await anext(feed)
    with pytest.raises(StopAsyncIteration):
        await anext(feed)


async def test_each_way_out_closes_the_feed_once() -> None:
    _, feed, closed = make()
    async with feed:
        pass
    await feed.aclose()
    feed.close()
    del feed
    assert closed == ["closed"]


async def test_a_feed_that_is_dropped_is_closed() -> None:
    queue, feed, closed = make()
    queue.put(1)
    async for _ in feed:
        break
    assert closed == []
    del feed
    gc.collect()
    assert closed == []  # the garbage collector may run while a task of ours has something half done
    await trio.testing.wait_all_tasks_blocked()
    assert closed == ["closed"]


async def test_a_feed_that_another_thread_drops_is_closed_in_the_event_loop() -> None:
    threads: list[int] = []
    ended = trio.Event()

    def on_close() -> None:
        threads.append(threading.get_ident())
        ended.set()

    holder = [Feed(FeedQueue[int](SharedValues(1, str)), on_close)]
    thread = threading.Thread(target=holder.clear)
    thread.start()
    thread.join()
    with trio.fail_after(30):
        await ended.wait()
    assert threads == [threading.get_ident()]


async def test_a_closed_feed_has_ended_for_a_reader_that_waits(autojump_clock: trio.testing.MockClock) -> None:
    _, feed, _ = make()
    read: list[int] = []

    async def reader() -> None:
        read.extend([value async for value in feed])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader)
        await trio.testing.wait_all_tasks_blocked()
        await feed.aclose()
    assert read == []


async def test_a_reader_of_many_values_gives_way_now_and_then() -> None:
    queue, feed, _ = make(limit=10 * VALUES_IN_A_TURN)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    for value in range(10 * VALUES_IN_A_TURN):
        queue.put(value)
    queue.end()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(count_turns)
        assert len([value async for value in feed]) == 10 * VALUES_IN_A_TURN
        nursery.cancel_scope.cancel()
    assert turns >= 9


async def test_a_reader_that_is_cancelled_takes_nothing_more() -> None:
    queue, feed, _ = make()
    queue.put(1)
    queue.put(2)
    assert await anext(feed) == 1
    with trio.CancelScope() as scope:
        scope.cancel()
        await anext(feed)
    assert scope.cancelled_caught
    assert await anext(feed) == 2


async def test_closing_checkpoints() -> None:
    _, feed, _ = make()
    with trio.testing.assert_checkpoints():
        await feed.aclose()
