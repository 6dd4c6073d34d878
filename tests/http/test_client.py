"""The client: what a device answers, and everything that it can answer wrongly, slowly, or not at all."""

from __future__ import annotations

import errno
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from tests.cancelling import CancelAt
from upnp_trio.errors import RequestFailed
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import CONNECT_SECONDS, REQUEST_SECONDS, HttpAnswer, HttpClient
from upnp_trio.http.fetch_slots import MAX_FETCHES, MAX_FETCHES_OF_ONE_PEER
from upnp_trio.http.kept_connections import KEPT_SECONDS
from upnp_trio.model.literal_url import IpAddress, LiteralUrl
from upnp_trio.testing import Host, Link
from upnp_trio.testing.peers import http_response, serve_connections
from upnp_trio.testing.pipes import PipeStream

Clock = trio.testing.MockClock
Serve = Callable[[PipeStream], Awaitable[None]]
URL = LiteralUrl.parse("http://192.0.2.7:49152/description.xml")


@attrs.frozen(eq=False)
class Scene:
    """A client, and the device that it asks."""

    client: HttpClient
    served: ServedAddress
    #: our ends of the connections that it opened
    streams: list[PipeStream]

    async def get(self, max_body_bytes: int = 1000) -> bytes:
        return (await self.client.get(URL, self.served, max_body_bytes=max_body_bytes)).body

    async def post(self, body: bytes = b"<x/>") -> HttpAnswer:
        return await self.client.request("POST", URL, self.served, headers=[("SOAPACTION", '"a#b"')], body=body)

    @property
    def all_closed(self) -> bool:
        return all(stream.is_closed for stream in self.streams)


@asynccontextmanager
async def device_that(serve: Serve) -> AsyncIterator[Scene]:
    """A device on whose connections *serve* runs."""
    link = Link()
    device, asker = Host.on(link, "192.0.2.7/24", name="device"), Host.on(link, "192.0.2.9/24", name="asker")
    streams: list[PipeStream] = []

    async def connect(address: IpAddress, port: int, served: ServedAddress) -> PipeStream:
        stream = await asker.connect(address, port, served)
        streams.append(stream)
        return stream

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


def noting(requests: list[bytes], *answers: bytes) -> Serve:
    """Answer requests that arrive in one piece, and note them."""

    async def serve(stream: PipeStream) -> None:
        for answer in answers:
            if request := await stream.receive_some(65536):
                requests.append(request)
                await stream.send_all(memoryview(answer))

    return serve


async def failure(scene: Scene, max_body_bytes: int = 1000) -> str:
    with pytest.raises(RequestFailed) as failed:
        await scene.get(max_body_bytes)
    text = str(failed.value)
    assert text.startswith("GET http://192.0.2.7:49152/description.xml: ")
    assert text.isprintable()
    assert scene.all_closed
    return text


GOOD = http_response(b"<root/>", "Content-Type: text/xml")


# --- requests and answers --------------------------------------------------------------------------------------------


async def test_a_get_has_what_http_and_uda_want(autojump_clock: Clock) -> None:
    requests: list[bytes] = []
    async with device_that(noting(requests, GOOD)) as scene:
        answer = await scene.client.get(URL, scene.served)
        assert scene.all_closed
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/xml", b"<root/>")
    assert requests == [
        b"GET /description.xml HTTP/1.1\r\nHOST: 192.0.2.7:49152\r\nUSER-AGENT: test\r\nCONNECTION: close\r\n\r\n"
    ]


async def test_a_post_is_one_piece_with_its_length_and_any_status_is_an_answer(autojump_clock: Clock) -> None:
    requests: list[bytes] = []
    fault = http_response(b"fault", status="500 Internal Server Error")
    async with device_that(noting(requests, fault)) as scene:
        answer = await scene.post()
        assert scene.all_closed
    assert (answer.status, answer.reason, answer.body) == (500, "Internal Server Error", b"fault")
    assert requests == [
        b'POST /description.xml HTTP/1.1\r\nHOST: 192.0.2.7:49152\r\nUSER-AGENT: test\r\nSOAPACTION: "a#b"\r\n'
        b"CONTENT-LENGTH: 4\r\nCONNECTION: close\r\n\r\n<x/>"
    ]


