"""A call of another thread that meets the end of the device."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import trio

from upnp_trio import DeviceFailed
from upnp_trio.bridging.into_trio import Submitted
from upnp_trio.bridging.thread_serving import Running
from upnp_trio.bridging.trio_thread import TrioThread
from upnp_trio.server.running import Running as TrioRunning

SECONDS = 10  # for what takes a moment


def test_it_waits_for_the_end_and_says_why_the_device_has_failed() -> None:
    may_end = threading.Event()

    @asynccontextmanager
    async def failing() -> AsyncIterator[TrioRunning]:
        try:
            yield cast(TrioRunning, None)
        finally:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(may_end.wait)
            raise DeviceFailed("a task has failed")

    thread = TrioThread(failing, "failing")
    thread.start()
    thread.wait_until_open()
    submitted = Submitted[None](thread.token)
    submitted.future.set_exception(trio.ClosedResourceError())
    running, raised = Running(thread), list[Exception]()

    def call() -> None:
        try:
            running._wait(submitted)
        except Exception as error:
            raised.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    thread.stop()
    caller.join(0.1)
    assert caller.is_alive()
    may_end.set()
    caller.join(SECONDS)
    thread.wait()
    assert [repr(error) for error in raised] == [repr(DeviceFailed("a task has failed"))]
