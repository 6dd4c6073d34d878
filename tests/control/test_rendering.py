"""Results and faults as they are written."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.requests import TYPE
from upnp_trio.control.rendering import render_fault, render_result

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


def test_a_result_has_the_elements_of_udas_template() -> None:
    assert render_result(TYPE, "GetStatus", [("ResultStatus", "1"), ("Name", "")]) == (
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        b' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        b'<u:GetStatusResponse xmlns:u="urn:schemas-upnp-org:service:SwitchPower:1">'
        b"<ResultStatus>1</ResultStatus><Name></Name></u:GetStatusResponse></s:Body></s:Envelope>\n"
    )


def test_a_document_in_an_argument_is_escaped_once() -> None:
    body = render_result(TYPE, "A", [("Result", '<DIDL-Lite a="1">R&amp;B</DIDL-Lite>')])
    assert b'<Result>&lt;DIDL-Lite a="1"&gt;R&amp;amp;B&lt;/DIDL-Lite&gt;</Result>' in body


@given(st.text(max_size=20) | st.text(st.sampled_from("\0\x08\x0b\x1f\ud800\udfff\ufffe\uffffa&"), max_size=6))
def test_any_text_of_a_handler_makes_a_valid_document(text: str) -> None:
    for body in (render_result(TYPE, "A", [("B", text)]), render_fault(501, text)):
        ElementTree.fromstring(body)


def test_what_xml_cannot_carry_is_replaced() -> None:
    body = render_result(TYPE, "A", [("B", "a\0b\x1b[2J\ud800\ufffe\t\n\x7f\x85")])
    assert "<B>a\ufffdb\ufffd[2J\ufffd\ufffd\t\n\x7f\x85</B>" in body.decode()


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a>", "1a", "-a", "a\n", "²", "é"])
def test_a_name_that_no_element_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of an XML element"):
        render_result(TYPE, "A", [(name, "")])


def test_a_service_type_is_escaped() -> None:
    root = ElementTree.fromstring(render_result("urn:\"<&>'\t\n", "A", []))
    assert root[0][0].tag == "{urn:\"<&>'\t\n}AResponse"


def test_the_fault_has_the_elements_of_udas_template() -> None:
    root = ElementTree.fromstring(render_fault(401, "Invalid Action"))
    assert root.tag == f"{SOAP}Envelope"
    assert root.get(f"{SOAP}encodingStyle") == "http://schemas.xmlsoap.org/soap/encoding/"
    fault = root.find(f"{SOAP}Body/{SOAP}Fault")
    assert fault is not None
    assert [(child.tag, (child.text or "").strip()) for child in fault] == [
        ("faultcode", "s:Client"),
        ("faultstring", "UPnPError"),
        ("detail", ""),
    ]
    (error,) = fault[2]
    assert error.tag == "{urn:schemas-upnp-org:control-1-0}UPnPError"
    assert [child.text for child in error] == ["401", "Invalid Action"]


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")))
def test_the_description_of_a_fault_is_escaped(description: str) -> None:
    root = ElementTree.fromstring(render_fault(501, description))
    assert [element.text or "" for element in root.iter() if element.tag.endswith("errorDescription")] == [description]
