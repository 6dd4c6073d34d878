"""The icon of a page is the best that control points show, and no server's but its own."""

from __future__ import annotations

import base64
import gzip
import logging
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from tests.documents.test_ico import bitmap, ico
from tests.documents.test_pictures import gif, jpeg, png
from tests.http.web import MemoryWeb, Pages, answer, open_web
from upnp_trio.cli.announcing.appearance import ICON_SECONDS, MAX_ICON_BYTES, MAX_ICONS_TRIED, find_icon, read_own
from upnp_trio.documents.pictures import Picture
from upnp_trio.http.page_client import FetchedPage, PageClient
from upnp_trio.model.literal_url import MAX_URL_CHARACTERS
from upnp_trio.model.web_url import WebUrl
from upnp_trio.testing.pipes import PipeStream

NAS = "192.0.2.7"


@pytest.fixture
async def web() -> AsyncIterator[MemoryWeb]:
    async with open_web() as opened:
        opened.names = {"nas": (NAS,), "cdn.example": ("192.0.2.8",)}
        yield opened


async def icon_of(web: MemoryWeb, head: str, **pictures: bytes) -> Picture | None:
    """The icon of a page with this *head*, whose server has *pictures* at ``/ui/NAME``, and at ``/NAME``."""
    files = {name: answer(data, content_type="image/x") for name, data in pictures.items()}
    web.servers[NAS, 80] = Pages({f"{folder}/{name}": file for name, file in files.items() for folder in ("", "/ui")})
    page = FetchedPage(WebUrl.parse("http://nas/ui/"), NAS, 200, "text/html", head.encode())
    return await find_icon(PageClient(web, "test/1"), page, read_own(page))


def paths(web: MemoryWeb) -> list[str]:
    server = web.servers[NAS, 80]
    assert isinstance(server, Pages)
    return server.paths


async def test_the_icon_that_fits_lists_best_is_asked_for_first(web: MemoryWeb) -> None:
    head = (
        "<link rel=icon href=small sizes=16x16><link rel=icon href=svg type=image/svg+xml><link rel=icon href=a.svg?x>"
        "<link rel=icon href=huge sizes=512x512><link rel=apple-touch-icon href=phone><link rel=icon href=unknown>"
    )
    picture = await icon_of(web, head, unknown=png(20, 20), huge=b"<html>no picture</html>", small=png())
    assert picture is not None
    assert picture.width == 20
    assert paths(web) == ["/ui/phone", "/ui/unknown"]


@pytest.mark.parametrize(
    ("data", "mimetype"),
    [(png(), "image/png"), (jpeg(), "image/jpeg"), (gif(), "image/gif"), (ico(bitmap(8)), "image/png")],
)
async def test_each_kind_that_control_points_show_is_taken(web: MemoryWeb, data: bytes, mimetype: str) -> None:
    picture = await icon_of(web, "<link rel=icon href=/a>", a=data)
    assert picture is not None
    assert picture.mimetype == mimetype


async def test_without_a_link_it_is_favicon_ico(web: MemoryWeb) -> None:
    picture = await icon_of(web, "", **{"favicon.ico": ico(png())})
    assert picture is not None
    assert paths(web) == ["/favicon.ico"]


async def test_a_page_s_base_is_heeded(web: MemoryWeb) -> None:
    assert await icon_of(web, "<base href=/><link rel=icon href=a>", a=png()) is not None
    assert paths(web) == ["/a"]


async def test_an_icon_may_be_within_the_page(web: MemoryWeb) -> None:
    encoded = base64.b64encode(png()).decode()
    picture = await icon_of(web, f"<link rel=icon href='data:image/png;base64,{encoded}'>")
    assert picture is not None
    assert picture.data == png()
    assert paths(web) == []


@pytest.mark.parametrize(
    "reference",
    [
        *("http://cdn.example/a", "//cdn.example/a", "http://127.0.0.1/a", "http://localhost/a", "http://unknown/a"),
        *(
            "file:///etc/passwd",
            "http://[",
            "data:image/png;base64,%%%",
            "data:image/svg+xml,<svg/>",
            "data:",
            "javascript:x",
        ),
        *("missing", "http://me@nas/a"),
    ],
)
async def test_an_icon_that_is_elsewhere_or_broken_is_not_taken(web: MemoryWeb, reference: str) -> None:
    web.servers["192.0.2.8", 80] = web.servers["127.0.0.1", 80] = Pages({"/a": answer(png())})
    assert await icon_of(web, f'<link rel=icon href="{reference}">', a=png()) is None
    assert {address for address, _ in web.opened} == {NAS}


async def test_a_huge_icon_is_not_read_to_its_end(web: MemoryWeb) -> None:
    assert await icon_of(web, "<link rel=icon href=a>", a=png() + bytes(MAX_ICON_BYTES)) is None


