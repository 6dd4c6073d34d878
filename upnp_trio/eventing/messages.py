"""NOTIFY with its reply, as bytes of HTTP, and what a subscriber asks and is granted (UDA 2.0 §4.1, §4.3.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.propertyset import read_propertyset
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.eventing.requests import DEFAULT_SECONDS, NOTIFICATION_TYPE
from upnp_trio.eventing.seq import parse_seq

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upnp_trio.model.literal_url import LiteralUrl

__all__ = [
    "MAX_REPLY_BODY_BYTES",
    "EventMessage",
    "Grant",
    "Reply",
    "notify_prefix",
    "read_grant",
    "read_notify",
    "read_plain_reply",
    "render_notify",
    "renew_headers",
    "subscribe_headers",
    "unsubscribe_headers",
]

CONTENT_TYPE = 'text/xml; charset="utf-8"'
NOTIFICATION_SUBTYPE = "upnp:propchange"
# Nobody reads the body of a reply; a page that explains an error is shorter.
MAX_REPLY_BODY_BYTES = 64 * 1024
# "uuid:" and a UUID have 41.
MAX_SID_CHARACTERS = 256

NO_NOTIFICATION_TYPE = "NT or NTS is missing"
WRONG_NOTIFICATION_TYPE = "NT or NTS is not that of an event"
NO_SID = "SID is missing or empty"
NO_SEQ = "SEQ is missing or not a number"
MALFORMED_BODY = "the body is not a propertyset"

_TIMEOUT = re.compile(r"second-([0-9]{1,9})", re.IGNORECASE | re.ASCII)

# --- the device's side -------------------------------------------------------------------------------------------


def notify_prefix(callback: LiteralUrl, sid: str) -> bytes:
    """What the messages of one subscription to one of its URLs have in common, for `render_notify`."""
    return (
        f"NOTIFY {callback.target} HTTP/1.1\r\n"
        f"HOST: {callback.authority}\r\n"
        f"CONTENT-TYPE: {CONTENT_TYPE}\r\n"
        f"NT: {NOTIFICATION_TYPE}\r\n"
        f"NTS: {NOTIFICATION_SUBTYPE}\r\n"
        f"SID: {sid}\r\n"
        "SEQ: "
    ).encode("ascii")


def render_notify(prefix: bytes, seq: int, body: bytes) -> bytes:
    """An event message, head and *body*; *prefix* comes from `notify_prefix`."""
    return b"%b%d\r\nCONTENT-LENGTH: %d\r\n\r\n%b" % (prefix, seq, len(body), body)


@attrs.frozen
class Reply:
    """A subscriber's reply to an event message."""

    status: int
    #: whether the next message may be sent on the same connection
    keeps_open: bool


# A name and a value of printable ASCII. A line that h11 would fold, repair or refuse does not match.
_FIELD = re.compile(rb"([0-9A-Za-z-]+):([\t -~]*)\r\n")
_HEAD = re.compile(rb"HTTP/1\.1 ([2-5][0-9]{2})(?: [\t -~]*)?\r\n((?:%b)*)\r\n" % _FIELD.pattern.replace(b"(", b"(?:"))
_MAX_PLAIN_FIELDS = 64
# These fields change the framing or the protocol.
_UNUSUAL_FIELDS = frozenset({b"transfer-encoding", b"upgrade"})
_LENGTH = re.compile(rb"[0-9]{1,5}")


def read_plain_reply(data: bytes) -> tuple[Reply, int] | None:
    """The reply at the start of *data*, and the number of bytes that it takes; ``None`` if it is not a plain one.

    Nearly all replies are plain: of HTTP/1.1, whole, in one piece, with Content-Length or without content. h11 reads
    all others, and those that have only begun; what is accepted here, h11 accepts, too, and a test checks that it reads
    the same.
    """
    head = _HEAD.match(data)
    if head is None:
        return None
    fields = _FIELD.findall(head[2])
    headers = {name.lower(): value.strip(b" \t") for name, value in fields}
    if len(headers) != len(fields) or len(fields) > _MAX_PLAIN_FIELDS or not _UNUSUAL_FIELDS.isdisjoint(headers):
        return None  # h11 joins or refuses repeated fields
    status = int(head[1])
    length = headers.get(b"content-length", b"0" if status == 204 else b"")
    if not _LENGTH.fullmatch(length) or (status in (204, 304) and int(length)):
        return None  # the body ends with the connection, or the field says nothing of this message
    end = head.end() + int(length)
    option = headers.get(b"connection", b"keep-alive").lower()
    if len(data) < end or int(length) > MAX_REPLY_BODY_BYTES or option not in (b"keep-alive", b"close"):
        return None
    return Reply(status, option == b"keep-alive"), end


