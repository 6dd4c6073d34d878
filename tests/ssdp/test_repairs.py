"""What devices send although it breaks the rules is read nevertheless, and said."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.harnesses import seeds
from tests.ssdp.announcing import TYPES, Speaker
from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.device_cache import DeviceCache
from upnp_trio.ssdp.messages import Alive, ByeBye, Message, Search, SearchResponse, Update
from upnp_trio.ssdp.parsing import parse, parse_leniently
from upnp_trio.ssdp.rendering import (
    render_alive,
    render_byebye,
    render_search,
    render_search_response,
    render_update,
)

#: the field of ST
ST = "search_target"
URL = "http://192.0.2.5:49152/d.xml"
TYPE = "urn:schemas-upnp-org:device:Basic:1"
RESPONSE = f"""HTTP/1.1 200 OK
CACHE-CONTROL: max-age=1800
EXT:
LOCATION: {URL}
SERVER: Linux/6 UPnP/1.1 light/1
ST: {TYPE}
USN: uuid:1::{TYPE}
BOOTID.UPNP.ORG: 7
01-NLS: 7de82dce-1dd2-11b2-bde1-bf8eb1c95fb5

""".replace("\n", "\r\n").encode()
NOTIFY = f"""NOTIFY * HTTP/1.1
HOST: 239.255.255.250:1900
CACHE-CONTROL: max-age=1800
LOCATION: {URL}
NT: {TYPE}
NTS: ssdp:alive
SERVER: Linux/6 UPnP/1.1 light/1
USN: uuid:1::{TYPE}
BOOTID.UPNP.ORG: 7
CONFIGID.UPNP.ORG: 9

