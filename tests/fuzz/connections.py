"""One HTTP connection over a stream in memory: any bytes, in any pieces, at any time (see `tests.fuzz.script`)."""

from __future__ import annotations

from functools import cache

import attrs
import trio
import trio.testing

from tests.devices import GATEWAY
from tests.fuzz.logs import harmless_logs
from tests.fuzz.script import CUT, HANG_UP, LONG_WAIT, STOP, WAIT, Move, read_script
from tests.fuzz.stage import play
from tests.http.responses import take_response
from tests.server.acting import Subscriber
from tests.server.scenes import NOON, PEER, LoneHost, buffered_events, services_of, serving_http
from tests.services.every_type import Limits, SwitchPower
from upnp_trio.cli.view import describe
from upnp_trio.documents.publication import publish
from upnp_trio.http.responding import Responding
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.model.device import Icon, RootDevice
from upnp_trio.monitoring.events import Events, RequestAnswered
from upnp_trio.server.services import Services
from upnp_trio.site import Site
from upnp_trio.testing.network import HostNetwork
from upnp_trio.testing.pipes import Listener, PipeStream

__all__ = ["fuzz_one"]

_ICON = Icon(mimetype="image/png", width=1, height=1, depth=24, url="icon.png", data=bytes(70_000))
_PUBLICATION = publish(attrs.evolve(GATEWAY, icons=[_ICON]))
_GOOD_REQUEST = f"GET {_PUBLICATION.description_path} HTTP/1.1\r\nHost: 192.0.2.7:49152\r\n\r\n".encode()
# A connection ends at most this long after the last byte of its peer, beside the time that a page's requests wait.
_LAST_SECONDS = 60.0
_PAGE_SECONDS = 30.0
#: where subscribers that get their events listen
_PORT = 4004
# More requests than any script can hold.
_MANY_EVENTS = 100_000


@attrs.frozen
class _Reply:
    """A response as the client read it."""

    status: int
    body: bytes
    closes: bool


def open_site() -> Responding:
    """A gateway with an icon, SCPDs, control URLs and a page, and a device whose services act and whose page lives.

    It is a new one for each run, as calls change it.
    """
    acting = publish(
        RootDevice(
            device_type="urn:example-com:device:Fuzzed:1",
            friendly_name="Fuzzed",
            manufacturer="Boucherie numérique SAS",
            model_name="Fuzzed",
            udn="uuid:0c6cd4d5-65ba-4d1e-8b7a-3a6b6a1a2c11",
            services=[SwitchPower(), Limits()],
        )
    )
    site = Site()
    site.add(_PUBLICATION)
    site.add(acting)
    site.base_urls = ["http://192.0.2.7:49152"]
    services = services_of(site)
    services.attach(acting)
    return services


def fuzz_one(data: bytes) -> None:
    """Send *data* to the server. Its answers are HTTP and do not depend on how the bytes were cut."""
    steps = read_script(data)
    replies = _run(steps, _good_status())
    pieces = [step for step in steps if isinstance(step, bytes)]
    if len(pieces) > 1 and all(isinstance(step, bytes) or step == CUT for step in steps):
        whole = _run([b"".join(pieces)], _good_status())
        assert replies == whole, f"in pieces: {replies}\nwhole: {whole}"


def _run(steps: list[bytes | Move], good_status: int | None) -> list[_Reply]:
    sent = b"".join(step for step in steps if isinstance(step, bytes))
    with harmless_logs():
        return play(sent, _converse, steps, good_status)


@cache
def _good_status() -> int:
    """The status that a good client gets from a server that has received nothing else."""
    (reply,) = _run([_GOOD_REQUEST], None)
    assert reply.status < 500
    return reply.status


