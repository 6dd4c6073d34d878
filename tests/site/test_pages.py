"""What a browser is shown: pages, the front page, redirects and the icon of the site."""

from __future__ import annotations

import base64
import hashlib

import attrs
import pytest

from tests.asking import response_to
from tests.server.acting import Oven, oven_device
from tests.site.ham import DESCRIPTION, DIAL, HAM, ICON, LANGUAGE, LIVING_ROOM, PAGE, UUID, ask, header_of, site_of
from upnp_trio.documents.publication import publish
from upnp_trio.exchange import Peer, Request, Response, ServedAddress
from upnp_trio.model.device import Icon
from upnp_trio.site import Site
from upnp_trio.site.pages import MAX_LIVE_PAGES


def test_the_page_may_load_its_own_icon_and_run_nothing() -> None:
    response = ask(PAGE)
    style = response.body.partition(b"<style>")[2].partition(b"</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert set((header_of(response, "Content-Security-Policy") or "").split("; ")) == {
        *("default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "img-src 'self'"),
        f"style-src 'sha256-{digest}'",
    }
    assert header_of(response, "X-Content-Type-Options") == "nosniff"
    assert header_of(ask(DESCRIPTION), "Content-Security-Policy") is None


def test_a_live_page_is_rendered_when_its_state_or_an_address_changes_and_not_for_each_request() -> None:
    ovens = [Oven() for _ in range(MAX_LIVE_PAGES + 1)]
    roots = [publish(oven_device(oven, number=number)) for number, oven in enumerate(ovens)]
    site = Site()
    for root in roots:
        site.add(root)

    def page(number: int = 0) -> Response:
        return response_to(site, Request("GET", roots[number].root.presentation_url or ""))

    first = page()
    assert page() is first
    ovens[0].text = "<hot>"
    assert page() is not first
    assert b"&lt;hot&gt;" in page().body
    ovens[0].text = ""
    assert page().body == first.body
    site.base_urls = ["http://192.0.2.77:49152"]
    assert b"192.0.2.77" in page().body
    before = page()
    for number in range(MAX_LIVE_PAGES + 1):  # as many as are kept, and one more
        page(number)
    assert page() is not before


def test_a_device_may_have_no_page() -> None:
    publication = publish(attrs.evolve(HAM, presentation="off"))
    site = Site()
    site.add(publication)
    assert publication.root.presentation_url is None
    assert publication.pages == {}
    assert header_of(response_to(site, Request("GET", "/")), "Location") == publication.description_path


@pytest.mark.parametrize("host", ["192.0.2.1", "[2001:db8::1]", "[fe80::1]", "ham.local"])
def test_a_page_of_another_server_on_this_host_is_where_the_request_came_to(host: str) -> None:
    site = site_of(attrs.evolve(HAM, presentation_url="http://{host}:8123/home?a={host}"))
    peer = Peer("192.0.2.9", ServedAddress(base_url=f"http://{host}:49152"))
    response = site.respond(Request("GET", PAGE, {"host": "evil.example.com"}, peer=peer))
    assert isinstance(response, Response)
    assert (response.status, header_of(response, "Location")) == (302, f"http://{host}:8123/home?a=%7Bhost%7D")
    assert header_of(ask("/", site=site), "Location") == PAGE
    assert ask(PAGE, "POST", site=site).status == 405
    site.remove(DESCRIPTION)
    assert ask(PAGE, site=site).status == 404


@pytest.mark.parametrize("target", ["/", "/?x", "http://192.0.2.1:49152", "http://192.0.2.1:49152/", "http://a?x"])
def test_the_front_page_redirects_to_the_page_of_the_only_device(target: str) -> None:
    response = ask(target)
    assert (response.status, response.headers, response.body) == (302, (("Location", PAGE),), b"")


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://ham.example.com/?a=1&b=%20#c", "http://ham.example.com/?a=1&b=%20#c"),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
        ("http://ham.example.com/été page", "http://ham.example.com/%C3%A9t%C3%A9%20page"),
        # a URL that is not a web page is replaced by the description's
        ("javascript:alert(1)", DESCRIPTION),
        ("data:text/html,x", DESCRIPTION),
    ],
)
def test_the_front_page_redirects_to_a_page_on_another_site(url: str, location: str) -> None:
    assert header_of(ask("/", site=site_of(attrs.evolve(HAM, presentation_url=url))), "Location") == location


def test_several_devices_share_a_front_page() -> None:
    dish = attrs.evolve(
        HAM, friendly_name="Side <dish>", udn=UUID.replace("e42", "e43"), presentation_url="javascript:alert(1)"
    )
    site = site_of(HAM, dish)
    response = ask("/", site=site)
    assert response.status == 200
    assert header_of(response, "Content-Type") == "text/html; charset=utf-8"
    assert header_of(response, "Content-Security-Policy") is not None
    assert f'<a href="{PAGE}">Jambon 3000</a>'.encode() in response.body
    assert b">Side &lt;dish&gt;</a>" in response.body
    assert b"javascript" not in response.body
    assert header_of(response_to(site, Request("GET", "/", LANGUAGE)), "Content-Language") == "en"
    assert ask("/", site=site, if_none_match=header_of(response, "ETag") or "").status == 304


def test_a_description_at_the_top_takes_the_place_of_the_front_page_until_it_goes() -> None:
    roku = publish(attrs.evolve(DIAL, description_path="/"))
    other = publish(attrs.evolve(LIVING_ROOM, description_path=""))
    site = Site()
    site.add(other)
    site.add(roku)
    assert b"<friendlyName>Jambon 3000</friendlyName>" in ask("/", site=site).body
    assert ask(PAGE, site=site).status == 200
    site.remove("/")
    assert ask("/", site=site).status == 302


def test_the_icon_of_the_first_device_that_has_one_is_the_browser_s_icon() -> None:
    bare = attrs.evolve(HAM, udn="11111111-1111-4111-8111-111111111111", icons=())
    assert ask("/favicon.ico") == ask("/favicon.ico", site=site_of(bare, HAM)) == ask(ICON)
    assert ask("/favicon.ico", "POST").status == 405
    assert ask("/favicon.ico", site=site_of(bare)).status == 404
    assert ask("/favicon.ico", site=site_of()).status == 404


def test_an_icon_may_be_the_one_that_browsers_ask_for() -> None:
    icons = [Icon(mimetype="image/png", width=16, height=16, depth=8, url="/favicon.ico", data=b"small"), *HAM.icons]
    assert ask("/favicon.ico", site=site_of(attrs.evolve(DIAL, icons=icons))).body == b"small"
