"""The responses of the site to requests, without a connection."""

from __future__ import annotations

import base64
import hashlib
from xml.etree import ElementTree

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.asking import call_request, response_to
from tests.server.acting import Oven, oven_device
from tests.strategies import OWN_SCPD
from upnp_trio.documents.publication import publish
from upnp_trio.errors import DescriptionError
from upnp_trio.exchange import KNOWN_METHODS, REASONS, Peer, Request, Response, ServedAddress, error_response
from upnp_trio.model.advertising import Advertising
from upnp_trio.model.device import Icon, RootDevice, Service
from upnp_trio.site import Site
from upnp_trio.site.pages import MAX_LIVE_PAGES

UUID = "e427ce1a-3e80-43d0-ad6f-89ec42e46363"
HAM = RootDevice(
    device_type="urn:schemas-upnp-org:device:Basic:1",
    friendly_name="Jambon 3000",
    manufacturer="Boucherie numérique",
    model_name="3000",
    udn=UUID,
    language="fr",
    icons=[Icon(mimetype="image/png", width=48, height=48, depth=24, url="le jambon.png", data=b"ham")],
    services=[
        Service(
            service_type="urn:schemas-upnp-org:service:Ham:1",
            service_id="urn:upnp-org:serviceId:Ham",
            scpd_url="ham.xml",
            control_url="control",
            scpd=OWN_SCPD,
        )
    ],
)
DESCRIPTION = f"/{UUID}/description.xml"
ICON = f"/{UUID}/le%20jambon.png"
SCPD = f"/{UUID}/ham.xml"
PAGE = f"/{UUID}/"
CONTROL = f"/{UUID}/control"
SOAPACTION = '"urn:schemas-upnp-org:service:Ham:1#Slice"'
ENVELOPE = call_request(CONTROL, "urn:schemas-upnp-org:service:Ham:1", "Slice").body
CALL = {"content-type": "text/xml", "soapaction": SOAPACTION}
LANGUAGE = {"accept-language": "de, en;q=0.5"}


def _site(*roots: RootDevice) -> Site:
    site = Site()
    site.base_urls = ["http://192.0.2.1:49152"]
    for root in roots:
        site.add(publish(root))
    return site


SITE = _site(HAM)


def _ask(target: str, method: str = "GET", site: Site = SITE, **headers: str) -> Response:
    return response_to(
        site, Request(method, target, {name.replace("_", "-"): value for name, value in headers.items()})
    )


def _header(response: Response, name: str) -> str | None:
    values = [value for header, value in response.headers if header.lower() == name.lower()]
    assert len(values) <= 1
    return values[0] if values else None


# --- 200 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "media_type", "body"),
    [
        (DESCRIPTION, 'text/xml; charset="utf-8"', b"<friendlyName>Jambon 3000</friendlyName>"),
        (SCPD, 'text/xml; charset="utf-8"', b"<name>Slices</name>"),
        (ICON, "image/png", b"ham"),
        (PAGE, "text/html; charset=utf-8", b"<h1>Jambon 3000</h1>"),
    ],
)
def test_documents_are_served_with_their_type(target: str, media_type: str, body: bytes) -> None:
    response = _ask(target)
    assert response.status == 200
    assert _header(response, "Content-Type") == media_type
    assert body in response.body


@pytest.mark.parametrize(
    "target",
    [
        ICON.replace("%20", " "),
        ICON.replace("a", "%61"),
        f"{ICON}?size=48",
        f"{ICON}#top",
        f"{ICON}?a#b?c",
        f"http://192.0.2.1:49152{ICON}",
        f"HTTP://jambon.example.com{ICON}?x",
        f"https://[2001:db8::1]:80{ICON}",
    ],
)
def test_a_target_may_be_written_in_several_ways(target: str) -> None:
    assert _ask(target) == _ask(ICON)


def test_the_icon_of_the_first_device_that_has_one_is_the_browser_s_icon() -> None:
    bare = attrs.evolve(HAM, udn="11111111-1111-4111-8111-111111111111", icons=())
    assert _ask("/favicon.ico") == _ask("/favicon.ico", site=_site(bare, HAM)) == _ask(ICON)
    assert _ask("/favicon.ico", "POST").status == 405
    assert _ask("/favicon.ico", site=_site(bare)).status == 404
    assert _ask("/favicon.ico", site=_site()).status == 404


