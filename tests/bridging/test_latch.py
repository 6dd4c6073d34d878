"""A latch is waited for with a deadline, and an interruption of the wait leaves it as it was."""

from __future__ import annotations

import signal
import threading
import time
from types import FrameType
from typing import NoReturn

import pytest

from upnp_trio.bridging.latch import Latch

SECONDS = 10  # for what takes a moment


def test_all_that_wait_go_on_when_it_is_opened() -> None:
    latch = Latch()
    waited: list[bool] = []
    threads = [threading.Thread(target=lambda: waited.append(latch.wait())) for _ in range(5)]
    for thread in threads:
        thread.start()
    latch.open()
    latch.open()
    for thread in threads:
        thread.join(SECONDS)
    assert waited == [True] * 5
    assert latch.wait()


def test_a_deadline_that_has_passed_is_no_wait() -> None:
    latch = Latch()
    assert not latch.wait(time.monotonic() - 1)
    assert not latch.wait(time.monotonic() + 0.01)
    latch.open()
    assert latch.wait(time.monotonic() - 1)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="a timer that interrupts is POSIX's")
def test_it_can_be_opened_whenever_a_wait_is_interrupted() -> None:
    """An event of `threading` is opened no more after some of these interruptions."""

    class Interrupted(Exception):
        pass

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for number in range(1, 400):
            latch = Latch()
            with pytest.raises(Interrupted):
                signal.setitimer(signal.ITIMER_REAL, number * 1e-6)
                while True:
                    latch.wait(time.monotonic() + 1e-6)
            thread = threading.Thread(target=latch.open)
            thread.start()
            assert latch.wait(time.monotonic() + SECONDS)
            thread.join()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
