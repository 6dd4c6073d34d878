"""Documents that are almost XML: mended if the caller takes sentences about it, and refused otherwise."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.documents.test_xml import PIECES
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES, parse_xml
from upnp_trio.documents.xml_repairs import MAX_PREFIXES
from upnp_trio.errors import DescriptionError
from upnp_trio.model.forgiving import MAX_FORGIVEN, MAX_SENTENCE_CHARACTERS


def text_of(data: bytes) -> tuple[str | None, list[str]]:
    """The text of the root, and what was forgiven."""
    forgiven: list[str] = []
    return parse_xml(data, forgiven).text, forgiven


@given(st.binary(max_size=300) | st.lists(PIECES, max_size=30).map(b"".join))
@example(b"<a/>" + b"&" * 1000)
@example(b"\xef\xbb\xbf<?xml version='1.0' encoding='x'?><p:a q:b='&nbsp;'>\x00\xff</p:a>...")
def test_a_lenient_reader_reads_all_that_a_strict_one_reads_and_the_same(data: bytes) -> None:
    forgiven: list[str] = []
    lenient = strict = None
    with suppress(DescriptionError):
        lenient = parse_xml(data, forgiven)
    with suppress(DescriptionError):
        strict = parse_xml(data)
    if strict is not None:
        assert lenient is not None
        assert (lenient.tag, lenient.text, len(lenient)) == (strict.tag, strict.text, len(strict))
    elif lenient is not None:
        assert forgiven
    assert len(forgiven) <= MAX_FORGIVEN + 1
    assert all(sentence.isprintable() and len(sentence) <= MAX_SENTENCE_CHARACTERS for sentence in forgiven)


@pytest.mark.parametrize(
    ("data", "text", "expected"),
    [
        # Windows repeats the head of its response in the body: jUPnP's RecoveringUDA10DeviceDescriptorBinderImpl
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n<?xml version='1.0'?><a>b</a>",
            "b",
            ["there are 39 characters before the document"],
        ),
        (b"<a>b</a>\n</a>", "b", ["there is something behind the end of the document"]),
        (b"<a>b</a><a>c</a>", "b", ["there is something behind the end of the document"]),
        (b"<a>b</a>&\xff\x00<", "b", ["there is something behind the end of the document"]),
        (b"<a>b</a><?xml version='1.0'?><a/>", "b", ["there is something behind the end of the document"]),
        (
            "<a>été</a>".encode("latin-1"),
            "été",
            ["the document is not in utf-8, as it says; it is read as windows-1252"],
        ),
        (
            b"<?xml version='1.0' encoding='utf-8'?><a>\x96 \x81</a>",
            "– \ufffd",
            ["the document is not in utf-8, as it says; it is read as windows-1252"],
        ),
        # .NET's strings are in UTF-16
        (
            "<?xml version='1.0' encoding='utf-16'?><a>été</a>".encode(),
            "été",
            ["the encoding is utf-16; UDA §2.3 wants UTF-8", "the document is not in utf-16, as it says, but in utf-8"],
        ),
        (
            "\ufeff<?xml version='1.0' encoding='UTF-16'?><a>été</a>".encode(),
            "été",
            ["the encoding is utf-16; UDA §2.3 wants UTF-8", "the document is not in utf-16, as it says, but in utf-8"],
        ),
        (
            "<?xml version='1.0' encoding='utf8'?><a>été</a>".encode(),
            "été",
            ["the encoding is utf8; UDA §2.3 wants UTF-8"],
        ),
        ("<?xml version='1.0' encoding='utf-8 '?><a>été</a>".encode(), "été", []),
        (
            "<?xml version='1.0' encoding='gb2312'?><a>灯</a>".encode("gb2312"),
            "灯",
            ["the encoding is gb2312; UDA §2.3 wants UTF-8"],
        ),
        (
            "<?xml version='1.0' encoding='jambon'?><a>été</a>".encode(),
            "été",
            ["the encoding is jambon; UDA §2.3 wants UTF-8", "the document is not in jambon, as it says, but in utf-8"],
        ),
        (
            "<?xml version='1.0' encoding='utf-8'?><a>été</a>".encode("utf-16"),
            "été",
            ["the encoding is utf-16; UDA §2.3 wants UTF-8"],
        ),
        (b"<a>b\x01\x1bc</a>", "b  c", ["the document has control characters, read as blanks"]),
        (b"<a>\n\n&uuml; &amp; &#252; <!-- &x; --></a>", "\n\n&uuml; & ü ", ["a bare & in line 3"]),
        (b"\0\0<a>b</a>\0", "b", ["there are zero bytes around the document"]),
    ],
)
def test_a_document_is_mended_and_its_flaws_are_said(data: bytes, text: str, expected: list[str]) -> None:
    assert text_of(data) == (text, expected)


def test_a_prefix_needs_no_namespace() -> None:
    # uShare and others: cling #204
    forgiven: list[str] = []
    root = parse_xml(
        b"<!-- <b/> --><a xmlns='urn:a'>urn:no:prefix <dlna:X_DLNADOC>DMS-1.50</dlna:X_DLNADOC><b v:c = 'd'/></a>",
        forgiven,
    )
    assert [child.tag for child in root] == ["{urn:schemas-dlna-org:device-1-0}X_DLNADOC", "{urn:a}b"]
    assert root[1].attrib == {"{urn:undeclared:v}c": "d"}
    assert forgiven == ["the prefix dlna has no namespace", "the prefix v has no namespace"]


def test_a_root_may_have_a_prefix_without_a_namespace() -> None:
    assert parse_xml(b"<u:root><u:device/></u:root>", []).tag == "{urn:undeclared:u}root"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<!DOCTYPE a><a/>", "DOCTYPE"),
        (b"junk<!DOCTYPE a><a/>", "DOCTYPE"),
        (b"\xff<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "DOCTYPE"),
        (b"junk<?php ?><a/>", "processing instruction 'php'"),
        (b"<a/><?php ?>junk", "processing instruction 'php'"),
        (b"<a>\xff<b></a>", "mismatched tag"),
        (b"<a>b", "no element found"),
        (b"nothing", "not well-formed"),
        (b"&" * 10, "not well-formed"),
        (b"<" + b":a" * 10 + b"/>", "not well-formed"),
        (b"<a>" + b" " * MAX_DOCUMENT_BYTES + b"</a>", "at most"),
        (b"\xff<a>" + b"<b/>" * 5000 + b"</a>", "more than 4096 elements"),
        (b"<a>" + b"".join(b"<p%d:b/>" % number for number in range(MAX_PREFIXES + 1)) + b"</a>", "unbound prefix"),
    ],
)
def test_what_upnp_has_no_use_for_is_refused_all_the_same(data: bytes, message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        parse_xml(data, [])
    assert message in str(caught.value)


@pytest.mark.timeout(30)  # each takes less than a second, and a repair that backtracks would take hours
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<a>\xff" + b"&" * (MAX_DOCUMENT_BYTES - 10), id="ampersands"),
        pytest.param(b"<a>\xff" + b"<!--" * (MAX_DOCUMENT_BYTES // 4 - 10), id="comments that do not end"),
        pytest.param(b"\xff" + b"<!-- -->" * (MAX_DOCUMENT_BYTES // 8 - 10) + b"<p:a/>", id="comments before the root"),
        pytest.param(b"<a>\xff" + b"<![CDATA[" * (MAX_DOCUMENT_BYTES // 9 - 10), id="sections that do not end"),
        pytest.param(b"<p:a>" + b"".join(b" p%d:x='" % number for number in range(90_000)) + b"</p:a>", id="prefixes"),
        pytest.param(b"<?xml encoding='" * (MAX_DOCUMENT_BYTES // 16 - 1), id="declarations"),
        pytest.param(b"<p:a b='" + b"x:" * (MAX_DOCUMENT_BYTES // 2 - 10) + b"'/>", id="colons"),
    ],
)
def test_repairs_take_a_time_that_grows_with_the_document_and_no_faster(data: bytes) -> None:
    with suppress(DescriptionError):
        parse_xml(data, [])
