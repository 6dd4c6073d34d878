"""One control request or the answer to one: its headers, an empty line, and its body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree

from tests.control.requests import split_request
from upnp_trio.control.calls import CallMessage, CallRefused, read_call, render_call
from upnp_trio.control.envelope import ENVELOPE
from upnp_trio.control.rendering import render_fault, render_result
from upnp_trio.control.results import read_result
from upnp_trio.errors import MalformedMessage, UpnpError

__all__ = ["fuzz_one"]

_XML = {"content-type": 'text/xml; charset="utf-8"'}


def fuzz_one(data: bytes) -> None:
    """Read *data* as a call and as its answer. What is read is written and read the same."""
    headers, body = split_request(data)
    call = _read(headers, body)
    if isinstance(call, CallMessage):
        _check_agreement(call, headers["soapaction"], body)
        _check_call(call)
    else:
        assert call in (400, 413, 415, 500, 401)
    answer = _read_result(200, headers, body)
    if isinstance(answer, UpnpError):
        again = _read_result(500, _XML, render_fault(answer.code, answer.description))
        assert isinstance(again, UpnpError)
        assert (again.code, again.description) == (answer.code, answer.description)


def _read(headers: Mapping[str, str], body: bytes) -> CallMessage | int:
    """The call, or the HTTP status or the UPnP error that it gets."""
    try:
        return read_call(headers, body)
    except CallRefused as error:
        return error.status
    except UpnpError as error:
        return error.code


def _read_result(status: int, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, str]] | UpnpError | None:
    try:
        return read_result(status, headers, body)
    except UpnpError as error:
        return error
    except MalformedMessage:
        return None


def _check_agreement(call: CallMessage, soapaction: str, body: bytes) -> None:
    """What another reader of XML, or of SOAPACTION alone, takes for the action is the action."""
    assert f"{call.service_type}#{call.action}" in soapaction
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError):
        return  # read with a tolerance that ElementTree lacks
    inner = root.find(f"{{{ENVELOPE}}}Body/*")
    assert inner is not None
    assert inner.tag == f"{{{call.service_type}}}{call.action}"
    assert [child.tag.rpartition("}")[2] for child in inner] == [name for name, _ in call.arguments]


def _check_call(call: CallMessage) -> None:
    try:
        headers, body = render_call(call.service_type, call.action, call.arguments)
    except ValueError:
        return  # XML has more names than those that are written
    assert read_call(_by_name(headers), body) == call
    result = render_result(call.service_type, call.action, call.arguments)
    assert tuple(read_result(200, _XML, result)) == call.arguments


def _by_name(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers}
