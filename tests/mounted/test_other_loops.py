"""Apps in other loops and threads than that of their device: asyncio's, another trio loop, and threads of WSGI."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Annotated, Any

import pytest
import trio

import upnp_trio.asgi
import upnp_trio.wsgi
from tests.mounted.scenes import DIRECTORY, SWITCH_TYPE, lamp
from tests.mounted.servers import Mounted, listening, url
from upnp_trio import In, ServiceHandler, StateVariable, action
from upnp_trio.http.request_rules import MAX_BODY_BYTES
from upnp_trio.mounted.wsgi_app import MAX_WAITING_PAGES
from upnp_trio.threads import Running, serve_in_thread

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    f'<u:SetTarget xmlns:u="{SWITCH_TYPE}"><newTargetValue>1</newTargetValue></u:SetTarget></s:Body></s:Envelope>'
).encode()
CONTROL = f"{DIRECTORY}service-1/control"
EVENTS = f"{DIRECTORY}service-1/events"
STATE = f"{DIRECTORY}state.json"
#: for what takes a moment
SECONDS = 10


class WaitingLamp(ServiceHandler, service_type=SWITCH_TYPE):
    """Its action does not end by itself; the test learns how it began and ended."""

    status: Annotated[bool, StateVariable("Status")] = False

    def __init__(self) -> None:
        self.begun, self.cancelled = threading.Event(), threading.Event()

    @action("SetTarget")
    async def set_target(self, value: Annotated[bool, In("newTargetValue", "Status")]) -> None:
        self.begun.set()
        try:
            await trio.sleep_forever()
        finally:
            self.cancelled.set()


@contextmanager
def beside(upnp: Mounted, handler: ServiceHandler | None = None) -> Iterator[Running]:
    """A device on a thread of its own."""
    with serve_in_thread(lamp(handler), http=upnp, interfaces=["lo"], ipv6=False, state_dir=None) as running:
        yield running


# --- ASGI --------------------------------------------------------------------------------------------------------


@pytest.fixture
def asgi() -> Iterator[upnp_trio.asgi.UpnpApp]:
    with listening() as listener:
        yield upnp_trio.asgi.UpnpApp(url(listener.getsockname()[1]))


class Asgi:
    """A request; *receive* of the test's own loop gives its body and then waits for *left*."""

    def __init__(
        self, upnp: upnp_trio.asgi.UpnpApp, path: str, body: bytes = b"", query: str = "", **more: str
    ) -> None:
        fields = {"host": f"127.0.0.1:{upnp._port}", "content-type": "text/xml"} | more
        self.scope = {
            "type": "http",
            "method": "POST" if body else "SUBSCRIBE" if "nt" in more else "GET",
            "path": f"/upnp{path}",
            "root_path": "/upnp",
            "query_string": b"",
            "headers": [(name.encode(), text.encode()) for name, text in fields.items()],
            "client": ("127.0.0.1", 5000),
            "server": ("127.0.0.1", upnp._port),
        }
        self.left: Any = None
        self.sent: list[Any] = []
        self._bodies = [body]

    async def receive(self) -> Any:  # noqa: ANN401  # a message
        if self._bodies:
            return {"type": "http.request", "body": self._bodies.pop()}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: object) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status


def set_target(upnp: upnp_trio.asgi.UpnpApp) -> Asgi:
    return Asgi(upnp, CONTROL, ENVELOPE, soapaction=f'"{SWITCH_TYPE}#SetTarget"')


def test_a_client_that_leaves_asyncio_cancels_its_call(asgi: upnp_trio.asgi.UpnpApp) -> None:
    async def main() -> None:
        request = set_target(asgi)
        request.left = asyncio.Event()
        task = asyncio.create_task(asgi(request.scope, request.receive, request.send))
        assert await asyncio.to_thread(handler.begun.wait, SECONDS)
        request.left.set()
        async with asyncio.timeout(SECONDS):
            await task
        assert request.sent == []

    handler = WaitingLamp()
    with beside(asgi, handler):
        asyncio.run(main())
        assert handler.cancelled.wait(SECONDS)


