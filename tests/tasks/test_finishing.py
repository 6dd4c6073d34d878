"""Work that goes on for a while when it is cancelled."""

from __future__ import annotations

import math

import pytest
import trio
import trio.testing

from upnp_trio.tasks.finishing import finish_by

Clock = trio.testing.MockClock


async def test_work_that_is_not_cancelled_is_just_done(autojump_clock: Clock) -> None:
    done = []

    async def work() -> None:
        await trio.sleep(5)
        done.append(trio.current_time())

    await finish_by(work, lambda: math.nan)
    assert done == [5.0]


async def test_an_exception_of_the_work_leaves_as_itself(autojump_clock: Clock) -> None:
    async def work() -> None:
        await trio.sleep(1)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await finish_by(work, lambda: math.inf)


async def test_work_that_is_cancelled_is_finished(autojump_clock: Clock) -> None:
    done = []

    async def work() -> None:
        await trio.sleep(3)
        done.append(trio.current_time())

    with trio.move_on_after(1) as scope:
        await finish_by(work, lambda: 10.0)
    assert scope.cancelled_caught
    assert done == [3.0]
    assert trio.current_time() == 3.0


async def test_work_that_takes_too_long_after_a_cancellation_ends_at_the_last_moment(autojump_clock: Clock) -> None:
    async def work() -> None:
        await trio.sleep_forever()

    with trio.move_on_after(1) as scope:
        await finish_by(work, lambda: trio.current_time() + 2)
    assert scope.cancelled_caught
    assert trio.current_time() == 3.0


async def test_an_exception_after_a_cancellation_does_not_hide_it(autojump_clock: Clock) -> None:
    async def work() -> None:
        await trio.sleep(3)
        raise KeyError("mine")

    with trio.move_on_after(1) as scope:
        await finish_by(work, lambda: 10.0)
    assert scope.cancelled_caught
    assert trio.current_time() == 3.0


async def test_it_is_a_checkpoint_when_the_work_is_none() -> None:
    async def work() -> None:
        pass

    with trio.testing.assert_checkpoints():
        await finish_by(work, lambda: math.inf)
