"""Which requests are not served: the bounds of a head and a body, and the rules for version, framing and Host.

Everything here is pure. h11 reads the requests, and `upnp_trio.http.connection` does the waiting.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upnp_trio.exchange import Request, Response, error_response
from upnp_trio.http.host_check import HOST_MALFORMED, HostCheck

if TYPE_CHECKING:
    import h11

    from upnp_trio.exchange import Peer

__all__ = [
    "MAX_BODY_BYTES",
    "Refused",
    "check_folding",
    "check_request",
    "has_too_many_fields",
    "refused_by_h11",
    "request_of",
]

# The longest real heads (browsers with their cookies) stay below 8 KiB; h11's own default is 16 KiB.
MAX_HEAD_BYTES = 16 * 1024
# Browsers send some 20 fields.
MAX_HEAD_FIELDS = 64
# SOAP calls have 1 to 4 KiB; libupnp's limit is the same.
MAX_BODY_BYTES = 64 * 1024

# The statuses that h11 suggests for malformed requests, and the reasons that are counted for them.
PROTOCOL_ERRORS = {400: "malformed request", 431: "head too long", 501: "unknown transfer coding"}
# The response under a wrong name is the same for every resource, so that it discloses nothing.
FORBIDDEN = Response(403)
# The end of a head, as h11 finds it.
_EMPTY_LINE = re.compile(rb"\n\r?\n")


class Refused(Exception):
    """The request cannot be served; answer with *response* and close. *reason* is counted, if there is one."""

    def __init__(self, response: Response, reason: str | None) -> None:
        super().__init__(response.status)
        self.response = response
        self.reason = reason


def refused_by_h11(error: h11.RemoteProtocolError) -> Refused:
    """What follows from an error that h11 found in a request."""
    status = error.error_status_hint if error.error_status_hint in PROTOCOL_ERRORS else 400
    return Refused(error_response(status), PROTOCOL_ERRORS[status])


def has_too_many_fields(unread: bytes) -> bool:
    """Whether the head at the start of *unread*, as far as it has arrived, has more than `MAX_HEAD_FIELDS`.

    h11 would take milliseconds to read thousands of fields.
    """
    end_of_head = _EMPTY_LINE.search(unread)
    lines = unread.count(b"\n", 0, end_of_head.start() + 1 if end_of_head else None)
    return lines > MAX_HEAD_FIELDS + 1  # the first line is not a field


def check_folding(head: bytes) -> None:
    """Raise `Refused` if a line of *head* is folded."""
    if b"\n " in head or b"\n\t" in head:
        # others may read a folded line as a separate field (RFC 9112 §5.2); h11 would join it
        raise Refused(error_response(400), "malformed request")


def request_of(head: h11.Request, peer: Peer) -> Request:
    """The request of *peer* that *head* begins; of repeated fields, the first one counts."""
    headers: dict[str, str] = {}
    for name, value in head.headers:
        headers.setdefault(name.decode("ascii"), value.decode("latin-1"))
    return Request(head.method.decode("ascii"), head.target.decode("ascii"), headers, peer=peer)


def check_request(
    request: Request, http_version: bytes, host_check: HostCheck, max_body_bytes: int = MAX_BODY_BYTES
) -> None:
    """Raise `Refused` if *request* cannot be served, whatever its body is."""
    headers = request.headers
    if not http_version.startswith(b"1."):
        raise Refused(error_response(505), "unknown version")
    if "host" not in headers and http_version > b"1.1":  # h11 insists on it in 1.1 alone
        raise Refused(error_response(400), "malformed request")
    if reason := host_check.refusal(request.method, request.target, headers):
        raise Refused(error_response(400) if reason == HOST_MALFORMED else FORBIDDEN, reason)
    if "transfer-encoding" in headers and ("content-length" in headers or http_version == b"1.0"):
        # a body that is framed in two ways can smuggle a request past a proxy (RFC 9112 §6.1)
        raise Refused(error_response(400), "malformed request")
    if int(headers.get("content-length", "0")) > max_body_bytes:
        raise Refused(error_response(413), "body too long")
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise Refused(error_response(417), "unknown expectation")
