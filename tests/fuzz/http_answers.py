"""What a device answers to a control point: any bytes, in any pieces, at any time (see `tests.fuzz.script`).

The device plays the script on one connection after another. A new one begins where the last one was hung up; when the
script is at its end, the device closes every connection at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import h11
import trio
import trio.testing

from tests.fuzz.logs import check_harmless, harmless_logs
from tests.fuzz.script import CUT, HANG_UP, LONG_WAIT, WAIT, Move, read_script
from tests.fuzz.stage import play
from upnp_trio.errors import RequestFailed
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.answer_reader import MAX_INTERIM_ANSWERS
from upnp_trio.http.client import CONNECT_SECONDS, REQUEST_SECONDS, HttpAnswer, HttpClient
from upnp_trio.http.request_rules import MAX_HEAD_BYTES, MAX_HEAD_FIELDS
from upnp_trio.model.literal_url import IpAddress, LiteralUrl
from upnp_trio.testing import Host, Link
from upnp_trio.testing.peers import serve_connections
from upnp_trio.testing.pipes import PipeStream

__all__ = ["fuzz_one"]

_URL = LiteralUrl.parse("http://192.0.2.7:49152/description.xml")
#: less than a long input, so that the bound is met
_MAX_BODY_BYTES = 2000
_LONGEST_MESSAGE = 1000


@attrs.frozen
class _Outcome:
    """What came of a request."""

    #: ``None`` if it failed
    answer: HttpAnswer | None
    reason: str = ""


def fuzz_one(data: bytes) -> None:
    """Let a device answer with *data*. Each request ends, in an answer within its bounds or in `RequestFailed`."""
    steps = read_script(data)
    outcomes = _run(steps)
    pieces = [step for step in steps if isinstance(step, bytes)]
    if all(isinstance(step, bytes) or step == CUT for step in steps):
        whole = b"".join(pieces)
        answer = outcomes[0].answer
        if len(pieces) > 1:
            assert _run([whole])[0].answer == answer, "the answer depends on how the bytes were cut"
        strict = _read_strictly(whole)
        if strict is not None:
            assert answer is not None, f"h11 reads {strict}, and we fail: {outcomes[0].reason}"
            assert (answer.status, answer.body) == strict


def _run(steps: list[bytes | Move]) -> list[_Outcome]:
    with harmless_logs():
        return play(b"".join(step for step in steps if isinstance(step, bytes)), _converse, steps)


async def _converse(steps: list[bytes | Move]) -> list[_Outcome]:
    """Two GETs, the second one on the kept connection if there is one, and a call."""
    link = Link()
    device, asker = Host.on(link, "192.0.2.7/24", name="device"), Host.on(link, "192.0.2.9/24", name="asker")
    streams: list[PipeStream] = []

    async def connect(address: IpAddress, port: int, served: ServedAddress) -> PipeStream:
        stream = await asker.connect(address, port, served)
        streams.append(stream)
        return stream

    client = HttpClient(connect, user_agent="test/1 UPnP/2.0")
    served = asker.network.facing(_URL.address)
    script = iter(steps)
    outcomes: list[_Outcome] = []
    async with trio.open_nursery() as nursery:
        await nursery.start(serve_connections, device, _URL.port, lambda stream: _play_on(stream, script))
        with client.keeping(_URL):
            for method, body in (("GET", b""), ("GET", b""), ("POST", b"x" * 100)):
                outcomes.append(await _ask(client, served, method, body))
        nursery.cancel_scope.cancel()
    assert all(stream.is_closed for stream in streams), "a connection is left open"
    return outcomes


async def _play_on(stream: PipeStream, script: Iterator[bytes | Move]) -> None:
    await stream.receive_some(65536)
    for step in script:
        if isinstance(step, bytes):
            await stream.send_all(memoryview(step))
        elif step == CUT:
            await trio.testing.wait_all_tasks_blocked()
        elif step in (WAIT, LONG_WAIT):
            await trio.sleep(1 if step == WAIT else 6)
        elif step == HANG_UP:
            return


async def _ask(client: HttpClient, served: ServedAddress, method: str, body: bytes) -> _Outcome:
    try:
        with trio.fail_after(REQUEST_SECONDS + CONNECT_SECONDS):
            answer = await client.request(method, _URL, served, body=body, max_body_bytes=_MAX_BODY_BYTES)
    except RequestFailed as error:
        message = str(error)
        check_harmless(message)
        assert message.startswith(f"{method} {_URL}: ")
        assert len(message) < _LONGEST_MESSAGE
        return _Outcome(None, message)
    _check(answer)
    return _Outcome(answer)


def _check(answer: HttpAnswer) -> None:
    assert 200 <= answer.status <= 999
    assert not 300 <= answer.status < 400, "a redirect is an answer"
    assert len(answer.body) <= _MAX_BODY_BYTES
    assert len(answer.headers) <= MAX_HEAD_FIELDS
    for name, value in answer.headers.items():
        assert name.isascii()
        assert name == name.lower()
        assert not set("\r\n\0\x1b") & set(name + value), f"{name}: {value!r}"
    for sentence in answer.forgiven:
        check_harmless(sentence)


def _read_strictly(data: bytes) -> tuple[int, bytes] | None:
    """Status and body as h11 alone reads them; ``None`` if it refuses them, or has to wait for more than we take."""
    if data.count(b"\n") > MAX_HEAD_FIELDS or data[:1] in (b"\r", b"\n"):
        return None
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    if data:
        connection.receive_data(b"")
    head, body, interim = None, b"", 0
    try:
        while not isinstance(event := connection.next_event(), h11.EndOfMessage | h11.ConnectionClosed):
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.InformationalResponse):
                interim += 1
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                return None
    except h11.RemoteProtocolError:
        return None
    if head is None or 300 <= head.status_code < 400 or interim > MAX_INTERIM_ANSWERS:
        return None
    fields = dict(head.headers)
    has_length = head.status_code != 204 and int(fields.get(b"content-length", b"0")) > _MAX_BODY_BYTES
    is_coded = fields.get(b"content-encoding", b"").lower() not in (b"", b"identity")
    return None if is_coded or has_length or len(body) > _MAX_BODY_BYTES else (head.status_code, body)
