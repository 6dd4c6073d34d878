"""HTTP over memory streams: the rules of the RFCs, the bounds, and the state of the connection afterwards."""

from __future__ import annotations

from functools import partial

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.http.scenes import A_MOMENT, CHUNKED, GET, POST, OneDocument, exchange, read_until_silent, responses, serving
from tests.server.scenes import HERE, NOON, PEER, buffered_events
from upnp_trio.exchange import Request, Response
from upnp_trio.http import phases
from upnp_trio.http import server as http_module
from upnp_trio.http.connection import Connection
from upnp_trio.http.host_check import HostCheck
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.testing.pipes import CAPACITY, Listener, PipeStream

FDSSDP = (
    b"GET /doc HTTP/1.1\r\nCache-Control: no-cache\r\nConnection: Keep-Alive\r\nPragma: no-cache\r\n"
    b"Accept: text/xml, application/xml\r\nUser-Agent: FDSSDP\r\nHost: 192.0.2.7:49152\r\n\r\n"
)


async def test_the_request_of_windows_is_answered_on_a_connection_that_stays_open(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving() as served:
        client = served.client()
        for _ in range(2):
            await client.send_all(FDSSDP)
            received, closed = await read_until_silent(client)
            ((status, headers, body),) = responses(received, "GET")
            assert (status, body, closed) == (200, b"<root/>", False)
            assert headers == {
                "date": "Mon, 23 Nov 2026 12:00:00 GMT",
                "server": "s/1",
                "content-type": 'text/xml; charset="utf-8"',
                "content-length": "7",
            }
        await client.aclose()


async def test_status_line_headers_and_a_small_body_leave_in_one_send(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        for request in (GET, GET.replace(b"Host", b"Accept: a\r\nAccept: b\r\nHost")):  # a plain one, and one for h11
            client = served.client()
            await client.send_all(request)
            received, _ = await read_until_silent(client)
            assert received.endswith(b"<root/>")
            assert client.incoming.writes == 1
            await client.aclose()


@pytest.mark.parametrize("size", [1, 7, 50])
async def test_a_request_may_come_in_any_pieces(size: int, autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        pieces = [GET[start : start + size] for start in range(0, len(GET), size)]
        status, _, body, closed = await exchange(served, *pieces)
        assert (status, body, closed) == (200, b"<root/>", False)


async def test_pipelined_requests_are_answered_in_order(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        client = served.client()
        head = GET.replace(b"GET", b"HEAD")
        await client.send_all(GET + POST + b"hello" + head + GET.replace(b"/doc", b"/none") + GET)
        received, closed = await read_until_silent(client)
        found = responses(received, "GET", "POST", "HEAD", "GET", "GET")
        assert [status for status, _, _ in found] == [200, 500, 200, 404, 200]
        assert not closed
        await client.aclose()


async def test_head_is_answered_like_get_without_the_body(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        status, headers, body, closed = await exchange(served, GET.replace(b"GET", b"HEAD"), method="HEAD")
        assert (status, headers["content-length"], body, closed) == (200, "7", b"", False)


async def test_not_modified_has_neither_body_nor_length_and_the_next_request_is_served(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving() as served:
        client = served.client()
        await client.send_all(GET.replace(b"/doc", b"/same") + GET)
        received, _ = await read_until_silent(client)
        (first, second) = responses(received, "GET", "GET")
        assert first[0] == 304
        assert "content-length" not in first[1]
        assert second[0] == 200
        await client.aclose()


async def test_a_large_body_arrives_whole(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        status, _, body, closed = await exchange(served, GET.replace(b"/doc", b"/large"))
        assert (status, body, closed) == (200, bytes(300_000), False)


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), id="Connection: close"),
        pytest.param(b"GET /doc HTTP/1.0\r\n\r\n", id="HTTP/1.0"),
        pytest.param(b"GET /doc HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", id="HTTP/1.0 with Keep-Alive"),
    ],
)
async def test_the_connection_is_closed_if_the_peer_cannot_or_will_not_keep_it(
    request_bytes: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving() as served:
        status, headers, body, closed = await exchange(served, request_bytes)
        assert (status, body, closed) == (200, b"<root/>", True)
        assert headers["connection"] == "close"


async def test_a_body_that_is_expected_is_asked_for(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        client = served.client()
        await client.send_all(POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        received, _ = await read_until_silent(client)
        assert received.startswith(b"HTTP/1.1 100 ")
        await client.send_all(b"hello" + GET)
        received, closed = await read_until_silent(client)
        assert [status for status, _, _ in responses(received, "POST", "GET")] == [500, 200]
        assert not closed
        await client.aclose()


async def test_a_body_that_nobody_wants_is_not_asked_for(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        request = POST.replace(b"/control", b"/none").replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        status, _, _, _ = await exchange(served, request)
        assert status == 404


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(GET.replace(b"Host: 192.0.2.7:49152\r\n", b""), 400, id="no Host"),
        pytest.param(b"GET /doc HTTP/1.2\r\n\r\n", 400, id="no Host, and a later minor version"),
        pytest.param(GET.replace(b"Host:", b"Host: other\r\nHost:"), 400, id="two Hosts"),
        pytest.param(GET.replace(b"Host", b"Ho st"), 400, id="a blank in a field name"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, id="a TLS hello"),
        pytest.param(b"GET /doc\r\n\r\n", 400, id="HTTP/0.9"),
        pytest.param(GET.replace(b"HTTP/1.1", b"HTTP/2.0"), 505, id="HTTP/2.0"),
        pytest.param(POST.replace(b": 5", b": -5"), 400, id="negative length"),
        pytest.param(POST.replace(b": 5", b": " + b"9" * 5000), 400, id="endless length"),
        pytest.param(POST.replace(b": 5", b": 5\r\nContent-Length: 6"), 400, id="two lengths"),
        pytest.param(POST.replace(b": 5", b": 65537"), 413, id="too long a body"),
        pytest.param(CHUNKED + b"10001\r\n" + bytes(65537), 413, id="too long a chunked body"),
        pytest.param(CHUNKED + b"zz\r\n", 400, id="a chunk size that is not a number"),
        pytest.param(CHUNKED.replace(b"chunked", b"gzip"), 501, id="an unknown transfer coding"),
        pytest.param(GET.replace(b"\r\n\r\n", b"\r\nExpect: a-miracle\r\n\r\n"), 417, id="an unknown expectation"),
        pytest.param(b"GET /" + b"a" * 17000 + b" HTTP/1.1\r\n", 431, id="too long a request line"),
        pytest.param(GET[:-2] + b"X: " + b"a" * 17000, 431, id="too long a head"),
        pytest.param(GET[:-2] + b"X: 1\r\n" * 64 + b"\r\n", 431, id="too many fields"),
        pytest.param(GET[:-2] + b"X: 1\r\n" * 65, 431, id="too many fields of an unfinished head"),
    ],
)
async def test_a_malformed_request_is_answered_with_an_error_and_the_connection_is_closed(
    request_bytes: bytes, status: int, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving() as served:
        client = served.client()
        await client.send_all(request_bytes)
        received, _ = await read_until_silent(client)
        ((got_status, headers, _),) = responses(received, "GET")
        assert got_status == status
        assert headers["connection"] == "close"
        # what the peer still sends is read and dropped for a while, so that no reset overtakes the answer
        await client.send_all(b"more")
        await trio.sleep(phases.LINGER_SECONDS + 0.1)
        assert (await read_until_silent(client))[1]
        await client.aclose()
        # and the server still answers
        assert (await exchange(served, GET))[0] == 200


async def test_64_fields_and_64_kib_are_still_served(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        assert (await exchange(served, GET[:-2] + b"X: 1\r\n" * 63 + b"\r\n"))[0] == 200
        assert (await exchange(served, GET[:-2] + b"X: 1\r\n" * 63, b"\r\n"))[0] == 200
        assert (await exchange(served, POST.replace(b": 5", b": 65536"), bytes(65536), method="POST"))[0] == 500


async def test_empty_lines_before_a_request_are_not_a_request(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        status, _, _, closed = await exchange(served, b"\r\n", b"\r\n" + GET)
        assert (status, closed) == (200, False)


async def test_a_request_that_comes_together_with_the_end_is_answered_or_not_counted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    for _ in range(30):  # which comes first is random
        async with serving() as served:
            client, events = served.client(), served.events.subscribe()
            await trio.testing.wait_all_tasks_blocked()
            await client.send_all(GET)
            served.stop()
            with trio.CancelScope(shield=True):
                received, closed = await read_until_silent(client)
                assert closed
                answered = len(responses(received, *["GET"] * len(buffered_events(events))))
                assert answered == sum(served.stats.requests.values())
                await client.aclose()


@pytest.mark.parametrize("empty", [b"\r\n", b"\n", b"\r\n\r\n"])
async def test_an_empty_line_after_a_body_is_not_a_request(
    empty: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    # old clients send one that Content-Length does not count (RFC 9112 §2.2)
    async with serving() as served:
        client = served.client()
        for piece in (POST + b"hello" + empty + GET, POST + b"hello" + empty, GET):
            await client.send_all(piece)
            await trio.testing.wait_all_tasks_blocked()
        received, closed = await read_until_silent(client)
        statuses = [status for status, _, _ in responses(received, "POST", "GET", "POST", "GET")]
        assert (statuses, closed) == ([500, 200, 500, 200], False)
        await client.aclose()


@pytest.mark.parametrize(
    ("sent", "seconds", "answer"),
    [
        pytest.param(b"", phases.IDLE_SECONDS, b"", id="a connection without a request"),
        pytest.param(b"\r\n", phases.IDLE_SECONDS, b"", id="an empty line alone"),
        pytest.param(b"G", phases.HEAD_SECONDS, b"HTTP/1.1 408 ", id="a head that never ends"),
        pytest.param(POST + b"he", phases.BODY_SECONDS, b"HTTP/1.1 408 ", id="a body that never ends"),
    ],
)
async def test_a_peer_that_stops_is_waited_for_so_long_and_no_longer(
    sent: bytes, seconds: float, answer: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving() as served:
        client = served.client()
        if sent:
            await client.send_all(sent)
        started = trio.current_time()
        received = b""
        while data := await client.receive_some():
            received += data
        assert received.startswith(answer)
        assert bool(received) is bool(answer)
        assert trio.current_time() == started + seconds
        await client.aclose()


async def test_a_head_that_drips_in_does_not_hold_the_connection(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        client = served.client()
        dripped = 0
        with trio.fail_after(60):
            try:
                for dripped in range(len(GET)):
                    await client.send_all(GET[dripped : dripped + 1])
                    await trio.sleep(1)
            except trio.BrokenResourceError:
                pass
        assert dripped <= phases.HEAD_SECONDS + 1
        await client.aclose()


async def test_a_connection_whose_peer_reads_nothing_is_closed(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        client = served.listener.connect(PEER, capacity=10)
        await client.send_all(GET)
        await trio.sleep(phases.STALLED_WRITE_SECONDS - A_MOMENT)
        assert not client.incoming.is_closed
        await trio.sleep(2 * A_MOMENT)
        assert await read_until_silent(client) == (b"HTTP/1.1 2", True)
        assert served.stats.timeouts == {"write": 1}
        await client.aclose()


async def test_a_fault_of_ours_ends_its_connection_alone_and_is_logged(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as served:
        other = served.client()
        await other.send_all(GET)
        client = served.client()
        await client.send_all(GET.replace(b"/doc", b"/bug"))
        assert await read_until_silent(client) == (b"", True)
        assert "a bug in the site" in caplog.text
        await other.send_all(GET)
        received, closed = await read_until_silent(other)
        assert [status for status, _, _ in responses(received, "GET", "GET")] == [200, 200]
        assert not closed
        await client.aclose()
        await other.aclose()


async def test_one_peer_gets_so_many_connections_and_no_more(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        clients = [served.client() for _ in range(http_module.MAX_CONNECTIONS_PER_PEER)]
        await trio.testing.wait_all_tasks_blocked()
        status, headers, _, _ = await exchange(served, GET)
        assert (status, headers["connection"]) == (503, "close")
        assert served.stats.refused == {"too many connections of one peer": 1}
        await clients.pop().aclose()
        await trio.sleep(phases.LINGER_SECONDS)
        assert (await exchange(served, GET))[0] == 200
        for client in clients:
            await client.aclose()


async def test_idle_connections_end_at_once_when_the_server_stops(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        fresh, used = served.client(), served.client()
        await used.send_all(GET)
        await read_until_silent(used)
        served.stop()
        stopped = trio.current_time()
        for client in (fresh, used):
            assert await client.receive_some() == b""
            await client.aclose()
        assert trio.current_time() == stopped


async def test_a_request_in_flight_is_finished_when_the_server_stops(autojump_clock: trio.testing.MockClock) -> None:
    client: PipeStream | None = None
    async with serving() as served:
        client = served.client()
        await client.send_all(GET[:20])
        await trio.testing.wait_all_tasks_blocked()
        served.stop()

        async def finish() -> None:
            assert client is not None
            with trio.CancelScope(shield=True):
                await trio.sleep(1)
                await client.send_all(GET[20:])

        served.nursery.start_soon(finish)
    received, closed = await read_until_silent(client)
    ((status, headers, _),) = responses(received, "GET")
    assert (status, headers["connection"], closed) == (200, "close", True)
    await client.aclose()


@pytest.mark.parametrize("is_late", [False, True], ids=["before its task begins", "when it is accepted meanwhile"])
async def test_a_response_to_a_request_that_came_with_its_connection_is_finished_when_the_server_stops(
    is_late: bool, autojump_clock: trio.testing.MockClock
) -> None:
    writer = ResponseWriter(OneDocument(), "s/1", lambda: NOON, stats := Stats(), Events(stats))
    listener = Listener()
    client = listener.connect(PEER, capacity=CAPACITY)
    client.send_now([GET.replace(b"/doc", b"/large")])
    connection = Connection(await listener.accept(), HostCheck(HERE), writer)
    assert not connection.answer_at_once()
    if not is_late:
        connection.stop()
    async with client, trio.open_nursery() as nursery:
        nursery.start_soon(partial(connection.run, stopping=is_late))
        ((status, _, body),) = responses((await read_until_silent(client))[0], "GET")
    assert (status, len(body)) == (200, 300_000)


async def test_what_was_sent_behind_a_call_is_read_when_the_device_stops_so_that_its_response_arrives(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class SlowSite:
        def respond(self, request: Request) -> Slow:
            return Slow()

        def takes_body(self, request: Request) -> bool:
            return False

    class Slow:
        async def respond(self) -> Response:
            await trio.sleep(1)
            return Response(200, (), b"done")

        def sent(self) -> None: ...

        def abandon(self) -> None: ...

    writer = ResponseWriter(SlowSite(), "s/1", lambda: NOON, stats := Stats(), Events(stats))
    listener = Listener()
    client = listener.connect(PEER, capacity=CAPACITY)
    connection = Connection(await listener.accept(), HostCheck(HERE), writer)

    async def serve() -> None:
        await connection.run()
        connection.stream.close()

    async with client, trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        await client.send_all(GET * 2)
        await trio.testing.wait_all_tasks_blocked()
        connection.stop()
        await client.send_all(GET)  # it would meet a closed socket, and the reset would overtake the response
        await trio.sleep(1.1)
        await client.send_all(GET)
        received, is_closed = await read_until_silent(client)
        ((status, headers, body),) = responses(received, "GET")
        await client.send_eof()
    assert (status, headers["connection"], body, is_closed) == (200, "close", b"done", True)


async def test_a_request_that_is_not_finished_within_the_grace_is_cut_off(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving() as served:
        client = served.client()
        await client.send_all(GET[:20])
        await trio.testing.wait_all_tasks_blocked()
        served.stop()
    assert trio.current_time() == phases.GRACE_SECONDS
    await client.aclose()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([GET, POST + b"hello", FDSSDP, GET.replace(b"GET", b"HEAD")]), min_size=1, max_size=4),
    st.data(),
)
def test_any_split_of_any_requests_gives_the_same_answers(requests: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(requests)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=12)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    async def main() -> None:
        async with serving() as served:
            client = served.client()
            for piece in pieces:
                await client.send_all(piece)
                await trio.testing.wait_all_tasks_blocked()
            received, closed = await read_until_silent(client)
            methods = [request.split()[0].decode() for request in requests]
            statuses = [status for status, _, _ in responses(received, *methods)]
            assert statuses == [500 if method == "POST" else 200 for method in methods]
            assert not closed
            await client.aclose()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.binary(max_size=200) | st.sampled_from([GET, GET[:30], POST, b"\r\n\r\n", b"0\r\n\r\n"]), max_size=6)
)
def test_no_bytes_end_the_server(pieces: list[bytes]) -> None:
    async def main() -> None:
        async with serving() as served:
            client = served.client()
            try:
                for piece in pieces:
                    if piece:
                        await client.send_all(piece)
                    await trio.testing.wait_all_tasks_blocked()
                await client.send_eof()
                with trio.fail_after(60):
                    while await client.receive_some():
                        pass
            except trio.BrokenResourceError:
                pass
            await client.aclose()
            assert (await exchange(served, GET))[0] == 200

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
