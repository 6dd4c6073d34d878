"""Pages are fetched by name and address, and nothing that their servers do is endless, or leads away."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from tests.http.web import MemoryWeb, Pages, answer, open_web
from upnp_trio.errors import RequestFailed
from upnp_trio.http.page_client import (
    ANSWER_SECONDS,
    BODY_SECONDS,
    MAX_PAGE_BYTES,
    MAX_REDIRECTS,
    PAGE_SECONDS,
    FetchedPage,
    PageClient,
)
from upnp_trio.http.request_rules import MAX_HEAD_BYTES
from upnp_trio.model.web_url import WebUrl
from upnp_trio.testing.pipes import PipeStream

NAS = "192.0.2.7"


@pytest.fixture
async def web() -> AsyncIterator[MemoryWeb]:
    async with open_web() as opened:
        opened.names["nas.local"] = (NAS,)
        yield opened


async def get(web: MemoryWeb, url: str = "http://nas.local/", address: str = "") -> FetchedPage:
    return await PageClient(web, "test/1").get(WebUrl.parse(url), address=address)


async def failure(web: MemoryWeb, url: str = "http://nas.local/") -> str:
    with pytest.raises(RequestFailed) as caught:
        await get(web, url)
    return str(caught.value)


async def test_a_page_is_fetched_by_name(web: MemoryWeb) -> None:
    web.servers[NAS, 5000] = pages = Pages({"/ui?a=b": answer(b"<title>x", content_type="text/html")})
    page = await get(web, "http://nas.local:5000/ui?a=b")
    assert page == FetchedPage(WebUrl.parse("http://nas.local:5000/ui?a=b"), NAS, 200, "text/html", b"<title>x")
    (request,) = pages.requests
    first, *fields = request.decode().split("\r\n")
    assert first == "GET /ui?a=b HTTP/1.1"
    assert {"Host: nas.local:5000", "User-Agent: test/1", "Connection: close"} <= set(fields)


async def test_a_page_is_fetched_at_a_given_address_without_a_look_up(web: MemoryWeb) -> None:
    web.servers["2001:db8::7", 80] = Pages({"/": answer(b"x")})
    assert (await get(web, address="2001:db8::7")).address == "2001:db8::7"
    assert web.looked_up == []


@pytest.mark.parametrize("status", [200, 204, 302, 401, 404, 500, 503])
async def test_the_status_is_given_whatever_it_is(web: MemoryWeb, status: int) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(status=status)})
    assert (await get(web)).status == status


# --- redirects -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/login", "http://nas.local/login"),
        ("login?next=%2F", "http://nas.local/login?next=%2F"),
        ("https://nas.local/login", "https://nas.local/login"),
        ("http://nas.local:8080/login", "http://nas.local:8080/login"),
        ("http://192.0.2.7/login", "http://192.0.2.7/login"),
        ("http://other.name/login", "http://other.name/login"),
    ],
)
async def test_a_redirect_on_the_same_host_is_followed(web: MemoryWeb, location: str, expected: str) -> None:
    web.names["other.name"] = ("192.0.2.99", NAS)
    found = Pages({"/login": answer(b"in"), "/login?next=%2F": answer(b"in")})
    web.servers = {(NAS, port): found for port in (443, 8080)}
    web.servers[NAS, 80] = Pages({"/": answer(status=302, location=location), **found.answers})
    page = await get(web)
    assert (page.url.text, page.body, page.elsewhere) == (expected, b"in", "")
    assert {address for address, _ in web.opened} == {NAS}


@pytest.mark.parametrize(
    ("location", "elsewhere"),
    [
        ("https://auth.example/?next=x", "https://auth.example/?next=x"),
        ("http://unknown.name/", "http://unknown.name/"),
        ("http://169.254.169.254/latest/meta-data/", "http://169.254.169.254/latest/meta-data/"),
        ("http://127.0.0.1/", "http://localhost/"),
        ("http://localhost:631/", "http://localhost:631/"),
        ("http://[::ffff:127.0.0.1]/", "http://localhost/"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("http://me@nas.local/", "http://me@nas.local/"),
        ("http://[", "http://["),
        ("x" * 2000, "x" * 199 + "…"),
    ],
)
async def test_a_redirect_to_elsewhere_is_not_followed(web: MemoryWeb, location: str, elsewhere: str) -> None:
    web.names["auth.example"] = ("192.0.2.8",)
    web.servers[NAS, 80] = Pages({"/": answer(status=302, location=location)})
    page = await get(web)
    assert (page.status, page.elsewhere) == (302, elsewhere)
    assert web.opened == [(NAS, 80)]


async def test_a_page_of_this_host_may_lead_to_localhost(web: MemoryWeb) -> None:
    web.servers["127.0.0.1", 80] = Pages({"/": answer(status=302, location="http://localhost/x"), "/x": answer(b"in")})
    assert (await get(web, "http://localhost/", address="127.0.0.1")).body == b"in"


async def test_an_address_keeps_its_zone_through_redirects(web: MemoryWeb) -> None:
    web.servers["fe80::7%eth0", 80] = Pages({"/": answer(status=302, location="/x"), "/x": answer(b"in")})
    page = await get(web, address="fe80::7%eth0")
    assert (page.body, page.address) == (b"in", "fe80::7%eth0")
    web.names["same.local"], web.names["other.local"] = ("fe80::7",), ("fe80::8",)
    client = PageClient(web, "test/1")
    for name, expected in (("same.local", True), ("other.local", False), ("localhost", False)):
        assert await client.is_same_host(WebUrl.parse(f"http://{name}/"), page.url, page.address) is expected


async def test_a_loop_of_redirects_ends(web: MemoryWeb) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(status=302, location="/")})
    page = await get(web)
    assert (page.status, page.elsewhere) == (302, f"itself, {MAX_REDIRECTS} times")
    assert len(web.opened) == MAX_REDIRECTS


async def test_a_name_is_looked_up_once_for_a_page_whatever_it_means_later(web: MemoryWeb) -> None:
    class Rebinding(Pages):
        async def __call__(self, stream: PipeStream) -> None:
            web.names["nas.local"] = ("127.0.0.1",)
            await super().__call__(stream)

    web.servers[NAS, 80] = Rebinding({"/": answer(status=302, location="/x"), "/x": answer(b"in")})
    web.servers["127.0.0.1", 80] = Pages({"/x": answer(b"secret")})
    assert (await get(web)).body == b"in"
    web.servers["127.0.0.1", 80] = Pages({"/": answer(b"moved")})
    assert (await get(web)).body == b"moved"  # the next look follows a name that has another address now


# --- failures ------------------------------------------------------------------------------------------------------


async def test_what_went_wrong_is_said(web: MemoryWeb) -> None:
    assert await failure(web) == "http://nas.local/: cannot connect: Connection refused; nothing listens there"
    unknown = await failure(web, "http://printer.local/")
    assert unknown.startswith("http://printer.local/: the name printer.local is not found: Name or service not known")
    assert "mDNS" in unknown
    assert "mDNS" not in await failure(web, "http://printer/")


async def test_a_name_that_the_resolver_refuses_is_a_failure(web: MemoryWeb) -> None:
    class Refusing(MemoryWeb):
        async def addresses_of(self, host: str) -> frozenset[str]:
            await trio.lowlevel.checkpoint()
            raise UnicodeError("label too long")

    assert "the name nas.local cannot be looked up: label too long" in await failure(Refusing(web.nursery))
    client = PageClient(Refusing(web.nursery), "test/1")
    assert not await client.is_same_host(WebUrl.parse("http://x/"), WebUrl.parse("http://nas.local/"), NAS)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "the connection ended before an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP, but begins with b'SSH-2.0"),
        (b"HTTP/1.1 200 OK\r\n", "the connection ended within the head"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000 + b"\r\n", "the head has more than 64 fields"),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * MAX_HEAD_BYTES, f"the head has more than {MAX_HEAD_BYTES} bytes"),
        (b"HTTP/1.1 100 C\r\n\r\n" * 10, "there are too many interim answers"),
    ],
)
async def test_what_is_no_answer_is_a_failure(web: MemoryWeb, sent: bytes, said: str) -> None:
    web.servers[NAS, 80] = Pages({"/": sent})
    assert said in await failure(web)


async def test_a_server_that_breaks_the_connection_is_a_failure(web: MemoryWeb) -> None:
    async def breaking(stream: PipeStream) -> None:
        await stream.receive_some(1000)
        stream.reset()

    web.servers[NAS, 80] = breaking
    assert "the connection broke" in await failure(web)


async def test_a_server_that_says_nothing_is_given_up(web: MemoryWeb, autojump_clock: trio.testing.MockClock) -> None:
    async def silent(stream: PipeStream) -> None:
        await trio.sleep_forever()

    web.servers[NAS, 80] = silent
    assert f"no answer within {ANSWER_SECONDS:g} s" in await failure(web)
    assert trio.current_time() == ANSWER_SECONDS + BODY_SECONDS


async def test_a_look_up_that_hangs_is_given_up(web: MemoryWeb, autojump_clock: trio.testing.MockClock) -> None:
    class Hanging(MemoryWeb):
        async def addresses_of(self, host: str) -> frozenset[str]:
            await trio.sleep_forever()
            raise AssertionError

    assert "no answer within" in await failure(Hanging(web.nursery))


async def test_a_chain_of_slow_redirects_is_given_up(web: MemoryWeb, autojump_clock: trio.testing.MockClock) -> None:
    class Slow(Pages):
        async def __call__(self, stream: PipeStream) -> None:
            await trio.sleep(8)
            await super().__call__(stream)

    web.servers[NAS, 80] = Slow({"/": answer(status=302, location="/")})
    assert f"no answer after {PAGE_SECONDS:g} s" in await failure(web)
    assert trio.current_time() == PAGE_SECONDS


# --- bodies --------------------------------------------------------------------------------------------------------


async def test_an_endless_body_is_cut(web: MemoryWeb) -> None:
    ended = trio.Event()

    async def endless(stream: PipeStream) -> None:
        try:
            await stream.send_all(memoryview(answer()))
            while True:
                await stream.send_all(memoryview(b"x" * 10_000))
        except trio.BrokenResourceError:
            ended.set()

    web.servers[NAS, 80] = endless
    assert (await get(web)).body == b"x" * MAX_PAGE_BYTES
    await ended.wait()


async def test_a_body_that_says_that_it_is_huge_is_cut(web: MemoryWeb) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(b"x" * (MAX_PAGE_BYTES + 9), content_length="1000000000")})
    assert (await get(web)).body == b"x" * MAX_PAGE_BYTES


async def test_a_body_that_breaks_off_is_what_it_was(web: MemoryWeb) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(b"<title>x", content_length="1000")})
    assert (await get(web)).body == b"<title>x"


async def test_broken_chunks_end_the_body(web: MemoryWeb) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(b"3\r\nabc\r\nzz\r\n", transfer_encoding="chunked")})
    assert (await get(web)).body == b"abc"


async def test_a_body_that_drips_is_cut_and_the_page_is_there(
    web: MemoryWeb, autojump_clock: trio.testing.MockClock
) -> None:
    async def dripping(stream: PipeStream) -> None:
        await stream.send_all(memoryview(answer()))
        while True:
            await stream.send_all(memoryview(b"x"))
            await trio.sleep(1)

    web.servers[NAS, 80] = dripping
    assert (await get(web)).body == b"x" * 5
    assert trio.current_time() == BODY_SECONDS


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b"<title>x", mtime=0)),
        ("GZIP ", gzip.compress(b"<title>x", mtime=0)),
        ("x-gzip", gzip.compress(b"<title>x", mtime=0)),
        ("deflate", zlib.compress(b"<title>x")),
        ("identity", b"<title>x"),
        ("gzip", gzip.compress(b"<title>x", mtime=0)[:-6]),
    ],
)
async def test_a_compressed_page_is_read(web: MemoryWeb, coding: str, body: bytes) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(body, content_encoding=coding)})
    assert (await get(web)).body == b"<title>x"


@pytest.mark.parametrize(("coding", "body"), [("gzip", b"no gzip"), ("br", b"x"), ("gzip, gzip", b"\x1f\x8b\x08\x00")])
async def test_what_cannot_be_unpacked_is_left_out(web: MemoryWeb, coding: str, body: bytes) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(body, content_encoding=coding)})
    page = await get(web)
    assert (page.status, page.body, page.is_whole) == (200, b"", False)


async def test_a_bomb_is_not_unpacked(web: MemoryWeb) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(gzip.compress(bytes(50_000_000)), content_encoding="gzip")})
    assert (await get(web)).body == bytes(MAX_PAGE_BYTES)


@pytest.mark.parametrize(
    ("sent", "is_whole"),
    [
        (answer(b"x" * 10), True),
        (answer(b"x" * 10, content_length="10"), True),
        (answer(b"x" * 10, content_length="11"), False),
        (answer(b"x" * MAX_PAGE_BYTES + b"x", content_length=str(MAX_PAGE_BYTES + 1)), False),
        (answer(b"3\r\nabc\r\n0\r\n\r\n", transfer_encoding="chunked"), True),
        (answer(b"3\r\nabc\r\n", transfer_encoding="chunked"), False),
        (answer(gzip.compress(b"x"), content_encoding="gzip"), True),
        (answer(gzip.compress(b"x")[:-6], content_encoding="gzip"), False),
        (answer(gzip.compress(bytes(MAX_PAGE_BYTES + 1)), content_encoding="gzip"), False),
    ],
)
async def test_a_page_says_whether_it_is_all_there(web: MemoryWeb, sent: bytes, is_whole: bool) -> None:
    web.servers[NAS, 80] = Pages({"/": sent})
    assert (await get(web)).is_whole is is_whole
