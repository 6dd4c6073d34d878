"""Plain requests are read as h11 reads them, and everything else is left to h11."""

from __future__ import annotations

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from upnp_trio.exchange import Peer, Request
from upnp_trio.http.plain_request import parse_plain_request
from upnp_trio.http.request_rules import MAX_HEAD_FIELDS

HOST = "192.0.2.7:49152"
GET = f"GET /doc HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
FDSSDP = (
    f"GET /doc HTTP/1.1\r\nCache-Control: no-cache\r\nConnection: Keep-Alive\r\nPragma: no-cache\r\n"
    f"Accept: text/xml, application/xml\r\nUser-Agent: FDSSDP\r\nHost: {HOST}\r\n\r\n"
).encode()


POST = f"POST /control HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\n\r\n".encode()


def plain(data: bytes) -> tuple[Request, bool, bytes] | None:
    return parse_plain_request(data, max_fields=MAX_HEAD_FIELDS, peer=Peer())


def with_line(line: str) -> bytes:
    return GET.replace(b"Host", f"{line}\r\nHost".encode("latin-1"))


def by_h11(data: bytes) -> tuple[Request, bool, bytes]:
    """The first request that h11 reads from *data*, whether its connection ends, and what follows it."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(data)
    head, body = connection.next_event(), b""
    assert isinstance(head, h11.Request)
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    rest, has_ended = connection.trailing_data
    assert not has_ended
    assert not connection.they_are_waiting_for_100_continue
    connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
    assert len(headers) == len(head.headers)
    request = Request(head.method.decode(), head.target.decode(), headers, body)
    return request, connection.our_state is not h11.DONE, rest


@pytest.mark.parametrize(
    "data",
    [
        GET,
        FDSSDP,
        GET.replace(b"GET", b"HEAD"),
        with_line("Connection: close"),
        with_line("connection:CLOSE "),
        with_line("Accept:"),
        with_line("Accept: \t a b \t "),
        with_line('If-None-Match: "1"'),
        GET.replace(b"/doc", b"/a%20b;c?d=e&f#g"),
        POST + b"hello",
        GET + b"G",
        GET + b"\r\n" + GET,
        POST + b"hello" + GET,
        POST + b"hello" + b"\r\n",
    ],
)
def test_a_plain_request_is_read_as_h11_reads_it(data: bytes) -> None:
    assert plain(data) == by_h11(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="the end"),
        pytest.param(GET[:-1], id="a part"),
        pytest.param(POST + b"hell", id="a part of a body"),
        pytest.param(POST.replace(b" 5", b" 05") + b"hell", id="a length with a zero in front, and a part of a body"),
        pytest.param(POST.replace(b" 5", b" +5") + b"hello", id="a length with a sign"),
        pytest.param(with_line("Connection: close") + b"G", id="something behind the last request"),
        pytest.param(b"\r\n" + GET, id="an empty line before"),
        pytest.param(GET.replace(b"\r\n", b"\n"), id="bare line feeds"),
        pytest.param(GET.replace(b"GET", b"POST"), id="POST"),
        pytest.param(GET.replace(b"GET", b"get"), id="a method in lower case"),
        pytest.param(GET.replace(b"1.1", b"1.0"), id="HTTP/1.0"),
        pytest.param(GET.replace(b"/doc", b"http://192.0.2.7:49152/doc"), id="an absolute target"),
        pytest.param(GET.replace(b"/doc", b"*"), id="no path"),
        pytest.param(GET.replace(b"/doc", b"/d c"), id="a blank in the target"),
        pytest.param(GET.replace(b"/doc", "/dö".encode()), id="a target that is not ASCII"),
        pytest.param(b"GET /doc HTTP/1.1\r\n\r\n", id="no field"),
        pytest.param(b"GET /doc HTTP/1.1\r\nAccept: a\r\n\r\n", id="no Host"),
        pytest.param(with_line("Host: example.com"), id="two Hosts"),
        pytest.param(with_line("Accept: a\r\naccept: b"), id="a field twice"),
        pytest.param(with_line("Accept: a\r\n b"), id="a folded line"),
        pytest.param(with_line("Accept : a"), id="a blank before the colon"),
        pytest.param(with_line(": a"), id="no name"),
        pytest.param(with_line("Accept: \x01"), id="a control character"),
        pytest.param(with_line("Accept: \xe9"), id="a value that is not ASCII"),
        pytest.param(with_line("Content-Length: 0"), id="an empty body"),
        pytest.param(with_line("Transfer-Encoding: chunked"), id="a body in chunks"),
        pytest.param(with_line("Expect: 100-continue"), id="a body announced"),
        pytest.param(with_line("Upgrade: h2c"), id="an upgrade"),
        pytest.param(with_line("Connection: close, te"), id="several connection options"),
        pytest.param(with_line("Connection: upgrade"), id="another connection option"),
        pytest.param(with_line("\r\n".join(f"X-{n}: y" for n in range(MAX_HEAD_FIELDS))), id="too many fields"),
    ],
)
def test_everything_unusual_is_left_to_h11(data: bytes) -> None:
    assert plain(data) is None


NAMES = st.sampled_from(["Host", "host", "Accept", "Connection", "User-Agent", "TE", "Content-Length", "X", "x:", " X"])
VALUES = st.sampled_from(
    [HOST, "close", "keep-alive", "a, b", "0", "1", "03", "", "\x00", "\xff", "\x85", "\x0b", "\x1c", "\u00a0"]
)
BLANKS = st.sampled_from(["", " ", "\t", "\r", "\n", "\x0c", "\xa0"])
ENDS = st.sampled_from(["\r\n", "\n", "\r", "\r\n ", "\n\n"])
LINES = st.builds(
    lambda *parts: "".join(parts), NAMES, st.just(":"), BLANKS, VALUES | st.text(max_size=5), BLANKS, ENDS
)
STARTS = st.builds(
    lambda *parts: " ".join(parts),
    st.sampled_from(["GET", "HEAD", "POST", "get"]),
    st.sampled_from(["/", "/doc", "*", "//x", "/\x7f"]) | st.text(max_size=4).map(lambda text: f"/{text}"),
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/1.1 ", "http/1.1"]),
)


@settings(max_examples=1000)
@example(GET)
@given(
    st.builds(
        lambda start, lines, end: f"{start}\r\n{''.join(lines)}{end}".encode("latin-1", "replace"),
        STARTS,
        st.lists(LINES, max_size=4).map(lambda lines: [f"Host: {HOST}\r\n", *lines]) | st.lists(LINES, max_size=4),
        st.sampled_from(["\r\n", "\n", "", "\r\n\r\n", "\r\n0\r\n", "\r\nGET / HTTP/1.1\r\n\r\n"]),
    )
    | st.binary(max_size=60)
)
def test_h11_reads_each_plain_request_in_the_same_way(data: bytes) -> None:
    if (read := plain(data)) is not None:
        assert read == by_h11(data)