def test_head_is_answered_like_get() -> None:
    # the connection leaves out the body, and needs it to state its length
    for target in (DESCRIPTION, ICON, PAGE, "/", "/none"):
        assert _ask(target, "HEAD") == _ask(target)


def test_the_page_may_load_its_own_icon_and_run_nothing() -> None:
    response = _ask(PAGE)
    style = response.body.partition(b"<style>")[2].partition(b"</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert set((_header(response, "Content-Security-Policy") or "").split("; ")) == {
        *("default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "img-src 'self'"),
        f"style-src 'sha256-{digest}'",
    }
    assert _header(response, "X-Content-Type-Options") == "nosniff"
    assert _header(_ask(DESCRIPTION), "Content-Security-Policy") is None


# --- caching and language --------------------------------------------------------------------------------------


def test_equal_content_has_an_equal_etag_and_other_content_another() -> None:
    again, changed = _site(HAM), _site(attrs.evolve(HAM, friendly_name="Jambon 3001"))
    etag = _header(_ask(DESCRIPTION), "ETag")
    assert etag is not None
    assert etag[0] == etag[-1] == '"'
    assert _header(_ask(DESCRIPTION, site=again), "ETag") == etag
    assert _header(_ask(DESCRIPTION, site=changed), "ETag") != etag
    assert _header(_ask(ICON, site=changed), "ETag") == _header(_ask(ICON), "ETag")


@pytest.mark.parametrize("condition", ["{}", "W/{}", '"x", {}', '{}, "x"', '"x" ,W/{} , "y"', "*", " {} "])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_reader_has_is_not_sent_again(condition: str, method: str) -> None:
    etag = _header(_ask(DESCRIPTION), "ETag") or ""
    response = _ask(DESCRIPTION, method, if_none_match=condition.format(etag))
    assert (response.status, response.headers, response.body) == (304, (("ETag", etag),), b"")


@pytest.mark.parametrize("condition", ['"x"', "", "x", "W/", '"*"', '"'])
def test_what_a_reader_does_not_have_is_sent(condition: str) -> None:
    assert _ask(DESCRIPTION, if_none_match=condition).status == 200


def test_an_etag_without_its_quotes_is_another_one() -> None:
    etag = _header(_ask(DESCRIPTION), "ETag") or ""
    assert _ask(DESCRIPTION, if_none_match=etag.strip('"')).status == 200


@pytest.mark.parametrize("target", [DESCRIPTION, SCPD, ICON, PAGE])
def test_the_language_is_sent_when_it_is_asked_for_and_only_then(target: str) -> None:
    # UDA 2.0 §2.11: CONTENT-LANGUAGE is required in the response to ACCEPT-LANGUAGE
    response = response_to(SITE, Request("GET", target, LANGUAGE))
    assert _header(response, "Content-Language") == "fr"
    assert attrs.evolve(response, headers=response.headers[:-1]) == _ask(target)
    assert _header(_ask(target), "Content-Language") is None


def test_the_language_is_sent_with_304_as_well() -> None:
    etag = _header(_ask(DESCRIPTION), "ETag") or ""
    response = response_to(SITE, Request("GET", DESCRIPTION, {**LANGUAGE, "if-none-match": etag}))
    assert (response.status, _header(response, "Content-Language")) == (304, "fr")


# --- the front page ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/", "/?x", "http://192.0.2.1:49152", "http://192.0.2.1:49152/", "http://a?x"])
def test_the_front_page_redirects_to_the_page_of_the_only_device(target: str) -> None:
    response = _ask(target)
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
    assert _header(_ask("/", site=_site(attrs.evolve(HAM, presentation_url=url))), "Location") == location


@pytest.mark.parametrize("host", ["192.0.2.1", "[2001:db8::1]", "[fe80::1]", "ham.local"])
def test_a_page_of_another_server_on_this_host_is_where_the_request_came_to(host: str) -> None:
    site = _site(attrs.evolve(HAM, presentation_url="http://{host}:8123/home?a={host}"))
    peer = Peer("192.0.2.9", ServedAddress(base_url=f"http://{host}:49152"))
    response = site.respond(Request("GET", PAGE, {"host": "evil.example.com"}, peer=peer))
    assert isinstance(response, Response)
    assert (response.status, _header(response, "Location")) == (302, f"http://{host}:8123/home?a=%7Bhost%7D")
    assert _header(_ask("/", site=site), "Location") == PAGE
    assert _ask(PAGE, "POST", site=site).status == 405
    site.remove(DESCRIPTION)
    assert _ask(PAGE, site=site).status == 404


def test_several_devices_share_a_front_page() -> None:
    dish = attrs.evolve(
        HAM, friendly_name="Side <dish>", udn=UUID.replace("e42", "e43"), presentation_url="javascript:alert(1)"
    )
    site = _site(HAM, dish)
    response = _ask("/", site=site)
    assert response.status == 200
    assert _header(response, "Content-Type") == "text/html; charset=utf-8"
    assert _header(response, "Content-Security-Policy") is not None
    assert f'<a href="{PAGE}">Jambon 3000</a>'.encode() in response.body
    assert b">Side &lt;dish&gt;</a>" in response.body
    assert b"javascript" not in response.body
    assert _header(response_to(site, Request("GET", "/", LANGUAGE)), "Content-Language") == "en"
    assert _ask("/", site=site, if_none_match=_header(response, "ETag") or "").status == 304


# --- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "/none",
        f"/{UUID}",
        f"/{UUID}/none",
        f"/{UUID.upper()}/description.xml",
        f"{DESCRIPTION}/",
        f"/{DESCRIPTION}",
        f"/{UUID}/../{UUID}/description.xml",
        f"/{UUID}%2fdescription.xml",
        f"/{UUID}%2Fdescription.xml",
        f"/{UUID}%252fdescription.xml",
        f"/{UUID}%5cdescription.xml",
        f"/{UUID}/%2e/description.xml",
        "/../etc/passwd",
        "/%00",
        "/%ff",
        "/%",
        "//",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "SUBSCRIBE"])
