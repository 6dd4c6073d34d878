"""The ASGI app in the very loop of its device, on MockClock and a network in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Annotated, Any

import attrs
import pytest
import trio
import trio.testing

from tests.mounted.asgi_client import AsgiRequest, control, subscribe
from tests.mounted.scenes import DIRECTORY, SWITCH_TYPE, Lamp, lamp
from upnp_trio import In, Running, ServiceHandler, Settings, StateVariable, action
from upnp_trio.asgi import UpnpApp
from upnp_trio.http.phases import GRACE_SECONDS
from upnp_trio.http.request_rules import MAX_BODY_BYTES
from upnp_trio.server.serve import serve_on
from upnp_trio.server.waiting_requests import MAX_WAITING_REQUESTS, MAX_WAITING_REQUESTS_OF_ONE_PEER, TOO_MANY_WAITING
from upnp_trio.testing import Host, Link

Clock = trio.testing.MockClock
DESCRIPTION = f"{DIRECTORY}description.xml"


class SlowLamp(ServiceHandler, service_type=SWITCH_TYPE):
    """Its action takes a minute; it keeps how it ended."""

    status: Annotated[bool, StateVariable("Status")] = False

    def __init__(self) -> None:
        self.ended: list[str] = []

    @action("SetTarget")
    async def set_target(self, value: Annotated[bool, In("newTargetValue", "Status")]) -> None:
        try:
            await trio.sleep(20)
            self.ended.append("done")
        except trio.Cancelled:
            self.ended.append("cancelled")
            raise


@attrs.frozen
class Scene:
    host: Host
    upnp: UpnpApp
    running: Running

    async def ask(self, request: AsgiRequest) -> AsgiRequest:
        await self.upnp(request.scope, request.receive, request.send)
        return request


@asynccontextmanager
async def scene(handler: ServiceHandler | None = None, **options: Any) -> AsyncIterator[Scene]:  # noqa: ANN401
    upnp, host = UpnpApp("http://{host}:8123/upnp"), Host.on(Link(), "192.0.2.7/24", "fe80::7/64")
    host.listen(8123)
    settings = Settings(http=upnp, rng=Random(0), state_dir=None, **options)
    async with serve_on(host.network, [lamp(handler)], settings) as running:
        yield Scene(host, upnp, running)


SET = "<newTargetValue>1</newTargetValue>"


async def test_a_client_that_leaves_cancels_its_call(autojump_clock: Clock) -> None:
    handler = SlowLamp()
    async with scene(handler) as on:
        request = control("SetTarget", SET)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(on.ask, request)
            await trio.sleep(1)
            assert handler.ended == []
            request.leave()
        assert trio.current_time() == 1
        assert handler.ended == ["cancelled"]
        assert request.sent == []


async def test_a_client_that_leaves_with_half_a_body_is_not_answered(autojump_clock: Clock) -> None:
    async with scene() as on:
        request = AsgiRequest(f"{DIRECTORY}service-1/control", method="POST").body(b"<s:", more=True)
        request.leave()
        assert (await on.ask(request)).sent == []


async def test_a_cancelled_request_cancels_its_call(autojump_clock: Clock) -> None:
    handler = SlowLamp()
    async with scene(handler) as on:
        with trio.move_on_after(1):
            await on.ask(control("SetTarget", SET))
        assert handler.ended == ["cancelled"]


async def test_a_call_in_flight_has_a_moment_when_the_device_ends(autojump_clock: Clock) -> None:
    handler, request = SlowLamp(), control("SetTarget", SET)
    async with trio.open_nursery() as nursery:
        async with scene(handler) as on:
            nursery.start_soon(on.ask, request)
            await trio.sleep(1)
        assert trio.current_time() == pytest.approx(1 + GRACE_SECONDS, abs=0.2)
    assert handler.ended == ["cancelled"]
    assert request.status == 503


async def test_a_page_that_waits_is_answered_when_the_device_ends(autojump_clock: Clock) -> None:
    async with trio.open_nursery() as nursery:
        async with scene() as on:
            state = await on.ask(AsgiRequest(f"{DIRECTORY}state.json"))
            version = state.sent[1]["body"].partition(b'"version":')[2].split(b'"')[1]
            waiting = AsgiRequest(f"{DIRECTORY}state.json")
            waiting.scope["query_string"] = b"after=" + version
            nursery.start_soon(on.ask, waiting)
            await trio.sleep(1)
            assert waiting.sent == []
        assert trio.current_time() < 1 + GRACE_SECONDS
    assert waiting.status == 200


async def test_a_subscription_whose_response_cannot_be_sent_is_none(autojump_clock: Clock) -> None:
    async with scene() as on:
        request = subscribe()
        request.is_broken = True
        with pytest.raises(OSError, match="the client has gone"):
            await on.ask(request)
        await trio.sleep(5)
    # those to 8123 look whether the server listens
    assert not [opened for opened in on.host.connections if opened.port != 8123]


async def test_events_go_to_the_peer_that_the_server_names(autojump_clock: Clock) -> None:
    async with scene() as on:
        assert (await on.ask(subscribe())).status == 200
        await trio.sleep(5)
        events = [(each.source, each.address, each.port) for each in on.host.connections if each.port == 5000]
        assert set(events) == {("192.0.2.7", "192.0.2.9", 5000)}
        # a field that a proxy or a stranger adds is not read
        assert (await on.ask(subscribe(client="192.0.2.44", X_Forwarded_For="192.0.2.9"))).status == 412
        assert (await on.ask(subscribe(client="192.0.2.44", Forwarded="for=192.0.2.9"))).status == 412


@pytest.mark.parametrize(
    ("client", "server", "callback", "status"),
    [
        ("192.0.2.9", "0.0.0.0", "http://192.0.2.9:5000/", 200),
        ("::ffff:192.0.2.9", "::", "http://192.0.2.9:5000/", 200),
        ("fe80::9", "fe80::7", "http://[fe80::9]:5000/", 200),
        ("fe80::9%eth0", "::", "http://[fe80::9]:5000/", 200),
        ("198.51.100.9", "192.0.2.7", "http://198.51.100.9:5000/", 412),  # from beyond the link
        ("198.51.100.9", "0.0.0.0", "http://198.51.100.9:5000/", 412),
        ("127.0.0.1", "127.0.0.1", "http://127.0.0.1:5000/", 412),  # loopback is not served
        ("testclient", "testserver", "http://192.0.2.9:5000/", 412),
        (None, "/run/server.sock", "http://192.0.2.9:5000/", 412),
    ],
)
async def test_only_a_peer_that_is_known_and_on_the_link_can_subscribe(
    client: str | None, server: str, callback: str, status: int, autojump_clock: Clock
) -> None:
    async with scene() as on:
        request = subscribe(callback, client=client)
        request.scope["server"] = (server, 8123)
        assert (await on.ask(request)).status == status
        assert (await on.ask(AsgiRequest(DESCRIPTION, client=client))).status == 200
        assert (await on.ask(control("GetStatus"))).status == 200


async def test_a_body_is_read_within_its_bounds(autojump_clock: Clock) -> None:
    async with scene() as on:
        path = f"{DIRECTORY}service-1/control"
        announced = AsgiRequest(path, method="POST", Content_Length=str(MAX_BODY_BYTES + 1))
        assert (await on.ask(announced)).status == 413
        endless = AsgiRequest(path, method="POST", Transfer_Encoding="chunked")
        for _ in range(5):
            endless.body(b"x" * (MAX_BODY_BYTES // 4), more=True)
        assert (await on.ask(endless)).status == 413
        assert (await on.ask(AsgiRequest(path, method="POST", Content_Length="-1"))).status == 400
        both = AsgiRequest(path, method="POST", Content_Length="3", Transfer_Encoding="chunked")
        assert (await on.ask(both)).status == 400
        start = trio.current_time()
        slow = AsgiRequest(path, method="POST").body(b"<s:", more=True)
        assert (await on.ask(slow)).status == 408
        assert trio.current_time() == start + 10
        refused = on.running.stats.refused
        assert {name: refused[name] for name in ("body too long", "body too slow", "malformed request")} == {
            "body too long": 2,
            "body too slow": 1,
            "malformed request": 2,
        }


async def test_one_peer_can_let_so_many_requests_wait(autojump_clock: Clock) -> None:
    async with scene(SlowLamp()) as on, trio.open_nursery() as nursery:
        state = await on.ask(AsgiRequest(f"{DIRECTORY}state.json"))
        version = state.sent[1]["body"].partition(b'"version":')[2].split(b'"')[1]

        def question(client: str) -> AsgiRequest:
            request = AsgiRequest(f"{DIRECTORY}state.json", client=client)
            request.scope["query_string"] = b"after=" + version
            return request

        for _ in range(MAX_WAITING_REQUESTS_OF_ONE_PEER):
            nursery.start_soon(on.ask, question("192.0.2.9"))
        await trio.sleep(1)
        assert (await on.ask(question("192.0.2.9"))).status == 503
        assert (await on.ask(AsgiRequest(DESCRIPTION))).status == 200
        other = question("192.0.2.10")
        nursery.start_soon(on.ask, other)
        await trio.sleep(1)
        assert other.sent == []
        nursery.cancel_scope.cancel()


async def test_a_few_peers_cannot_take_all_the_places_of_requests_that_wait(autojump_clock: Clock) -> None:
    async with scene(SlowLamp()) as on, trio.open_nursery() as nursery:
        state = await on.ask(AsgiRequest(f"{DIRECTORY}state.json"))
        version = state.sent[1]["body"].partition(b'"version":')[2].split(b'"')[1]
        questions = []
        for number in range(MAX_WAITING_REQUESTS):
            request = AsgiRequest(f"{DIRECTORY}state.json", client=f"192.0.2.{10 + number % 4}")
            request.scope["query_string"] = b"after=" + version
            questions.append(request)
            nursery.start_soon(on.ask, request)
            await trio.sleep(0.001)
        assert not any(request.sent for request in questions)
        subscribed = await on.ask(subscribe("http://192.0.2.99:5000/", client="192.0.2.99"))
        assert subscribed.status == 200
        await trio.sleep(0.1)
        assert [request.status for request in questions if request.sent] == [503]
        assert questions[0].sent
        assert on.running.stats.refused[TOO_MANY_WAITING] == 1
        # the next ones have room
        assert (await on.ask(subscribe("http://192.0.2.98:5000/", client="192.0.2.98"))).status == 200
        again = AsgiRequest(f"{DIRECTORY}state.json", client="192.0.2.10")
        again.scope["query_string"] = b"after=" + version
        nursery.start_soon(on.ask, again)
        await trio.sleep(0.1)
        assert again.sent == []
        assert sum(bool(request.sent) for request in questions) == 1
        nursery.cancel_scope.cancel()


async def test_it_lives_in_a_lifespan_and_closes_web_sockets(autojump_clock: Clock) -> None:
    upnp, request = UpnpApp("http://{host}:8123/upnp"), AsgiRequest("/")
    for kind in ("startup", "shutdown"):
        request._send.send_nowait({"type": f"lifespan.{kind}"})
    await upnp({"type": "lifespan"}, request.receive, request.send)
    assert [message["type"] for message in request.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    await upnp({"type": "websocket"}, request.receive, request.send)
    assert request.sent[-1]["type"] == "websocket.close"
    with pytest.raises(ValueError, match="'mqtt' is a scope"):
        await upnp({"type": "mqtt"}, request.receive, request.send)


async def test_two_hosts_are_none(autojump_clock: Clock) -> None:
    async with scene() as on:
        for hosts in (["192.0.2.7:8123", "192.0.2.7:8123"], ["192.0.2.7:8123", "rebound.example"]):
            request = AsgiRequest(DESCRIPTION)
            request.scope["headers"] = [(b"host", host.encode()) for host in hosts]
            assert (await on.ask(request)).status == 400


async def test_host_is_checked_where_interfaces_come_and_go(autojump_clock: Clock) -> None:
    async with scene(allowed_hosts=["ham.local"]) as on:

        async def status(host: str) -> int:
            return (await on.ask(AsgiRequest(DESCRIPTION, Host=host))).status

        assert await status("192.0.2.7:8123") == 200
        assert await status("[fe80::7]:8123") == 200
        assert await status("localhost:8123") == 200
        assert await status("ham.local:1") == 200
        assert await status("192.0.2.7") == 403  # port 80
        assert await status("192.0.2.8:8123") == 403
        assert await status("rebound.example:8123") == 403
        assert await status("192.0.2.7:8123:1") == 400
        on.host.plug(Link(), "198.51.100.7/24", name="eth1")
        await trio.sleep(10)
        assert await status("198.51.100.7:8123") == 200


async def test_a_fault_ends_one_request_alone(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(Lamp()) as on:
        site = on.upnp._site
        assert site is not None
        with monkeypatch.context() as patched:
            patched.setattr(site.site, "respond", lambda request: 1 / 0)
            assert (await on.ask(AsgiRequest("/nothing"))).status == 500
        assert (await on.ask(AsgiRequest("/nothing"))).status == 404
    assert "a fault while serving 192.0.2.9" in caplog.text