async def _converse(steps: list[bytes | Move], good_status: int | None) -> list[_Reply]:
    """The server's answers to *steps*. After them it must also answer a good request, with *good_status*."""
    happened = Events()
    channel = happened.subscribe(_MANY_EVENTS)
    site = open_site()
    writer = ResponseWriter(site, "s/1", lambda: NOON, happened.stats, happened)
    listener = Listener()
    async with serving_http(writer, listener) as nursery:
        if isinstance(site, Services):
            await nursery.start(site.run)
            nursery.start_soon(_subscriber(site).run)
        client = listener.connect(PEER)
        await (
            trio.testing.wait_all_tasks_blocked()
        )  # the connection is accepted; otherwise a device that stops might never see it
        received = await _exchange(client, steps, nursery.cancel_scope)
        events = buffered_events(channel)
        assert all(describe(event).isprintable() for event in events)
        replies = _read(received, [event for event in events if isinstance(event, RequestAnswered)], HANG_UP in steps)
        if good_status is not None and STOP not in steps:
            again = await _exchange(listener.connect(PEER), [_GOOD_REQUEST], nursery.cancel_scope)
            assert again.startswith(b"HTTP/1.1 %d " % good_status), "the server is the worse for it"
        nursery.cancel_scope.cancel()
    if isinstance(site, Services):
        site.close()
        assert {opened.address for opened in _host(site).connections} <= {PEER}, "events go to another address"
    return replies


def _host(services: Services) -> LoneHost:
    assert isinstance(services.network, HostNetwork)
    assert isinstance(services.network.host, LoneHost)
    return services.network.host


def _subscriber(services: Services) -> Subscriber:
    """One that reads each event, and fails if it is none."""
    return Subscriber(_host(services), PEER, _PORT)


async def _exchange(client: PipeStream, steps: list[bytes | Move], device: trio.CancelScope) -> bytes:
    """Take *steps* while reading, until the server has closed; return what was received."""
    received = bytearray()

    async def read() -> None:
        while data := await client.receive_some():
            received.extend(data)

    pages = sum(step.count(b"state.json") for step in steps if isinstance(step, bytes))
    # the device may stop meanwhile; its client stays to the end
    with trio.CancelScope(shield=True), trio.fail_after(_LAST_SECONDS + _PAGE_SECONDS * pages + 10 * len(steps)):
        try:
            async with client, trio.open_nursery() as nursery:
                nursery.start_soon(read)
                if await _take_steps(client, steps, device):
                    await client.send_eof()
                else:
                    nursery.cancel_scope.cancel()
        except* trio.BrokenResourceError:
            pass  # the server has closed before everything was sent
    return bytes(received)


async def _take_steps(client: PipeStream, steps: list[bytes | Move], device: trio.CancelScope) -> bool:
    """Whether the client is still there at the end."""
    for step in steps:
        if isinstance(step, bytes):
            await client.send_all(step)
        elif step == CUT:
            await trio.testing.wait_all_tasks_blocked()
        elif step in (WAIT, LONG_WAIT):
            await trio.sleep(1 if step == WAIT else 6)
        elif step == STOP:
            device.cancel()
        elif step == HANG_UP:
            return False
    return True


def _read(received: bytes, answered: list[RequestAnswered], hung_up: bool) -> list[_Reply]:
    """The responses in *received*, read by h11's client side: those that were *answered*, each whole, and no more.

    A client that *hung_up* may have missed some of them.
    """
    found: list[_Reply] = []
    for answer in answered:
        if hung_up and not received:
            return found
        assert received, f"no response: {answer}"
        taken = take_response(received, "GET" if answer.method == "?" else answer.method)
        if taken is None:
            assert hung_up, f"incomplete: {received!r}"
            return found
        head, body, rest = taken
        assert head.status_code == answer.status
        assert not (found and found[-1].closes), f"more after the last response: {received!r}"
        found.append(_Reply(head.status_code, body, (b"connection", b"close") in list(head.headers)))
        received = rest
    assert hung_up or not received, f"more than the responses: {received!r}"
    return found
