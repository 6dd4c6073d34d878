"""NOTIFY and its reply, SUBSCRIBE and its response: each side reads what the other writes, and h11 reads the same."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing import messages
from upnp_trio.eventing.messages import (
    EventMessage,
    Grant,
    Reply,
    notify_prefix,
    read_grant,
    read_notify,
    read_plain_reply,
    render_notify,
    renew_headers,
    subscribe_headers,
    unsubscribe_headers,
)
from upnp_trio.eventing.propertyset import render_propertyset
from upnp_trio.eventing.refusals import EventingRefused, refusal_in_words
from upnp_trio.eventing.requests import (
    Renew,
    Subscribe,
    SubscriptionRequest,
    Unsubscribe,
    read_subscription_request,
    subscription_headers,
)
from upnp_trio.model.literal_url import LiteralUrl

SUBSCRIBER = IPv4Address("192.0.2.9")
SID = "uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001"
CALLBACK = LiteralUrl(SUBSCRIBER, 4004, "/cb?a=b")
BODY = render_propertyset([("Status", "1")])


def received(data: bytes) -> tuple[str, str, dict[str, str], bytes]:
    """Method, target, headers and body of a request, as h11 reads them."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    head = connection.next_event()
    assert isinstance(head, h11.Request)
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert connection.trailing_data[0] == b""
    headers = {name.decode(): value.decode() for name, value in head.headers}
    assert len(headers) == len(head.headers)
    return head.method.decode(), head.target.decode(), headers, body


# --- NOTIFY ------------------------------------------------------------------------------------------------------


def test_an_event_message_has_the_headers_of_uda() -> None:
    assert render_notify(notify_prefix(CALLBACK, SID), 7, b"<a/>") == (
        b"NOTIFY /cb?a=b HTTP/1.1\r\nHOST: 192.0.2.9:4004\r\n"
        b'CONTENT-TYPE: text/xml; charset="utf-8"\r\nNT: upnp:event\r\nNTS: upnp:propchange\r\n'
        b"SID: uuid:5f9ec1b3-ed59-1900-4530-00e0a5b3c001\r\nSEQ: 7\r\nCONTENT-LENGTH: 4\r\n\r\n<a/>"
    )


@given(st.integers(0, 2**32 - 1), st.lists(st.tuples(st.sampled_from(["A", "B"]), st.text("a <&\r\n", max_size=9))))
def test_the_subscriber_reads_the_event_that_was_sent(seq: int, properties: list[tuple[str, str]]) -> None:
    data = render_notify(notify_prefix(CALLBACK, SID), seq, render_propertyset(properties))
    method, target, headers, body = received(data)
    assert (method, target) == ("NOTIFY", "/cb?a=b")
    assert read_notify(headers, body) == EventMessage(sid=SID, seq=seq, properties=tuple(properties))


def test_host_of_an_ipv6_subscriber_has_brackets_and_no_zone() -> None:
    prefix = notify_prefix(LiteralUrl(IPv6Address("fe80::9"), 80, "/", zone="eth0"), SID)
    assert b"\r\nHOST: [fe80::9]:80\r\n" in prefix


