"""What comes on a connection to where a control point receives events, from its device's own address."""

from __future__ import annotations

from contextlib import suppress

import trio
import trio.testing

from tests.controlpoint.publisher import Publisher, Scene, scene
from tests.fuzz.logs import harmless_logs
from tests.fuzz.script import CUT, HANG_UP, LONG_WAIT, WAIT, Move, read_script
from tests.fuzz.stage import play
from tests.http.responses import take_response
from upnp_trio.controlpoint.subscription import Subscription
from upnp_trio.eventing.variable_change import VariableChange
from upnp_trio.model.printable import printable
from upnp_trio.testing.pipes import PipeStream

__all__ = ["fuzz_one"]

#: stands for the path that events are sent to, which is another one in each run
PATH = b"/events"
#: what the service is said to have been set to, at the end
_LAST = "4294967295"
# A connection ends at most this long after the last byte of its peer.
_LAST_SECONDS = 60.0
_STATUSES = {200, 400, 403, 404, 405, 408, 412, 413, 417, 431, 501, 505}


def fuzz_one(data: bytes) -> None:
    """Send *data*. The answers are HTTP, what is read is text, and the device is followed afterwards as before."""
    with harmless_logs():
        play(data, _follow, read_script(data))


async def _follow(steps: list[bytes | Move]) -> None:
    async with scene() as on, on.subscribe() as changes, trio.open_nursery() as nursery:
        read: list[VariableChange] = []
        nursery.start_soon(_read, changes, read)
        received = await _exchange(on, steps)
        if not any(b"HEAD" in step for step in steps if isinstance(step, bytes)):  # their answers have no bodies
            _check_responses(received, hung_up=HANG_UP in steps)
        await trio.sleep(10)  # what is out of order has led to a new subscription
        assert await Publisher.notify(on.publisher, 0, _LAST) == 200, "a good event is refused"
        await trio.testing.wait_all_tasks_blocked()
        assert read[-1].texts == {"Status": _LAST}, "the newest value is not read"
        for change in read:
            assert change.texts.keys() == change.values.keys()
            assert all(printable(sentence, 10_000).isprintable() for sentence in change.forgiven)
        assert on.publisher.kinds.count("SUBSCRIBE") <= 2 + len(steps)
        nursery.cancel_scope.cancel()


async def _read(changes: Subscription, read: list[VariableChange]) -> None:
    async for change in changes:
        read.append(change)


async def _exchange(on: Scene, steps: list[bytes | Move]) -> bytes:
    """Take *steps* while reading, until the control point has closed; return what was received."""
    path = on.publisher.callback.target.encode()
    stream = await on.publisher.connect()
    received = bytearray()
    with trio.fail_after(_LAST_SECONDS + 10 * len(steps)):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_receive, stream, received)
            if not await _take_steps(stream, steps, path):
                nursery.cancel_scope.cancel()
    stream.close()
    return bytes(received)


async def _receive(stream: PipeStream, received: bytearray) -> None:
    with suppress(trio.ClosedResourceError):  # by hanging up
        while data := await stream.receive_some(65536):
            received.extend(data)


async def _take_steps(stream: PipeStream, steps: list[bytes | Move], path: bytes) -> bool:
    """Whether the peer is still there at the end."""
    try:
        for step in steps:
            if isinstance(step, bytes):
                await stream.send_all(memoryview(step.replace(PATH, path)))
            elif step == CUT:
                await trio.testing.wait_all_tasks_blocked()
            elif step in (WAIT, LONG_WAIT):
                await trio.sleep(1 if step == WAIT else 6)
            elif step == HANG_UP:
                stream.close()
                return False
        await stream.send_eof()
    except trio.BrokenResourceError:
        pass  # the control point has closed before everything was sent
    return True


def _check_responses(received: bytes, *, hung_up: bool) -> None:
    """What was *received* is responses, each whole."""
    while received:
        taken = take_response(received, "NOTIFY")
        if taken is None:
            assert hung_up, f"incomplete: {received!r}"
            return
        head, _, received = taken
        assert head.status_code in _STATUSES, head.status_code
