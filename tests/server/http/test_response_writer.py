"""What was answered is answered again from memory: to the same bytes the same bytes, for as long as they are right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.devices import BASIC
from tests.server.fakes import HERE, NOON, FakeListener, serving_http
from upnp_trio.documents.publication import publish
from upnp_trio.server.http import response_writer as response_writer_module
from upnp_trio.server.http.response_writer import ResponseWriter
from upnp_trio.server.monitoring.events import Events
from upnp_trio.server.monitoring.stats import Stats
from upnp_trio.site import Request, Response, Site

PUBLICATION = publish(BASIC)
DESCRIPTION = PUBLICATION.description_path


def get(path: str, *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", f"Host: {HERE}", *fields]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


@attrs.define
class Counting:
    """A site that counts how often it is asked."""

    site: Site = attrs.field(factory=Site)
    asked: int = 0

    def __attrs_post_init__(self) -> None:
        self.site.add(PUBLICATION)

    @property
    def version(self) -> int:
        return self.site.version

    def respond(self, request: Request) -> Response:
        self.asked += 1
        return self.site.respond(request)

    def takes_body(self, request: Request) -> bool:
        return self.site.takes_body(request)


@attrs.define
class Served:
    listener: FakeListener
    site: Counting
    answers: ResponseWriter
    now: datetime = NOON

    async def ask(self, *requests: bytes) -> bytes:
        """All that comes back on a new connection; each request is sent when the one before is answered."""
        received = b""
        client = self.listener.connect()
        for request in requests:
            await client.send_all(request)
            await trio.testing.wait_all_tasks_blocked()
            with trio.move_on_after(0.001):
                while data := await client.receive_some():
                    received += data
        await client.aclose()
        await trio.testing.wait_all_tasks_blocked()
        return received


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    site = Counting()
    served: Served
    answers = ResponseWriter(site, "s/1", lambda: served.now, Stats(), Events())
    async with FakeListener() as listener, serving_http(answers, listener):
        served = Served(listener, site, answers)
        yield served


async def test_the_same_bytes_are_answered_from_memory_on_every_connection(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with serving() as served:
        first = await served.ask(get(DESCRIPTION))
        assert first.startswith(b"HTTP/1.1 200 OK\r\n")
        assert await served.ask(get(DESCRIPTION), get(DESCRIPTION)) == first * 2
        assert served.site.asked == 1
        assert served.answers.stats.requests == {200: 3}


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(get(DESCRIPTION, "Expect: 100-continue"), id="a body announced"),
        pytest.param(get(DESCRIPTION, "Content-Length: 0"), id="an empty body"),
        pytest.param(get(DESCRIPTION) * 2, id="two at once"),
        pytest.param(get("/nothing"), id="not found"),
        pytest.param(get(DESCRIPTION, method="POST"), id="not a GET"),
        pytest.param(get(DESCRIPTION, "X: " + "x" * response_writer_module.MAX_KEPT_REQUEST_BYTES), id="a long head"),
    ],
)
async def test_what_might_be_answered_otherwise_is_asked_each_time(
    request_bytes: bytes, autojump_clock: trio.testing.MockClock
) -> None:
    async with serving() as served:
        first = await served.ask(request_bytes)
        asked = served.site.asked
        assert await served.ask(request_bytes) == first
        assert served.site.asked == 2 * asked


async def test_when_the_second_is_over_the_date_is_another(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        assert b"Date: Mon, 23 Nov 2026 12:00:00 GMT" in await served.ask(get(DESCRIPTION))
        served.now = NOON.replace(second=1)
        assert b"Date: Mon, 23 Nov 2026 12:00:01 GMT" in await served.ask(get(DESCRIPTION))


async def test_when_the_site_changes_nothing_old_is_told(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        assert b" 200 OK" in await served.ask(get(DESCRIPTION))
        page = next(iter(PUBLICATION.pages))
        served.site.site.base_urls = ["http://192.0.2.7:49152"]
        assert b"192.0.2.7" in await served.ask(get(page))
        served.site.site.base_urls = ["http://192.0.2.8:49152"]
        assert b"192.0.2.8:49152" in await served.ask(get(page))
        served.site.site.remove(DESCRIPTION)
        assert b" 404 " in await served.ask(get(DESCRIPTION))


async def test_what_is_kept_is_bounded(autojump_clock: trio.testing.MockClock) -> None:
    async with serving() as served:
        for number in range(1500):
            await served.ask(get(DESCRIPTION, f"User-Agent: {number}"))
        kept = sum(len(arrived) + len(given.data) for (_, arrived), given in served.answers._given.items())
        assert 0 < kept <= response_writer_module.MAX_KEPT_BYTES


class _Forgetful(dict[Any, Any]):
    """Remembers nothing: with it, everything goes the plain way."""

    def __setitem__(self, key: object, value: object) -> None:
        pass


REQUESTS = st.builds(
    get,
    st.sampled_from([DESCRIPTION, *PUBLICATION.pages, "/", "/nothing", "*"]),
    st.sampled_from(["Accept: */*", "Connection: close", "If-None-Match: *", "Accept-Language: de", "Origin: null"]),
    st.sampled_from(["User-Agent: FDSSDP", "Connection: Keep-Alive", "Content-Length: 0", "Host: twice"]),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    version=st.sampled_from(["1.1", "1.0", "2.0"]),
)


@settings(max_examples=60)
@given(st.lists(st.lists(REQUESTS | st.just(get(DESCRIPTION)) | st.binary(max_size=30), max_size=4), max_size=4))
def test_what_is_remembered_changes_no_byte_that_is_sent(connections: list[list[bytes]]) -> None:
    async def said(*, forgetful: bool) -> list[bytes]:
        async with serving() as served:
            if forgetful:
                served.answers._given = _Forgetful()
            answered = []
            for requests in connections * 2:
                try:
                    answered.append(await served.ask(*requests))
                except trio.BrokenResourceError:  # closed before all was sent
                    answered.append(b"closed")
            return answered

    def run(*, forgetful: bool) -> list[bytes]:
        async def main() -> list[bytes]:
            return await said(forgetful=forgetful)

        return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    assert run(forgetful=False) == run(forgetful=True)
