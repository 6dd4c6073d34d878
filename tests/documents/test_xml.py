"""Untrusted XML: bounded, without entities, and refused with `DescriptionError` only."""

from __future__ import annotations

import encodings.aliases
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upnp_trio.documents.xml import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    MAX_ELEMENTS,
    MAX_NAMESPACE_CHARACTERS,
    local_name,
    namespace,
    parse_xml,
    render_xml,
)
from upnp_trio.documents.xml_repairs import mend_ampersands
from upnp_trio.errors import DescriptionError

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY lol "lol">
 <!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
 <!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">
]>
<root>&lol3;</root>"""
FILE_ENTITY = b'<!DOCTYPE root [<!ENTITY f SYSTEM "file:///etc/hostname">]><root>&f;</root>'

PIECES = st.sampled_from(
    [
        *(
            b"<a>",
            b"</a>",
            b"<a/>",
            b"<a b='",
            b"'>",
            b"&",
            b"&amp;",
            b"&#",
            b"&x;",
            b"]]>",
            b"<![CDATA[",
            b"<!--",
            b"-->",
        ),
        *(
            b"<?xml version='1.0' encoding='",
            b"'?>",
            b"<?p",
            b"?>",
            b"<!DOCTYPE a>",
            b"\x00",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
        ),
        *(b"xmlns:p='u'", b"xmlns=''", b"p:", b"utf-16", b"\xc3", b" ", b"\r\n", b"\xed\xa0\x80", b"a"),
    ]
)


@given(st.binary(max_size=300) | st.lists(PIECES, max_size=30).map(b"".join))
@example(b"\xff\xfe<\x00a\x00/\x00>\x00")
@example(b"<?xml version='1.0' encoding=''?><a/>")
@example(b"<a b='&#xD800;'/>")
@example(b"&" * 1000)
def test_any_bytes_give_an_element_or_a_description_error(data: bytes) -> None:
    with suppress(DescriptionError):
        parse_xml(data)


@pytest.mark.parametrize("name", sorted({*encodings.aliases.aliases.values(), "idna", "unicode_escape", "jambon"}))
def test_any_declared_encoding_is_read_or_a_description_error(name: str) -> None:
    with suppress(DescriptionError):
        assert parse_xml(f'<?xml version="1.0" encoding="{name}"?><a b="\\z"/>'.encode()).tag == "a"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (LAUGHS, "DOCTYPE or entities"),
        (FILE_ENTITY, "DOCTYPE or entities"),
        (b"<!DOCTYPE html><root/>", "DOCTYPE or entities"),
        (b'<!DOCTYPE root PUBLIC "x" "http://192.0.2.1/evil.dtd"><root/>', "DOCTYPE or entities"),
        (b"<root><?php phpinfo() ?></root>", "the processing instruction 'php'"),
        (b'<?xml-stylesheet href="http://192.0.2.1/"?><root/>', "the processing instruction 'xml-stylesheet'"),
        (b"<root>&nbsp;</root>", "undefined entity"),
        (b"<root></rot>", "line 1, column 9: not well-formed XML (mismatched tag)"),
        (b"<root>\n\n <a b=c></root>", "line 3, column 7"),
        (b'<?xml version="1.0" encoding="jambon"?><root/>', "encoding"),
        (b'<?xml version="1.0" encoding="cp932"?><root/>', "encoding cannot be read"),
    ],
)
def test_features_that_upnp_does_not_use_are_refused_with_the_reason(document: bytes, message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        parse_xml(document)
    assert message in str(caught.value)


def test_entities_are_refused_before_they_are_expanded() -> None:
    with pytest.raises(DescriptionError, match="DOCTYPE"):
        parse_xml(LAUGHS.replace(b"lol3;</root>", b"lol3;" * 10_000 + b"</root>"))


def test_the_depth_of_a_document_is_bounded() -> None:
    assert parse_xml(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).tag == "a"
    with pytest.raises(DescriptionError, match=f"deeper than {MAX_DEPTH}"):
        parse_xml(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1))


def test_siblings_do_not_count_as_depth() -> None:
    assert len(parse_xml(b"<a>" + b"<b></b>" * 100 + b"</a>")) == 100


def test_the_number_of_elements_is_bounded() -> None:
    assert len(parse_xml(b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>")) == MAX_ELEMENTS - 1
    with pytest.raises(DescriptionError, match=f"more than {MAX_ELEMENTS} elements"):
        parse_xml(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>")


def test_the_length_of_a_namespace_is_bounded_because_each_element_repeats_it() -> None:
    longest = b"u" * MAX_NAMESPACE_CHARACTERS
    assert len(namespace(parse_xml(b'<x:a xmlns:x="%s"/>' % longest).tag)) == MAX_NAMESPACE_CHARACTERS
    for document in (b'<a xmlns="%su"/>', b'<a><b xmlns:x="%su"/></a>'):
        with pytest.raises(DescriptionError, match=f"namespace of more than {MAX_NAMESPACE_CHARACTERS} characters"):
            parse_xml(document % longest)


def test_the_size_of_a_document_is_bounded() -> None:
    padding = MAX_DOCUMENT_BYTES - len(b"<a></a>")
    assert len(parse_xml(b"<a>" + b"x" * padding + b"</a>").text or "") == padding
    with pytest.raises(DescriptionError, match=f"has {MAX_DOCUMENT_BYTES + 1} bytes; at most {MAX_DOCUMENT_BYTES}"):
        parse_xml(b"<a>" + b"x" * (padding + 1) + b"</a>")


@pytest.mark.parametrize(
    "document",
    [
        b"\n\n <?xml version='1.0'?><a>b</a>",
        b"<a>b</a>\0\0\0",
        b"\xef\xbb\xbf<a>b</a>\r\n",
        "\ufeff<a>b</a>".encode("utf-16-le"),
        "\ufeff<?xml version='1.0' encoding='utf-16'?><a>b</a>".encode("utf-16-be"),
        b"<!-- hello --><a><!-- there -->b</a><!-- bye -->",
        b"<a><![CDATA[b]]></a>",
    ],
)
def test_blanks_zero_bytes_comments_and_byte_order_marks_are_ignored(document: bytes) -> None:
    assert parse_xml(document).text == "b"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (b"R&B", "R&B"),
        (b"a & b &amp; c &#38; d &#x26; e", "a & b & c & d & e"),
        (b"?a=1&b=2", "?a=1&b=2"),
        (b"&", "&"),
        (b"&;", "&;"),
    ],
)
def test_a_bare_ampersand_means_itself(written: bytes, text: str) -> None:
    assert parse_xml(b"<a>" + written + b"</a>").text == text


@pytest.mark.parametrize("bare", ["", " & "])
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<![CDATA[R&B]]>", "R&B"),
        ("<![CDATA[R&amp;B]]>", "R&amp;B"),
        ("<![CDATA[&]]>&amp;<![CDATA[]&]]]>", "&&]&]"),
        ("<![CDATA[<!-- & ]]>&amp;<![CDATA[ & -->]]>", "<!-- & & & -->"),
        ("<!-- R&B -->", ""),
        ("<!--[CDATA[ & -->", ""),
    ],
)
def test_ampersands_in_cdata_sections_and_comments_stay(written: str, text: str, bare: str) -> None:
    assert (parse_xml(f"<a>{written}{bare}{written}</a>".encode()).text or "") == f"{text}{bare}{text}"


def test_an_ampersand_beside_a_comment_is_repaired_and_one_in_it_stays() -> None:
    assert mend_ampersands("<a><!-- R&B -->R&B</a>") == "<a><!-- R&B -->R&amp;B</a>"


@pytest.mark.parametrize(
    "document",
    [b"<a>&<![CDATA[ & </a>", b"<a>&<!-- & </a>", b"<?xml & ?><a/>", b"<a>&<![CDATA[</a>" + b"<![CDATA[&" * 20_000],
)
def test_a_section_without_an_end_is_refused(document: bytes) -> None:
    with pytest.raises(DescriptionError, match="not well-formed XML"):
        parse_xml(document)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["R&B été", "&&é", "a & b &amp; c &#38; d", "<![CDATA[&é]]>&"])
def test_a_bare_ampersand_is_repaired_in_every_encoding_that_is_read(encoding: str, text: str) -> None:
    meant = text.replace("&amp;", "&").replace("&#38;", "&").replace("<![CDATA[", "").replace("]]>", "")
    name = encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""
    document = f"{mark}<?xml version='1.0' encoding='{name}'?><a>{text}</a>".encode(encoding)
    assert parse_xml(document).text == meant


@pytest.mark.parametrize("document", ["<a>b</a>", "<?xml version='1.0' encoding='utf-32'?><a>b</a>", "<a>R&B</a>"])
@pytest.mark.parametrize(("encoding", "mark"), [("utf-32", ""), ("utf-32-le", "\ufeff"), ("utf-32-be", "\ufeff")])
def test_utf_32_is_refused_with_the_encoding_to_use(document: str, encoding: str, mark: str) -> None:
    with pytest.raises(DescriptionError, match=r"^the document is in UTF-32, .*; save it as UTF-8$"):
        parse_xml(f"{mark}{document}".encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["b", "R&B"])
def test_utf_16_without_a_byte_order_mark_is_read(encoding: str, text: str) -> None:
    assert parse_xml(f"<a>{text}</a>".encode(encoding)).text == text


def test_a_half_character_of_utf_16_is_refused() -> None:
    with pytest.raises(DescriptionError, match="not well-formed XML"):
        parse_xml("<a>R&B</a>".encode("utf-16")[:-1])


def test_a_document_with_repaired_ampersands_passes_the_same_checks() -> None:
    with pytest.raises(DescriptionError, match="DOCTYPE"):
        parse_xml(b"<!DOCTYPE a><a>R&B</a>")


def test_a_tag_has_a_namespace_and_a_local_name() -> None:
    assert (namespace("{urn:x}a"), local_name("{urn:x}a")) == ("urn:x", "a")
    assert (namespace("a"), local_name("a")) == ("", "a")


def test_the_root_declares_every_namespace_once() -> None:
    document = render_xml(parse_xml(b'<r xmlns="urn:r"><p:a xmlns:p="urn:p" p:b="1"/><q:a xmlns:q="urn:p"/></r>'))
    assert document == (
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        b'<r xmlns="urn:r" xmlns:ns1="urn:p">\n  <ns1:a ns1:b="1"></ns1:a>\n  <ns1:a></ns1:a>\n</r>\n'
    )


def test_any_use_of_the_default_namespace_is_rendered_correctly() -> None:
    tree = parse_xml(b'<r xmlns="urn:1"><a xmlns="urn:2"/><b xmlns="urn:3" xmlns:x="urn:1" x:c="1" xml:lang="fr"/></r>')
    again = parse_xml(render_xml(tree))
    assert [(element.tag, element.attrib) for element in again.iter()] == [
        (element.tag, element.attrib) for element in tree.iter()
    ]