def test_an_unknown_path_is_404(target: str, method: str) -> None:
    response = _ask(target, method)
    assert response == error_response(404)
    assert response.body == b"404 Not Found\n"


@pytest.mark.parametrize(
    "target", ["*", "", "ham", "192.0.2.1:80", "ftp://192.0.2.1/", "javascript:alert(1)", "?x", "http:/x"]
)
def test_a_target_that_is_not_a_path_is_400(target: str) -> None:
    assert _ask(target) == error_response(400)


@pytest.mark.parametrize("method", sorted(KNOWN_METHODS - {"GET", "HEAD"}))
@pytest.mark.parametrize("target", [DESCRIPTION, ICON, PAGE, "/"])
def test_a_document_can_be_read_and_nothing_else(method: str, target: str) -> None:
    response = _ask(target, method)
    assert (response.status, _header(response, "Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["BREW", "get", "", "M-SEARCH", "PROPFIND"])
@pytest.mark.parametrize("target", [DESCRIPTION, CONTROL, "/none", "*"])
def test_an_unknown_method_is_501(method: str, target: str) -> None:
    assert _ask(target, method) == error_response(501)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_refusal_contains_nothing_of_the_request(method: str, target: str) -> None:
    response = _ask(f"/none{target}", "GET")
    assert response.body == b"404 Not Found\n"
    assert _ask(target, f"x{method}").body == b"501 Not Implemented\n"


@pytest.mark.parametrize("status", [status for status in REASONS if status >= 400])
def test_every_refusal_has_its_status_in_plain_words(status: int) -> None:
    response = error_response(status, ("X", "y"))
    assert response.headers == (("Content-Type", "text/plain; charset=utf-8"), ("X", "y"))
    assert response.body == f"{status} {REASONS[status]}\n".encode()


@pytest.mark.parametrize("status", [400, 412, 503])
def test_every_status_of_a_refused_subscription_has_its_words(status: int) -> None:
    assert error_response(status).body.startswith(f"{status} ".encode())


# --- control ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "media_type", ["text/xml", 'text/xml; charset="utf-8"', "TEXT/XML;charset=utf-8", " text/xml "]
)
def test_a_control_call_gets_invalid_action(media_type: str) -> None:
    headers = {"content-type": media_type, "soapaction": SOAPACTION}
    response = response_to(SITE, Request("POST", CONTROL, headers, ENVELOPE))
    assert response.status == 500
    assert response.headers == (("Content-Type", 'text/xml; charset="utf-8"'), ("EXT", ""))
    codes = [e.text for e in ElementTree.fromstring(response.body).iter() if e.tag.endswith("errorCode")]
    assert codes == ["401"]


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a page can post a Blob without a type
        *(
            {"content-type": media_type}
            for media_type in ["application/json", "", "text/plain", "text/xmlx", "application/x-www-form-urlencoded"]
        ),
    ],
)
def test_a_control_call_of_another_type_is_415(headers: dict[str, str]) -> None:
    # a post that needs no preflight request is not SOAP
    call = Request("POST", CONTROL, {"soapaction": SOAPACTION, **headers}, ENVELOPE)
    assert response_to(SITE, call) == error_response(415)


