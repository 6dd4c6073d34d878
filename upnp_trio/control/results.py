"""The answers to control calls, as a control point reads them (UDA 2.0 §3.2.2, §3.2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upnp_trio.control.envelope import CHARSETS, ENVELOPE, Content, charset_of, read_envelope
from upnp_trio.errors import MalformedMessage, UpnpError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_RESULT_BYTES", "read_result"]

# Media servers answer Browse with hundreds of entries in one text.
MAX_RESULT_BYTES = 1024 * 1024
# UDA's codes have three digits.
_MAX_CODE_DIGITS = 9


def read_result(status: int, headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
    """The out arguments in an answer to a call, as names and texts in document order; header names in lower case.

    The type in Content-Type is not looked at, and neither is the name of the result, because devices get both wrong.

    Raises `UpnpError` for a fault, with code 501 if the fault has no number, and `MalformedMessage` for anything else
    that is no result.
    """
    if len(body) > MAX_RESULT_BYTES:
        raise MalformedMessage(f"the answer has {len(body)} bytes; at most {MAX_RESULT_BYTES} are read")
    charset = charset_of(headers.get("content-type", ""))[1]
    try:
        content = read_envelope(body, charset if charset in CHARSETS else "utf-8")
    except MalformedMessage as error:
        raise MalformedMessage(f"the device answered with HTTP status {status}, and: {error}") from error
    if content.name == "Fault" and content.namespace == ENVELOPE:
        raise _error(content)
    if not 200 <= status <= 299:
        raise MalformedMessage(f"the device answered with HTTP status {status}, and no fault")
    return content.arguments


def _error(fault: Content) -> UpnpError:
    texts = dict(fault.arguments) | fault.nested
    code = texts.get("errorCode", "").strip()
    number = int(code) if code.isascii() and code.isdecimal() and len(code) <= _MAX_CODE_DIGITS else 501
    # a fault of SOAP alone has its reason there
    description = texts.get("errorDescription" if "UPnPError" in texts else "faultstring", "")
    return UpnpError(number, description.strip() or None)
