"""Control calls: which are read, and as what; which are refused, and how."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.requests import ACTION, HEADERS, TYPE, envelope, names, recorded, texts
from upnp_trio.control.calls import (
    MAX_CALL_BYTES,
    CallMessage,
    CallRefused,
    matches,
    read_call,
    render_call,
)
from upnp_trio.control.envelope import MAX_DEPTH, MAX_ELEMENTS, MAX_MENDED
from upnp_trio.errors import UpnpError
from upnp_trio.model.names import ServiceType

ONE = (("newTargetValue", "1"),)


def read(body: bytes, **headers: str) -> CallMessage:
    return read_call(HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}, body)


def refusal(body: bytes, **headers: str) -> CallRefused:
    with pytest.raises(CallRefused) as caught:
        read(body, **headers)
    return caught.value


# --- clients and their habits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "value"),
    [
        ("gupnp", "1"),
        ("async_upnp_client", "1"),
        ("windows", "1"),  # dt:dt, another prefix
        ("dotnet_utf16_declaration", "true"),  # StringWriter declares UTF-16, the bytes are UTF-8
        ("dotnet_bom", "1"),  # Encoding.UTF8 writes a BOM
        ("libupnp", "1"),  # a zero byte after the document, no XML declaration
        ("cling_jupnp", "true"),  # no space before charset
        ("curl_no_quotes", "1"),  # default namespaces, arguments inherit the service's
        ("apostrophes_and_spaces", "1"),
        ("utf_16", "1"),
    ],
)
def test_the_form_of_a_client_is_read(client: str, value: str) -> None:
    assert read_call(*recorded(client)) == CallMessage(TYPE, ACTION, (("newTargetValue", value),))


def test_miniupnpc_s_arguments_are_read_in_their_order_and_may_be_empty() -> None:
    call = read_call(*recorded("miniupnpc"))
    assert call.action == "AddPortMapping"
    assert call.arguments[:3] == (("NewRemoteHost", ""), ("NewExternalPort", "6881"), ("NewProtocol", "TCP"))
    assert len(call.arguments) == 8


def test_kodi_s_escaped_metadata_is_unescaped_once() -> None:
    call = read_call(*recorded("platinum_kodi"))
    assert dict(call.arguments)["CurrentURI"] == "http://192.0.2.9:1234/a.mp3?x=1&y=2"
    assert dict(call.arguments)["CurrentURIMetaData"].startswith("<DIDL-Lite xmlns=")
    assert "R&amp;B" in dict(call.arguments)["CurrentURIMetaData"]


def test_metadata_that_a_client_forgot_to_escape_is_its_xml() -> None:
    metadata = dict(read_call(*recorded("didl_not_escaped")).arguments)["CurrentURIMetaData"]
    assert metadata == (
        ' <DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/">'
        '<item id="1"><title>R&amp;B</title></item></DIDL-Lite>'
    )


def test_elements_in_an_argument_are_taken_whole_with_the_text_around_them() -> None:
    body = envelope("<A>1 &lt; é<b>ü</b><!-- --><c/> 3 &gt; 2</A><B>é</B><C><d/></C>")
    assert read(body).arguments == (("A", "1 &lt; é<b>ü</b><!-- --><c/> 3 &gt; 2"), ("B", "é"), ("C", "<d/>"))


def test_an_ampersand_that_a_client_forgot_to_escape_stands_for_itself() -> None:
    call = read_call(*recorded("bare_ampersand"))
    assert call.arguments[1:] == (("CurrentURI", "http://192.0.2.9/a?x=1&y=2"), ("CurrentURIMetaData", ""))


def test_more_of_them_than_any_url_has_are_refused() -> None:
    assert read(envelope(f"<A>{'a & b' * MAX_MENDED}</A>")).arguments == (("A", "a & b" * MAX_MENDED),)
    assert refusal(envelope(f"<A>{'a & b' * (MAX_MENDED + 1)}</A>")).status == 400


def test_cdata_and_comments_are_no_part_of_a_value() -> None:
    assert read(envelope("<A>a<!-- no --><![CDATA[<&>]]>b</A>")).arguments == (("A", "a<&>b"),)


def test_values_are_not_trimmed() -> None:
    assert read(envelope("<A> a \n</A>")).arguments == (("A", " a \n"),)


def test_a_long_value_is_read_whole() -> None:
    value = "é\n" * 15_000  # expat gives it in several pieces
    assert read(envelope(f"<A>{value}</A>")).arguments == (("A", value),)


def test_arguments_may_have_any_namespace() -> None:
    assert read(envelope('<x:A xmlns:x="urn:x">1</x:A><u:B>2</u:B>')).arguments == (("A", "1"), ("B", "2"))


def test_an_argument_that_comes_twice_is_read_twice() -> None:
    assert read(envelope("<A>1</A><A>2</A>")).arguments == (("A", "1"), ("A", "2"))


@pytest.mark.parametrize("around", [b"\r\n", b"\0", b" \t\n\0\0", b"\xef\xbb\xbf"])
def test_bytes_around_the_envelope_are_ignored(around: bytes) -> None:
    assert read(around + envelope() + around).arguments == ONE


@pytest.mark.parametrize(
    "header",
    [
        "<s:Header/>",
        "<s:Header><t:T xmlns:t='urn:t'><t:deep>5</t:deep></t:T></s:Header>",
        "<s:Header><t:T xmlns:t='urn:t' s:mustUnderstand='0'/></s:Header>",
        # for somebody on the way
        "<s:Header><t:T xmlns:t='urn:t' s:mustUnderstand='1' s:actor='urn:proxy'/></s:Header>",
    ],
)
def test_header_entries_are_skipped(header: str) -> None:
    assert read(envelope(header=header)).arguments == ONE


@pytest.mark.parametrize("soapaction", [f"{TYPE}#{ACTION}", f" '{TYPE}#{ACTION}' ", f'" {TYPE}#{ACTION}"'])
def test_soapaction_may_lack_its_quotes_or_have_others(soapaction: str) -> None:
    assert read(envelope(), soapaction=soapaction).arguments == ONE


@pytest.mark.parametrize(
    "content_type",
    ["text/xml", "TEXT/XML;charset=UTF-8", "text/xml; a=b; charset='utf8'", "text/xml; charset=us-ascii", "text/xml;"],
)
def test_the_charset_may_be_missing_or_written_otherwise(content_type: str) -> None:
    assert read(envelope("<A>é</A>"), content_type=content_type).arguments == (("A", "é"),)


def test_the_declaration_names_the_encoding_when_the_bytes_are_not_utf_8() -> None:
    assert dict(read_call(*recorded("latin_1")).arguments)["Name"] == "numérique"


def test_the_charset_of_the_header_is_obeyed() -> None:
    body = envelope("<A>é€</A>").decode().encode("windows-1252")
    assert read(body, content_type="text/xml; charset=windows-1252").arguments == (("A", "é€"),)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_utf_16_is_read_with_or_without_a_byte_order_mark(encoding: str) -> None:
    body = envelope("<A>é</A>").decode().encode(encoding)
    assert read(body, content_type="text/xml; charset=utf-16").arguments == (("A", "é"),)


def test_utf_16_in_the_header_of_utf_8_is_forgiven() -> None:
    assert read(envelope(), content_type="text/xml; charset=utf-16").arguments == ONE


# --- refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/soap+xml", "text/xmlx", "text/plain; text/xml", "text/xml; charset=utf-7"],
)
def test_another_type_or_charset_is_415(content_type: str) -> None:
    assert refusal(envelope(), content_type=content_type).status == 415


def test_without_content_type_a_call_is_415() -> None:
    with pytest.raises(CallRefused) as caught:
        read_call({"soapaction": HEADERS["soapaction"]}, envelope())
    assert caught.value.status == 415


def test_without_soapaction_a_call_is_400() -> None:
    with pytest.raises(CallRefused) as caught:
        read_call({"content-type": "text/xml"}, envelope())
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "soapaction",
    [
        "",
        '""',
        ACTION,
        f"{TYPE}#GetTarget",
        f"{TYPE}#settarget",
        f"urn:schemas-upnp-org:service:SwitchPower:2#{ACTION}",
        f"{TYPE}#{ACTION}#",
    ],
)
def test_soapaction_and_envelope_must_agree(soapaction: str) -> None:
    assert refusal(envelope(), soapaction=soapaction).status == 400


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "line 1, column 1: not well-formed XML (no element found)"),
        (b"not XML", "not well-formed"),
        (envelope()[:-1], "not well-formed"),
        (envelope() + b"<more/>", "junk after document element"),
        (envelope("<A>&nbsp;</A>"), "undefined entity"),
        (envelope("<x:A/>"), "unbound prefix"),
        (envelope("<A>\x01</A>"), "not well-formed"),
        (envelope("<A>é</A>").decode().encode("latin-1"), "not in utf-8"),
        (b"<a/>", "not a SOAP 1.1 envelope"),
        (envelope().replace(b"soap/envelope/", b"soap/other/"), "not a SOAP 1.1 envelope"),
        (b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>", "no element in a <Body>"),
        (envelope().replace(b"s:Body", b"Body"), "no element in a <Body>"),
        (envelope().replace(b"</s:Body>", b"</s:Body><s:Body/>"), "more than one <Body>"),
        (envelope().replace(b"</s:Body>", b"<u/></s:Body>"), "more than one element"),
        (envelope(before="<!DOCTYPE s:Envelope>"), "DOCTYPE"),
        (envelope(before='<!DOCTYPE s [<!ENTITY a "b">]>'), "DOCTYPE"),
        (envelope(before="<?xml-stylesheet href='x'?>"), "processing instruction"),
        (envelope("<A><?php ?></A>"), "processing instruction"),
        (envelope("<a>" * (MAX_DEPTH - 2) + "</a>" * (MAX_DEPTH - 2)), "deeper than 32"),
        (envelope(f'<a xmlns="{"u" * 257}"/>'), "namespace of more than 256 characters"),
        (envelope("<a/>" * (MAX_ELEMENTS - 2)), "more than 4096 elements"),
        (envelope(f"<a>{'<a/>' * (MAX_ELEMENTS - 3)}</a>"), "more than 4096 elements"),
    ],
)
def test_what_is_no_envelope_or_too_much_of_one_is_400(body: bytes, reason: str) -> None:
    error = refusal(body)
    assert (error.status, error.body) == (400, b"")
    assert reason in str(error)


def test_the_bounds_are_inclusive() -> None:
    assert read(envelope(f'<a xmlns="{"u" * 256}"/>')).arguments == (("a", ""),)
    assert read(envelope("<a/>" * (MAX_ELEMENTS - 3))).arguments == (("a", ""),) * (MAX_ELEMENTS - 3)
    ((_, text),) = read(envelope("<a>" * (MAX_DEPTH - 3) + "</a>" * (MAX_DEPTH - 3))).arguments
    assert text.count("<a>") == MAX_DEPTH - 4
    whole = envelope("<A></A>")
    padding = "x" * (MAX_CALL_BYTES - len(whole))
    assert read(envelope(f"<A>{padding}</A>")).arguments == (("A", padding),)


def test_a_call_of_more_than_64_kib_is_413() -> None:
    assert refusal(b" " * (MAX_CALL_BYTES + 1)).status == 413


def test_a_header_entry_that_must_be_understood_is_soap_s_own_fault() -> None:
    with pytest.raises(CallRefused) as caught:
        read_call(*recorded("must_understand"))
    assert caught.value.status == 500
    assert b"<faultcode>s:MustUnderstand</faultcode>" in caught.value.body


def test_query_state_variable_is_refused_with_401() -> None:
    with pytest.raises(UpnpError) as caught:
        read_call(*recorded("query_state_variable"))
    assert caught.value.code == 401


# --- anything ----------------------------------------------------------------------------------------------------


@given(
    st.dictionaries(st.sampled_from(["content-type", "soapaction"]), st.text(max_size=40)).map(HEADERS.__or__),
    st.binary(max_size=200),
)
def test_any_bytes_are_a_call_or_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(CallRefused):
        read_call(headers, body)


@st.composite
def spoiled_envelopes(draw: st.DrawFn) -> bytes:
    body = bytearray(envelope("<A>1</A><B><c>é</c></B>", header="<s:Header/>", before='<?xml version="1.0"?>'))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(body)))
        end = start + draw(st.integers(0, 8))
        body[start:end] = draw(
            st.binary(max_size=3)
            | st.sampled_from([b"<", b">", b"&", b"/", b'"', b"\0", b"<!--", b"<![CDATA[", b"]]>"])
        )
    return bytes(body)


@given(spoiled_envelopes())
def test_a_spoiled_envelope_is_the_call_of_soapaction_or_refused(body: bytes) -> None:
    try:
        call = read(body)
    except CallRefused as error:
        status = error.status
    else:
        assert (call.service_type, call.action) == (TYPE, ACTION)
        return
    assert status == 400


@given(st.from_regex(r"urn:[!#-~]{1,30}:[0-9]", fullmatch=True), names, st.lists(st.tuples(names, texts), max_size=4))
def test_a_call_that_is_written_is_read_the_same(
    service_type: str, action: str, arguments: list[tuple[str, str]]
) -> None:
    headers, body = render_call(service_type, action, arguments)
    assert [name for name, _ in headers] == ["CONTENT-TYPE", "SOAPACTION"]
    call = read_call({name.lower(): value for name, value in headers}, body)
    assert call == CallMessage(service_type, action, tuple(arguments))


@pytest.mark.parametrize(
    ("service_type", "action", "argument"),
    [
        ("urn:x\r\nX-A: 1", "A", "B"),
        ('urn:"', "A", "B"),
        ("", "A", "B"),
        ("urn:x", 'A xmlns="y"', "B"),
        ("urn:x", "A><B", "B"),
        ("urn:x", "é", "B"),
        ("urn:x", "A", "B/><C"),
        ("urn:x", "A", ""),
        ("urn:x", "A", "a:b"),
    ],
)
def test_the_names_of_a_hostile_device_are_not_written(service_type: str, action: str, argument: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be called|no name"):
        render_call(service_type, action, [(argument, "")])


# --- versions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "offered", "answer"),
    [
        ("urn:a:service:S:1", "urn:a:service:S:1", True),
        ("urn:a:service:S:1", "urn:a:service:S:2", True),
        ("urn:a:service:S:2", "urn:a:service:S:1", False),
        ("urn:a:service:S:10", "urn:a:service:S:9", False),
        ("urn:a:service:S:0", "urn:a:service:S:1", False),
        ("urn:a:service:T:1", "urn:a:service:S:1", False),
        ("urn:b:service:S:1", "urn:a:service:S:1", False),
        ("urn:a:service:S", "urn:a:service:S:1", False),
        ("urn:a:service:S", "urn:a:service:S", True),
        ("", "urn:a:service:S:1", False),
    ],
)
def test_a_service_answers_its_own_type_up_to_its_version(asked: str, offered: str, answer: bool) -> None:
    assert matches(asked, ServiceType(offered)) is answer


# --- cost --------------------------------------------------------------------------------------------------------


def test_reading_calls_leaves_no_work_for_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        for body in (envelope(), envelope("<A><b/></A>"), b"<a/>", envelope()[:-1]):
            with suppress(CallRefused):
                read(body)
        assert gc.collect() == 0
    finally:
        gc.enable()
