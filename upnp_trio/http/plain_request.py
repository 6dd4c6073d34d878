"""Parses plain requests: a whole request in one piece, without unusual fields, with a body only if it is a POST.

Others may follow it in the same piece (pipelining).

Nearly all requests to a device are plain: control points and browsers fetch documents and pictures, call actions and
subscribe. A plain request leaves HTTP's state unchanged, so one regular expression can read it. h11 reads all other
requests, malformed ones included. The expression accepts only what h11 accepts, too, and a test checks that h11 reads
the same.

With h11 in every GET, a bare trio loop that does nothing else serves fewer of them than GUPnP does in C (the *floor* in
``python -m benchmarks --parts gets``). `python -m benchmarks.fast_paths` compares the two ways to read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upnp_trio.exchange import Request

if TYPE_CHECKING:
    from upnp_trio.exchange import Peer

__all__ = ["parse_plain_request"]

_METHODS = "GET|HEAD|POST|SUBSCRIBE|UNSUBSCRIBE"
# Names and values of printable ASCII. A line that h11 would fold, repair or refuse does not match.
_HEAD = re.compile(rf"({_METHODS}) (/[!-~]*+) HTTP/1\.1((?:\r\n[0-9A-Za-z-]++:[\t -~]*+)++)")
# These fields ask for more than an answer, frame the body in another way, or change the protocol.
_UNUSUAL_FIELDS = frozenset({"expect", "transfer-encoding", "upgrade"})
_LENGTH = re.compile("[0-9]{1,8}", re.ASCII)


def parse_plain_request(data: bytes, *, max_fields: int, peer: Peer) -> tuple[Request, bool, bytes] | None:
    """The request at the start of *data*, whether its connection ends with the answer, and what follows the request.

    ``None`` if it is not a plain one.
    """
    lines, empty_line, rest = data.partition(b"\r\n\r\n")
    head = _HEAD.fullmatch(lines.decode("latin-1"))
    if head is None or not empty_line:
        return None
    method, target, lines_of_fields = head.groups()
    _, *fields = lines_of_fields.split("\r\n")
    if len(fields) > max_fields:
        return None
    headers: dict[str, str] = {}
    for field in fields:
        name, _, value = field.partition(":")
        headers[name.lower()] = value.strip(" \t")
    if len(headers) != len(fields):
        return None  # h11 joins or refuses repeated fields
    if "host" not in headers or not _UNUSUAL_FIELDS.isdisjoint(headers):
        return None
    body, length = b"", headers.get("content-length")
    if method == "POST":
        if length is None or not _LENGTH.fullmatch(length) or (size := int(length)) > len(rest):
            return None
        body, rest = rest[:size], rest[size:]
    elif length is not None:
        return None
    option = headers.get("connection", "keep-alive").lower()
    if option not in ("keep-alive", "close") or (option == "close" and rest):
        return None
    return Request(method, target, headers, body, peer), option == "close", rest
