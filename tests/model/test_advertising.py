"""How a device is advertised: nothing that could split a datagram, or speak for UPnP, gets into a value."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.devices import BASIC
from tests.strategies import CONTROL_CHARACTERS
from upnp_trio import RootDevice
from upnp_trio.errors import DescriptionError
from upnp_trio.model.advertising import (
    MAX_HEADER_CHARACTERS,
    MAX_HEADERS,
    MAX_ROWS,
    RESERVED_DESCRIPTION_HEADERS,
    RESERVED_HEADERS,
    AdvertisedRow,
    Advertising,
)
from upnp_trio.model.placeholders import escaped, filled
from upnp_trio.model.rules import refusals
from upnp_trio.ssdp.messages import Alive, SearchResponse
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_alive, render_search_response

ALIVE = Alive(notification_type="n", usn="uuid:n", location="l", server="s", max_age=1, boot_id=2, config_id=3)
RESPONSE = SearchResponse(search_target="n", usn="uuid:n", location="l", server="s", max_age=1, boot_id=2, config_id=3)


def _refusal(**fields: Any) -> str:  # noqa: ANN401  # any value is tried
    with pytest.raises(DescriptionError) as caught:
        Advertising(**fields)
    return str(caught.value)


@pytest.mark.parametrize("character", CONTROL_CHARACTERS)
def test_a_character_that_could_split_a_header_is_refused(character: str) -> None:
    text = f"a{character}b"
    assert "it must be one line of printable ASCII" in _refusal(server=text)
    for field in ("headers", "description_headers"):
        assert "it must be one line of printable ASCII" in _refusal(**{field: {"X-Ham": text}})
        assert "has no valid name" in _refusal(**{field: {text: "a"}})
    for row in ({"notification_type": text}, {"notification_type": "a", "usn": text}):
        with pytest.raises(DescriptionError, match="ASCII without blanks"):
            AdvertisedRow(**row)


@pytest.mark.parametrize("name", ["", " ", "X Ham", "X:Ham", "Jambon numérique", "X-Ham\r\nNTS", "(ham)"])
def test_a_header_s_name_is_a_token(name: str) -> None:
    assert "has no valid name; it must be a token, such as X-Vendor" in _refusal(headers={name: "a"})


@pytest.mark.parametrize("name", sorted(RESERVED_HEADERS))
def test_a_header_of_upnp_s_own_is_refused_however_it_is_spelled(name: str) -> None:
    for spelling in (name, name.lower(), name.title()):
        assert f"the header {spelling} is one of UPnP's own" in _refusal(headers={spelling: "a"})


@pytest.mark.parametrize("name", sorted(RESERVED_DESCRIPTION_HEADERS))
def test_a_field_of_http_s_own_is_refused_for_the_description(name: str) -> None:
    for spelling in (name, name.lower()):
        refusal = _refusal(description_headers={spelling: "a"})
        assert f"the header {spelling} is one of HTTP's own, whose value follows from the document" in refusal


def test_no_site_is_given_the_description_by_a_field_for_its_scripts() -> None:
    refusal = _refusal(description_headers={"Access-Control-Allow-Origin": "*"})
    assert refusal == "the header Access-Control-Allow-Origin is for scripts of other sites, which are refused"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"headers": [("X-Ham", "a"), ("x-ham", "b")]}, "the header x-ham is given twice"),
        ({"headers": {f"X-{n}": "a" for n in range(MAX_HEADERS + 1)}}, "there are 17 headers of "),
        ({"headers": {"X": "a" * MAX_HEADER_CHARACTERS}}, "there are 1 headers of 771 characters; one datagram has"),
        ({"headers": "X"}, "Advertising.headers is 'X'; it must be pairs of names and values"),
        ({"headers": ["XY"]}, "Advertising.headers is ['XY']; it must be pairs of names and values"),
        ({"headers": [("X", 5)]}, "the header X is 5; it must be one line"),
        ({"headers": {"X": "{ham}"}}, "X is '{ham}': {ham} is neither {host} nor {port}; write {{ and }} for braces"),
        ({"headers": {"X": "{host.x}"}}, "{host.x} is neither {host} nor {port}"),
        ({"headers": {"X": "{host!r}"}}, "{host!r} is neither {host} nor {port}"),
        ({"description_headers": {"X": "{}"}}, "{} is neither {host} nor {port}"),
        ({"description_headers": {"X": "{{host}"}}, "} is neither {host} nor {port}"),
        ({"headers": {"X": "}"}}, "} is neither {host} nor {port}"),
        ({"headers": {"X": "{host}" * 4}}, "1 headers of 1015 characters, with the longest host for {host}; one dat"),
        (
            {"description_headers": {"X": "a" * 766}},
            "769 characters; the description's response has room for 16 of 768",
        ),
        ({"description_headers": [1]}, "Advertising.description_headers is [1]; it must be pairs"),
        ({"rows": [AdvertisedRow(f"x:{n}") for n in range(MAX_ROWS + 1)]}, "there are 17 rows; at most 16 are adver"),
        ({"rows": [AdvertisedRow("x:a"), AdvertisedRow("X:A")]}, "the row X:A is given twice with one USN"),
        ({"rows": ["roku:ecp"]}, "Advertising.rows[0] is 'roku:ecp'; it must be of type AdvertisedRow"),
        ({"rows": "roku:ecp"}, "Advertising.rows is 'roku:ecp'; it must be a list of AdvertisedRow"),
        ({"server": 5}, "server is 5; it must be one line"),
        ({"server": "s" * 257}, "server has 257 characters; at most 256 are sent"),
        ({"max_age": 0}, "max_age is 0; it must be 1 to 2147483647 seconds"),
        ({"max_age": True}, "max_age is True; it must be "),
        ({"max_age": 2**31}, "max_age is 2147483648; it must be "),
        ({"answer_delay": -0.1}, "answer_delay is -0.1; it must be 0 to 0.9 seconds"),
        ({"answer_delay": 0.91}, "answer_delay is 0.91; it must be 0 to 0.9 seconds"),
        ({"answer_delay": float("nan")}, "answer_delay is nan; it must be 0 to 0.9 seconds"),
        ({"answer_delay": "1"}, "answer_delay is '1'; it must be 0 to 0.9 seconds"),
    ],
)
def test_an_impossible_value_is_refused_with_the_rule(fields: dict[str, Any], message: str) -> None:
    assert message in _refusal(**fields)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("",), "notification_type is '': UDA §1.3.2: it must be a search target, which is ASCII without blanks"),
        (("roku ecp",), "it must be a search target, which is ASCII without blanks"),
        (("x" * 257,), "which may have at most 256 characters; this one has 257"),
        (("SSDP:all",), "is 'SSDP:all', by which searches ask for everything; give the type"),
        ((5,), "AdvertisedRow.notification_type is 5; it must be text such as 'roku:ecp'"),
        (("a", "uuid:a b"), "AdvertisedRow.usn is 'uuid:a b'; it must be up to 512 characters of ASCII without blanks"),
        (("a", "::a"), "with a UDN before any '::'"),
        (("a", "u" * 513), "it must be up to 512 characters"),
        (("a", 5), "AdvertisedRow.usn is 5; it must be "),
    ],
)
def test_an_impossible_row_is_refused_with_the_rule(row: tuple[Any, ...], message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        AdvertisedRow(*row)
    assert message in str(caught.value)


def test_the_usn_of_a_row_begins_as_control_points_expect_it_unless_the_device_is_not_strict() -> None:
    odd = attrs.evolve(BASIC, advertising=Advertising(rows=[AdvertisedRow("a", "uuid:a"), AdvertisedRow("b", "b")]))
    (refused,) = refusals(odd)
    assert str(refused).startswith("advertising.rows[1].usn is 'b': UDA §1.2.2: it must begin with 'uuid:'")
    assert not refusals(attrs.evolve(odd, strict=False))


@pytest.mark.parametrize(
    ("base_url", "value"),
    [
        ("http://192.0.2.7:49152", "192.0.2.7 49152 {host}"),
        ("http://[fe80::7]:80", "[fe80::7] 80 {host}"),
        ("http://[2001:db8::1]", "[2001:db8::1] 80 {host}"),
        ("http://ham.local", "ham.local 80 {host}"),
        ("http://ham.local:8123/description.xml", "ham.local 8123 {host}"),
    ],
)
def test_placeholders_are_the_host_and_the_port_of_a_location(base_url: str, value: str) -> None:
    assert filled([("X", "{host} {port} {{host}}"), ("Y", "z")], base_url) == (("X", value), ("Y", "z"))


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20).map(str.strip))
def test_any_text_can_be_given_with_its_braces_doubled(text: str) -> None:
    (header,) = Advertising(headers={"X": escaped(text)}).headers
    assert filled([header], "http://192.0.2.7:1") == (("X", text),)


def test_a_device_takes_no_other_value() -> None:
    fields: dict[str, Any] = {"device_type": "a", "friendly_name": "b", "manufacturer": "c", "model_name": "d"}
    with pytest.raises(DescriptionError, match="advertising is None; it must be of type Advertising"):
        RootDevice(**fields, advertising=None)  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(DescriptionError, match="strict is 1; it must be True, False or None"):
        RootDevice(**fields, strict=1)  # type: ignore[arg-type]  # that is the mistake


def test_two_devices_with_one_document_are_equal_however_they_are_advertised() -> None:
    fields: dict[str, Any] = {name: getattr(BASIC, name) for name in ("device_type", "friendly_name", "manufacturer")}
    fields["model_name"] = BASIC.model_name
    assert RootDevice(**fields, advertising=Advertising(max_age=1), strict=False) == RootDevice(**fields)


_tokens = st.from_regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}", fullmatch=True)
_values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20) | st.just("{host}{{{port}")


@given(st.dictionaries(_tokens, _values, max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_no_header_changes_what_a_reader_understands(headers: dict[str, str], name: str, value: str) -> None:
    for given_headers in (headers, headers | {name: value}):
        try:
            own = filled(Advertising(headers=given_headers).headers, "http://[2001:db8::1]:49152")
        except DescriptionError:
            continue
        assert parse(render_alive(ALIVE, headers=own)) == ALIVE
        payload = render_search_response(RESPONSE, headers=own)
        assert parse(payload) == RESPONSE
        lines = payload.decode("ascii").split("\r\n")
        assert len(lines) == len(render_search_response(RESPONSE).split(b"\r\n")) + len(own)
        assert {f"{name}: {value}" if value else f"{name}:" for name, value in own} <= set(lines)
