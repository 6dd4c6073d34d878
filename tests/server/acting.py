"""A device whose services act, on a network in memory, with the control points and subscribers that use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import cached_property
from random import Random
from typing import Annotated, NamedTuple

import attrs
import trio

from tests.devices import BASIC
from tests.server.scenes import HERE, NOON, PEER, LoneHost
from upnp_trio import Caller, In, Out, RootDevice, Running, ServiceHandler, StateVariable, Ui4, action
from upnp_trio.control.calls import render_call
from upnp_trio.eventing.messages import (
    EventMessage,
    read_notify,
    renew_headers,
    subscribe_headers,
    unsubscribe_headers,
)
from upnp_trio.exchange import REASONS
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.testing.pipes import CAPACITY, PipeStream

__all__ = [
    "CALLBACK",
    "PEER",
    "Answer",
    "Client",
    "Notified",
    "Oven",
    "Subscriber",
    "call",
    "fault_code",
    "oven_device",
    "renew",
    "served",
    "subscribe",
    "unsubscribe",
]

CALLBACK = f"http://{PEER}:8000/events"


class Readings(NamedTuple):
    heat: Annotated[Ui4, Out("Heat", "Heat")]
    light: Annotated[bool, Out("Light", "Light")]


class Oven(ServiceHandler, service_type="urn:example-com:service:Oven:2", service_id="urn:example-com:serviceId:Oven"):
    """Does what a test wants while an action runs."""

    heat: Annotated[Ui4, StateVariable("Heat")] = 0
    light: Annotated[bool, StateVariable("Light")] = False
    #: an evented variable that leaves at most every 30 s
    seldom: Annotated[Ui4, StateVariable("Seldom", maximum_rate=30)] = 0
    text: Annotated[str, StateVariable("Text", evented=False)] = ""

    def __init__(self) -> None:
        #: what `Do` and `DoNow` carry out
        self.task: Callable[[], Awaitable[object]] = trio.lowlevel.checkpoint
        self.deed: Callable[[], object] = lambda: None
        self.callers: list[Caller] = []
        #: the numbers of the `Wait` calls, as they begin, end and are cancelled
        self.log: list[tuple[str, int]] = []

    @action("Set")
    def set_both(self, heat: Annotated[Ui4, In("Heat", "Heat")], light: Annotated[bool, In("Light", "Light")]) -> None:
        self.heat = heat
        self.light = light

    @action("Get")
    def get(self, caller: Caller) -> Readings:
        self.callers.append(caller)
        return Readings(self.heat, self.light)

    @action("Wait")
    async def wait(
        self, number: Annotated[Ui4, In("Number", "Heat")], seconds: Annotated[Ui4, In("Seconds", "Heat")]
    ) -> Annotated[Ui4, Out("Waited", "Heat")]:
        self.log.append(("begin", number))
        try:
            await trio.sleep(seconds)
        except trio.Cancelled:
            self.log.append(("cancelled", number))
            raise
        self.log.append(("end", number))
        return number

    @action("Do")
    async def do(self) -> None:
        await self.task()

    @action("DoNow")
    def do_now(self) -> Annotated[str, Out("Said", "Text")]:
        return self.deed()  # type: ignore[return-value]  # a test may return what the annotation does not allow


def oven_device(*ovens: ServiceHandler, number: int = 0) -> RootDevice:
    """A root device with *ovens* as its services."""
    services = [
        attrs.evolve(oven.as_service(), service_id=f"urn:example-com:serviceId:Oven{index}")
        for index, oven in enumerate(ovens)
    ]
    udn = BASIC.udn if not number else f"uuid:00000000-0000-0000-0000-{number:012}"
    return attrs.evolve(BASIC, udn=udn, services=services)


@asynccontextmanager
async def served(
    host: LoneHost,
    *ovens: ServiceHandler,
    max_subscriptions: int = 32,
    utcnow: Callable[[], datetime] = lambda: NOON,
) -> AsyncIterator[tuple[Running, list[str], list[str]]]:
    """Serve *ovens* as one device; gives the paths for control and for events as well."""
    settings = Settings(rng=Random(0), utcnow=utcnow, max_subscriptions=max_subscriptions)
    async with serve_on(host.network, [oven_device(*ovens)], settings) as running:
        services = running.device.services
        yield running, [each.control_url for each in services], [each.event_sub_url for each in services]


@attrs.frozen
class Answer:
    """A response; *headers* has lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        return self.headers.get("connection", "") == "close"


class Client:
    """A control point's connection to the device."""

    def __init__(self, host: LoneHost, peer: str = PEER, *, capacity: float = CAPACITY) -> None:
        #: for a peer that does not read, *capacity* is how much it is sent in vain
        self.stream = host.client(peer, capacity=capacity)
        self._arrived = b""

    async def ask(self, request: bytes) -> Answer:
        """Send *request* and read the response to it."""
        await self.send(request)
        return await self.read()

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def read(self) -> Answer:
        """The next response."""
        while b"\r\n\r\n" not in self._arrived:
            await self._receive()
        head, _, self._arrived = self._arrived.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        while len(self._arrived) < size:
            await self._receive()
        body, self._arrived = self._arrived[:size], self._arrived[size:]
        return Answer(int(first.split()[1]), headers, body)

    async def ended(self) -> bool:
        """Whether the device closes the connection without sending anything more; waits for it."""
        return not self._arrived and not await self.stream.receive_some()

    async def _receive(self) -> None:
        data = await self.stream.receive_some()
        if not data:
            raise EOFError("the device has closed the connection")
        self._arrived += bytes(data)

    def close(self) -> None:
        self.stream.close()


