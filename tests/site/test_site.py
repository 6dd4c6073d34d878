"""Which part of a site answers a request, and which requests are refused."""

from __future__ import annotations

from xml.etree import ElementTree

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.asking import call_request, response_to
from tests.server.acting import Oven, oven_device
from tests.site.ham import (
    CALL,
    CONTROL,
    DESCRIPTION,
    DIAL,
    ENVELOPE,
    HAM,
    ICON,
    LIVING_ROOM,
    PAGE,
    SITE,
    SOAPACTION,
    UUID,
    ask,
    header_of,
    site_of,
)
from upnp_trio.documents.publication import publish
from upnp_trio.errors import DescriptionError
from upnp_trio.exchange import KNOWN_METHODS, REASONS, Request, error_response
from upnp_trio.site import Site


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
    assert ask(target) == ask(ICON)


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
    response = ask(target, method)
    assert response == error_response(404)
    assert response.body == b"404 Not Found\n"


@pytest.mark.parametrize(
    "target", ["*", "", "ham", "192.0.2.1:80", "ftp://192.0.2.1/", "javascript:alert(1)", "?x", "http:/x"]
)
def test_a_target_that_is_not_a_path_is_400(target: str) -> None:
    assert ask(target) == error_response(400)


@pytest.mark.parametrize("method", sorted(KNOWN_METHODS - {"GET", "HEAD"}))
@pytest.mark.parametrize("target", [DESCRIPTION, ICON, PAGE, "/"])
def test_a_document_can_be_read_and_nothing_else(method: str, target: str) -> None:
    response = ask(target, method)
    assert (response.status, header_of(response, "Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["BREW", "get", "", "M-SEARCH", "PROPFIND"])
@pytest.mark.parametrize("target", [DESCRIPTION, CONTROL, "/none", "*"])
def test_an_unknown_method_is_501(method: str, target: str) -> None:
    assert ask(target, method) == error_response(501)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_refusal_contains_nothing_of_the_request(method: str, target: str) -> None:
    response = ask(f"/none{target}", "GET")
    assert response.body == b"404 Not Found\n"
    assert ask(target, f"x{method}").body == b"501 Not Implemented\n"


@pytest.mark.parametrize("status", [status for status in REASONS if status >= 400])
def test_every_refusal_has_its_status_in_plain_words(status: int) -> None:
    response = error_response(status, ("X", "y"))
    assert response.headers == (("Content-Type", "text/plain; charset=utf-8"), ("X", "y"))
    assert response.body == f"{status} {REASONS[status]}\n".encode()


@pytest.mark.parametrize("status", [400, 412, 503])
def test_every_status_of_a_refused_subscription_has_its_words(status: int) -> None:
    assert error_response(status).body.startswith(f"{status} ".encode())


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
    response = ask(CONTROL, method)
    assert (response.status, header_of(response, "Allow")) == (405, "POST")


def test_only_the_body_of_a_control_call_is_waited_for() -> None:
    assert SITE.takes_body(Request("POST", CONTROL))
    assert SITE.takes_body(Request("POST", f"http://192.0.2.1{CONTROL}?x"))
    for method, target in [("GET", CONTROL), ("POST", DESCRIPTION), ("POST", "/none"), ("POST", "*"), ("PUT", CONTROL)]:
        assert not SITE.takes_body(Request(method, target))


@pytest.mark.parametrize("presentation", ["read-only", "off"])
@pytest.mark.parametrize("fields", [{"origin": "http://192.0.2.7:49152"}, {"sec-fetch-site": "same-origin"}])
def test_without_forms_no_page_can_call_an_action(presentation: str, fields: dict[str, str]) -> None:
    publication = publish(attrs.evolve(HAM, presentation=presentation))
    site = Site()
    site.add(publication)
    call = call_request(publication.services[0].control_path, "urn:schemas-upnp-org:service:Ham:1", "Slice")
    assert response_to(site, call).status == 500
    assert response_to(site, attrs.evolve(call, headers={**call.headers, **fields})).status == 403


def test_the_description_is_at_its_fixed_path_and_nowhere_else() -> None:
    site = site_of(DIAL)
    assert ask("/dd.xml", site=site).status == 200
    assert b"Jambon 3000" in ask("/dd.xml", site=site).body
    assert ask(DESCRIPTION, site=site).status == 404
    assert ask("/dd.xml", "HEAD", site=site).status == 200
    refused = ask("/dd.xml", "POST", site=site)
    assert (refused.status, header_of(refused, "Allow")) == (405, "GET, HEAD")


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
    site = site_of(HAM)
    with pytest.raises(DescriptionError, match=f"the path {PAGE} is wanted by two devices"):
        site.check(publish(attrs.evolve(LIVING_ROOM, presentation_url=PAGE)))


def test_a_path_that_is_not_a_device_s_is_refused_with_what_has_it() -> None:
    site = Site(others={"/metrics": "the counters (metrics)"})
    with pytest.raises(DescriptionError, match=r"the path /metrics of 'Jambon 3000' .* is that of the counters"):
        site.check(publish(attrs.evolve(HAM, description_path="/metrics")))


def test_a_fixed_control_path_takes_calls_and_nothing_else() -> None:
    plug = attrs.evolve(oven_device(Oven()), description_path="/setup.xml")
    services = [attrs.evolve(plug.services[0], control_url="/upnp/control/basicevent1", event_sub_url="/upnp/event/1")]
    site = site_of(attrs.evolve(plug, services=services))
    assert site.takes_body(Request("POST", "/upnp/control/basicevent1", CALL))
    assert header_of(ask("/upnp/control/basicevent1", site=site), "Allow") == "POST"
    assert header_of(ask("/upnp/event/1", site=site), "Allow") == "SUBSCRIBE, UNSUBSCRIBE"
