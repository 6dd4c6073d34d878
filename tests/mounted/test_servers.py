"""A device within real web servers: everything that control points and browsers do, on loopback."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated
from uuid import uuid4

import attrs
import pytest
import trio
import trio.testing

from tests.mounted.scenes import DIRECTORY, SWITCH_TYPE, Lamp, ask, call, envelope, lamp, served
from tests.mounted.servers import PREFIX, SERVERS, MountedServer
from upnp_trio import Advertising, In, RequestAnswered, action
from upnp_trio.controlpoint import open_control_point

DESCRIPTION = f"{DIRECTORY}description.xml"
EVENTS = f"{DIRECTORY}service-1/events"


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> MountedServer:
    return SERVERS[request.param]


async def test_a_control_point_finds_reads_calls_and_follows_it(server: MountedServer) -> None:
    handler = Lamp()
    async with server() as upnp, served(upnp, lamp(handler)) as running:
        assert running.port is None
        location = f"http://127.0.0.1:{upnp._port}{PREFIX}{DESCRIPTION}"
        assert running.locations == (location,)
        async with open_control_point(interfaces=["lo"], ipv6=False, listen=False) as control_point:
            async with control_point.search(str(running.device.udn)) as results:
                found = [result async for result in results]
            assert {result.location for result in found} == {location}
            remote = await control_point.describe(location)
            assert remote.friendly_name == "Lamp"
            assert [icon.data for icon in remote.icons] == [b"png"]
            switch = remote.service("SwitchPower")
            async with switch.subscribe() as changes:
                assert (await anext(changes)).values == {"Status": False}
                await switch.call("SetTarget", newTargetValue=True)
                assert (await anext(changes)).values == {"Status": True}
                handler.status = False
                assert (await anext(changes)).values == {"Status": False}
            assert await switch.call("GetStatus") == {"ResultStatus": False}
        assert running.stats.calls == 2
        assert running.stats.subscriptions == 1


async def test_requests_are_answered_as_by_our_own_server(server: MountedServer) -> None:
    async with server() as upnp, served(upnp) as running:
        events = running.subscribe()
        # documents
        got = await ask(upnp, DESCRIPTION)
        assert got.status == 200
        assert b"<friendlyName>Lamp</friendlyName>" in got.body
        assert f"<controlURL>{PREFIX}{DIRECTORY}service-1/control</controlURL>".encode() in got.body
        assert got.headers["content-type"] == 'text/xml; charset="utf-8"'
        assert "UPnP/1.1" in got.headers["server"]
        assert "upnp_trio/" in got.headers["server"]
        assert "date" in got.headers
        head = await ask(upnp, DESCRIPTION, method="HEAD")
        assert head.status == 200
        assert head.body == b""
        assert head.headers["content-length"] == str(len(got.body))
        assert (await ask(upnp, DESCRIPTION, If_None_Match=got.headers["etag"])).status == 304
        assert (await ask(upnp, DESCRIPTION, Accept_Language="en")).headers["content-language"] == "en"
        assert (await ask(upnp, f"{DIRECTORY}lamp.png")).body == b"png"
        # where there is nothing, and what cannot be done
        assert (await ask(upnp, f"{DIRECTORY}nothing")).status == 404
        assert (await ask(upnp, DESCRIPTION, method="PUT", body=b"")).headers["allow"] == "GET, HEAD"
        assert (await ask(upnp, EVENTS)).headers["allow"] == "SUBSCRIBE, UNSUBSCRIBE"
        # other names and other sites
        stranger = await ask(upnp, DESCRIPTION, Host=f"rebound.example:{upnp._port}")
        assert (stranger.status, stranger.body) == (403, b"")
        assert (await ask(upnp, DESCRIPTION, Host=f"127.0.0.1:{upnp._port}")).status == 200
        assert (await ask(upnp, DESCRIPTION, Host=f"localhost:{upnp._port}")).status == 200
        assert (await call(upnp, "GetStatus", Origin="http://other.example")).status == 403
        # calls
        called = await call(upnp, "GetStatus")
        assert called.status == 200
        assert b"<ResultStatus>0</ResultStatus>" in called.body
        assert (await call(upnp, "Explode")).status == 500
        assert (await call(upnp, "GetStatus", Content_Type="text/plain")).status == 415
        assert (await call(upnp, "GetStatus", Content_Length="65537")).status == 413
        # subscriptions: only to the subscriber's own address
        elsewhere = "<http://192.0.2.66:5000/>"
        refused = await ask(upnp, EVENTS, method="SUBSCRIBE", NT="upnp:event", CALLBACK=elsewhere)
        assert refused.status == 412
        assert (await ask(upnp, EVENTS, method="SUBSCRIBE", SID="uuid:unknown")).status == 412
        assert (await ask(upnp, EVENTS, method="UNSUBSCRIBE", SID="uuid:unknown")).status == 412
        # everything is counted, with the peer
        answered: list[RequestAnswered] = []
        while len(answered) < 19:  # which comes after the answers, and from another thread
            event = await events.receive()
            # not those of control points in other tests on loopback, which say who they are
            answered += [event] if isinstance(event, RequestAnswered) and event.user_agent is None else []
        statuses = Counter(event.status for event in answered)
        assert (statuses[200], statuses[403], statuses[412]) == (7, 2, 3)
        assert running.stats.refused["host refused"] == 1
        assert running.stats.refused["origin refused"] == 1
        assert running.stats.refused["body too long"] == 1
        first = answered[0]
        assert (first.peer, first.method, first.target) == ("127.0.0.1", "GET", PREFIX + DESCRIPTION)


async def test_a_description_with_a_server_of_its_own_has_no_other_one(server: MountedServer) -> None:
    device = attrs.evolve(lamp(), advertising=Advertising(description_headers={"SERVER": "Ham/1"}))
    async with server() as upnp, served(upnp, device):
        for method in ("GET", "HEAD"):
            fields = (await ask(upnp, DESCRIPTION, method=method)).all_headers
            ours = [value for name, value in fields if name.lower() == "server" and "Werkzeug" not in value]
            assert ours == ["Ham/1"]  # werkzeug has its own, whatever an app says


async def test_the_page_follows_the_state(server: MountedServer) -> None:
    handler = Lamp()
    async with server() as upnp, served(upnp, lamp(handler)):
        front = await ask(upnp, "/")
        assert (front.status, front.headers["location"]) == (302, PREFIX + DIRECTORY)
        page = await ask(upnp, DIRECTORY)
        assert page.status == 200
        state_path = f"{DIRECTORY}state.json"
        assert f'data-state="{PREFIX}{state_path}"'.encode() in page.body
        assert (await ask(upnp, f"{DIRECTORY}page.js")).status == 200
        state = json.loads((await ask(upnp, state_path)).body)
        states: list[str] = []

        async def follow(version: str) -> None:
            """As the page does."""
            while not states or states[-1] == version:
                answer = await ask(upnp, f"{state_path}?after={version}")
                states.append(json.loads(answer.body)["version"])
                await trio.sleep(0.1)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow, state["version"])
            await trio.sleep(0.3)
            handler.status = True
        assert states[-1] == json.loads((await ask(upnp, state_path)).body)["version"]


async def test_before_and_after_a_device_is_served_there_is_503(server: MountedServer) -> None:
    async with server() as upnp:
        assert (await ask(upnp, DESCRIPTION)).status == 503
        async with served(upnp):
            assert (await ask(upnp, DESCRIPTION)).status == 200
            assert (await call(upnp, "GetStatus")).status == 200
        assert (await ask(upnp, DESCRIPTION)).status == 503
        assert (await call(upnp, "GetStatus")).status == 503
        async with served(upnp):
            assert (await ask(upnp, DESCRIPTION)).status == 200


async def test_several_devices_come_and_go(server: MountedServer) -> None:
    async with server() as upnp, served(upnp, metrics=True) as running:
        udn = str(uuid4())
        await running.add(attrs.evolve(lamp(), udn=f"uuid:{udn}"))
        assert (await ask(upnp, f"/{udn}/description.xml")).status == 200
        listed = await ask(upnp, "/")
        assert listed.status == 200
        assert f'href="{PREFIX}/{udn}/"'.encode() in listed.body
        assert b"upnp_trio_devices 2" in (await ask(upnp, "/metrics")).body
        await running.remove(f"uuid:{udn}")
        assert (await ask(upnp, f"/{udn}/description.xml")).status == 404


async def test_a_path_may_have_an_encoded_slash(server: MountedServer) -> None:
    async with server() as upnp, served(upnp, attrs.evolve(lamp(), description_path="/a%2Fb.xml")) as running:
        assert running.locations == (f"http://127.0.0.1:{upnp._port}{PREFIX}/a%2Fb.xml",)
        status = (await ask(upnp, "/a%2Fb.xml")).status
        # wsgiref has no more than the decoded path
        assert status == (404 if "wsgiref" in str(server) else 200)
        assert (await ask(upnp, "/a/b.xml")).status == 404


async def test_a_client_that_leaves_cancels_its_call() -> None:
    started, ended = trio.Event(), trio.Event()

    class Slow(Lamp, service_type=SWITCH_TYPE):
        @action("SetTarget")
        async def set_target(self, value: Annotated[bool, In("newTargetValue", "Status")]) -> None:
            try:
                started.set()
                await trio.sleep_forever()
            finally:
                ended.set()

    async with SERVERS["werkzeug"]() as upnp, served(upnp, lamp(Slow())):
        stream = await trio.open_tcp_stream("127.0.0.1", upnp._port)
        body = envelope("SetTarget", "<newTargetValue>1</newTargetValue>")
        head = (
            f"POST {PREFIX}{DIRECTORY}service-1/control HTTP/1.1\r\nHost: 127.0.0.1:{upnp._port}\r\n"
            f'Content-Type: text/xml\r\nSOAPACTION: "{SWITCH_TYPE}#SetTarget"\r\nContent-Length: {len(body)}\r\n\r\n'
        )
        await stream.send_all(head.encode() + body)
        with trio.fail_after(10):
            await started.wait()
            assert not ended.is_set()
            await stream.aclose()
            await ended.wait()  # long before the deadline of a handler, which is that of the test, too
