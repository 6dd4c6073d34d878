"""Answers of devices, as a control point reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.control.requests import HEADERS, TYPE, names, recorded, texts
from upnp_trio.control.envelope import ENVELOPE
from upnp_trio.control.rendering import render_fault, render_must_understand, render_result
from upnp_trio.control.results import MAX_RESULT_BYTES, read_result
from upnp_trio.errors import MalformedMessage, UpnpError


def error(body: bytes, status: int = 500) -> UpnpError:
    with pytest.raises(UpnpError) as caught:
        read_result(status, HEADERS, body)
    return caught.value


def fault(content: str) -> bytes:
    return f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><s:Fault>{content}</s:Fault></s:Body></s:Envelope>'.encode()


def upnp_fault(code: str) -> bytes:
    return fault(f"<detail><UPnPError><errorCode>{code}</errorCode></UPnPError></detail>")


@given(names, st.lists(st.tuples(names, texts), max_size=4))
def test_a_result_that_is_written_is_read_the_same(action: str, arguments: list[tuple[str, str]]) -> None:
    assert read_result(200, HEADERS, render_result(TYPE, action, arguments)) == arguments


def test_a_result_is_read_whatever_its_content_type() -> None:
    assert read_result(*(200, {}, recorded("result")[1])) == [("ResultStatus", "1")]
    assert read_result(200, {"content-type": "text/html; charset=x-odd"}, recorded("result")[1])


@given(st.integers(100, 999), texts.filter(str.strip))
def test_a_fault_that_is_written_is_read_the_same(code: int, description: str) -> None:
    read = error(render_fault(code, description))
    assert (read.code, read.description) == (code, description.strip())


def test_a_fault_with_prefixes_everywhere_is_read() -> None:
    headers, body = recorded("fault")
    with pytest.raises(UpnpError) as caught:
        read_result(500, headers, body)
    assert (caught.value.code, caught.value.description) == (718, "ConflictInMappingEntry")


def test_a_fault_with_status_200_is_a_fault() -> None:
    assert error(render_fault(402, "Invalid Args"), status=200).code == 402


@pytest.mark.parametrize("code", ["", "x", "-1", "1" * 10, "٤٠١", "4.1"])
def test_a_code_that_is_no_number_is_501(code: str) -> None:
    assert error(upnp_fault(code)).code == 501


def test_a_fault_without_a_description_has_the_one_of_uda() -> None:
    assert error(upnp_fault("601")).description == "Argument Value Out of Range"


def test_a_fault_of_soap_alone_is_501_with_its_reason() -> None:
    read = error(render_must_understand())
    assert (read.code, read.description) == (501, "SOAP Must Understand Error")
    assert error(fault("")).description == "Action Failed"


def test_an_error_code_in_a_result_is_no_fault() -> None:
    body = render_result(TYPE, "A", [("errorCode", "401"), ("Fault", "")])
    assert read_result(200, HEADERS, body) == [("errorCode", "401"), ("Fault", "")]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"<html></html>", "HTTP status 404, and: the document is not a SOAP 1.1 envelope"),
        (200, b"", "not well-formed"),
        (500, render_result(TYPE, "A", []), "HTTP status 500, and no fault"),
        (302, render_result(TYPE, "A", []), "HTTP status 302, and no fault"),
        (200, b"<!DOCTYPE a>" + render_result(TYPE, "A", [])[39:], "DOCTYPE"),
        (200, b" " * (MAX_RESULT_BYTES + 1), "at most 1048576 are read"),
    ],
)
def test_anything_else_is_malformed(status: int, body: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_result(status, HEADERS, body)
    assert reason in str(caught.value)


@given(st.integers(100, 599), st.text(max_size=20), st.binary(max_size=100))
def test_any_bytes_are_malformed(status: int, content_type: str, body: bytes) -> None:
    with pytest.raises(MalformedMessage):
        read_result(status, {"content-type": content_type}, body)