""".replace("\n", "\r\n").encode()
UPDATE = NOTIFY.replace(b"ssdp:alive", b"ssdp:update").replace(b"CONFIGID", b"NEXTBOOTID.UPNP.ORG: 8\r\nCONFIGID")


def test_what_keeps_the_rules_is_read_as_ever_and_nothing_is_forgiven() -> None:
    for datagram in (RESPONSE, NOTIFY, UPDATE):
        assert parse_leniently(datagram) == (parse(datagram), ())


@pytest.mark.parametrize("row", TYPES)
def test_what_our_own_devices_send_needs_no_forgiveness(row: str) -> None:
    speaker = Speaker(cache=DeviceCache(), boot_id=1, config_id=2, search_port=49153)
    datagrams = [
        render_alive(speaker.alive_message(row)),
        render_search_response(speaker.answer_message(row)),
        render_byebye(speaker.byebye_message(row)),
        render_update(speaker.update_message(row, 5)),
        render_search(Search(search_target="ssdp:all")),
    ]
    for datagram in datagrams:
        assert parse_leniently(datagram) == (parse(datagram), ())


# --- answers ---------------------------------------------------------------------------------------------------------


def without(datagram: bytes, *names: bytes) -> bytes:
    lines = datagram.split(b"\r\n")
    return b"\r\n".join(line for line in lines if not line.startswith(tuple(name + b":" for name in names)))


@pytest.mark.parametrize(
    ("datagram", "differences", "forgiven"),
    [
        (without(RESPONSE, b"CACHE-CONTROL"), {"max_age": 0}, ["no max-age"]),
        (RESPONSE.replace(b"max-age=1800", b"no-store"), {"max_age": 0}, ["no max-age"]),
        (RESPONSE.replace(b"max-age=1800", b"max-age=0"), {"max_age": 0}, ["no max-age"]),
        (RESPONSE.replace(b"max-age=1800", b"1800"), {}, ["CACHE-CONTROL is a bare number"]),
        (RESPONSE.replace(b"max-age=1800", b'max-age = "1800"'), {}, []),
        (RESPONSE.replace(b"max-age=1800", b'no-cache="Ext", Max-Age = 1800'), {}, []),
        (RESPONSE.replace(b"max-age=1800", b"max-age=2147483647"), {"max_age": 2**31 - 1}, []),
        (without(RESPONSE, b"EXT"), {}, ["no EXT"]),
        (without(RESPONSE, b"SERVER"), {"server": ""}, ["no SERVER"]),
        (
            RESPONSE.replace(b"light/1", b"l\x1b[2J\x9b/1"),
            {"server": "Linux/6 UPnP/1.1 l?[2J?/1"},
            ["control characters in SERVER"],
        ),
        (RESPONSE.replace(b"\r\n", b"\n"), {}, ["lines end in LF alone"]),
        (RESPONSE[:-2], {}, ["no empty line at the end"]),
        (RESPONSE.replace(b"\r\n", b"\n")[:-1], {}, ["lines end in LF alone", "no empty line at the end"]),
        (RESPONSE + b"\0", {}, []),
        (RESPONSE.replace(b"HTTP/1.1", b"HTTP/1.0"), {}, ["the start line does not say HTTP/1.1"]),
        (RESPONSE.replace(b"HTTP/1.1 200 OK", b"http/1.1 200 ok"), {}, ["the start line does not say HTTP/1.1"]),
        (RESPONSE.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 200"), {}, []),
        (RESPONSE.replace(b"USN:", b"Usn :").replace(b"LOCATION: ", b"location:\t"), {}, []),
        (without(RESPONSE, b"ST"), {}, ["no ST"]),
        (
            without(RESPONSE, b"ST").replace(f"::{TYPE}".encode(), b""),
            {ST: "uuid:1", "usn": "uuid:1"},
            ["no ST"],
        ),
        (
            RESPONSE.replace(f"ST: {TYPE}".encode(), b"ST: ssdp:all"),
            {ST: "ssdp:all"},
            ["USN and ST do not match"],
        ),
        (
            RESPONSE.replace(f"ST: {TYPE}".encode(), f"ST: {TYPE[:-1]}2".encode()),
            {ST: f"{TYPE[:-1]}2"},
            [],
        ),
        (
            RESPONSE.replace(f"ST: {TYPE}".encode(), f"ST: {TYPE.lower()}".encode()),
            {ST: TYPE.lower()},
            [],
        ),
        (
            RESPONSE.replace(f"uuid:1::{TYPE}".encode(), b"uuid:roku:ecp:P0A0").replace(TYPE.encode(), b"roku:ecp"),
            {"usn": "uuid:roku:ecp:P0A0", ST: "roku:ecp"},
            ["USN does not end in ::ST"],
        ),
        (RESPONSE.replace(b"uuid:1", b"1"), {"usn": f"1::{TYPE}"}, ["USN does not begin with uuid:"]),
        (RESPONSE.replace(b"uuid:1", b"UUID:1"), {"usn": f"UUID:1::{TYPE}"}, []),
        (
            RESPONSE.replace(f"uuid:1::{TYPE}".encode(), f"{TYPE}::uuid:1".encode()),
            {},
            ["type and UDN are the wrong way round in USN"],
        ),
        (
            without(RESPONSE, b"USN").replace(TYPE.encode(), b"uuid:1"),
            {"usn": "uuid:1", ST: "uuid:1"},
            ["no USN"],
        ),
        (RESPONSE.replace(URL.encode(), f'"{URL}"'.encode()), {}, ["blanks or quotes in LOCATION"]),
        (RESPONSE.replace(URL.encode(), f"<{URL}>".encode()), {}, ["blanks or quotes in LOCATION"]),
        (
            RESPONSE.replace(b"d.xml", b"my light.xml"),
            {"location": URL.replace("d.xml", "my%20light.xml")},
            ["blanks or quotes in LOCATION"],
        ),
        (RESPONSE.replace(b"LOCATION: ", b"AL: "), {}, ["AL in place of LOCATION"]),
        (
            RESPONSE.replace(f"LOCATION: {URL}".encode(), f"LOCATION:\r\nAL: <x:y><{URL}>".encode()),
            {},
            ["AL in place of LOCATION"],
        ),
        (
            RESPONSE.replace(b"BOOTID.UPNP.ORG: 7", b"BOOTID.UPNP.ORG: 7de82dce-1dd2-11b2-bde1-bf8eb1c95fb5"),
            {"boot_id": None},
            ["BOOTID.UPNP.ORG is not a number"],
        ),
    ],
)
def test_an_answer_that_breaks_rules_is_read(datagram: bytes, differences: dict[str, Any], forgiven: list[str]) -> None:
    assert parse_leniently(datagram) == (attrs.evolve(parse(RESPONSE), **differences), tuple(forgiven))


# --- announcements ---------------------------------------------------------------------------------------------------

ALIVE = parse(NOTIFY)


@pytest.mark.parametrize(
    ("datagram", "differences", "forgiven"),
    [
        (without(NOTIFY, b"HOST"), {}, ["no HOST"]),
        (without(NOTIFY, b"NT"), {}, ["no NT"]),
        (NOTIFY.replace(b"ssdp:alive", b"SSDP:Alive"), {}, ["NTS is misspelled"]),
        (NOTIFY.replace(b"ssdp:alive", b'"ssdp:alive"'), {}, ["NTS is misspelled"]),
        (NOTIFY.replace(b"ssdp:alive", b"NotificationSubType.SSDP_ALIVE"), {}, ["NTS is misspelled"]),
        (
            NOTIFY.replace(f"USN: uuid:1::{TYPE}".encode(), b"USN: uuid:1"),
            {"usn": "uuid:1"},
            ["USN does not end in ::NT"],
        ),
        (
            without(NOTIFY, b"SERVER", b"CACHE-CONTROL", b"HOST"),
            {"server": "", "max_age": 0},
            ["no HOST", "no SERVER", "no max-age"],
        ),
        (without(UPDATE, b"NEXTBOOTID.UPNP.ORG"), {}, ["ssdp:update without its numbers"]),
        (without(UPDATE, b"BOOTID.UPNP.ORG"), {"boot_id": None}, ["ssdp:update without its numbers"]),
    ],
)
def test_an_announcement_that_breaks_rules_is_read(
    datagram: bytes, differences: dict[str, Any], forgiven: list[str]
) -> None:
    assert parse_leniently(datagram) == (attrs.evolve(ALIVE, **differences), tuple(forgiven))


def test_a_byebye_needs_neither_location_nor_server_nor_lifetime() -> None:
    byebye = without(NOTIFY, b"LOCATION", b"SERVER", b"CACHE-CONTROL", b"HOST").replace(b"ssdp:alive", b"ssdp:byebye")
    message, forgiven = parse_leniently(byebye)
    assert isinstance(message, ByeBye)
    assert forgiven == ("no HOST",)


def test_an_update_may_have_its_location_in_quotes() -> None:
    message, forgiven = parse_leniently(UPDATE.replace(URL.encode(), f'"{URL}"'.encode()))
    assert message == parse(UPDATE)
    assert forgiven == ("blanks or quotes in LOCATION",)


# --- what cannot be forgiven -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(without(RESPONSE, b"USN"), id="no USN"),
        pytest.param(RESPONSE.replace(f"uuid:1::{TYPE}".encode(), b""), id="empty USN"),
        pytest.param(without(RESPONSE, b"USN", b"ST"), id="neither USN nor ST"),
        pytest.param(RESPONSE.replace(b"uuid:1::", b"::"), id="USN without a UDN"),
        pytest.param(without(RESPONSE, b"LOCATION"), id="no LOCATION"),
        pytest.param(RESPONSE.replace(URL.encode(), b""), id="empty LOCATION"),
        pytest.param(RESPONSE.replace(URL.encode(), b'""'), id="LOCATION of quotes alone"),
        pytest.param(RESPONSE.replace(b"LOCATION: http://192", b"AL: <blender:ixl> 192"), id="AL without a URL"),
        pytest.param(RESPONSE.replace(b"200", b"404"), id="not found"),
        pytest.param(RESPONSE.replace(b"uuid:1", b"uuid:\x1b[2J"), id="an escape sequence in USN"),
        pytest.param(RESPONSE.replace(b"d.xml", b"\x9b2J"), id="an escape sequence in LOCATION"),
        pytest.param(RESPONSE.replace(b"ST: urn", b"ST: \x1b[2J"), id="an escape sequence in ST"),
        pytest.param(without(NOTIFY, b"NTS"), id="no NTS"),
        pytest.param(NOTIFY.replace(b"ssdp:alive", b"upnp:propchange"), id="another NTS"),
        pytest.param(NOTIFY.replace(b"*", b"/x"), id="another target"),
        pytest.param(b"", id="nothing"),
        # Airtame once sent its template as it stood (upnp_info #9).
        pytest.param(
            b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=100\r\nST: \r\nLOCATION: \r\nUSN: \r\n\r\n",
            id="a bare template",
        ),
    ],
)
def test_what_cannot_be_forgiven_is_malformed(datagram: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse_leniently(datagram)


SEEDS = [path.read_bytes() for path in seeds("datagrams")]
PIECES = [RESPONSE[:15], NOTIFY[:17], *RESPONSE.split(b"\r\n"), *NOTIFY.split(b"\r\n"), b"", b"AL: <http://a/>", b"\0"]


@given(st.binary(max_size=5000) | st.sampled_from(SEEDS) | st.lists(st.sampled_from(PIECES)).map(b"\r\n".join))
@example(b"HTTP/1.1 200\nUSN: ::\nST: uuid:\nLOCATION: '")
@example(b"HTTP/1.1 200\nUSN: a::uuid:b\nLOCATION: <")
def test_any_bytes_give_a_message_or_malformed_message_and_forgiveness_refuses_little(datagram: bytes) -> None:
    strict: Message | None
    try:
        strict = parse(datagram)
    except MalformedMessage:
        strict = None
    try:
        message, forgiven = parse_leniently(datagram)
    except MalformedMessage as error:
        text = str(error)
        assert strict is None or "control characters" in text or text in ("no LOCATION", "USN without a UDN")
        return
    assert all(word.isascii() and word.isprintable() for word in forgiven)
    if strict is not None and not forgiven:
        assert message == strict
    if isinstance(message, Alive | SearchResponse | Update):
        assert message.usn.isprintable()
        assert message.location.isprintable()


def test_what_parse_refuses_is_forgiven_only_with_words() -> None:
    refused = 0
    for datagram in (without(RESPONSE, b"ST"), without(UPDATE, b"BOOTID.UPNP.ORG"), NOTIFY.replace(b"NTS", b"NTS :x")):
        with pytest.raises(MalformedMessage):
            parse(datagram)
        refused += bool(parse_leniently(datagram)[1])
    assert refused == 3
