"""The heads of answers: what real devices write wrongly is read, and what is right is left alone."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upnp_trio.errors import MalformedMessage
from upnp_trio.http.lenient_head import read_head

OK = b"HTTP/1.1 200 OK\r\n"


def read_by_h11(data: bytes) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    """Status, reason and headers of a head, as h11 reads them; raises `h11.RemoteProtocolError`."""
    protocol = h11.Connection(h11.CLIENT)
    protocol.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    protocol.send(h11.EndOfMessage())
    protocol.receive_data(data)
    head = protocol.next_event()
    assert isinstance(head, h11.Response | h11.InformationalResponse), head
    assert protocol.trailing_data[0] == b""
    return head.status_code, bytes(head.reason), sorted(head.headers)


@pytest.mark.parametrize(
    ("head", "headers", "forgiven"),
    [
        (OK + b"\r\n", {}, ()),
        (b"HTTP/1.0 200 OK\r\nServer: a\r\n\r\n", {b"server": b"a"}, ()),
        (b"HTTP/1.1 200\r\nEXT:\r\n\r\n", {b"ext": b""}, ()),
        (b"HTTP/1.1 200 \r\nEXT: \r\n\r\n", {b"ext": b""}, ()),
        (OK + b"CONTENT-LENGTH:371\r\n\r\n", {b"content-length": b"371"}, ()),  # NETGEAR (libretro/RetroArch #13399)
        (OK + b"Content-Length: 7\r\nContent-Length: 7\r\n\r\n", {b"content-length": b"7"}, ()),
        (OK + b"A: b\r\n c\r\n\td\r\n\r\n", {b"a": b"b c d"}, ()),
        # GoAhead (aio-libs/aiohttp #7494), whose lines end as they come
        (
            b"HTTP/1.0 200 OK\nServer: GoAhead-Webs\r\nPragma: no-cache\n\n",
            {b"server": b"GoAhead-Webs", b"pragma": b"no-cache"},
            ("lines end in LF alone",),
        ),
        # a Dell 1815dn (StevenLooman/async_upnp_client #116)
        (
            OK + b"SERVER: Network Printer Server UPnP/1.0 OS 1.03.03.08\n10-30-2006\r\nEXT:\r\n\r\n",
            {b"server": b"Network Printer Server UPnP/1.0 OS 1.03.03.08", b"ext": b""},
            ("lines end in LF alone", "a header without a colon"),
        ),
        (
            OK + b"Content-Length : 5\r\n\r\n",
            {b"content-length": b"5"},
            ("a blank before the colon of a header",),
        ),
        (OK + b"Content Type: a\r\nB: c\r\n\r\n", {b"b": b"c"}, ("a header whose name is not one",)),
        (OK + b": a\r\nB: c\r\n\r\n", {b"b": b"c"}, ("a header whose name is not one",)),
        (OK + b"B: c\r\nUnd so: a\r\n weiter\r\n\r\n", {b"b": b"c"}, ("a header whose name is not one",)),
        (OK + b" A: b\r\nC: d\r\n\r\n", {b"c": b"d"}, ("a blank before the first header",)),
        (OK + b"A: b\x00c\x1b[2J\x7f\r\n\r\n", {b"a": b"b c [2J"}, ("a control character in a header",)),
        (OK + b"A: b\rc\r\n\r\n", {b"a": b"b c"}, ("a control character in a header",)),
        (OK + b"Content-Length: \r\n\r\n", {}, ("CONTENT-LENGTH is not a number",)),
        (OK + b"Content-Length: -1\r\n\r\n", {}, ("CONTENT-LENGTH is not a number",)),
        (
            OK + b"Content-Length: 0x10\r\nContent-Length: 7\r\n\r\n",
            {b"content-length": b"7"},
            ("CONTENT-LENGTH is not a number",),
        ),
        (OK + b"Content-Length: 007\r\nContent-Length: 7\r\n\r\n", {b"content-length": b"7"}, ()),
        (
            OK + b"Transfer-Encoding: identity\r\nContent-Length: 7\r\n\r\n",
            {b"content-length": b"7"},
            ("TRANSFER-ENCODING without a coding",),
        ),
        (
            OK + b"Transfer-Encoding: Chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            {b"transfer-encoding": b"chunked"},
            (),
        ),
        # the coding counts (RFC 9112 §6.3)
        (OK + b"Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n", {b"transfer-encoding": b"chunked"}, ()),
        (b"http/1.1 200 ok\r\n\r\n", {}, ("an unusual status line",)),
        (b"HTTP/1.1  200  OK\r\n\r\n", {}, ("an unusual status line",)),
        (b"HTTP/1.1 200OK\r\n\r\n", {}, ("an unusual status line",)),
        (b"HTTP/1 200 OK\r\n\r\n", {}, ("an unusual status line",)),
        (b"HTTP/2.0 200 OK\r\n\r\n", {}, ("an unusual status line",)),
        (b"HTTP/1.1 200 O\x1bK\r\n\r\n", {}, ("an unusual status line",)),
    ],
)
def test_what_devices_write_is_read_by_h11(head: bytes, headers: dict[bytes, bytes], forgiven: tuple[str, ...]) -> None:
    found = read_head(head)
    assert found.status == 200
    assert found.forgiven == forgiven
    status, _, fields = read_by_h11(found.data)
    assert (status, dict(fields)) == (200, headers)


@pytest.mark.parametrize(
    ("line", "version"),
    [(b"HTTP/1.0 200", b"1.0"), (b"HTTP/0.9 200", b"1.0"), (b"HTTP/1 200", b"1.0"), (b"HTTP/1.2 200", b"1.1")],
)
def test_an_older_version_closes_its_connections_and_a_newer_one_does_not(line: bytes, version: bytes) -> None:
    assert read_head(line + b"\r\n\r\n").data.startswith(b"HTTP/%b 200" % version)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", r"begins with b'SSH-2\.0-OpenSSH_9\.2'"),
        (b"ICY 200 OK\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 099 OK\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 OK\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1200 OK\r\n\r\n", "is not HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x16\n\n", r"begins with b'\\x15"),
        (OK + b"Content-Length: 7\r\nContent-Length: 8\r\n\r\n", "two lengths"),
        (OK + b"Content-Length: 7, 8\r\n\r\n", "two lengths"),
        (OK + b"Content-Length: 1" + b"0" * 18 + b"\r\n\r\n", "that no body has"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "a coding that is not read: b'gzip, chunked'"),
        (OK + b"Transfer-Encoding: \x1b[2J\r\n\r\n", r"a coding that is not read: b'\[2j'"),
    ],
)
def test_what_has_no_one_meaning_is_refused(head: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=reason):
        read_head(head)


_names = st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True).filter(
    lambda name: name.lower() not in (b"content-length", b"transfer-encoding")
)
_words = st.from_regex(rb"[!-~\x80-\xff]{1,8}(?:[ \t]{1,2}[!-~\x80-\xff]{1,8}){0,2}|", fullmatch=True)
_fields = st.tuples(_names, _words)
_framing = st.sampled_from([(), ((b"Content-Length", b"12"),), ((b"transfer-encoding", b"Chunked"),)])


@given(
    st.sampled_from([b"1.0", b"1.1"]),
    st.integers(100, 999).filter(lambda status: status != 101),
    _words,
    st.lists(_fields, max_size=5),
    _framing,
)
def test_a_right_head_is_read_as_h11_reads_it(
    version: bytes,
    status: int,
    reason: bytes,
    fields: list[tuple[bytes, bytes]],
    framing: tuple[tuple[bytes, bytes], ...],
) -> None:
    lines = [b"HTTP/%b %d %b" % (version, status, reason), *(b"%b: %b" % each for each in (*fields, *framing))]
    head = b"\r\n".join([*lines, b"", b""])
    found = read_head(head)
    assert found.forgiven == ()
    assert read_by_h11(found.data) == read_by_h11(head)
    rewritten = read_head(head.removesuffix(b"\r\n") + b"nonsense\r\n\r\n")
    assert rewritten.forgiven == ("a header without a colon",)
    assert read_by_h11(rewritten.data) == read_by_h11(head)


_pieces = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.0 404 ", b"http/1.1 100", b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";"),
        *(b"Content-Length", b"Transfer-Encoding", b"chunked", b"identity", b"0", b"7", b"-", b"\x00", b"\xff", b"a"),
    ]
)


@given(st.lists(_pieces, max_size=20).map(b"".join) | st.binary())
def test_any_head_is_refused_or_becomes_one_that_h11_reads(data: bytes) -> None:
    head = data.replace(b"\n\n", b"").replace(b"\n\r\n", b"") + b"\r\n\r\n"
    try:
        found = read_head(head)
    except MalformedMessage:
        return
    if found.status != 101:
        status, _, fields = read_by_h11(found.data)
        assert status == found.status
        assert len({name for name, _ in fields} & {b"content-length", b"transfer-encoding"}) <= 1