@pytest.mark.parametrize(
    ("changed", "body", "status", "reason"),
    [
        ({"nt": None}, BODY, 400, messages.NO_NOTIFICATION_TYPE),
        ({"nts": None}, BODY, 400, messages.NO_NOTIFICATION_TYPE),
        ({"nt": "upnp:events"}, BODY, 412, messages.WRONG_NOTIFICATION_TYPE),
        ({"nts": "ssdp:alive"}, BODY, 412, messages.WRONG_NOTIFICATION_TYPE),
        ({"sid": None}, BODY, 412, messages.NO_SID),
        ({"sid": " "}, BODY, 412, messages.NO_SID),
        ({"seq": None}, BODY, 400, messages.NO_SEQ),
        ({"seq": "-1"}, BODY, 400, messages.NO_SEQ),
        ({"seq": "4294967296"}, BODY, 400, messages.NO_SEQ),
        ({"seq": "٣"}, BODY, 400, messages.NO_SEQ),
        ({}, b"", 400, messages.MALFORMED_BODY),
        ({}, b"<a/>", 400, messages.MALFORMED_BODY),
    ],
)
def test_each_error_of_an_event_message_has_its_status(
    changed: dict[str, str | None], body: bytes, status: int, reason: str
) -> None:
    headers = {"nt": "upnp:event", "nts": "upnp:propchange", "sid": SID, "seq": "1"} | changed
    with pytest.raises(EventingRefused) as caught:
        read_notify({name: value for name, value in headers.items() if value is not None}, body)
    assert (caught.value.status, caught.value.reason) == (status, reason)


def test_a_flaw_of_the_document_is_overlooked_and_told() -> None:
    headers = {"nt": "upnp:event", "nts": "upnp:propchange", "sid": SID, "seq": "1"}
    body = b"<propertyset><property><Title>Ham & Eggs&nbsp;</Title></property></propertyset>"
    message = read_notify(headers, body)
    assert message.properties == (("Title", "Ham & Eggs&nbsp;"),)
    assert message.forgiven == ("a bare & in line 1",)


# --- the reply ---------------------------------------------------------------------------------------------------