@pytest.mark.parametrize("headers", [{}, {"soapaction": ""}])
def test_a_control_call_without_soapaction_is_400(headers: dict[str, str]) -> None:
    call = Request("POST", CONTROL, {"content-type": "text/xml", **headers}, ENVELOPE)
    assert response_to(SITE, call) == error_response(400)


@pytest.mark.parametrize("method", sorted(KNOWN_METHODS - {"POST"}))
def test_a_control_url_takes_post_alone(method: str) -> None:
    response = _ask(CONTROL, method)
    assert (response.status, _header(response, "Allow")) == (405, "POST")


def test_only_the_body_of_a_control_call_is_waited_for() -> None:
    assert SITE.takes_body(Request("POST", CONTROL))
    assert SITE.takes_body(Request("POST", f"http://192.0.2.1{CONTROL}?x"))
    for method, target in [("GET", CONTROL), ("POST", DESCRIPTION), ("POST", "/none"), ("POST", "*"), ("PUT", CONTROL)]:
        assert not SITE.takes_body(Request(method, target))


# --- less of a page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("presentation", ["read-only", "off"])
@pytest.mark.parametrize("fields", [{"origin": "http://192.0.2.7:49152"}, {"sec-fetch-site": "same-origin"}])
def test_without_forms_no_page_can_call_an_action(presentation: str, fields: dict[str, str]) -> None:
    publication = publish(attrs.evolve(HAM, presentation=presentation))
    site = Site()
    site.add(publication)
    call = call_request(publication.services[0].control_path, "urn:schemas-upnp-org:service:Ham:1", "Slice")
    assert response_to(site, call).status == 500
    assert response_to(site, attrs.evolve(call, headers={**call.headers, **fields})).status == 403


def test_a_device_may_have_no_page() -> None:
    publication = publish(attrs.evolve(HAM, presentation="off"))
    site = Site()
    site.add(publication)
    assert publication.root.presentation_url is None
    assert publication.pages == {}
    assert _header(response_to(site, Request("GET", "/")), "Location") == publication.description_path


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


# --- odd devices -------------------------------------------------------------------------------------------------

DIAL = attrs.evolve(
    HAM,
    description_path="/dd.xml",
    advertising=Advertising(
        description_headers={"Application-URL": "http://{host}:{port}/apps/", "X-Braces": "{{}}", "Server": "Ham/1"}
    ),
)
LIVING_ROOM = attrs.evolve(HAM, udn=UUID.replace("e", "f"), friendly_name="Living room", description_path="/dd.xml")


def _ask_at(base_url: str, target: str, method: str = "GET", site: Site | None = None, **headers: str) -> Response:
    peer = Peer("192.0.2.9", ServedAddress(address="192.0.2.1", base_url=base_url))
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return response_to(site or _site(DIAL), Request(method, target, names, peer=peer))