async def test_a_subscribe_has_no_body_and_no_length(autojump_clock: Clock) -> None:
    requests: list[bytes] = []
    async with device_that(noting(requests, http_response(b"", "SID: uuid:1"))) as scene:
        answer = await scene.client.request("SUBSCRIBE", URL, scene.served, headers=[("NT", "upnp:event")])
    assert (answer.headers["sid"], answer.body) == ("uuid:1", b"")
    assert b"LENGTH" not in requests[0]


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\n", " a", "a\x00", "a\x1b[2J", "é", "a\tb", "☃"])
@pytest.mark.parametrize("is_name", [False, True])
async def test_a_header_that_would_split_the_request_is_not_sent(
    value: str, is_name: bool, autojump_clock: Clock
) -> None:
    header = (value, "a") if is_name else ("SOAPACTION", value)
    async with device_that(answering(GOOD)) as scene:
        with pytest.raises(RequestFailed, match="cannot be") as failed:
            await scene.client.request("POST", URL, scene.served, headers=[header])
        assert str(failed.value).isprintable()
        assert scene.streams == []  # nothing was opened for it


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        b"HTTP/1.0 200 OK\r\n\r\n<root/>",  # until the connection ends, as embedded servers of HTTP/1.0 do
        b"HTTP/1.1 200 OK\nContent-Length: 7\n\n<root/>",
        b"HTTP/1.1 200\r\nContent-Length : 7\r\nnonsense\r\n\r\n<root/>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n<ro\r\n4\r\not/>\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD,
        GOOD + b"trailing garbage",
        http_response(b"<root/>", "Content-Encoding: identity"),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_a_good_answer_is_read_however_it_is_cut(answer: bytes, size: int, autojump_clock: Clock) -> None:
    pieces = [answer[start : start + size] for start in range(0, len(answer), size)]
    async with device_that(answering(*pieces)) as scene:
        assert await scene.get() == b"<root/>"
        assert scene.all_closed


async def test_an_answer_before_the_body_is_read_is_an_answer(autojump_clock: Clock) -> None:
    async def serve(stream: PipeStream) -> None:
        await stream.send_all(memoryview(http_response(b"no", status="413 Content Too Large")))

    async with device_that(serve) as scene:
        answer = await scene.post(b"x" * 1_000_000)
    assert (answer.status, answer.body) == (413, b"no")


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "the connection ended before an answer; try again, or search for the device again"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n<root/>", "the answer is not HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is not HTTP"),
        (b"\x1b[2J\x00\xff", "the answer is not HTTP"),
        (http_response(b"", status="404 Not Found"), "the device answered with status 404 Not Found"),
        (http_response(b"", status="503"), "the device answered with status 503; it may be busy, so try again later"),
        (http_response(b"", status="403 No\x1b[2J"), "the device answered with status 403 No [2J"),
        (
            http_response(b"x", "Content-Encoding: gzip"),
            "status 200 OK, and with the content coding gzip, which was no",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n", "at most 1000 are read; a longer one is read only"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "more than 1000 bytes"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5, "too many interim answers"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 70 + b"\r\n", "more than 64 fields"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 20_000, "more than 16384 bytes"),
    ],
)
async def test_a_bad_answer_fails_with_its_reason(answer: bytes, reason: str, autojump_clock: Clock) -> None:
    async with device_that(answering(answer)) as scene:
        assert reason in await failure(scene)
        assert len(scene.streams) == 1


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"Location: http://127.0.0.1/admin", "sends us to http://127.0.0.1/admin; redirects are not followed"),
        (b"Location: http://a/\x1b[2J\xc2\x9b", "sends us to http://a/ [2JÂ?; redirects are not followed"),
        (b"Location: /" + b"x" * 9000, "xxx…; redirects are not followed"),
        (b"A: b", "sends us to nowhere; redirects are not followed"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_redirect_is_followed(location: bytes, target: str, method: str, autojump_clock: Clock) -> None:
    answer = b"HTTP/1.1 302 Found\r\n%b\r\nContent-Length: 0\r\n\r\n" % location
    async with device_that(answering(answer)) as scene:
        with pytest.raises(RequestFailed) as failed:
            await scene.client.request(method, URL, scene.served)
        assert target in str(failed.value)
        assert str(failed.value).isprintable()
        assert len(str(failed.value)) < 450
        assert failed.value.status == 302
        assert len(scene.streams) == 1


@pytest.mark.parametrize("status", [201, 204, 206, 400, 404, 500, 599, 999])
async def test_a_get_has_status_200_or_fails_with_the_status(status: int, autojump_clock: Clock) -> None:
    async with device_that(answering(http_response(b"", status=f"{status} X"))) as scene:
        with pytest.raises(RequestFailed) as failed:
            await scene.get()
    assert failed.value.status == status


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"])
async def test_a_slow_answer_ends_with_the_deadline(head: bytes, autojump_clock: Clock) -> None:
    async with device_that(answering(head, *[b"x" if head else b""] * 100, pause=0.5, closes=False)) as scene:
        assert "no answer within 10 s" in await failure(scene)
    assert trio.current_time() == REQUEST_SECONDS


async def test_the_caller_may_give_a_request_more_time(autojump_clock: Clock) -> None:
    async with device_that(answering(GOOD, pause=29.0)) as scene:
        answer = await scene.client.request("POST", URL, scene.served, seconds=30.0)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            OSError(errno.ECONNREFUSED, "Connection refused"),
            "Connection refused; nothing listens there; the device may",
        ),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "No route to host; the device may be off, or have another"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files; this process has too many files open; ra"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "x; this host no longer has the address that faces the device; search"),
        (OSError("no number"), "no number; the device may be off"),
    ],
)
async def test_a_connection_that_cannot_be_opened_says_why(error: OSError, reason: str, autojump_clock: Clock) -> None:
    async def connect(*_: object) -> PipeStream:
        await trio.lowlevel.checkpoint()
        raise error

    client = HttpClient(connect, user_agent="test")
    with pytest.raises(RequestFailed) as failed:
        await client.get(URL, ServedAddress())
    assert str(failed.value).startswith(f"GET {URL}: cannot connect: {reason}")
    assert failed.value.status is None