def test_cancelling_a_request_in_asyncio_cancels_its_call(asgi: upnp_trio.asgi.UpnpApp) -> None:
    async def main() -> None:
        request = set_target(asgi)
        request.left = asyncio.Event()
        task = asyncio.create_task(asgi(request.scope, request.receive, request.send))
        assert await asyncio.to_thread(handler.begun.wait, SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    handler = WaitingLamp()
    with beside(asgi, handler):
        asyncio.run(main())
        assert handler.cancelled.wait(SECONDS)


def test_a_device_that_ends_answers_a_request_of_asyncio(asgi: upnp_trio.asgi.UpnpApp) -> None:
    async def main() -> None:
        device = beside(asgi, handler)
        await asyncio.to_thread(device.__enter__)
        request = set_target(asgi)
        request.left = asyncio.Event()
        task = asyncio.create_task(asgi(request.scope, request.receive, request.send))
        assert await asyncio.to_thread(handler.begun.wait, SECONDS)
        await asyncio.to_thread(device.__exit__, None, None, None)
        async with asyncio.timeout(SECONDS):
            await task
        assert request.status == 503
        after = Asgi(asgi, f"{DIRECTORY}description.xml")
        await asgi(after.scope, after.receive, after.send)
        assert after.status == 503

    handler = WaitingLamp()
    asyncio.run(main())
    assert handler.cancelled.is_set()


def test_a_request_may_come_in_another_trio_loop(asgi: upnp_trio.asgi.UpnpApp) -> None:
    async def main() -> None:
        request = Asgi(asgi, STATE)
        request.left = trio.Event()
        await asgi(request.scope, request.receive, request.send)
        assert request.status == 200
        request = set_target(asgi)
        request.left = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(asgi, request.scope, request.receive, request.send)
            assert await trio.to_thread.run_sync(handler.begun.wait, SECONDS)
            request.left.set()
        assert request.sent == []

    handler = WaitingLamp()
    with beside(asgi, handler):
        trio.run(main)
        assert handler.cancelled.wait(SECONDS)


def test_files_are_read_without_the_loop_of_the_device(
    asgi: upnp_trio.asgi.UpnpApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device whose loop is busy still gives its description."""

    async def main() -> list[int]:
        statuses = []
        for path in ("description.xml", "service-1/scpd.xml", "lamp.png"):
            request = Asgi(asgi, DIRECTORY + path)
            await asgi(request.scope, request.receive, request.send)
            statuses.append(request.status)
        return statuses

    with beside(asgi):
        site = asgi._site
        assert site is not None
        busy, begun = threading.Event(), threading.Event()

        def be_busy() -> None:
            begun.set()
            busy.wait(SECONDS)

        site.call_soon(be_busy)
        assert begun.wait(SECONDS)
        try:
            assert asyncio.run(main()) == [200, 200, 200]
        finally:
            busy.set()


# --- WSGI --------------------------------------------------------------------------------------------------------


@pytest.fixture
def wsgi() -> Iterator[upnp_trio.wsgi.UpnpApp]:
    with listening() as listener:
        yield upnp_trio.wsgi.UpnpApp(url(listener.getsockname()[1]))


class Wsgi:
    """The answer to a request, the body not read yet."""

    def __init__(
        self,
        upnp: upnp_trio.wsgi.UpnpApp,
        path: str,
        body: bytes | None = None,
        **more: Any,  # noqa: ANN401  # as an environ has them
    ) -> None:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET" if body is None else "POST",
            "SCRIPT_NAME": "/upnp",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_NAME": "host.example",
            "SERVER_PORT": str(upnp._port),
            "HTTP_HOST": f"127.0.0.1:{upnp._port}",
            "CONTENT_TYPE": "text/xml",
            "HTTP_SOAPACTION": f'"{SWITCH_TYPE}#SetTarget"',
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.multithread": True,
        }
        if body is not None:
            environ["CONTENT_LENGTH"] = str(len(body))
        environ |= more
        self.response: Any = upnp({key: value for key, value in environ.items() if value is not None}, self.start)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:  # noqa: ANN401
        self.status, self.headers = int(status[:3]), dict(headers)

    def read(self) -> bytes:
        body = b"".join(self.response)
        self.response.close()
        return body


CHUNKED = {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        (ENVELOPE, {}, 200),
        (ENVELOPE, {**CHUNKED, "wsgi.input_terminated": True}, 200),
        (ENVELOPE, CHUNKED, 411),
        (b"x" * (MAX_BODY_BYTES + 1), {}, 413),
        (b"x" * (MAX_BODY_BYTES + 1), {**CHUNKED, "wsgi.input_terminated": True}, 413),
        (ENVELOPE, {"HTTP_TRANSFER_ENCODING": "chunked"}, 400),
        (ENVELOPE, {"CONTENT_LENGTH": "1e3"}, 400),
        (ENVELOPE, {"CONTENT_LENGTH": str(len(ENVELOPE) + 1)}, 400),  # the client has left
        (b"", {"CONTENT_LENGTH": ""}, 400),
        # the field "Content_Length", which no server or proxy has taken for the length of the body
        (ENVELOPE, {"CONTENT_LENGTH": None, "HTTP_CONTENT_LENGTH": str(len(ENVELOPE))}, 400),
    ],
)
def test_a_body_is_read_as_far_as_it_goes(
    body: bytes, more: dict[str, object], status: int, wsgi: upnp_trio.wsgi.UpnpApp
) -> None:
    with beside(wsgi):
        assert Wsgi(wsgi, CONTROL, body, **more).status == status


def test_a_response_that_is_not_read_ends_its_subscription(wsgi: upnp_trio.wsgi.UpnpApp) -> None:
    fields: dict[str, Any] = {
        "HTTP_NT": "upnp:event",
        "HTTP_CALLBACK": "<http://127.0.0.1:9/>",
        "REQUEST_METHOD": "SUBSCRIBE",
    }
    with beside(wsgi):
        lost = Wsgi(wsgi, EVENTS, **fields)
        assert lost.status == 200
        lost.response.close()  # as a server does when its client has gone
        renewal: dict[str, Any] = {"REQUEST_METHOD": "SUBSCRIBE", "HTTP_SID": lost.headers["SID"]}
        assert Wsgi(wsgi, EVENTS, **renewal).status == 412
        kept = Wsgi(wsgi, EVENTS, **fields)
        kept.read()
        assert Wsgi(wsgi, EVENTS, REQUEST_METHOD="SUBSCRIBE", HTTP_SID=kept.headers["SID"]).status == 200


def test_pages_take_few_threads_and_those_only_for_a_moment(wsgi: upnp_trio.wsgi.UpnpApp) -> None:
    with beside(wsgi), ThreadPoolExecutor(MAX_WAITING_PAGES) as threads:
        version = json.loads(Wsgi(wsgi, STATE).read())["version"]
        query = f"after={version}"
        waiting = [threads.submit(Wsgi, wsgi, STATE, QUERY_STRING=query) for _ in range(MAX_WAITING_PAGES)]
        while wsgi._waiting_pages.acquire(blocking=False):  # until they hold them all
            wsgi._waiting_pages.release()
        assert json.loads(Wsgi(wsgi, STATE, QUERY_STRING=query).read())["version"] == version
        assert not any(future.done() for future in waiting)
        assert [json.loads(future.result(SECONDS).read())["version"] for future in waiting] == [version] * len(waiting)


def test_a_server_with_one_thread_is_never_kept_waiting_by_a_page(wsgi: upnp_trio.wsgi.UpnpApp) -> None:
    with beside(wsgi):
        version = json.loads(Wsgi(wsgi, STATE).read())["version"]
        wsgi._waiting_pages = None  # type: ignore[assignment]  # it asks for no place
        alone: dict[str, Any] = {"wsgi.multithread": False, "QUERY_STRING": f"after={version}"}
        assert json.loads(Wsgi(wsgi, STATE, **alone).read())["version"] == version


def test_a_call_is_cancelled_with_its_device(wsgi: upnp_trio.wsgi.UpnpApp) -> None:
    handler = WaitingLamp()
    with ThreadPoolExecutor(1) as threads:
        with beside(wsgi, handler):
            calling = threads.submit(Wsgi, wsgi, CONTROL, ENVELOPE)
            assert handler.begun.wait(SECONDS)
        assert calling.result(SECONDS).status == 503
    assert handler.cancelled.is_set()
    assert Wsgi(wsgi, f"{DIRECTORY}description.xml").status == 503


async def test_it_refuses_to_block_the_loop_of_its_device() -> None:
    from tests.mounted.scenes import served

    with listening() as listener:
        upnp = upnp_trio.wsgi.UpnpApp(url(listener.getsockname()[1]))
        async with served(upnp):
            with pytest.raises(RuntimeError, match="called in the thread of the device's event loop"):
                Wsgi(upnp, STATE)
            assert (await trio.to_thread.run_sync(Wsgi, upnp, STATE)).status == 200
