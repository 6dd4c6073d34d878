"""The client: what a device answers, and everything that it can answer wrongly, slowly, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from tests.memory import Host, Link
from tests.memory.peers import http_response, serve_connections
from tests.memory.pipes import PipeStream
from upnp_trio.errors import RequestFailed
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import CONNECT_SECONDS, REQUEST_SECONDS, HttpClient
from upnp_trio.http.fetch_slots import MAX_FETCHES, MAX_FETCHES_OF_ONE_PEER
from upnp_trio.model.literal_url import IpAddress, LiteralUrl

Serve = Callable[[PipeStream], Awaitable[None]]
URL = LiteralUrl.parse("http://192.0.2.7:49152/description.xml")


@attrs.frozen(eq=False)
class Scene:
    """A client, and the device that it asks."""

    client: HttpClient
    served: ServedAddress
    #: our ends of the connections that it opened
    streams: list[PipeStream]

    async def get(self, **options: int) -> bytes:
        return (await self.client.get(URL, self.served, **options)).body


@asynccontextmanager
async def device_that(serve: Serve) -> AsyncIterator[Scene]:
    """A device on whose connections *serve* runs."""
    link = Link()
    device, asker = Host.on(link, "192.0.2.7/24", name="device"), Host.on(link, "192.0.2.9/24", name="asker")
    streams: list[PipeStream] = []

    async def connect(address: IpAddress, port: int, served: ServedAddress) -> PipeStream:
        streams.append(await asker.connect(address, port, served))
        return streams[-1]

    client = HttpClient(connect, user_agent="test")
    async with trio.open_nursery() as nursery:
        await nursery.start(serve_connections, device, URL.port, serve)
        yield Scene(client, asker.network.facing(URL.address), streams)
        nursery.cancel_scope.cancel()
    client.close()


def answering(*pieces: bytes, pause: float = 0.0, closes: bool = True) -> Serve:
    """Read a request, and send *pieces* with a pause before each."""

    async def serve(stream: PipeStream) -> None:
        await stream.receive_some(65536)
        for piece in pieces:
            await trio.sleep(pause)
            await stream.send_all(memoryview(piece))
        if not closes:
            await trio.sleep_forever()

    return serve


GOOD = http_response(b"<root/>", "Content-Type: text/xml")


async def test_the_request_has_what_http_and_uda_want(autojump_clock: trio.testing.MockClock) -> None:
    requests: list[bytes] = []

    async def serve(stream: PipeStream) -> None:
        requests.append(await stream.receive_some(65536))
        await stream.send_all(memoryview(GOOD))

    async with device_that(serve) as scene:
        answer = await scene.client.get(URL, scene.served)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/xml", b"<root/>")
    (request,) = requests
    assert request.startswith(b"GET /description.xml HTTP/1.1\r\n")
    assert b"HOST: 192.0.2.7:49152\r\n" in request
    assert b"USER-AGENT: test\r\n" in request


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        b"HTTP/1.0 200 OK\r\n\r\n<root/>",  # until the connection ends, as embedded servers of HTTP/1.0 do
        b"HTTP/1.1 200 OK\nContent-Length: 7\n\n<root/>",
        b"HTTP/1.1 200\r\nContent-Length: 7\r\n\r\n<root/>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<ro\r\n4\r\not/>\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD,
        GOOD + b"trailing garbage",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_good_answer_is_read_however_it_is_cut(
    answer: bytes, size: int, autojump_clock: trio.testing.MockClock
) -> None:
    pieces = [answer[start : start + size] for start in range(0, len(answer), size)]
    async with device_that(answering(*pieces)) as scene:
        assert await scene.get() == b"<root/>"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "the connection ended before an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n<root/>", "the answer is not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is not HTTP"),
        (http_response(b"", status="404 Not Found"), "the device answered with status 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "content coding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", "at most 1000 are read"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "more than 1000 bytes"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5, "too many interim answers"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 70 + b"\r\n", "more than 64 fields"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 20_000, "more than 16384 bytes"),
        (
            http_response(b"", "Location: http://127.0.0.1/\x1b[2J", status="302 Found").replace(b"\x1b", b"%"),
            "sends us to http://127.0.0.1/%[2J; redirects are not followed",
        ),
    ],
)
async def test_a_bad_answer_fails_with_its_reason(
    answer: bytes, reason: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with device_that(answering(answer)) as scene:
        with pytest.raises(RequestFailed, match=r"GET http://192\.0\.2\.7:49152/description\.xml") as failed:
            await scene.get(max_body_bytes=1000)
        assert reason in str(failed.value)
        assert len(scene.streams) == 1


async def test_the_status_of_a_refusal_is_kept(autojump_clock: trio.testing.MockClock) -> None:
    async with device_that(answering(http_response(b"", status="503 Busy"))) as scene:
        with pytest.raises(RequestFailed) as failed:
            await scene.get()
    assert failed.value.status == 503


async def test_a_slow_answer_ends_with_the_deadline(autojump_clock: trio.testing.MockClock) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    async with device_that(answering(head, *[b"x"] * 100, pause=0.5)) as scene:
        with pytest.raises(RequestFailed, match="no answer within 10 s"):
            await scene.get()
    assert trio.current_time() == REQUEST_SECONDS


async def test_nobody_listens(autojump_clock: trio.testing.MockClock) -> None:
    async with device_that(answering(GOOD)) as scene:
        url = LiteralUrl.parse("http://192.0.2.7:1/")
        with pytest.raises(RequestFailed, match="cannot connect: Connection refused"):
            await scene.client.get(url, scene.served)


async def test_a_host_that_is_not_there_costs_the_time_to_connect(autojump_clock: trio.testing.MockClock) -> None:
    async def connect(*_: object) -> PipeStream:
        await trio.sleep_forever()
        raise AssertionError

    client = HttpClient(connect, user_agent="test")
    with pytest.raises(RequestFailed, match="cannot connect within 5 s"):
        await client.get(URL, ServedAddress())
    assert trio.current_time() == CONNECT_SECONDS


async def test_a_post_carries_its_body_and_any_status_is_an_answer(autojump_clock: trio.testing.MockClock) -> None:
    requests: list[bytes] = []

    async def serve(stream: PipeStream) -> None:
        requests.append(await stream.receive_some(65536))
        await stream.send_all(memoryview(http_response(b"fault", status="500 Internal Server Error")))

    async with device_that(serve) as scene:
        answer = await scene.client.request("POST", URL, scene.served, headers=[("SOAPACTION", '"a#b"')], body=b"<x/>")
    assert (answer.status, answer.body) == (500, b"fault")
    assert requests[0].endswith(b"\r\n\r\n<x/>")
    assert b"CONTENT-LENGTH: 4\r\n" in requests[0]


async def test_an_answer_before_the_body_is_read_is_an_answer(autojump_clock: trio.testing.MockClock) -> None:
    async def serve(stream: PipeStream) -> None:
        await stream.send_all(memoryview(http_response(b"no", status="413 Content Too Large")))

    async with device_that(serve) as scene:
        answer = await scene.client.request("POST", URL, scene.served, body=b"x" * 100_000)
    assert (answer.status, answer.body) == (413, b"no")


# --- kept connections ----------------------------------------------------------------------------------------------


def keeping_open(log: list[int]) -> Serve:
    """Answer every request of a connection, and note its number."""
    connections = iter(range(1000))

    async def serve(stream: PipeStream) -> None:
        number = next(connections)
        while await stream.receive_some(65536):
            log.append(number)
            await stream.send_all(memoryview(GOOD))

    return serve


async def test_the_documents_of_a_device_share_a_connection(autojump_clock: trio.testing.MockClock) -> None:
    log: list[int] = []
    async with device_that(keeping_open(log)) as scene:
        with scene.client.keeping():
            for _ in range(3):
                await scene.get()
        await scene.get()
        assert all(stream.outgoing.is_closed for stream in scene.streams)
    assert log == [0, 0, 0, 1]


async def test_a_kept_connection_that_the_device_has_closed_is_replaced(autojump_clock: trio.testing.MockClock) -> None:
    async with device_that(answering(GOOD)) as scene:  # it closes without a word
        with scene.client.keeping():
            assert [await scene.get(), await scene.get()] == [b"<root/>"] * 2


async def test_what_comes_after_an_answer_is_never_taken_for_the_next_one(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with device_that(answering(GOOD + http_response(b"evil"), closes=False)) as scene:
        with scene.client.keeping():
            assert [await scene.get(), await scene.get()] == [b"<root/>"] * 2
        assert len(scene.streams) == 2


# --- slots ---------------------------------------------------------------------------------------------------------


async def test_a_slow_device_holds_its_own_slots_alone(autojump_clock: trio.testing.MockClock) -> None:
    running: list[str] = []

    async def connect(address: IpAddress, *_: object) -> PipeStream:
        running.append(str(address))
        await trio.sleep_forever()
        raise AssertionError

    client = HttpClient(connect, user_agent="test")
    async with trio.open_nursery() as nursery:
        for host in (7, 7, 7, 7, 7, 8, 9, 10, 11, 12, 13, 14):
            nursery.start_soon(client.get, LiteralUrl.parse(f"http://192.0.2.{host}/"), ServedAddress())
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert running.count("192.0.2.7") == MAX_FETCHES_OF_ONE_PEER
        assert len(running) == MAX_FETCHES
        nursery.cancel_scope.cancel()


async def test_waiting_for_a_slot_does_not_count_as_the_device_s_time(autojump_clock: trio.testing.MockClock) -> None:
    async with device_that(answering(GOOD, pause=8.0)) as scene:
        bodies: list[bytes] = []

        async def get() -> None:
            bodies.append(await scene.get())

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(get)
    assert bodies == [b"<root/>"] * 5
    assert trio.current_time() == 24.0


# --- cancellation, and anything at all -----------------------------------------------------------------------------


@pytest.mark.parametrize("steps", range(12))
async def test_a_request_that_is_cancelled_at_any_step_leaves_no_connection(
    steps: int, autojump_clock: trio.testing.MockClock
) -> None:
    async with device_that(answering(*[GOOD[index : index + 1] for index in range(len(GOOD))], pause=0.01)) as scene:
        with trio.move_on_after(0.01 * steps), scene.client.keeping():
            await scene.get()
        assert all(stream.outgoing.is_closed for stream in scene.streams)


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
def test_any_bytes_give_an_answer_or_a_failure(data: bytes) -> None:
    async def run() -> None:
        async with device_that(answering(data)) as scene:
            try:
                answer = await scene.client.request("GET", URL, scene.served)
            except RequestFailed:
                return
            assert 100 <= answer.status <= 999

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