async def test_an_icon_that_breaks_off_is_not_taken(web: MemoryWeb) -> None:
    async def breaking(stream: PipeStream) -> None:
        await stream.send_all(memoryview(answer(png(), content_length="1000")))
        stream.close()

    page = FetchedPage(WebUrl.parse("http://nas/"), NAS, 200, "", b"<link rel=icon href=a>")
    web.servers[NAS, 80] = breaking
    assert await find_icon(PageClient(web, "test/1"), page, read_own(page)) is None
    web.servers[NAS, 80] = Pages({"/a": answer(gzip.compress(png() + bytes(200_000)), content_encoding="gzip")})
    icon = await find_icon(PageClient(web, "test/1"), page, read_own(page))
    assert icon is not None
    assert icon.data == png() + bytes(200_000)


async def test_only_a_few_icons_are_tried(web: MemoryWeb) -> None:
    assert await icon_of(web, "<link rel=icon href=missing>" * 10) is None
    assert paths(web) == ["/ui/missing"] * MAX_ICONS_TRIED + ["/favicon.ico", "/apple-touch-icon.png"]


async def test_pictures_that_control_points_do_not_show_are_told_of_and_the_next_one_is_taken(
    web: MemoryWeb, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    head = (
        "<link rel=icon href=a.svg?v=1><link rel=icon href=b type=image/webp sizes=120x120><link rel=icon href=c.avif>"
        "<link rel=apple-touch-icon href=d><link rel=icon href=e>"
    )
    picture = await icon_of(
        web, head, d=b"RIFF\0\0\0\0WEBP", e=b"<?xml version='1.0'?><svg/>", **{"favicon.ico": png()}
    )
    assert picture is not None
    assert paths(web) == ["/ui/d", "/ui/e", "/favicon.ico"]
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "INFO",
        "http://nas/ui/: the icon a.svg?v=1 is an SVG, which control points do not show; the icon b is a WebP, which "
        "control points do not show; the icon c.avif is an AVIF, which control points do not show; the icon d is a "
        "WebP, which control points do not show; the icon e is an SVG, which control points do not show; another one "
        "is shown",
    )


async def test_a_page_with_no_other_icon_has_a_general_one_and_that_is_told(
    web: MemoryWeb, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    head = f"<link rel=icon href='data:image/svg+xml,{'<svg>' * 99}'><link rel=icon href=big><link rel=icon href=http://x/>"
    assert await icon_of(web, head, big=bytes(MAX_ICON_BYTES + 1)) is None
    (message,) = caplog.messages
    assert "the icon data:image/svg+xml,<svg><svg>" in message
    assert "the icon big has more than 256 KiB; the icon http://x/ is on another host; a general one is sh" in message
    assert len(message) < 400


async def test_an_icon_that_is_named_as_a_png_is_one(web: MemoryWeb) -> None:
    picture = await icon_of(web, "<link rel=icon type=image/png href=icon.svg>", **{"icon.svg": png()})
    assert picture is not None


async def test_an_apple_touch_icon_is_found_without_a_link(web: MemoryWeb, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert await icon_of(web, "", **{"apple-touch-icon.png": png()}) is not None
    assert paths(web) == ["/favicon.ico", "/apple-touch-icon.png"]
    assert caplog.records == []  # nothing was left out


async def test_a_hostile_page_makes_no_long_line_of_the_log(web: MemoryWeb, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    long = "x" * (MAX_URL_CHARACTERS - 40)  # no host has such a name
    head = "".join(f"<link rel=icon href='http://{number}{long}\x1b/'>" for number in range(MAX_ICONS_TRIED))
    assert await icon_of(web, head) is None
    (message,) = caplog.messages
    assert message.count("is at no URL") == MAX_ICONS_TRIED
    assert len(message) < 400 * MAX_ICONS_TRIED
    assert message.isprintable()


async def test_icons_that_are_slow_are_left_out(web: MemoryWeb, autojump_clock: trio.testing.MockClock) -> None:
    async def silent(stream: PipeStream) -> None:
        await trio.sleep_forever()

    page = FetchedPage(WebUrl.parse("http://nas/"), NAS, 200, "", b"<link rel=icon href=a><link rel=icon href=b>")
    web.servers[NAS, 80] = silent
    assert await find_icon(PageClient(web, "test/1"), page, read_own(page)) is None
    assert trio.current_time() == ICON_SECONDS


def test_a_page_that_breaks_off_within_its_title_has_none() -> None:
    page = FetchedPage(WebUrl.parse("http://nas/"), NAS, 200, "", b"<title>Disk", is_whole=False)
    assert read_own(page).title == ""


@pytest.mark.parametrize(("status", "elsewhere"), [(401, ""), (404, ""), (302, "http://auth/"), (200, "http://auth/")])
def test_the_title_of_an_error_or_of_another_host_s_page_is_not_the_page_s(status: int, elsewhere: str) -> None:
    page = FetchedPage(WebUrl.parse("http://nas/"), NAS, status, "text/html", b"<title>Forbidden", elsewhere)
    assert read_own(page).title == ""
