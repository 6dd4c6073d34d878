"""A publisher of events that a test scripts, on a host in memory: one that breaks the rules, or is hostile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from random import Random

import attrs
import trio

from upnp_trio.controlpoint.subscription import Subscription
from upnp_trio.controlpoint.subscriptions import EventSource, Subscriptions
from upnp_trio.eventing.callbacks import read_callbacks
from upnp_trio.eventing.messages import notify_prefix, render_notify
from upnp_trio.eventing.propertyset import render_propertyset
from upnp_trio.exchange import ServedAddress
from upnp_trio.http.client import HttpClient
from upnp_trio.model.literal_url import IpAddress, LiteralUrl
from upnp_trio.model.service import ServiceDescription, VariableDescription
from upnp_trio.network.streams import HttpStream
from upnp_trio.testing import Host, Link
from upnp_trio.testing.peers import serve_connections
from upnp_trio.testing.pipes import PipeStream

__all__ = ["Asked", "Publisher", "Scene", "answer", "scene", "status_of"]

DESCRIPTION = ServiceDescription(variables=[VariableDescription(name="Status", data_type="ui4")])


@attrs.frozen
class Asked:
    """A request that came; *headers* has lower-case names."""

    time: float
    method: str
    headers: dict[str, str]

    @property
    def callback(self) -> LiteralUrl:
        """The URL that events are to go to."""
        (found,) = read_callbacks(self.headers["callback"], ip_address("192.0.2.9"))
        return found

    @property
    def kind(self) -> str:
        return "RENEW" if self.method == "SUBSCRIBE" and "sid" in self.headers else self.method


def answer(status: int = 200, **headers: str) -> bytes:
    """A response."""
    lines = [f"{name.upper()}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Any", *lines, "Content-Length: 0", "", ""]).encode()


async def status_of(stream: PipeStream) -> int:
    """The status of the next response; 0 if the other end has closed."""
    arrived = b""
    while b"\r\n\r\n" not in arrived:
        data = await stream.receive_some(65536)
        if not data:
            return 0
        arrived += data
    return int(arrived.split()[1])


class Publisher:
    """Answers requests with what `respond` gives; by default, it grants what is asked."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.asked: list[Asked] = []
        self.seconds = "Second-1800"
        self._sids = 0

    @property
    def kinds(self) -> list[str]:
        """What was asked, in order."""
        return [each.kind for each in self.asked]

    @property
    def sid(self) -> str:
        """The newest SID."""
        return f"uuid:{self._sids}"

    @property
    def callback(self) -> LiteralUrl:
        """The newest URL."""
        return next(each.callback for each in reversed(self.asked) if "callback" in each.headers)

    async def respond(self, asked: Asked) -> bytes | None:
        """The response to a request; ``None`` closes the connection."""
        if asked.kind == "SUBSCRIBE":
            self._sids += 1
            return answer(sid=self.sid, timeout=self.seconds)
        return answer(sid=asked.headers["sid"], timeout=self.seconds)

    async def serve(self, stream: PipeStream) -> None:
        """Serve one connection."""
        arrived = b""
        while b"\r\n\r\n" not in arrived:
            data = await stream.receive_some(65536)
            if not data:
                return
            arrived += data
        first, *lines = arrived.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        asked = Asked(trio.current_time(), first.split()[0], headers)
        self.asked.append(asked)
        response = await self.respond(asked)
        if response is not None:
            await stream.send_all(memoryview(response))

    async def connect(self, to: LiteralUrl | None = None, *, host: Host | None = None) -> PipeStream:
        """A connection to where events go."""
        host = host or self.host
        to = to or self.callback
        own = str(host.nics["eth0"].addresses[0].ip)
        return await host.connect(to.address, to.port, ServedAddress(interface="eth0", index=2, address=own))

    async def notify(
        self,
        seq: int,
        value: object = 0,
        *,
        sid: str | None = None,
        to: LiteralUrl | None = None,
        host: Host | None = None,
        body: bytes | None = None,
        change: Callable[[bytes], bytes] = lambda data: data,
    ) -> int:
        """Send an event; returns the status of the answer, and 0 if there is none."""
        to = to or self.callback
        body = render_propertyset([("Status", str(value))]) if body is None else body
        data = change(render_notify(notify_prefix(to, sid or self.sid), seq, body))
        stream = await self.connect(to, host=host)
        try:
            with trio.move_on_after(30):
                await stream.send_all(memoryview(data))
                return await status_of(stream)
        except trio.BrokenResourceError:  # the connection was closed at once
            pass
        finally:
            stream.close()
        return 0


@attrs.frozen
class Scene:
    """A publisher, and a host that subscribes to it."""

    link: Link
    publisher: Publisher
    asker: Host
    subscriptions: Subscriptions
    source: EventSource

    def subscribe(self, variables: Iterable[str] = (), seconds: int = 1800) -> Subscription:
        return self.subscriptions.subscribe(self.source, variables=variables, seconds=seconds)


@asynccontextmanager
async def scene(make: Callable[[Host], Publisher] = Publisher) -> AsyncIterator[Scene]:
    """A publisher at port 80 of 192.0.2.7, and a host at 192.0.2.9."""
    link = Link(seconds=0.001)
    device, asker = Host.on(link, "192.0.2.7/24", name="device"), Host.on(link, "192.0.2.9/24", name="asker")
    publisher = make(device)
    network = asker.network

    async def connect(address: IpAddress, port: int, served: ServedAddress) -> HttpStream:
        return await network.connect(address, port, served=served)

    async with trio.open_nursery() as nursery:
        await nursery.start(serve_connections, device, 80, publisher.serve)
        async with trio.open_nursery() as tasks:
            subscriptions = Subscriptions(network, HttpClient(connect, user_agent="test"), tasks, Random(3))
            source = EventSource(
                url=LiteralUrl.parse("http://192.0.2.7/events"),
                served=network.facing(ip_address("192.0.2.7")),
                udn="uuid:1",
                description=DESCRIPTION,
                name="Publisher",
            )
            yield Scene(link, publisher, asker, subscriptions, source)
            tasks.cancel_scope.cancel()
        nursery.cancel_scope.cancel()