def h11_reply(data: bytes) -> tuple[int, bool, bytes] | None:
    """Status, whether the connection stays open, and what follows; ``None`` if h11 needs more or refuses."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="NOTIFY", target="/", headers=[("Host", "a"), ("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    try:
        head = connection.next_event()
        if not isinstance(head, h11.Response):
            return None
        while isinstance(event := connection.next_event(), h11.Data):
            pass
    except h11.RemoteProtocolError:
        return None
    if not isinstance(event, h11.EndOfMessage):
        return None
    return head.status_code, connection.their_state is h11.DONE, connection.trailing_data[0]


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Reply(200, True)),
        (b"HTTP/1.1 200 OK\r\ncontent-length:0\r\nServer: Linux/5, UPnP/1.0\r\n\r\n", Reply(200, True)),
        (b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 41\r\nConnection: close\r\n\r\n" + b"x" * 41, Reply(200, False)),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", Reply(200, True)),
        (b"HTTP/1.1 204 No Content\r\nConnection: Keep-Alive\r\n\r\n", Reply(204, True)),
        (b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 3\r\n\r\nno\n", Reply(412, True)),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n", Reply(304, True)),
        (
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
            Reply(307, True),
        ),
    ],
)
def test_a_plain_reply_is_read_as_h11_reads_it(data: bytes, reply: Reply) -> None:
    for rest in (b"", b"HTTP/1.1 200 OK\r\n"):
        assert read_plain_reply(data + rest) == (reply, len(data))
    assert h11_reply(data) == (reply.status, reply.keeps_open, b"")
    assert [read_plain_reply(data[:length]) for length in range(len(data))] == [None] * len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",  # the body ends with the connection
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99999,
        b"HTTP/1.1 200 OK\r\n"
        + b"".join(b"A%d: 1\r\n" % number for number in range(64))
        + b"Content-Length: 0\r\n\r\n",
        b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 600 What\r\nContent-Length: 0\r\n\r\n",
        b"",
        b"\x15\x03\x01\x00\x02\x02\x16",
    ],
)
def test_an_unusual_reply_is_left_to_h11(data: bytes) -> None:
    assert read_plain_reply(data) is None


_reply_pieces = st.sampled_from(
    [
        *(
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 204 \r\n",
            b"HTTP/1.1 304 x\r\n",
            b"HTTP/1.1 101 x\r\n",
            b"HTTP/1.1 500\r\n",
        ),
        *(b"Content-Length: 0\r\n", b"Content-Length: 2\r\n", b"content-length:\t00 \r\n", b"Content-Length: +1\r\n"),
        *(b"Connection: close\r\n", b"Connection: Keep-Alive\r\n", b"Connection: a, close\r\n", b"Upgrade: x\r\n"),
        *(
            b"Transfer-Encoding: chunked\r\n",
            b"Server: a\r\n",
            b"A:\r\n",
            b"A b: c\r\n",
            b": c\r\n",
            b" x\r\n",
            b"\r\n",
        ),
        *(b"x", b"\n", b"\r", b"\xff", b"\x00", b"HTTP/1.1 "),
    ]
)


@given(st.lists(_reply_pieces, max_size=8).map(b"".join).map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest) | st.binary())
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\nx")
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\r\n\r\n")
def test_what_is_accepted_as_plain_h11_reads_the_same(data: bytes) -> None:
    plain = read_plain_reply(data)
    if plain is not None:
        reply, end = plain
        assert h11_reply(data) == (reply.status, reply.keeps_open, data[end:])


# --- the subscriber's requests -----------------------------------------------------------------------------------


def asked(method: str, headers: Iterable[tuple[str, str]]) -> SubscriptionRequest:
    """What the device reads, after the headers have gone through h11 at both ends."""
    connection = h11.Connection(h11.CLIENT)
    head = h11.Request(method=method, target="/event", headers=[("HOST", "192.0.2.7:49152"), *headers])
    method, target, fields, body = received(connection.send(head) + connection.send(h11.EndOfMessage()))
    assert (target, body) == ("/event", b"")
    return read_subscription_request(method, fields, subscriber=SUBSCRIBER, is_on_link=True, evented=("A", "B"))


def test_the_device_reads_what_a_subscriber_asks() -> None:
    urls = ["http://192.0.2.9:4004/cb", "http://192.0.2.9:4005/cb"]
    callbacks = (LiteralUrl(SUBSCRIBER, 4004, "/cb"), LiteralUrl(SUBSCRIBER, 4005, "/cb"))
    assert asked("SUBSCRIBE", subscribe_headers(urls, seconds=300)) == Subscribe(
        subscriber=SUBSCRIBER, callbacks=callbacks, seconds=300
    )
    assert asked("SUBSCRIBE", subscribe_headers(urls, variables=["B", "C"])) == Subscribe(
        subscriber=SUBSCRIBER, callbacks=callbacks, variables=("B",)
    )
    assert asked("SUBSCRIBE", renew_headers(SID, seconds=300)) == Renew(sid=SID, seconds=300)
    assert asked("UNSUBSCRIBE", unsubscribe_headers(SID)) == Unsubscribe(sid=SID)


@pytest.mark.parametrize("variables", [None, ("A",), ("A", "B")])
def test_the_subscriber_reads_what_the_device_grants(variables: tuple[str, ...] | None) -> None:
    headers = {name.lower(): value for name, value in subscription_headers(SID, 300, variables)}
    assert read_grant(headers) == Grant(sid=SID, seconds=300, variables=variables)


def test_a_grant_without_a_readable_duration_has_none() -> None:
    assert read_grant({"sid": SID, "timeout": "Second-infinite"}) == Grant(sid=SID, seconds=None, variables=None)
    assert read_grant({"sid": SID}).seconds is None
    with pytest.raises(MalformedMessage, match="no SID"):
        read_grant({"timeout": "Second-300"})


@pytest.mark.parametrize("sid", ["uuid:ü", "uuid:\x0b1", "x" * 257])
def test_a_sid_that_no_request_can_repeat_is_no_grant(sid: str) -> None:
    with pytest.raises(MalformedMessage, match="no request can repeat"):
        read_grant({"sid": sid})


@pytest.mark.parametrize("status", [301, 400, 404, 412, 418, 500, 501, 503, 599])
def test_every_refusal_has_words(status: int) -> None:
    words = refusal_in_words(status)
    assert words.startswith(("it ", "its ", "there "))
    assert not words.endswith(".")