def test_the_description_is_at_its_fixed_path_and_nowhere_else() -> None:
    site = _site(DIAL)
    assert _ask("/dd.xml", site=site).status == 200
    assert b"Jambon 3000" in _ask("/dd.xml", site=site).body
    assert _ask(DESCRIPTION, site=site).status == 404
    assert _ask("/dd.xml", "HEAD", site=site).status == 200
    refused = _ask("/dd.xml", "POST", site=site)
    assert (refused.status, _header(refused, "Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("base_url", "value"),
    [
        ("http://192.0.2.1:49152", "http://192.0.2.1:49152/apps/"),
        ("http://[fe80::7]:80", "http://[fe80::7]:80/apps/"),
        ("http://ham.local", "http://ham.local:80/apps/"),
    ],
)
def test_the_description_has_the_fields_of_its_device_filled_in_for_the_address(base_url: str, value: str) -> None:
    site = _site(DIAL)
    for _ in range(2):
        response = _ask_at(base_url, "/dd.xml", site=site)
        assert _header(response, "Application-URL") == value
        assert _header(response, "X-Braces") == "{}"
        assert _header(response, "Server") == "Ham/1"
        assert _header(response, "Content-Type") == 'text/xml; charset="utf-8"'
    assert _ask_at(base_url, "/dd.xml", site=site) is response  # rendered once for an address
    assert _header(_ask_at(base_url, ICON, site=site), "Application-URL") is None


def test_what_is_not_modified_has_the_fields_of_its_device_as_well() -> None:
    etag = _header(_ask_at("http://192.0.2.1:1", "/dd.xml"), "ETag")
    assert etag is not None
    response = _ask_at("http://192.0.2.1:1", "/dd.xml", if_none_match=etag, accept_language="en")
    assert (response.status, _header(response, "Application-URL")) == (304, "http://192.0.2.1:1/apps/")
    assert _header(response, "Content-Language") == "fr"


def test_a_field_with_the_address_is_left_out_where_nothing_is_advertised() -> None:
    response = _ask_at("", "/dd.xml")
    assert (_header(response, "Application-URL"), _header(response, "Server")) == (None, "Ham/1")


def test_an_updated_device_has_its_new_fields() -> None:
    site = _site(DIAL)
    assert _ask_at("http://192.0.2.1:1", "/dd.xml", site=site).status == 200
    new = attrs.evolve(DIAL, advertising=Advertising(description_headers={"Application-URL": "http://{host}/"}))
    site.add(publish(new))
    assert _header(_ask_at("http://192.0.2.1:1", "/dd.xml", site=site), "Application-URL") == "http://192.0.2.1/"


def test_a_description_at_the_top_takes_the_place_of_the_front_page_until_it_goes() -> None:
    roku = publish(attrs.evolve(DIAL, description_path="/"))
    other = publish(attrs.evolve(LIVING_ROOM, description_path=""))
    site = Site()
    site.add(other)
    site.add(roku)
    assert b"<friendlyName>Jambon 3000</friendlyName>" in _ask("/", site=site).body
    assert _ask(PAGE, site=site).status == 200
    site.remove("/")
    assert _ask("/", site=site).status == 302


def test_two_devices_that_want_one_path_are_refused_with_both_names() -> None:
    site, dial = Site(), publish(DIAL)
    site.add(dial)
    with pytest.raises(DescriptionError) as caught:
        site.check(publish(LIVING_ROOM))
    assert str(caught.value) == (
        f"the path /dd.xml is wanted by two devices, 'Jambon 3000' (uuid:{UUID}) and 'Living room' "
        f"({LIVING_ROOM.udn}); give one of them other paths (description_path), or serve it on another port"
    )
    site.check(publish(LIVING_ROOM), in_place_of=dial)
    site.remove("/dd.xml")
    site.check(publish(LIVING_ROOM))


def test_a_path_below_the_directory_of_another_device_is_refused_as_well() -> None:
    site = _site(HAM)
    with pytest.raises(DescriptionError, match=f"the path {PAGE} is wanted by two devices"):
        site.check(publish(attrs.evolve(LIVING_ROOM, presentation_url=PAGE)))


def test_a_path_that_is_not_a_device_s_is_refused_with_what_has_it() -> None:
    site = Site(others={"/metrics": "the counters (metrics)"})
    with pytest.raises(DescriptionError, match=r"the path /metrics of 'Jambon 3000' .* is that of the counters"):
        site.check(publish(attrs.evolve(HAM, description_path="/metrics")))


def test_an_icon_may_be_the_one_that_browsers_ask_for() -> None:
    icons = [Icon(mimetype="image/png", width=16, height=16, depth=8, url="/favicon.ico", data=b"small"), *HAM.icons]
    assert _ask("/favicon.ico", site=_site(attrs.evolve(DIAL, icons=icons))).body == b"small"


def test_a_fixed_control_path_takes_calls_and_nothing_else() -> None:
    plug = attrs.evolve(oven_device(Oven()), description_path="/setup.xml")
    services = [attrs.evolve(plug.services[0], control_url="/upnp/control/basicevent1", event_sub_url="/upnp/event/1")]
    site = _site(attrs.evolve(plug, services=services))
    assert site.takes_body(Request("POST", "/upnp/control/basicevent1", CALL))
    assert _header(_ask("/upnp/control/basicevent1", site=site), "Allow") == "POST"
    assert _header(_ask("/upnp/event/1", site=site), "Allow") == "SUBSCRIBE, UNSUBSCRIBE"
