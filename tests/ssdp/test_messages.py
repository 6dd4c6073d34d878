"""Datagrams: rendered strictly, parsed leniently, and any bytes are parsed or malformed."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upnp_trio.errors import MalformedMessage
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse, Update
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import (
    render_alive,
    render_byebye,
    render_search,
    render_search_response,
    render_search_response_head,
    render_update,
    search_response_end,
)

tokens = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), min_size=1, max_size=80)
ids = st.none() | st.integers(0, 2**31 - 1)

WINDOWS_SEARCH = (
    b'M-SEARCH * HTTP/1.1\r\nHost:239.255.255.250:1900\r\nST:upnp:rootdevice\r\nMan:"ssdp:discover"\r\nMX:3\r\n\r\n'
)


@given(
    st.builds(Search, search_target=tokens, mx=st.none() | st.integers(1, 5), user_agent=st.none() | tokens),
)
def test_a_search_survives_the_wire(search: Search) -> None:
    assert parse(render_search(search)) == search


@given(
    st.builds(
        Alive,
        notification_type=tokens,
        usn=tokens,
        location=tokens,
        server=tokens,
        max_age=st.integers(0, 2**29),
        boot_id=ids,
        config_id=ids,
        search_port=ids,
        nls=st.none() | tokens,
    )
)
def test_an_alive_survives_the_wire(alive: Alive) -> None:
    assert parse(render_alive(alive)) == alive


@given(st.builds(ByeBye, notification_type=tokens, usn=tokens, boot_id=ids, config_id=ids, nls=st.none() | tokens))
def test_a_byebye_survives_the_wire(byebye: ByeBye) -> None:
    assert parse(render_byebye(byebye)) == byebye


@given(
    st.builds(
        Update,
        notification_type=tokens,
        usn=tokens,
        location=tokens,
        boot_id=st.integers(0, 2**31 - 1),
        config_id=st.integers(0, 2**31 - 1),
        next_boot_id=st.integers(0, 2**31 - 1),
        search_port=ids,
        nls=st.none() | tokens,
    )
)
def test_an_update_survives_the_wire(update: Update) -> None:
    assert parse(render_update(update)) == update


@given(
    st.builds(
        SearchResponse,
        search_target=tokens,
        usn=tokens,
        location=tokens,
        server=tokens,
        max_age=st.integers(0, 2**29),
        boot_id=ids,
        config_id=ids,
        search_port=ids,
        nls=st.none() | tokens,
        date=st.just("Sun, 06 Nov 1994 08:49:37 GMT"),
    )
)
def test_a_search_response_survives_the_wire_and_ends_in_an_empty_line(response: SearchResponse) -> None:
    payload = render_search_response(response)
    assert parse(payload) == response
    assert payload.endswith(b"\r\n\r\n")
    assert payload.count(b"\r\n\r\n") == 1
    assert render_search_response_head(response) + search_response_end(response.date) == payload


def test_a_search_response_has_every_header_that_uda_wants_and_no_other() -> None:
    payload = render_search_response(
        SearchResponse(
            search_target="upnp:rootdevice",
            usn="uuid:1::upnp:rootdevice",
            location="http://192.0.2.7:49152/1/description.xml",
            server="Linux/6.1 UPnP/1.1 upnp_trio/0.1.0",
            max_age=1800,
            boot_id=7,
            config_id=9,
            date="Sun, 06 Nov 1994 08:49:37 GMT",
        )
    )
    assert payload.decode().split("\r\n") == [
        "HTTP/1.1 200 OK",
        "CACHE-CONTROL: max-age=1800",
        "EXT:",
        "LOCATION: http://192.0.2.7:49152/1/description.xml",
        "SERVER: Linux/6.1 UPnP/1.1 upnp_trio/0.1.0",
        "ST: upnp:rootdevice",
        "USN: uuid:1::upnp:rootdevice",
        "BOOTID.UPNP.ORG: 7",
        "CONFIGID.UPNP.ORG: 9",
        "DATE: Sun, 06 Nov 1994 08:49:37 GMT",
        "",
        "",
    ]


def test_a_byebye_has_no_location_server_or_lifetime() -> None:
    payload = render_byebye(ByeBye(notification_type="upnp:rootdevice", usn="u", boot_id=1, config_id=2)).decode()
    names = [line.partition(":")[0] for line in payload.split("\r\n")[1:-2]]
    assert names == ["HOST", "NT", "NTS", "USN", "BOOTID.UPNP.ORG", "CONFIGID.UPNP.ORG"]
    assert "HOST: 239.255.255.250:1900\r\n" in payload


@given(st.binary(max_size=6000))
@example(b"")
@example(b"\r\n\r\n")
@example(b"M-SEARCH")
@example(b"M-SEARCH * HTTP/1.1")
@example(b"HTTP/1.1\r\n")
@example(WINDOWS_SEARCH.replace(b"MX:3", b"MX:\xb2"))
@example(WINDOWS_SEARCH.replace(b"MX:3", b"MX:" + b"9" * 5000))
def test_any_bytes_give_a_message_or_malformed_message(datagram: bytes) -> None:
    try:
        message = parse(datagram)
    except MalformedMessage:
        return
    assert isinstance(message, Search | Alive | ByeBye | Update | SearchResponse)


@given(st.lists(st.sampled_from([WINDOWS_SEARCH[:21], *WINDOWS_SEARCH.split(b"\r\n"), b":", b"\n", b"\r", b"\0"])))
def test_any_shuffle_of_a_search_gives_a_message_or_malformed_message(pieces: list[bytes]) -> None:
    try:
        parse(b"\r\n".join(pieces))
    except MalformedMessage:
        return


def test_windows_spelling_without_spaces_is_read() -> None:
    assert parse(WINDOWS_SEARCH) == Search(search_target="upnp:rootdevice", mx=3)


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(WINDOWS_SEARCH[:-2], id="no empty line at the end"),
        pytest.param(WINDOWS_SEARCH[:-4], id="no line end at all"),
        pytest.param(WINDOWS_SEARCH.replace(b"\r\n", b"\n"), id="LF only"),
        pytest.param(WINDOWS_SEARCH.replace(b"M-SEARCH", b"m-search"), id="method in lower case"),
        pytest.param(WINDOWS_SEARCH.replace(b"HTTP/1.1", b"http/1.0"), id="HTTP/1.0 in lower case"),
        pytest.param(WINDOWS_SEARCH.replace(b'"ssdp:discover"', b"ssdp:discover"), id="MAN without quotes"),
        pytest.param(WINDOWS_SEARCH.replace(b"ST:", b"st: \t").replace(b"MX:3", b"mx: 3 \t"), id="blanks and case"),
        pytest.param(WINDOWS_SEARCH.replace(b"Host:239.255.255.250:1900", b"Host:0.0.0.0"), id="wrong HOST"),
        pytest.param(WINDOWS_SEARCH.replace(b"Host:239.255.255.250:1900\r\n", b""), id="no HOST"),
        pytest.param(WINDOWS_SEARCH.replace(b"upnp:rootdevice", b'"upnp:rootdevice"'), id="ST in quotes"),
        pytest.param(WINDOWS_SEARCH.replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\nnonsense\r\n\r\n"), id="odd lines"),
        pytest.param(WINDOWS_SEARCH.replace(b"MX:3", b"MX:3\r\nMX:1\r\nST:ssdp:all"), id="the first of two wins"),
        pytest.param(WINDOWS_SEARCH + b"a body", id="a body"),
    ],
)
def test_what_real_control_points_send_is_read(datagram: bytes) -> None:
    assert parse(datagram) == Search(search_target="upnp:rootdevice", mx=3)


@pytest.mark.parametrize(
    ("mx", "read"),
    [
        ("0", 1),
        ("1", 1),
        ("5", 5),
        ("6", 5),
        ("120", 5),
        ("999", 5),
        ("", None),
        ("-1", None),
        ("x", None),
        ("1.5", None),
    ],
)
def test_mx_counts_as_one_to_five_seconds_or_as_missing(mx: str, read: int | None) -> None:
    message = parse(WINDOWS_SEARCH.replace(b"MX:3", b"MX:" + mx.encode()))
    assert isinstance(message, Search)
    assert message.mx == read


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(WINDOWS_SEARCH.replace(b'"ssdp:discover"', b'"ssdp:other"'), id="another MAN"),
        pytest.param(WINDOWS_SEARCH.replace(b'Man:"ssdp:discover"\r\n', b""), id="no MAN"),
        pytest.param(WINDOWS_SEARCH.replace(b"ST:upnp:rootdevice\r\n", b""), id="no ST"),
        pytest.param(WINDOWS_SEARCH.replace(b"upnp:rootdevice", b""), id="empty ST"),
        pytest.param(WINDOWS_SEARCH.replace(b"upnp:rootdevice", b"a" * 257), id="endless ST"),
        pytest.param(WINDOWS_SEARCH.replace(b"upnp:rootdevice", b"a\x00b"), id="control character in ST"),
        pytest.param(WINDOWS_SEARCH.replace(b"upnp:rootdevice", b"a b"), id="blank in ST"),
        pytest.param(WINDOWS_SEARCH.replace(b"upnp:rootdevice", b"caf\xc3\xa9"), id="ST beyond ASCII"),
        pytest.param(WINDOWS_SEARCH.replace(b"M-SEARCH *", b"M-SEARCH /"), id="another target"),
        pytest.param(WINDOWS_SEARCH.replace(b"HTTP/1.1", b"HTTP/2.0"), id="another version"),
        pytest.param(WINDOWS_SEARCH.replace(b"M-SEARCH", b"SEARCH"), id="another method"),
        pytest.param(WINDOWS_SEARCH + b"x" * 4096, id="more than 4 KiB"),
        pytest.param(WINDOWS_SEARCH[:-2] + b"X:1\r\n" * 64 + b"\r\n", id="more than 64 lines"),
        pytest.param(WINDOWS_SEARCH[:-2] + b"X:" + b"1" * 1024 + b"\r\n\r\n", id="a line of more than 1 KiB"),
    ],
)
def test_a_request_that_is_not_a_search_is_malformed(datagram: bytes) -> None:
    with pytest.raises(MalformedMessage):
        parse(datagram)


@pytest.mark.parametrize("missing", [b"NT", b"USN", b"LOCATION", b"NTS"])
def test_an_alive_without_a_required_header_is_malformed(missing: bytes) -> None:
    alive = Alive(notification_type="n", usn="u", location="l", server="s", max_age=1)
    lines = [line for line in render_alive(alive).split(b"\r\n") if not line.startswith(missing + b":")]
    with pytest.raises(MalformedMessage):
        parse(b"\r\n".join(lines))


def test_a_response_that_is_not_a_success_is_malformed() -> None:
    with pytest.raises(MalformedMessage):
        parse(b"HTTP/1.1 404 Not Found\r\nST: a\r\nUSN: b\r\nLOCATION: c\r\n\r\n")
