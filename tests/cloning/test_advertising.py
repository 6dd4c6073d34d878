"""How a clone is advertised: as its original, as far as that can be repeated."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tests.cloning.observing import LIGHT, answer, observed
from upnp_trio.cloning.advertising import advertising_of
from upnp_trio.cloning.observed import Delays, ObservedAnswer
from upnp_trio.model.advertising import Advertising
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.placeholders import filled


def _advertising(*answers: ObservedAnswer, median: float | None = None) -> tuple[Advertising, list[str]]:
    unicast = None if median is None else Delays(1, median, median, median)
    return advertising_of(attrs.evolve(observed(LIGHT, *answers), unicast=unicast))


def test_server_and_max_age_are_those_of_most_answers() -> None:
    answers = [
        answer(Server=server, Cache_Control=f"max-age = {age}") for server, age in (("a", 1), ("b", 2), ("b", 2))
    ]
    advertising, notes = _advertising(*answers)
    assert (advertising.server, advertising.max_age) == ("b", 2)
    assert notes == []


def test_an_answer_without_either_leaves_them_to_the_clone() -> None:
    seen = attrs.evolve(observed(), answers=(ObservedAnswer(payload=b"HTTP/1.1 200 OK\n\n", latency=0, mx=None),))
    assert advertising_of(seen) == (Advertising(), [])
    assert advertising_of(attrs.evolve(seen, answers=())) == (Advertising(), [])


def test_a_vendor_s_headers_are_repeated_if_they_are_the_same_in_all_answers() -> None:
    same: dict[str, Any] = {"X_User_Agent": "redsonic", "hue_bridgeid": "001788FFFE"}
    advertising, notes = _advertising(
        answer(**same, X_Row="1", X_Some="a", BOOTID_UPNP_ORG="7"), answer(**same, X_Row="2", Content_Length="0")
    )
    assert advertising.headers == (("X-User-Agent", "redsonic"), ("hue-bridgeid", "001788FFFE"))
    assert notes == [
        "not repeated in answers to searches: the header 'X-Row', which is not the same in all",
        "not repeated in answers to searches: the header 'X-Some', which is not the same in all",
        "not repeated in answers to searches: the header 'BOOTID-UPNP-ORG', which is not the same in all",
    ]


@pytest.mark.parametrize(
    ("value", "at_clone"),
    [
        ("http://192.0.2.7:4004/apps", "http://192.0.2.1:49152/apps"),
        ("http://192.0.2.7:8008/apps", "http://192.0.2.1:8008/apps"),
        ("http://192.0.2.7/{1}", "http://192.0.2.1/{1}"),
        ("IP=192.0.2.7;MAC=1", "IP=192.0.2.1;MAC=1"),
    ],
)
def test_a_header_that_leads_to_the_original_leads_to_the_clone(value: str, at_clone: str) -> None:
    advertising, notes = _advertising(answer(Application_Url=value))
    assert filled(advertising.headers, "http://192.0.2.1:49152") == (("Application-Url", at_clone),)
    (note,) = notes
    assert note.startswith("the header 'Application-Url' leads to '")
    assert note.endswith(", where the clone has no more than its documents")


@pytest.mark.parametrize("value", ["http://192.0.2.70/", "http://1192.0.2.7/", "192.0.2.7.example", "uuid:192.0.2.7a"])
def test_a_header_that_leads_elsewhere_is_as_it_was(value: str) -> None:
    advertising, notes = _advertising(answer(X_Ham=value))
    assert (advertising.headers, notes) == ((("X-Ham", value),), [])


def test_a_header_with_an_address_of_ipv6_leads_to_the_clone() -> None:
    seen = attrs.evolve(observed(), location=LiteralUrl.parse("http://[2001:db8::7]:80/light.xml"))
    seen = attrs.evolve(seen, document_headers={"application-url": "http://[2001:DB8::7]:80/apps"})
    advertising, _ = advertising_of(seen)
    assert advertising.description_headers == (("Application-URL", "http://{host}:{port}/apps"),)


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"Server": "é"}, "server is 'é'; it must be one line of printable ASCII"),
        ({"Server": "s" * 300}, "server has 300 characters; at most 256 are sent"),
        ({"Cache_Control": "max-age=0"}, "max_age is 0; it must be 1 to 2147483647 seconds (UDA §1.2.2: 1800 or more)"),
        ({"X_Ham": "\x1b[31m"}, "the header X-Ham is '\\x1b[31m'; it must be one line of printable ASCII"),
        ({"X Ham": "a"}, "the header 'X Ham' has no valid name; it must be a token, such as X-Vendor"),
        ({"X_Ham": "a" * 800}, "there are 1 headers of 807 characters; one datagram has room for 16 of 768"),
    ],
)
def test_what_cannot_be_repeated_is_said(fields: dict[str, Any], note: str) -> None:
    advertising, notes = _advertising(answer(**fields))
    assert notes == [f"not repeated in answers to searches: {note}"]
    assert advertising.headers == ()


@pytest.mark.parametrize(
    ("median", "delay"), [(None, 0.0), (0.0194, 0.0), (0.02, 0.02), (0.12345, 0.123), (0.9, 0.9), (1.5, 0.9)]
)
def test_a_delay_is_repeated_if_it_is_the_device_s_and_not_the_network_s(median: float | None, delay: float) -> None:
    advertising, notes = _advertising(answer(), median=median)
    assert advertising.answer_delay == delay
    assert notes == (["half of its answers took more than 1.5 s; the clone waits 0.9 s"] if median == 1.5 else [])


def test_braces_of_the_original_are_kept_as_they_are() -> None:
    advertising, _ = _advertising(answer(X_Ham="{host} {x}"))
    assert filled(advertising.headers, "http://192.0.2.1:1") == (("X-Ham", "{host} {x}"),)


def test_header_fields_of_the_description_are_repeated_if_they_tell_of_the_device() -> None:
    headers = {
        "content-type": "text/xml",
        "server": "x/1",
        "date": "today",
        "x-user-agent": "redsonic {1}",
        "application-url": "http://192.0.2.7:8008/apps/",
        "x-odd": "\x1b",
    }
    advertising, notes = advertising_of(attrs.evolve(observed(), document_headers=headers))
    assert filled(advertising.description_headers, "http://192.0.2.1:1") == (
        ("x-user-agent", "redsonic {1}"),
        ("Application-URL", "http://192.0.2.1:8008/apps/"),
    )
    assert notes == [
        "the header 'Application-URL' leads to 'http://{host}:8008/apps/', where the clone has no more than its "
        "documents",
        "not repeated with the description: the header x-odd is '\\x1b'; it must be one line of printable ASCII",
    ]