def call(
    path: str,
    name: str,
    *arguments: tuple[str, object],
    service_type: str = str(Oven.service_type),
    extra: Iterable[str] = (),
    version: str = "1.1",
) -> bytes:
    """A control call with the header lines *extra*."""
    headers, body = render_call(service_type, name, [(key, str(value)) for key, value in arguments])
    lines = [f"{key}: {value}" for key, value in (("HOST", HERE), *headers, ("CONTENT-LENGTH", len(body)))]
    return "\r\n".join([f"POST {path} HTTP/{version}", *lines, *extra, "", ""]).encode() + body


def fault_code(answer: Answer) -> int:
    """The code of the UPnP error that *answer* is."""
    assert answer.status == 500
    return int(answer.body.partition(b"<errorCode>")[2].partition(b"<")[0])


def subscribe(path: str, *callbacks: str, seconds: int = 1800, variables: Iterable[str] = ()) -> bytes:
    return _request("SUBSCRIBE", path, subscribe_headers(callbacks or [CALLBACK], seconds=seconds, variables=variables))


def renew(path: str, sid: str, seconds: int = 1800) -> bytes:
    return _request("SUBSCRIBE", path, renew_headers(sid, seconds=seconds))


def unsubscribe(path: str, sid: str) -> bytes:
    return _request("UNSUBSCRIBE", path, unsubscribe_headers(sid))


def _request(method: str, path: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"HOST: {HERE}", *lines, "", ""]).encode()


@attrs.frozen(kw_only=True)
class Notified:
    """An event as it arrived."""

    time: float
    target: str
    headers: dict[str, str]
    body: bytes

    @cached_property
    def message(self) -> EventMessage:
        """What it says."""
        return read_notify(self.headers, self.body)

    @property
    def seq(self) -> int:
        return self.message.seq

    @property
    def values(self) -> dict[str, str]:
        return dict(self.message.properties)


def reply(status: int = 200, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} {REASONS.get(status, '')}", "Content-Length: 0", *lines, "", ""]).encode()


class Subscriber:
    """Accepts the device's connections and keeps the events that arrive on them."""

    def __init__(self, host: LoneHost, address: str = PEER, port: int = 8000) -> None:
        self.listening = host.peer(address).listen(port)
        #: the connections that it has accepted
        self.connections: list[PipeStream] = []
        self.events: list[Notified] = []
        #: whether it reads an event when a test asks for it, so that reading is not counted as the device's work
        self.reads_later = False
        #: how long it takes to reply
        self.seconds = 0.0
        #: what it replies; ``None`` closes the connection instead
        self.reply: Callable[[Notified], bytes | None] = lambda event: reply()
        self._news = trio.lowlevel.ParkingLot()

    async def run(self) -> None:
        """Serve connections until cancelled; accept none any more once it does not listen."""
        async with trio.open_nursery() as nursery:
            with suppress(trio.ClosedResourceError):
                while True:
                    self.connections.append(await self.listening.accept())
                    nursery.start_soon(self._serve, self.connections[-1])

    async def event(self, number: int) -> Notified:
        """The event that arrives as *number*, from 0."""
        while len(self.events) <= number:
            await self._news.park()
        return self.events[number]

    def forget(self) -> None:
        """Drop what has arrived, and the connections that it arrived on."""
        self.events.clear()
        self.connections.clear()

    async def _serve(self, stream: PipeStream) -> None:
        arrived = b""
        while True:
            while (found := _notify(arrived)) is None:
                try:
                    data = await stream.receive_some()
                except trio.BrokenResourceError:  # the device has given up while it was connecting
                    data = b""
                if not data:
                    stream.close()
                    return
                arrived += data
            target, headers, body, arrived = found
            event = Notified(time=trio.current_time(), target=target, headers=headers, body=body)
            if not self.reads_later:
                assert event.message.sid
            self.events.append(event)
            self._news.unpark_all()
            await trio.sleep(self.seconds)
            answer = self.reply(event)
            if answer is None or stream.outgoing.is_closed:
                stream.close()
                return
            stream.outgoing.write(answer)


def _notify(arrived: bytes) -> tuple[str, dict[str, str], bytes, bytes] | None:
    """Target, headers and body of the event at the start of *arrived*, and what follows; ``None`` if not whole."""
    head, end, rest = arrived.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if not end or len(rest) < int(headers["content-length"]):
        return None
    method, target, _ = first.split()
    assert method == "NOTIFY"
    size = int(headers["content-length"])
    return target, headers, rest[:size], rest[size:]