async def test_a_host_that_is_not_there_costs_the_time_to_connect(autojump_clock: Clock) -> None:
    async def connect(*_: object) -> PipeStream:
        await trio.sleep_forever()
        raise AssertionError

    client = HttpClient(connect, user_agent="test")
    with pytest.raises(RequestFailed, match="cannot connect within 5 s"):
        await client.get(URL, ServedAddress())
    assert trio.current_time() == CONNECT_SECONDS
    with pytest.raises(RequestFailed, match="no answer within 2 s"):
        await client.get(URL, ServedAddress(), seconds=2)
    assert trio.current_time() == CONNECT_SECONDS + 2


async def test_a_connection_that_is_reset_fails(autojump_clock: Clock) -> None:
    async def serve(stream: PipeStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(memoryview(GOOD[:-1]))
        await trio.testing.wait_all_tasks_blocked()
        stream.reset()

    async with device_that(serve) as scene:
        assert "reset the connection; try again" in await failure(scene)


# --- kept connections ------------------------------------------------------------------------------------------------


def keeping_open(log: list[int]) -> Serve:
    """Answer every request of a connection, and note its number."""
    connections = iter(range(1000))

    async def serve(stream: PipeStream) -> None:
        number = next(connections)
        while await stream.receive_some(65536):
            log.append(number)
            await stream.send_all(memoryview(GOOD))

    return serve


@pytest.mark.parametrize("url", [URL, None])
async def test_the_documents_of_a_device_share_a_connection(url: LiteralUrl | None, autojump_clock: Clock) -> None:
    log: list[int] = []
    async with device_that(keeping_open(log)) as scene:
        with scene.client.keeping(url):
            for _ in range(3):
                await scene.get()
                await trio.sleep(KEPT_SECONDS)
            await trio.sleep(0.1)
            await scene.get()
        assert scene.all_closed
        await scene.get()
        assert scene.all_closed
    assert log == [0, 0, 0, 1, 2]


async def test_a_call_has_a_connection_of_its_own(autojump_clock: Clock) -> None:
    log: list[int] = []
    async with device_that(keeping_open(log)) as scene:
        with scene.client.keeping(URL):
            await scene.get()
            await scene.post()
            await scene.get()
    assert log == [0, 1, 0]


async def test_a_get_is_repeated_when_the_device_closes_the_kept_connection_at_that_moment(
    autojump_clock: Clock,
) -> None:
    requests: list[bytes] = []

    async def serve(stream: PipeStream) -> None:
        requests.append(await stream.receive_some(65536))
        await stream.send_all(memoryview(GOOD))
        if await stream.receive_some(65536):  # read, and not answered
            requests.append(b"lost")

    async with device_that(serve) as scene:
        with scene.client.keeping(URL):
            assert [await scene.get(), await scene.get()] == [b"<root/>"] * 2
        assert len(scene.streams) == 2
    assert (len(requests), requests[1]) == (3, b"lost")


@pytest.mark.parametrize("end", [PipeStream.close, PipeStream.reset])
async def test_a_kept_connection_that_has_ended_is_not_used(
    end: Callable[[PipeStream], None], autojump_clock: Clock
) -> None:
    ends: list[PipeStream] = []

    async def serve(stream: PipeStream) -> None:
        ends.append(stream)
        await noting([], GOOD, GOOD)(stream)

    async with device_that(serve) as scene:
        with scene.client.keeping(URL):
            await scene.get()
            end(ends[0])
            assert await scene.get() == b"<root/>"
        assert len(scene.streams) == 2


async def test_a_device_that_never_answers_a_second_time_is_asked_on_two_connections_and_no_more(
    autojump_clock: Clock,
) -> None:
    served = 0

    async def serve(stream: PipeStream) -> None:
        nonlocal served
        served += 1
        await noting([], *[GOOD][: served == 1])(stream)
        await stream.receive_some(65536)

    async with device_that(serve) as scene:
        with scene.client.keeping(URL):
            await scene.get()
            assert "ended before an answer" in await failure(scene)
    assert served == 2


async def test_a_closed_client_keeps_no_connection_and_can_still_say_goodbye(autojump_clock: Clock) -> None:
    async with device_that(keeping_open([])) as scene:
        with scene.client.keeping(URL):
            await scene.get()
            assert [stream.is_closed for stream in scene.streams] == [False]
            scene.client.close()
            assert scene.all_closed
            await scene.get()
            assert scene.all_closed
        await scene.client.request("UNSUBSCRIBE", URL, scene.served)
        assert scene.all_closed


async def test_what_comes_after_an_answer_is_never_taken_for_the_next_one(autojump_clock: Clock) -> None:
    async with device_that(answering(GOOD + http_response(b"evil"), closes=False)) as scene:
        with scene.client.keeping():
            assert [await scene.get(), await scene.get()] == [b"<root/>"] * 2
        assert len(scene.streams) == 2


# --- turns -----------------------------------------------------------------------------------------------------------


async def test_a_slow_device_holds_its_own_slots_alone(autojump_clock: Clock) -> None:
    running: list[str] = []

    async def connect(address: IpAddress, *_: object) -> PipeStream:
        running.append(str(address))
        await trio.sleep_forever()
        raise AssertionError

    client = HttpClient(connect, user_agent="test")
    async with trio.open_nursery() as nursery:
        for host in (7, 7, 7, 7, 7, 8, 9, 10, 11, 12, 13):
            nursery.start_soon(client.get, LiteralUrl.parse(f"http://192.0.2.{host}/"), ServedAddress())
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert running.count("192.0.2.7") == MAX_FETCHES_OF_ONE_PEER
        assert len(running) == MAX_FETCHES
        nursery.cancel_scope.cancel()


async def test_waiting_for_a_slot_does_not_count_as_the_device_s_time(autojump_clock: Clock) -> None:
    async with device_that(answering(GOOD, pause=8.0)) as scene:
        bodies: list[bytes] = []

        async def get() -> None:
            bodies.append(await scene.get())

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(get)
    assert bodies == [b"<root/>"] * 5
    assert trio.current_time() == 24.0


# --- cancellation, and anything at all -------------------------------------------------------------------------------


async def cancelled_at(step: int) -> bool:
    """Ask a device in several ways and cancel that at *step*; return whether there are that many steps."""
    answers = iter([GOOD, b"", GOOD, http_response(b"", status="413 Content Too Large")])

    async def serve(stream: PipeStream) -> None:
        while await stream.receive_some(1000):
            answer = next(answers, b"")
            for index in range(0, len(answer), 40):
                await stream.send_all(memoryview(answer[index : index + 40]))
            if not answer:
                return

    with trio.CancelScope() as scope:
        instrument = CancelAt(scope, step)
        trio.lowlevel.add_instrument(instrument)
        try:
            async with device_that(serve) as scene:
                try:
                    with scene.client.keeping(URL):
                        await scene.get()
                        await scene.get()  # the kept connection ends, and another one is opened
                    assert (await scene.post(b"x" * 100_000)).status == 413
                finally:
                    assert scene.all_closed
                    assert scene.client._slots.size == 0
        finally:
            trio.lowlevel.remove_instrument(instrument)
    return scope.cancelled_caught


async def test_cancelling_at_any_step_leaves_no_connection(autojump_clock: Clock) -> None:
    step = 1
    while await cancelled_at(step):
        step += 1
    assert step > 30  # the last try ran to its end
    gc.collect()


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail))
def test_any_bytes_give_an_answer_or_a_failure(data: bytes) -> None:
    async def run() -> None:
        async with device_that(answering(data)) as scene:
            text = ""
            try:
                answer = await scene.client.request("GET", URL, scene.served)
                assert 200 <= answer.status <= 999
            except RequestFailed as failed:
                text = str(failed)
            assert text.isprintable()
            assert scene.all_closed

    trio.run(run, clock=trio.testing.MockClock(autojump_threshold=0))
