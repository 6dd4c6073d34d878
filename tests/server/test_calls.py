"""Control calls from a connection to a handler and back: order, deadlines, bounds and ends (UDA 2.0 §3.2)."""

from __future__ import annotations

import gc
import logging
import math

import attrs
import pytest
import trio
import trio.lowlevel
import trio.testing

from tests.cancelling import CancelAt
from tests.server.acting import PEER, Client, Oven, Subscriber, call, fault_code, oven_device, served, subscribe
from tests.server.scenes import DEVICE, HERE, NOON, LoneHost
from upnp_trio import UpnpError
from upnp_trio.exchange import Request, Response
from upnp_trio.http.connection import Connection
from upnp_trio.http.host_check import HostCheck
from upnp_trio.http.phases import GRACE_SECONDS
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.server.calls import HANDLER_SECONDS, MAX_WAITING_CALLS, MAX_WAITING_CALLS_OF_ONE_PEER
from upnp_trio.ssdp.messages import ByeBye
from upnp_trio.testing.pipes import connected_pair

Clock = trio.testing.MockClock


def wait(path: str, number: int, seconds: int = 1) -> bytes:
    return call(path, "Wait", ("Number", number), ("Seconds", seconds))


# --- results and faults ---


async def test_a_plain_and_a_coroutine_function_both_give_their_results(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with served(host, Oven()) as (_, (control,), _):
        client = Client(host)
        answer = await client.ask(call(control, "Set", ("Heat", 7), ("Light", 1)))
        assert answer.status == 200
        assert b"SetResponse" in answer.body
        answer = await client.ask(call(control, "Get"))
        assert b"<Heat>7</Heat><Light>1</Light>" in answer.body
        assert answer.headers["content-type"] == 'text/xml; charset="utf-8"'
        assert answer.headers["ext"] == ""
        answer = await client.ask(wait(control, 5))
        assert b"<Waited>5</Waited>" in answer.body
        client.close()


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpnpError(701, "No pan"), 701),
        (ExceptionGroup("a nursery", [UpnpError(702, "No oven")]), 702),
        (ExceptionGroup("outer", [ExceptionGroup("inner", [UpnpError(703, "No ham")])]), 703),
        (ExceptionGroup("two", [UpnpError(702, "No oven"), UpnpError(703, "No ham")]), 501),
        (ValueError("a bug"), 501),
        (trio.TooSlowError(), 501),
        (RuntimeError("coroutine raised StopIteration"), 501),
    ],
)
async def test_what_a_handler_raises_is_the_fault_and_the_connection_goes_on(
    autojump_clock: Clock, error: Exception, code: int, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    host, oven = LoneHost(), Oven()

    def fail() -> object:
        raise error

    async def fail_later() -> None:
        await trio.sleep(1)
        raise error

    oven.deed, oven.task = fail, fail_later
    async with served(host, oven) as (running, (control,), _):
        client = Client(host)
        for _ in range(3):
            assert fault_code(await client.ask(call(control, "Do" if is_async else "DoNow"))) == code
        assert (await client.ask(call(control, "Get"))).status == 200
        assert running.stats.faults == {code: 3}
        assert running.stats.calls == 4
        client.close()
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(logged) == (1 if code == 501 else 0)  # once an hour, with its traceback
    assert all(record.exc_info is not None for record in logged)


async def test_a_result_of_the_wrong_type_is_501_for_the_caller_and_a_traceback_for_the_owner(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        for wrong in (None, 7, "\ud800", object()):
            oven.deed = lambda wrong=wrong: wrong  # type: ignore[misc]
            assert fault_code(await client.ask(call(control, "DoNow"))) == 501
        client.close()
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None


async def test_arguments_that_are_wrong_reach_no_handler(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        client = Client(host)
        assert fault_code(await client.ask(call(control, "Wait", ("Number", 1)))) == 402
        assert fault_code(await client.ask(call(control, "Wait", ("Number", 1), ("Seconds", "soon")))) in (402, 600)
        assert fault_code(await client.ask(call(control, "Wait", ("Number", 2**32), ("Seconds", 1)))) in (402, 600, 601)
        assert fault_code(await client.ask(call(control, "Bake"))) == 401
        assert fault_code(await client.ask(call(control, "Get", service_type="urn:x:service:Oven:2"))) == 401
        assert fault_code(await client.ask(call(control, "Get", service_type="urn:example-com:service:Oven:3"))) == 401
        query = call(control, "QueryStateVariable", service_type="urn:schemas-upnp-org:control-1-0")
        assert fault_code(await client.ask(query)) == 401
        assert oven.log == []
        assert running.stats.calls == 0
        client.close()


async def test_a_caller_of_a_lower_version_is_answered_in_its_own_namespace(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with served(host, Oven()) as (_, (control,), _):
        client = Client(host)
        answer = await client.ask(call(control, "Get", service_type="urn:example-com:service:Oven:1"))
        assert b'xmlns:u="urn:example-com:service:Oven:1"' in answer.body
        client.close()


async def test_a_handler_knows_its_caller(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host, "192.0.2.77")
        await client.ask(call(control, "Get", extra=["User-Agent: pan/1.0"]))
        await client.ask(call(control, "Get"))
        client.close()
    assert [(each.address, each.interface, each.user_agent) for each in oven.callers] == [
        ("192.0.2.77", "eth0", "pan/1.0"),
        ("192.0.2.77", "eth0", None),
    ]


# --- HTTP around a call ---


async def test_a_call_in_pieces_in_chunks_or_after_100_continue_is_carried_out(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with served(host, Oven()) as (_, (control,), _):
        client = Client(host)
        whole = wait(control, 1)
        for byte in whole:
            await client.send(bytes([byte]))
        assert b"<Waited>1</Waited>" in (await client.read()).body

        head, _, body = wait(control, 2).partition(b"\r\n\r\n")
        head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(b"CONTENT-LENGTH"))
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        assert (
            b"<Waited>2</Waited>" in (await client.ask(head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)).body
        )

        head, _, body = call(control, "Get", extra=["Expect: 100-continue"]).partition(b"\r\n\r\n")
        assert (await client.ask(head + b"\r\n\r\n")).status == 100
        assert b"<Heat>0</Heat>" in (await client.ask(body)).body
        client.close()


async def test_a_caller_of_http_1_0_is_answered_and_closed(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with served(host, Oven()) as (_, (control,), _):
        for name, arguments in (("Get", ()), ("Wait", (("Number", 1), ("Seconds", 1)))):
            client = Client(host)
            answer = await client.ask(call(control, name, *arguments, version="1.0"))
            assert answer.status == 200
            assert await client.ended()
            client.close()


@pytest.mark.parametrize("name", ["Get", "Do"])
async def test_a_caller_that_asks_for_it_is_closed_after_the_result(autojump_clock: Clock, name: str) -> None:
    host = LoneHost()
    async with served(host, Oven()) as (_, (control,), _):
        client = Client(host)
        answer = await client.ask(call(control, name, extra=["Connection: close"]))
        assert (answer.status, answer.closes) == (200, True)
        assert await client.ended()
        client.close()


async def test_requests_that_are_no_calls_are_refused_before_a_handler_sees_them(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    oven.deed = pytest.fail
    async with served(host, oven) as (_, (control,), _):

        async def status(request: bytes) -> int:
            client = Client(host)
            answer = await client.ask(request)
            client.close()
            return answer.status

        good = call(control, "DoNow")
        assert await status(good.replace(b"POST", b"M-POST", 1)) in (405, 501)
        assert await status(f"GET {control} HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode()) == 405
        assert await status(good.replace(b"text/xml;", b"text/html;", 1)) == 415
        assert await status(good.replace(b"SOAPACTION", b"X-Action", 1)) == 400
        assert await status(good.replace(b"HOST: 192", b"HOST: 193", 1)) == 403
        assert await status(good.replace(b"\r\n\r\n", b"\r\nOrigin: http://evil.example\r\n\r\n", 1)) == 403
        too_long = good.partition(b"CONTENT-LENGTH")[0] + b"CONTENT-LENGTH: 65537\r\n\r\n"
        assert await status(too_long) == 413
        chunked = too_long.replace(b"CONTENT-LENGTH: 65537", b"Transfer-Encoding: chunked")
        assert await status(chunked + b"10001\r\n" + b" " * 65537 + b"\r\n0\r\n\r\n") == 413


# --- order and deadlines ---


async def test_calls_of_one_connection_are_answered_in_their_order(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        await client.send(
            wait(control, 1, 3)
            + call(control, "Set", ("Heat", 9), ("Light", 0))
            + wait(control, 2, 1)
            + call(control, "Get")
            + call(control, "Bake")
        )
        await trio.sleep(2.9)
        assert oven.heat == 0  # the second call does not begin before the first one is answered
        assert b"<Waited>1<" in (await client.read()).body
        assert trio.current_time() == 3
        assert b"SetResponse" in (await client.read()).body
        assert b"<Waited>2<" in (await client.read()).body
        assert trio.current_time() == 4
        assert b"<Heat>9<" in (await client.read()).body
        assert fault_code(await client.read()) == 401
        client.close()


async def test_calls_of_several_connections_run_at_once(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with served(host, Oven()) as (_, (control,), _), trio.open_nursery() as nursery:

        async def ask(number: int) -> None:
            client = Client(host)
            assert f"<Waited>{number}<".encode() in (await client.ask(wait(control, number, number))).body
            assert trio.current_time() == number
            client.close()

        for number in range(1, 11):
            nursery.start_soon(ask, number)


async def test_a_peer_whose_calls_take_too_long_fills_no_log(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        for peer in ("192.0.2.9", "192.0.2.9", "192.0.2.9", "192.0.2.10"):
            client = Client(host, peer)
            assert fault_code(await client.ask(wait(control, 1, 26))) == 501
            client.close()
    assert [record.levelname for record in caplog.records if "longer than" in record.getMessage()] == ["WARNING"] * 2


async def test_a_handler_has_25_seconds_and_then_its_connection_goes_on(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        assert fault_code(await client.ask(wait(control, 1, 26))) == 501
        assert trio.current_time() == HANDLER_SECONDS == 25
        assert oven.log == [("begin", 1), ("cancelled", 1)]
        assert "longer than 25 s" in caplog.text
        assert (await client.ask(wait(control, 2, 24))).status == 200
        assert trio.current_time() == 49
        client.close()


async def test_slow_handlers_fill_no_log(autojump_clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    host = LoneHost()
    async with served(host, Oven()) as (_, (control,), _), trio.open_nursery() as nursery:

        async def ask() -> None:
            client = Client(host)
            for _ in range(5):
                assert fault_code(await client.ask(wait(control, 1, 26))) == 501
            client.close()

        for _ in range(20):
            nursery.start_soon(ask)
    assert len(caplog.records) == 1


async def test_a_handler_that_fails_while_it_is_cancelled_gives_its_own_fault(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()

    async def fail_late() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise UpnpError(701, "Too late")

    oven.task = fail_late
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        assert fault_code(await client.ask(call(control, "Do"))) == 701
        assert trio.current_time() == 25
        client.close()


# --- bounds ---


@pytest.mark.parametrize("name", ["Do", "DoNow"])
async def test_a_handler_that_ends_the_program_ends_the_device_at_once(autojump_clock: Clock, name: str) -> None:
    host, oven = LoneHost(), Oven()

    def leave() -> None:
        raise SystemExit(3)

    async def leave_later() -> None:
        leave()

    oven.deed, oven.task = leave, leave_later
    with pytest.raises(BaseExceptionGroup) as raised:
        async with served(host, oven) as (_, (control,), _):
            other = Client(host, "192.0.2.10")
            client = Client(host)
            await client.send(call(control, name))
            await trio.sleep(GRACE_SECONDS + 1)
            oven.log.append(("half dead", 1))
    assert not oven.log
    assert raised.group_contains(SystemExit)
    assert host.sent.messages(ByeBye)
    for each in (client, other):
        each.close()


@pytest.mark.parametrize("said", ["\x01" * 32_000, b"x" * 32_000, ["x"] * 32_000])
async def test_a_long_value_that_is_refused_is_a_short_line_of_the_log(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture, said: object
) -> None:
    host, oven = LoneHost(), Oven()

    def keep() -> None:
        oven.text = said  # type: ignore[assignment]  # what a handler may do with an argument

    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        for deed in (keep, lambda: said):
            oven.deed = deed
            assert fault_code(await client.ask(call(control, "DoNow"))) == 501
        client.close()
    assert "failed" in caplog.text
    assert len(caplog.text) < 10_000


async def test_a_neighbour_in_the_same_64_is_served_beside_the_waiting_calls_of_one_address(
    autojump_clock: Clock,
) -> None:
    async with served(host := LoneHost(), Oven()) as (_, (control,), _):
        clients = [Client(host, "fe80::a") for _ in range(MAX_WAITING_CALLS_OF_ONE_PEER)]
        for number, client in enumerate(clients):
            await client.send(wait(control, number, 20))
        await trio.testing.wait_all_tasks_blocked()
        neighbour = Client(host, "fe80::b")
        assert (await neighbour.ask(wait(control, 99, 1))).status == 200
        more = Client(host, "fe80::a")
        assert (await more.ask(wait(control, 99, 1))).status == 503
        for client in (*clients, neighbour, more):
            client.close()


@pytest.mark.parametrize(("code", "description"), [(701, 5), ("701", None), (701, b"No pan")])
async def test_an_error_that_is_no_error_of_upnp_is_the_fault_of_its_handler(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture, code: object, description: object
) -> None:
    def refuse() -> None:
        raise UpnpError(code, description)  # type: ignore[arg-type]  # what a handler may write

    oven = Oven()
    async with served(host := LoneHost(), oven) as (running, (control,), _):
        oven.deed = refuse
        client = Client(host)
        assert fault_code(await client.ask(call(control, "DoNow"))) == 501
        assert "a UPnP error has a number and a text" in caplog.text
        assert running.stats.refused == {}
        client.close()


async def test_the_33rd_waiting_call_of_a_peer_is_refused_and_others_are_served(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        clients = [Client(host) for _ in range(MAX_WAITING_CALLS_OF_ONE_PEER)]
        for number, client in enumerate(clients):
            await client.send(wait(control, number, 20))
        await trio.testing.wait_all_tasks_blocked()
        more = Client(host)
        assert (await more.ask(wait(control, 99, 20))).status == 503
        assert (await more.ask(call(control, "Get"))).status == 200  # which need not wait
        assert running.stats.refused["too many calls of one peer"] == 1
        other = Client(host, "192.0.2.10")
        assert (await other.ask(wait(control, 100, 1))).status == 200
        assert trio.current_time() == 1
        for client in clients:
            assert (await client.read()).status == 200
        last = Client(host)
        assert (await last.ask(wait(control, 101, 1))).status == 200  # there is room again
        for client in (*clients, more, other, last):
            client.close()
    assert ("begin", 99) not in oven.log


async def test_the_calls_of_others_leave_a_peer_room_for_one(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        clients = [Client(host, f"192.0.2.{20 + number % 8}") for number in range(MAX_WAITING_CALLS)]
        for number, client in enumerate(clients):
            await client.send(wait(control, number, 20))
        await trio.testing.wait_all_tasks_blocked()
        good, again = Client(host, "192.0.2.10"), Client(host, "192.0.2.10")
        await good.send(wait(control, 998, 1))
        await trio.testing.wait_all_tasks_blocked()
        assert (await again.ask(wait(control, 999, 1))).status == 503
        assert (await good.read()).status == 200
        assert running.stats.refused["too many calls"] == 1
        for client in (*clients, good, again):
            client.close()


async def test_the_129th_waiting_call_is_refused(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        clients = [Client(host, f"192.0.2.{20 + number % 8}") for number in range(MAX_WAITING_CALLS)]
        for number, client in enumerate(clients):
            await client.send(wait(control, number, 20))
        await trio.testing.wait_all_tasks_blocked()
        other = Client(host, "192.0.2.20")
        assert (await other.ask(wait(control, 999, 1))).status == 503
        assert running.stats.refused["too many calls"] == 1
        assert (await other.ask(call(control, "Get"))).status == 200
        for client in clients:
            assert (await client.read()).status == 200
        for client in (*clients, other):
            client.close()


@attrs.frozen
class LateResponse:
    async def respond(self) -> Response:
        await trio.sleep(1)
        return Response(200)

    def sent(self) -> None:
        pass

    def abandon(self) -> None:
        pass


class AlwaysLate:
    """Makes every response in a second."""

    def respond(self, request: Request) -> Response | LateResponse:
        return LateResponse()

    def takes_body(self, request: Request) -> bool:
        return False


async def test_a_connection_that_was_waited_for_counts_as_waiting_again_after_its_response(
    autojump_clock: Clock,
) -> None:
    """Otherwise a slow head behind a call would be the last to give way to others."""
    theirs, ours = connected_pair(PEER, DEVICE)
    stats = Stats()
    writer = ResponseWriter(AlwaysLate(), "s/1", lambda: NOON, stats, Events(stats))
    connection = Connection(ours, HostCheck(HERE), writer)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.run)
        request = f"GET / HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode()
        await theirs.send_all(request + request[:10])
        await trio.sleep(0.5)
        assert connection.waiting_since == math.inf
        await trio.sleep(1)
        assert connection.waiting_since == 1
        connection.give_way()


# --- ends ---


async def test_a_handler_is_cancelled_when_the_device_stops_within_the_grace(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    before = trio.lowlevel.current_statistics().tasks_living
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        await client.send(wait(control, 1, 20))
        quick = Client(host)
        await quick.send(wait(control, 2, 1))
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
    assert trio.current_time() <= began + GRACE_SECONDS + 1
    assert sorted(oven.log[2:]) == [("cancelled", 1), ("end", 2)]
    answer = await quick.read()
    assert (answer.status, answer.closes) == (200, True)
    assert await client.ended()
    assert not oven.is_connected
    assert trio.lowlevel.current_statistics().tasks_living == before
    client.close()
    quick.close()


async def test_a_handler_is_cancelled_when_its_device_is_removed(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        client = Client(host)
        await client.send(wait(control, 1, 20))
        await trio.testing.wait_all_tasks_blocked()
        await running.remove(running.device.udn or "")
        assert fault_code(await client.read()) == 501
        assert oven.log == [("begin", 1), ("cancelled", 1)]
        assert (await client.ask(call(control, "Get"))).status == 404
        assert not oven.is_connected
        client.close()


async def test_a_handler_goes_on_to_serve_a_device_that_is_updated(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        client = Client(host)
        await running.update(attrs.evolve(oven_device(oven), friendly_name="Jambon 3001"))
        assert (await client.ask(call(control, "Set", ("Heat", 3), ("Light", 0)))).status == 200
        assert running.service(Oven) is oven
        other = Oven()
        await running.update(attrs.evolve(oven_device(other), friendly_name="Jambon 3002"))
        assert b"<Heat>0<" in (await client.ask(call(control, "Get"))).body
        assert running.service(Oven) is other
        oven.heat = 99  # it is free again, and tells nobody
        client.close()


@pytest.mark.parametrize("name", ["Do", "Get"])
async def test_a_peer_that_hangs_up_costs_nothing_but_its_own_call(autojump_clock: Clock, name: str) -> None:
    host, oven = LoneHost(), Oven()
    ended = False

    async def work() -> None:
        nonlocal ended
        await trio.sleep(5)
        ended = True

    oven.task = work
    async with served(host, oven) as (running, (control,), _):
        client = Client(host)
        await client.send(call(control, name))
        client.close()
        await trio.sleep(10)
        assert ended == (name == "Do")  # what was begun is done
        other = Client(host)
        assert (await other.ask(call(control, "Get"))).status == 200
        assert running.stats.refused["a fault of ours"] == 0
        other.close()


async def test_a_call_whose_body_arrives_while_the_device_stops_is_answered(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with trio.open_nursery() as nursery:
        async with served(host, oven) as (running, (control,), _):
            client = Client(host)
            request = call(control, "Set", ("Heat", 5), ("Light", 1))
            await client.send(request[:-20])
            await trio.testing.wait_all_tasks_blocked()

            async def send_rest() -> None:
                await trio.sleep(1)
                await client.send(request[-20:])

            nursery.start_soon(send_rest)
        assert (await client.read()).status == 200
        assert (oven.heat, oven.light) == (5, True)
        assert running.stats.refused["a fault of ours"] == 0
        client.close()


# --- cancelled at every step ---


async def converse(host: LoneHost, oven: Oven, control: str, events: str) -> None:
    """Subscribe, call plain and coroutine functions on two connections at once, and change two variables together."""
    subscriber = Subscriber(host)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(subscriber.run)
        client, other = Client(host), Client(host)
        try:
            await client.ask(subscribe(events))
            await client.send(call(control, "Do") + call(control, "Set", ("Heat", 1), ("Light", 1)))
            await other.send(wait(control, 1))
            await client.read()
            await client.read()
            await other.read()
            await subscriber.event(1)
        finally:
            client.close()
            other.close()
            for event in subscriber.events:
                assert (event.values["Heat"] == "1") == (event.values["Light"] == "1")
        nursery.cancel_scope.cancel()


async def cancelled_at(step: int) -> bool:
    """Cancel a device in conversation at *step*; return whether there are that many. Asserts that nothing is left."""
    before = trio.lowlevel.current_statistics().tasks_living
    host, oven = LoneHost(), Oven()

    async def change_both() -> None:
        oven.heat, oven.light = 1, True
        await trio.sleep(1)
        oven.heat, oven.light = 0, False

    oven.task = change_both
    with trio.CancelScope() as scope:
        instrument = CancelAt(scope, step)
        trio.lowlevel.add_instrument(instrument)
        try:
            async with served(host, oven) as (_, (control,), (events,)):
                await converse(host, oven, control, events)
        finally:
            trio.lowlevel.remove_instrument(instrument)
    assert (oven.heat == 1) == oven.light
    assert not oven.is_connected
    assert trio.lowlevel.current_statistics().tasks_living == before
    assert host.open_connections == []
    assert host.open_sockets == []
    return scope.cancelled_caught


async def test_a_device_that_is_cancelled_at_any_step_of_its_calls_leaves_nothing(autojump_clock: Clock) -> None:
    step = 1
    while await cancelled_at(step):
        step += 1
    assert step > 100
    gc.collect()  # a coroutine that was never awaited would warn, and warnings are errors here


async def test_a_client_that_closes_at_any_step_of_its_call_leaves_nothing(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()

    async def change_both() -> None:
        oven.heat, oven.light = oven.heat + 1, not oven.light
        await trio.lowlevel.checkpoint()
        oven.heat, oven.light = oven.heat + 1, not oven.light

    oven.task = change_both
    async with served(host, oven) as (running, (control,), (events,)):
        await trio.sleep(10)
        before = trio.lowlevel.current_statistics().tasks_living
        for steps in range(40):
            for request in (call(control, "Do"), call(control, "Do") * 3, wait(control, 1), subscribe(events)):
                client = Client(host)
                await client.send(request)
                for _ in range(steps):
                    await trio.lowlevel.checkpoint()
                client.close()
        await trio.sleep(2000)  # all subscriptions have expired
        assert trio.lowlevel.current_statistics().tasks_living == before
        assert (oven.heat % 2 == 1) == oven.light
        assert running.stats.refused["a fault of ours"] == 0
    gc.collect()


async def test_a_thousand_calls_that_are_cut_off_hold_nothing(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        await trio.sleep(10)
        before = trio.lowlevel.current_statistics().tasks_living
        for number in range(1000):
            client = Client(host, f"192.0.2.{number % 200 + 20}")
            await client.send(wait(control, number, 2))
            for _ in range(number % 10):
                await trio.lowlevel.checkpoint()
            client.close()
            if number % 100 == 99:
                await trio.sleep(3)
        await trio.sleep(30)
        assert trio.lowlevel.current_statistics().tasks_living == before
        assert running.stats.refused["a fault of ours"] == 0
        client = Client(host)
        assert (await client.ask(wait(control, 1))).status == 200
        client.close()
