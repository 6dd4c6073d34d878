"""A request and its answer on one connection, in whatever order they come."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from upnp_trio.errors import MalformedMessage
from upnp_trio.http.answer_reader import HttpAnswer, asking
from upnp_trio.http.exchanges import send_and_read
from upnp_trio.testing.pipes import PipeStream, connected_pair

Clock = trio.testing.MockClock
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
REFUSED = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"
MESSAGE = b"POST / HTTP/1.1\r\n\r\n" + b"x" * 10_000
ROOM = 1000


def connected() -> tuple[PipeStream, PipeStream]:
    """Our end, which a device that does not read can make wait, and the device's."""
    return connected_pair("192.0.2.9", "192.0.2.7", capacity=ROOM)


async def exchange(near: PipeStream) -> tuple[HttpAnswer | None, bool]:
    return await send_and_read(near, MESSAGE, asking("POST"), max_body_bytes=1000)


async def test_a_request_that_does_not_fit_at_once_is_sent_in_pieces(autojump_clock: Clock) -> None:
    near, far = connected()
    received = bytearray()

    async def device() -> None:
        while len(received) < len(MESSAGE):
            received.extend(await far.receive_some(300))
        far.send_now([ANSWER])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(device)
        answer, is_sent = await exchange(near)
    assert received == MESSAGE
    assert answer is not None
    assert (answer.body, is_sent) == (b"ok", True)


@pytest.mark.parametrize("closes", [False, True])
async def test_an_answer_that_comes_before_the_request_is_read_ends_the_sending(
    closes: bool, autojump_clock: Clock
) -> None:
    near, far = connected()
    far.send_now([REFUSED])
    if closes:
        await far.send_eof()
    answer, is_sent = await exchange(near)
    assert answer is not None
    assert (answer.status, is_sent) == (413, False)


async def test_an_answer_of_a_device_that_has_stopped_reading_is_read(autojump_clock: Clock) -> None:
    near, far = connected()

    async def device() -> None:
        await far.receive_some(100)
        far.send_now([REFUSED])
        far.close()  # the rest of the request comes back as a broken connection

    async with trio.open_nursery() as nursery:
        nursery.start_soon(device)
        answer, is_sent = await exchange(near)
    assert answer is not None
    assert (answer.body, is_sent) == (b"no", False)


async def test_an_answer_on_a_connection_that_is_closed_already_is_read() -> None:
    near, far = connected()
    far.send_now([REFUSED])
    far.close()
    answer, is_sent = await exchange(near)
    assert answer is not None
    assert (answer.body, is_sent) == (b"no", False)


async def test_a_connection_that_breaks_has_no_answer(autojump_clock: Clock) -> None:
    near, far = connected()

    async def device() -> None:
        await trio.testing.wait_all_tasks_blocked()
        far.reset()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(device)
        with pytest.raises(trio.BrokenResourceError):  # bare, not in a group
            await exchange(near)


async def test_nonsense_before_the_request_is_read_is_reported_as_it_is(autojump_clock: Clock) -> None:
    near, far = connected()
    far.send_now([b"SSH-2.0"])
    with pytest.raises(MalformedMessage, match="not HTTP"):
        await exchange(near)


async def test_a_device_that_neither_reads_nor_answers_is_waited_for_until_the_caller_gives_up(
    autojump_clock: Clock,
) -> None:
    near, _ = connected()
    with trio.move_on_after(7) as scope:
        await exchange(near)
    assert scope.cancelled_caught
    assert trio.current_time() == 7
