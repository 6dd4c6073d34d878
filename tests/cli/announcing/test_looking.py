"""Whether a page is there is seen from where others would open it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest

from tests.documents.test_pictures import png
from tests.http.web import MemoryWeb, Pages, answer, open_web
from upnp_trio.cli.announcing.appearance import Appearance
from upnp_trio.cli.announcing.looking import Found, NotThere, Seer
from upnp_trio.cli.announcing.page import Page
from upnp_trio.documents.pictures import Picture, read_picture
from upnp_trio.http.page_client import MAX_PAGE_BYTES, PageClient
from upnp_trio.model.literal_url import IpAddress
from upnp_trio.model.web_url import WebUrl

OWN = [ip_address("192.0.2.7"), ip_address("2001:db8::7"), ip_address("fe80::7%eth0")]
NAS = "192.0.2.9"
HOME = Pages({"/": answer(b"<title>Home</title><link rel=icon href=a>"), "/a": answer(png()), "/x": answer()})


@pytest.fixture
async def web() -> AsyncIterator[MemoryWeb]:
    async with open_web() as opened:
        opened.names["nas"] = (NAS,)
        yield opened


def page(url: str, *, check: str = "", name: str = "", icon: Picture | WebUrl | None = None) -> Page:
    return Page(url=WebUrl.parse(url), check=WebUrl.parse(check) if check else None, name=name, icon=icon)


async def look(web: MemoryWeb, what: Page, addresses: list[IpAddress] = OWN) -> Found:
    return await Seer(PageClient(web, "test/1")).look(what, addresses)


async def reason(web: MemoryWeb, what: Page) -> str:
    with pytest.raises(NotThere) as caught:
        await look(web, what)
    return str(caught.value)


async def test_a_page_in_the_network_is_opened_at_its_own_url(web: MemoryWeb) -> None:
    web.servers[NAS, 5000] = HOME
    assert (await look(web, page("http://nas:5000"))).presentation_url == "http://nas:5000/"


async def test_why_a_page_is_not_there_is_said_without_its_url(web: MemoryWeb) -> None:
    assert await reason(web, page("http://nas/")) == "cannot connect: Connection refused; nothing listens there"
    web.servers[NAS, 80] = Pages({"/": answer(status=502)})
    assert await reason(web, page("http://nas/")) == "its server answers with status 502"


async def test_a_page_of_this_host_is_opened_at_the_address_that_a_browser_has_reached(web: MemoryWeb) -> None:
    web.servers = {(str(address), 8000): HOME for address in OWN}
    found = await look(web, page("http://localhost:8000"))
    assert (found.presentation_url, found.remark) == ("http://{host}:8000/", "")
    assert set(web.opened) == set(web.servers)
    asked_for = b"".join(HOME.requests)
    assert b"Host: 192.0.2.7:8000\r\n" in asked_for
    assert b"Host: [fe80::7]:8000\r\n" in asked_for


async def test_a_page_that_is_at_ipv4_alone_is_opened_there(web: MemoryWeb) -> None:
    web.servers["192.0.2.7", 8000] = HOME
    found = await look(web, page("http://localhost:8000/x"))
    assert (found.presentation_url, found.remark) == ("http://{ipv4}:8000/x", "")


async def test_a_page_that_is_at_a_part_of_the_addresses_is_opened_at_the_best_of_them(web: MemoryWeb) -> None:
    web.servers["2001:db8::7", 8000] = web.servers["fe80::7%eth0", 8000] = HOME
    found = await look(web, page("http://localhost:8000/x"))
    assert found.presentation_url == "http://[2001:db8::7]:8000/x"
    assert (
        found.remark == "it answers at 2001:db8::7, fe80::7%eth0 and not at 192.0.2.7, so others are led to 2001:db8::7"
    )


@pytest.mark.parametrize("loopback", ["127.0.0.1", "::1"])
async def test_a_page_that_listens_at_loopback_alone_is_not_there_for_others(web: MemoryWeb, loopback: str) -> None:
    web.servers[loopback, 8000] = HOME
    said = await reason(web, page("http://localhost:8000"))
    assert said.startswith(f"it answers at {loopback} alone, which others cannot reach; let its server listen on all")


async def test_a_page_of_this_host_that_is_nowhere_is_not_there(web: MemoryWeb) -> None:
    assert (
        await reason(web, page("http://localhost:8000")) == "cannot connect: Connection refused; nothing listens there"
    )


@pytest.mark.parametrize(
    ("location", "name", "remark"),
    [
        ("https://auth/", "", "it leads to https://auth/, whose title is not read; give it a name"),
        ("https://auth/", "Named", ""),
        ("file:///x", "", "it leads to file:///x, whose title is not read; give it a name"),
        ("/", "", "it leads to itself, 5 times, whose title is not read; give it a name"),
        (
            "http://localhost:5000/",
            "Named",
            "it leads to http://localhost:5000/, where others find themselves; tell its server its address",
        ),
    ],
)
async def test_a_page_that_leads_elsewhere_is_there_with_a_remark(
    web: MemoryWeb, location: str, name: str, remark: str
) -> None:
    web.servers[NAS, 80] = Pages({"/": answer(status=302, location=location)})
    assert (await look(web, page("http://nas/", name=name))).remark == remark


async def test_a_check_is_asked_in_place_of_the_page(web: MemoryWeb) -> None:
    web.servers["127.0.0.1", 9000] = health = Pages({"/health": answer(status=503)})
    asked = page("http://nas/", check="http://localhost:9000/health")
    assert "status 503" in await reason(web, asked)
    health.answers["/health"] = answer(b"<title>healthy")
    found = await look(web, asked)
    assert found.presentation_url == "http://nas/"
    assert set(web.opened) == {("127.0.0.1", 9000)}
    web.servers[NAS, 80] = HOME
    appearance = await Seer(PageClient(web, "test/1")).appearance(asked, found)
    assert appearance == Appearance("Home", read_picture(png()))


async def test_a_page_of_this_host_must_be_there_although_its_check_says_so(web: MemoryWeb) -> None:
    web.servers["127.0.0.1", 9000] = Pages({"/": answer()})
    asked = page("http://localhost:8000", check="http://localhost:9000/")
    assert "Connection refused" in await reason(web, asked)
    web.servers = {**web.servers, **{(str(address), 8000): HOME for address in OWN}}
    found = await look(web, asked)
    assert (await Seer(PageClient(web, "test/1")).appearance(asked, found)).title == "Home"


async def test_what_is_given_is_not_read(web: MemoryWeb) -> None:
    web.servers[NAS, 80] = home = Pages(dict(HOME.answers))
    given = read_picture(png(99, 99))
    asked = page("http://nas/", name="Given", icon=given)
    found = await look(web, asked)
    assert await Seer(PageClient(web, "test/1")).appearance(asked, found) == Appearance("Given", given)
    assert home.paths == ["/"]


async def test_an_icon_that_is_given_and_cannot_be_shown_is_told_of(
    web: MemoryWeb, caplog: pytest.LogCaptureFixture
) -> None:
    web.servers[NAS, 80] = HOME
    web.servers["192.0.2.50", 80] = Pages({"/i": answer(b"<svg xmlns='http://www.w3.org/2000/svg'/>")})
    for name, flaw in (
        ("i", "is an SVG, which control points do not show"),
        ("j", "cannot be had: its server answers with status 404"),
    ):
        asked = page("http://nas/", icon=WebUrl.parse(f"http://192.0.2.50/{name}"))
        assert await Seer(PageClient(web, "test/1")).appearance(asked, await look(web, asked)) == Appearance("Home")
        assert caplog.messages[-1] == f"the icon http://192.0.2.50/{name} {flaw}; a general one is shown"


async def test_an_icon_may_be_given_by_its_url(web: MemoryWeb) -> None:
    web.servers[NAS, 80] = HOME
    web.servers["192.0.2.50", 80] = Pages({"/i": answer(png(64, 64))})
    asked = page("http://nas/", icon=WebUrl.parse("http://192.0.2.50/i"))
    appearance = await Seer(PageClient(web, "test/1")).appearance(asked, await look(web, asked))
    assert appearance == Appearance("Home", read_picture(png(64, 64)))
    large = png(64, 64) + bytes(MAX_PAGE_BYTES)
    for sent, expected in ((answer(large), large), (answer(large, content_length="999999"), None)):
        web.servers["192.0.2.50", 80] = Pages({"/i": sent})
        icon = (await Seer(PageClient(web, "test/1")).appearance(asked, await look(web, asked))).icon
        assert (icon and icon.data) == expected
    web.servers.pop(("192.0.2.50", 80))
    assert (await Seer(PageClient(web, "test/1")).appearance(asked, await look(web, asked))).icon is None


async def test_a_page_that_goes_while_its_title_is_read_has_none(web: MemoryWeb) -> None:
    web.servers["192.0.2.50", 80] = Pages({"/": answer()})
    asked = page("http://nas/", check="http://192.0.2.50/")
    assert await Seer(PageClient(web, "test/1")).appearance(asked, await look(web, asked)) == Appearance()
