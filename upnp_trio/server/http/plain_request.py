"""Parses plain requests: a whole GET or HEAD without a body, in one piece and without unusual fields.

Nearly all requests to a device are plain: control points and browsers fetch documents and pictures. A plain request
leaves HTTP's state unchanged, so one regular expression can read it. h11 reads all other requests, malformed ones
included. The expression accepts only what h11 accepts, too, and a test checks that h11 reads the same.

With h11 in every GET, a bare trio loop that does nothing else serves fewer of them than GUPnP does in C (the *floor* in
``python -m benchmarks --parts gets``). `python -m benchmarks.fast_paths` compares the two ways to read.
"""

from __future__ import annotations

import re

from upnp_trio.exchange import Request

__all__ = ["parse_plain_request"]

# A name and a value of printable ASCII. A line that h11 would fold, repair or refuse does not match.
_FIELD = re.compile(r"([0-9A-Za-z-]+):([\t -~]*)\r\n")
_HEAD = re.compile(rf"(GET|HEAD) (/[!-~]*) HTTP/1\.1\r\n((?:{_FIELD.pattern.replace('(', '(?:')})+)\r\n")
# These fields announce a body, ask for more than an answer, or change the protocol.
_UNUSUAL_FIELDS = frozenset({"content-length", "expect", "transfer-encoding", "upgrade"})


def parse_plain_request(data: bytes, *, max_fields: int) -> tuple[Request, bool] | None:
    """The request that *data* is and whether its connection ends with the answer; ``None`` if it is not a plain one."""
    head = _HEAD.fullmatch(data.decode("latin-1"))
    if head is None:
        return None
    method, target, lines = head.groups()
    fields = _FIELD.findall(lines)
    headers = {name.lower(): value.strip(" \t") for name, value in fields}
    if len(headers) != len(fields) or len(fields) > max_fields:
        return None  # h11 joins or refuses repeated fields
    if "host" not in headers or not _UNUSUAL_FIELDS.isdisjoint(headers):
        return None
    option = headers.get("connection", "keep-alive").lower()
    if option not in ("keep-alive", "close"):
        return None
    return Request(method, target, headers), option == "close"
