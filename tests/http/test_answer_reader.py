"""Answers: read whole or in pieces, within bounds, and nothing but answers."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable

import pytest
import trio
import trio.testing

from upnp_trio.errors import MalformedMessage
from upnp_trio.http.answer_reader import (
    MAX_CHUNKS,
    MAX_INTERIM_ANSWERS,
    AnswerTooLong,
    HttpAnswer,
    asking,
    may_be_kept,
    read_answer,
)
from upnp_trio.http.request_rules import MAX_HEAD_BYTES, MAX_HEAD_FIELDS
from upnp_trio.testing.pipes import connected_pair

OK = b"HTTP/1.1 200 OK\r\n"
WHOLE = OK + b"Content-Length: 5\r\n\r\nabcde"
BOUND = 1000


async def answered(
    pieces: Iterable[bytes], *, method: str = "GET", arrived: bytes = b"", keeps_body: bool = True
) -> tuple[HttpAnswer | None, bool]:
    """What is read of *pieces*, which arrive one by one before the connection ends, and whether it may be kept."""
    near, far = connected_pair("192.0.2.7", "192.0.2.9")
    protocol = asking(method)

    async def send() -> None:
        for piece in pieces:
            await trio.testing.wait_all_tasks_blocked()
            await far.send_all(memoryview(piece))
        await far.send_eof()

    found, failed = None, None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        try:
            found = await read_answer(near, protocol, max_body_bytes=BOUND, arrived=arrived, keeps_body=keeps_body)
        except MalformedMessage as error:
            failed = error
        nursery.cancel_scope.cancel()
    if failed is not None:
        raise failed
    return found, may_be_kept(protocol)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 3, 100_000])
@pytest.mark.parametrize(
    ("data", "body", "keeps"),
    [
        (WHOLE, b"abcde", True),
        (WHOLE.replace(b"\r\n", b"\n"), b"abcde", True),
        (b"\r\n\n" + WHOLE, b"abcde", True),  # an empty line too many after the answer before
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n", b"abcde", True),
        (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nabcde", b"abcde", False),
        (OK + b"\r\nabcde", b"abcde", False),  # until the connection ends
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabcde", b"abcde", False),
        (b"HTTP/1.0 200 OK\r\n\r\nabcde", b"abcde", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * MAX_INTERIM_ANSWERS + WHOLE, b"abcde", True),
        (b"HTTP/1.1 103 Early Hints\r\nLink: a\n\n" + WHOLE, b"abcde", True),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 9999\r\n\r\n", b"", True),
        (OK + b"Content-Length: 0\r\n\r\n", b"", True),
        (OK + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000, b"x" * 1000, True),
    ],
)
async def test_an_answer_is_read_however_it_is_cut(
    data: bytes, body: bytes, keeps: bool, size: int, autojump_clock: trio.testing.MockClock
) -> None:
    found, is_kept = await answered(cut(data, size))
    assert found is not None
    assert (found.status // 100, found.body, is_kept) == (2, body, keeps)
    assert await answered(cut(data, size), arrived=b"") == (found, keeps)
    assert await answered(cut(data[3:], size), arrived=data[:3]) == (found, keeps)


async def test_the_first_of_repeated_headers_counts_and_names_are_lower_case() -> None:
    found, _ = await answered([OK + b"SERVER: a\r\nServer: b\r\nX: \xe9\r\nContent-Length: 0\r\n\r\n"])
    assert found == HttpAnswer(200, {"server": "a", "x": "é", "content-length": "0"}, b"", "OK")


async def test_the_answer_says_what_was_overlooked() -> None:
    found, _ = await answered([OK + b"Content-Length : 0\r\nnonsense\r\n\r\n"])
    assert found is not None
    assert found.forgiven == ("a blank before the colon of a header", "a header without a colon")


async def test_what_follows_an_answer_is_not_read_and_ends_the_connection() -> None:
    found, keeps = await answered([WHOLE + b"HTTP/1.1 200 OK\r\n"])
    assert (found and found.body, keeps) == (b"abcde", False)


async def test_a_connection_that_ends_before_an_answer_has_none() -> None:
    assert await answered([]) == (None, False)
    assert await answered([b"\r\n"]) == (None, False)


async def test_a_body_that_nobody_wants_is_read_and_dropped() -> None:
    found, keeps = await answered([WHOLE], keeps_body=False)
    assert found is not None
    assert (found.body, keeps) == (b"", True)


@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (WHOLE[:-1], "not HTTP.*received 4 bytes, expected 5"),
        (OK + b"Content-", "the connection ended within the head"),
        (b"HTT", "the connection ended within the head"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "ended after an interim answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_INTERIM_ANSWERS + 1) + WHOLE, "too many interim answers"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "begins with b'S"),
        (b"<html>", "begins with b'<"),
        (b"\x00", "begins with"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "not HTTP.*illegal chunk header"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", "illegal chunk header"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", "malformed chunk footer"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "incomplete chunked read"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * MAX_HEAD_BYTES, "Receive buffer too long"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * MAX_HEAD_BYTES, "Receive buffer too long"),
        (OK + b"A: " + b"b" * MAX_HEAD_BYTES, "the head has more than 16384 bytes"),
        (OK + b"A: b\r\n" * (MAX_HEAD_FIELDS + 1) + b"\r\n", "the head has more than 64 fields"),
        (OK + b"A: b\r\n" * (MAX_HEAD_FIELDS + 2), "the head has more than 64 fields"),
    ],
)
async def test_what_is_no_answer_is_refused(
    data: bytes, reason: str, size: int, autojump_clock: trio.testing.MockClock
) -> None:
    with pytest.raises(MalformedMessage, match=reason):
        await answered(cut(data, size))


@pytest.mark.parametrize("size", [1, 100_000])
async def test_a_head_may_have_as_many_fields_as_its_bound(size: int, autojump_clock: trio.testing.MockClock) -> None:
    head = OK + b"A: b\r\n" * (MAX_HEAD_FIELDS - 1) + b"Content-Length: 0\r\n\r\n"
    assert (await answered(cut(head, size)))[1]


@pytest.mark.parametrize("size", [7, 100_000])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (OK + b"Content-Length: 1001\r\n\r\n", "the body has 1001 bytes; at most 1000 are read"),
        (OK + b"\r\n" + b"x" * 1001, "more than 1000 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1f4\r\n%b\r\n" % (b"x" * 500) * 3, "more than 1000 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + b"x" * 1001, "more than 1000 bytes"),
    ],
)
async def test_a_longer_body_than_the_bound_is_refused(
    data: bytes, reason: str, size: int, autojump_clock: trio.testing.MockClock
) -> None:
    with pytest.raises(AnswerTooLong, match=reason):
        await answered(cut(data, size))


class Endless:
    """A connection on which the same bytes arrive again and again, as fast as they are read."""

    peer = "192.0.2.7"

    def __init__(self, head: bytes, piece: bytes) -> None:
        self.waiting = head or piece
        self.piece = piece
        self.read = 0

    async def receive_some(self, max_bytes: int) -> bytes:
        await trio.lowlevel.checkpoint()
        arrived, self.waiting = self.waiting[:max_bytes], self.waiting[max_bytes:] or self.piece
        self.read += len(arrived)
        return arrived

    def receive_now(self, max_bytes: int) -> bytes | None:
        raise AssertionError

    def send_now(self, pieces: object) -> int:
        raise AssertionError

    async def send_all(self, data: memoryview) -> None:
        raise AssertionError

    async def send_eof(self) -> None:
        raise AssertionError

    def close(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (OK + b"\r\n", b"x" * 65536),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4000\r\n%b\r\n" % (b"x" * 0x4000)),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 2000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nA: ", b"b" * 65536),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    ],
)
async def test_an_endless_answer_takes_little_memory(head: bytes, piece: bytes) -> None:
    stream, bound = Endless(head, piece), 1024 * 1024
    tracemalloc.start()
    try:
        with pytest.raises(MalformedMessage):
            await read_answer(stream, asking("GET"), max_body_bytes=bound)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * bound
    assert stream.read < 1.5 * bound


async def test_the_number_of_chunks_has_a_bound_and_other_tasks_go_on_meanwhile() -> None:
    stream, turns = Endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 2000), 0

    async def count() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        with pytest.raises(AnswerTooLong, match=f"more than {MAX_CHUNKS} chunks"):
            await read_answer(stream, asking("GET"), max_body_bytes=1024 * 1024)
        nursery.cancel_scope.cancel()
    assert turns >= MAX_CHUNKS
