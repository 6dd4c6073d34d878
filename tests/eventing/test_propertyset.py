"""The body of an event, written and read."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.documents.xml import parse_xml
from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.propertyset import read_propertyset, render_propertyset

_names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
#: any text that XML 1.0 can carry
texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda character: character >= " " or character in "\t\n\r"
    )
)


def test_each_variable_is_a_property_without_namespace() -> None:
    body = render_propertyset([("Status", "1"), ("Name", "a & b")])
    assert body == (
        b'<?xml version="1.0" encoding="utf-8"?>\n<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0">'
        b"<e:property><Status>1</Status></e:property><e:property><Name>a &amp; b</Name></e:property></e:propertyset>\n"
    )


@given(st.lists(st.tuples(_names, texts), max_size=5))
def test_any_text_that_xml_can_carry_is_read_as_it_was_written(properties: list[tuple[str, str]]) -> None:
    assert read_propertyset(render_propertyset(properties)) == properties


@given(st.text(st.characters()))
def test_any_text_gives_a_well_formed_body(text: str) -> None:
    ((name, read),) = read_propertyset(render_propertyset([("A", text)]))
    assert (name, len(read)) == ("A", len(text))


def test_a_character_that_xml_cannot_carry_is_replaced() -> None:
    assert read_propertyset(render_propertyset([("A", "a\x00b\ud800\uffff")])) == [("A", "a\ufffdb\ufffd\ufffd")]


@pytest.mark.parametrize(
    ("body", "properties"),
    [
        (b"<propertyset><property><A>1</A></property></propertyset>", [("A", "1")]),
        (
            b'<p:propertyset xmlns:p="urn:x"><p:property><p:A> 1 </p:A></p:property></p:propertyset>\0\r\n',
            [("A", " 1 ")],
        ),
        (b"\xef\xbb\xbf<propertyset><property><A>1</A><B/></property></propertyset>", [("A", "1"), ("B", "")]),
        (b"<propertyset><!-- 1 --><property/><other><A/></other></propertyset>", []),
        (b"<propertyset><property><A>&lt;Event/&gt;</A></property></propertyset>", [("A", "<Event/>")]),
        (b"<propertyset><property><A>a & b</A></property></propertyset>", [("A", "a & b")]),
    ],
)
def test_vendors_spellings_are_read(body: bytes, properties: list[tuple[str, str]]) -> None:
    assert read_propertyset(body) == properties


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<propertyset>",
        b"<set><property><A/></property></set>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><propertyset><property><A>&b;</A></property></propertyset>',
        b"<propertyset>" * 40 + b"</propertyset>" * 40,
        b"<propertyset>" + b"<property/>" * 5000 + b"</propertyset>",
    ],
)
def test_another_document_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_propertyset(body)


@given(st.binary(max_size=100))
def test_any_bytes_give_properties_or_a_malformed_message(body: bytes) -> None:
    with suppress(MalformedMessage):
        read_propertyset(body)


def test_the_body_is_xml_to_other_readers() -> None:
    root = parse_xml(render_propertyset([("A", "\r\n")]))
    assert [child.tag for child in root] == ["{urn:schemas-upnp-org:event-1-0}property"]
    assert [child.tag for child in root[0]] == ["A"]
