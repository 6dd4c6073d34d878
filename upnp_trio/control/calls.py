"""Control calls: what a device reads, and what a control point writes (UDA 2.0 §3.2.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upnp_trio.control.envelope import CHARSETS, CONTROL_NAMESPACE, MustUnderstand, charset_of, read_envelope
from upnp_trio.control.plain_call import parse_plain_call
from upnp_trio.control.rendering import render_action, render_must_understand
from upnp_trio.errors import MalformedMessage, UpnpError
from upnp_trio.model.checked_frozen import checked_frozen
from upnp_trio.model.names import split_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upnp_trio.model.names import ServiceType

__all__ = ["MAX_CALL_BYTES", "CallMessage", "CallRefused", "matches", "read_call", "render_call"]

# Real calls have less than 16 KiB, even those with the metadata of a playlist. libupnp reads as much by default.
MAX_CALL_BYTES = 64 * 1024

_IN_SOAPACTION = re.compile(r"[!#-~]+")


@checked_frozen
class CallMessage:
    """A call of an action: its service type as the caller wrote it, and the names and texts of its arguments."""

    service_type: str
    action: str
    #: in document order, the texts as they are
    arguments: tuple[tuple[str, str], ...] = ()


class CallRefused(MalformedMessage):
    """A request is no call, and is answered with the HTTP *status*; *body* is a SOAP fault, or empty."""

    def __init__(self, status: int, reason: str, body: bytes = b"") -> None:
        super().__init__(reason)
        self.status = status
        self.body = body


def read_call(headers: Mapping[str, str], body: bytes) -> CallMessage:
    """Read a control request, whose header names are in lower case.

    A web page of another origin can send neither ``text/xml`` nor SOAPACTION without asking first, so both are
    required. SOAPACTION and the envelope must mean the same action: what filters calls may have read only one of them.

    Raises `CallRefused` with status 400, 413, 415 or (for a header entry that must be understood) 500, and `UpnpError`
    401 for QueryStateVariable.
    """
    media_type, charset = charset_of(headers.get("content-type", ""))
    if media_type != "text/xml":  # UDA 2.0 §3.2.1
        raise CallRefused(415, f"a call has the type text/xml, not {media_type!r}")
    if charset not in CHARSETS:
        raise CallRefused(415, f"the charset {charset!r} is not read")
    header = headers.get("soapaction")
    if not header:  # required by UDA 2.0 §3.2.1, which names no error for it
        raise CallRefused(400, "a call needs SOAPACTION")
    if len(body) > MAX_CALL_BYTES:
        raise CallRefused(413, f"the call has {len(body)} bytes; at most {MAX_CALL_BYTES} are read")
    plain = parse_plain_call(body) if charset == "utf-8" else None
    service_type, action, arguments = _parsed(body, charset) if plain is None else plain
    if f"{service_type}#{action}" != _unquoted(header):
        raise CallRefused(400, f"SOAPACTION is {header!r}, but the envelope calls {action!r}")
    if service_type == CONTROL_NAMESPACE:  # a query of a state variable, deprecated since UDA 1.1
        raise UpnpError(401)
    return CallMessage(service_type, action, arguments)


def _parsed(body: bytes, charset: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    try:
        content = read_envelope(body, charset)
    except MustUnderstand as error:
        raise CallRefused(500, str(error), render_must_understand()) from error
    except MalformedMessage as error:
        raise CallRefused(400, str(error)) from error
    return content.namespace, content.name, tuple(content.arguments)


def _unquoted(soapaction: str) -> str:
    """SOAPACTION's value without quotes, which some clients forget, or write as apostrophes (UDA 2.0 §3.2.1)."""
    return soapaction.strip().strip("\"'").strip()


def render_call(
    service_type: str, action: str, arguments: Iterable[tuple[str, str]] = ()
) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """The headers and the body of a call, for a POST to the control URL; HOST and CONTENT-LENGTH are still to come.

    *arguments* are all in arguments as names and texts, in the order of the SCPD. Raises `ValueError` for a service
    type or a name that cannot be written, as a hostile device may describe them.
    """
    if not _IN_SOAPACTION.fullmatch(service_type) or not _IN_SOAPACTION.fullmatch(action):
        raise ValueError(f"{service_type!r} with {action!r} cannot be called: SOAPACTION has printable ASCII alone")
    headers = (("CONTENT-TYPE", 'text/xml; charset="utf-8"'), ("SOAPACTION", f'"{service_type}#{action}"'))
    return headers, render_action(service_type, action, arguments)


def matches(asked: str, offered: ServiceType) -> bool:
    """Whether a service of the type *offered* answers calls of the type *asked*.

    It does if the types are equal except for the version, and *asked* has none above the offered one: a control point
    may use the lower version that it knows (UDA 2.0 §3.2.1). A call of another type is error 401.
    """
    if asked == offered.text:
        return True
    asked_type, asked_version = split_version(asked)
    offered_type, offered_version = split_version(offered.text)
    if asked_version is None or offered_version is None:
        return False
    return asked_type == offered_type and 1 <= asked_version <= offered_version
