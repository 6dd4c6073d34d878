"""Files as they are sent: their types, tags, languages and header fields."""

from __future__ import annotations

import attrs
import pytest

from tests.asking import response_to
from tests.site.ham import DESCRIPTION, DIAL, HAM, ICON, LANGUAGE, PAGE, SCPD, SITE, ask, ask_at, header_of, site_of
from upnp_trio.documents.publication import publish
from upnp_trio.exchange import Request
from upnp_trio.model.advertising import Advertising


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
    response = ask(target)
    assert response.status == 200
    assert header_of(response, "Content-Type") == media_type
    assert body in response.body


def test_head_is_answered_like_get() -> None:
    # the connection leaves out the body, and needs it to state its length
    for target in (DESCRIPTION, ICON, PAGE, "/", "/none"):
        assert ask(target, "HEAD") == ask(target)


def test_equal_content_has_an_equal_etag_and_other_content_another() -> None:
    again, changed = site_of(HAM), site_of(attrs.evolve(HAM, friendly_name="Jambon 3001"))
    etag = header_of(ask(DESCRIPTION), "ETag")
    assert etag is not None
    assert etag[0] == etag[-1] == '"'
    assert header_of(ask(DESCRIPTION, site=again), "ETag") == etag
    assert header_of(ask(DESCRIPTION, site=changed), "ETag") != etag
    assert header_of(ask(ICON, site=changed), "ETag") == header_of(ask(ICON), "ETag")


@pytest.mark.parametrize("condition", ["{}", "W/{}", '"x", {}', '{}, "x"', '"x" ,W/{} , "y"', "*", " {} "])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_reader_has_is_not_sent_again(condition: str, method: str) -> None:
    etag = header_of(ask(DESCRIPTION), "ETag") or ""
    response = ask(DESCRIPTION, method, if_none_match=condition.format(etag))
    assert (response.status, response.headers, response.body) == (304, (("ETag", etag),), b"")


@pytest.mark.parametrize("condition", ['"x"', "", "x", "W/", '"*"', '"'])
def test_what_a_reader_does_not_have_is_sent(condition: str) -> None:
    assert ask(DESCRIPTION, if_none_match=condition).status == 200


def test_an_etag_without_its_quotes_is_another_one() -> None:
    etag = header_of(ask(DESCRIPTION), "ETag") or ""
    assert ask(DESCRIPTION, if_none_match=etag.strip('"')).status == 200


@pytest.mark.parametrize("target", [DESCRIPTION, SCPD, ICON, PAGE])
def test_the_language_is_sent_when_it_is_asked_for_and_only_then(target: str) -> None:
    # UDA 2.0 §2.11: CONTENT-LANGUAGE is required in the response to ACCEPT-LANGUAGE
    response = response_to(SITE, Request("GET", target, LANGUAGE))
    assert header_of(response, "Content-Language") == "fr"
    assert attrs.evolve(response, headers=response.headers[:-1]) == ask(target)
    assert header_of(ask(target), "Content-Language") is None


def test_the_language_is_sent_with_304_as_well() -> None:
    etag = header_of(ask(DESCRIPTION), "ETag") or ""
    response = response_to(SITE, Request("GET", DESCRIPTION, {**LANGUAGE, "if-none-match": etag}))
    assert (response.status, header_of(response, "Content-Language")) == (304, "fr")


@pytest.mark.parametrize(
    ("base_url", "value"),
    [
        ("http://192.0.2.1:49152", "http://192.0.2.1:49152/apps/"),
        ("http://[fe80::7]:80", "http://[fe80::7]:80/apps/"),
        ("http://ham.local", "http://ham.local:80/apps/"),
    ],
)
def test_the_description_has_the_fields_of_its_device_filled_in_for_the_address(base_url: str, value: str) -> None:
    site = site_of(DIAL)
    for _ in range(2):
        response = ask_at(base_url, "/dd.xml", site=site)
        assert header_of(response, "Application-URL") == value
        assert header_of(response, "X-Braces") == "{}"
        assert header_of(response, "Server") == "Ham/1"
        assert header_of(response, "Content-Type") == 'text/xml; charset="utf-8"'
    assert ask_at(base_url, "/dd.xml", site=site) is response  # rendered once for an address
    assert header_of(ask_at(base_url, ICON, site=site), "Application-URL") is None


def test_what_is_not_modified_has_the_fields_of_its_device_as_well() -> None:
    etag = header_of(ask_at("http://192.0.2.1:1", "/dd.xml"), "ETag")
    assert etag is not None
    response = ask_at("http://192.0.2.1:1", "/dd.xml", if_none_match=etag, accept_language="en")
    assert (response.status, header_of(response, "Application-URL")) == (304, "http://192.0.2.1:1/apps/")
    assert header_of(response, "Content-Language") == "fr"


def test_a_field_with_the_address_is_left_out_where_nothing_is_advertised() -> None:
    response = ask_at("", "/dd.xml")
    assert (header_of(response, "Application-URL"), header_of(response, "Server")) == (None, "Ham/1")


def test_an_updated_device_has_its_new_fields() -> None:
    site = site_of(DIAL)
    assert ask_at("http://192.0.2.1:1", "/dd.xml", site=site).status == 200
    new = attrs.evolve(DIAL, advertising=Advertising(description_headers={"Application-URL": "http://{host}/"}))
    site.add(publish(new))
    assert header_of(ask_at("http://192.0.2.1:1", "/dd.xml", site=site), "Application-URL") == "http://192.0.2.1/"