# --- the control point's side ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class EventMessage:
    """An event as its subscriber receives it; *properties* are names and values as text, in their order."""

    sid: str
    seq: int
    properties: tuple[tuple[str, str], ...]
    #: what is wrong with it and was overlooked, each in words
    forgiven: tuple[str, ...] = ()


def read_notify(headers: Mapping[str, str], body: bytes) -> EventMessage:
    """The event in a NOTIFY request with *headers* (of lower-case names) and *body*.

    Raises `EventingRefused` with the status of UDA 2.0 §4.3.2: 412 for another kind of message and for a SID that is
    missing, 400 for all else.
    """
    if "nt" not in headers or "nts" not in headers:
        raise EventingRefused(400, NO_NOTIFICATION_TYPE)
    if headers["nt"].strip() != NOTIFICATION_TYPE or headers["nts"].strip() != NOTIFICATION_SUBTYPE:
        raise EventingRefused(412, WRONG_NOTIFICATION_TYPE)
    sid = headers.get("sid", "").strip()
    if not sid:
        raise EventingRefused(412, NO_SID)
    try:
        seq = parse_seq(headers.get("seq", "").strip())
    except MalformedMessage as error:
        raise EventingRefused(400, NO_SEQ) from error
    forgiven: list[str] = []
    try:
        properties = read_propertyset(body, forgiven)
    except MalformedMessage as error:
        raise EventingRefused(400, MALFORMED_BODY) from error
    return EventMessage(sid=sid, seq=seq, properties=tuple(properties), forgiven=tuple(forgiven))


def subscribe_headers(
    callbacks: Iterable[str], *, seconds: int = DEFAULT_SECONDS, variables: Iterable[str] = ()
) -> tuple[tuple[str, str], ...]:
    """The headers of a request for a new subscription, beside those of every request.

    *callbacks* are the URLs that events go to. Events have all evented variables if *variables* names none.
    """
    headers = (
        ("CALLBACK", "".join(f"<{url}>" for url in callbacks)),
        ("NT", NOTIFICATION_TYPE),
        ("TIMEOUT", f"Second-{seconds}"),
    )
    names = ",".join(variables)
    return (*headers, ("STATEVAR", names)) if names else headers


def renew_headers(sid: str, *, seconds: int = DEFAULT_SECONDS) -> tuple[tuple[str, str], ...]:
    """The headers of a request to keep a subscription."""
    return ("SID", sid), ("TIMEOUT", f"Second-{seconds}")


def unsubscribe_headers(sid: str) -> tuple[tuple[str, str], ...]:
    """The headers of a request to end a subscription."""
    return (("SID", sid),)


@attrs.frozen(kw_only=True)
class Grant:
    """What a publisher grants: the subscription's SID, its duration and its variables."""

    sid: str
    #: ``None`` if there is no readable one, or if it is infinite, which UDA 1.0 allows
    seconds: int | None
    #: ``None`` means all
    variables: tuple[str, ...] | None


def read_grant(headers: Mapping[str, str]) -> Grant:
    """What the response to a SUBSCRIBE grants, by its *headers* (of lower-case names); raises `MalformedMessage`."""
    sid = headers.get("sid", "").strip()
    if not sid:
        raise MalformedMessage("the response to SUBSCRIBE has no SID")
    if not sid.isascii() or not sid.isprintable() or len(sid) > MAX_SID_CHARACTERS:
        raise MalformedMessage("the response to SUBSCRIBE has a SID that no request can repeat")
    timeout = _TIMEOUT.fullmatch(headers.get("timeout", "").strip())
    accepted = headers.get("accepted-statevar")
    return Grant(
        sid=sid,
        seconds=int(timeout[1]) if timeout else None,
        variables=None if accepted is None else tuple(name.strip() for name in accepted.split(",") if name.strip()),
    )
