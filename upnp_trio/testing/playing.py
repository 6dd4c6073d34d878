"""How a scripted device is played on a host in memory."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import attrs
import trio

from upnp_trio.documents.publication import Publication, publish
from upnp_trio.errors import DeviceFailed, MalformedMessage
from upnp_trio.network.endpoint import Address
from upnp_trio.network.udp_sockets import group_of, host_of, socket_address
from upnp_trio.server.identity import server_token, with_udns
from upnp_trio.ssdp.advertisements import Advertisement, advertisements
from upnp_trio.ssdp.messages import PORT, Alive, ByeBye, Search, SearchResponse
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_alive, render_byebye, render_search_response
from upnp_trio.tasks.supervision import supervised
from upnp_trio.testing.peers import http_response, serve_connections
from upnp_trio.testing.scheduling import require_trio
from upnp_trio.testing.scripted import ScriptedDevice
from upnp_trio.testing.udp import UdpSocket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from upnp_trio.model.device import RootDevice
    from upnp_trio.testing.hosts import Host  # noqa: TC004  # only cattrs would evaluate it
    from upnp_trio.testing.pipes import PipeStream

__all__ = ["Playing", "play"]

# Sets of announcements follow each other by as much as those of a device of this package, about.
SET_SECONDS = 0.2
# Answers that wait for their time. A search beyond that is not answered.
MAX_PENDING_SEARCHES = 1000
# More than any client of this package sends; a longer head is not answered.
MAX_HEAD_BYTES = 65_536


@attrs.define(eq=False, repr=False, kw_only=True)
class Playing:
    """A scripted device that is being played."""

    #: what it does; may be replaced by another value meanwhile, as by ``attrs.evolve(playing.script, answers=0)``
    script: ScriptedDevice
    _host: Host
    _publication: Publication
    _group: Address
    _own: str
    _sending: UdpSocket
    _nursery: trio.Nursery
    #: BOOTID
    boot_id: int = 1
    #: whether it neither sends nor responds any more
    is_silent: bool = False
    #: the first lines of the requests that came, such as ``GET /description.xml HTTP/1.1``
    requests: list[str] = attrs.field(factory=list)
    _pending: int = 0

    def __repr__(self) -> str:
        return f"<Playing {self.device.friendly_name!r} at {self._own}>"

    @property
    def device(self) -> RootDevice:
        """What it claims to be, with its UDN and its URLs."""
        return self._publication.root

    @property
    def udn(self) -> str:
        """Its UDN: ``uuid:`` and a UUID."""
        return str(self.device.udn)

    @property
    def location(self) -> str:
        """LOCATION, as it sends it."""
        host = f"[{self._own}]" if ":" in self._own else self._own
        return self.script.location.replace("{host}", host).replace("{port}", str(self.script.port))

    async def announce(self) -> None:
        """Send one set of alive."""
        await trio.lowlevel.checkpoint()
        for row in self._rows:
            alive = Alive(
                notification_type=row.notification_type,
                usn=row.usn,
                location=self.location,
                server=server_token(self.device.spec_version),
                max_age=self.script.max_age,
                boot_id=self.boot_id,
                config_id=self.device.config_id,
            )
            self._send(render_alive(alive, host=host_of(self._group[0])), self._group)

    async def say_byebye(self) -> None:
        """Send one set of byebye."""
        await trio.lowlevel.checkpoint()
        for row in self._rows:
            byebye = ByeBye(notification_type=row.notification_type, usn=row.usn, boot_id=self.boot_id)
            self._send(render_byebye(byebye, host=host_of(self._group[0])), self._group)

    async def reboot(self) -> None:
        """Start anew without byebye: with another BOOTID, and announced again."""
        self.boot_id += 1
        self.is_silent = False
        await self._announce_start()

    def fall_silent(self) -> None:
        """Neither send nor respond any more: searches are ignored, and requests wait for ever, until `reboot`."""
        self.is_silent = True

    # --- how it does that ---------------------------------------------------------------------------------------------

    @property
    def _rows(self) -> tuple[Advertisement, ...]:
        return advertisements(self.device)

    def _send(self, payload: bytes, destination: Address) -> None:
        if not self.is_silent:
            with suppress(OSError):  # the interface is down, or has another address: what is sent is lost, as anywhere
                self._sending.sendto(payload, destination)

    async def _announce_start(self) -> None:
        for number in range(self.script.announcements):
            if number:
                await trio.sleep(SET_SECONDS)
            await self.announce()

    async def _keep_announcing(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Announce the start, and then again and again, if the script says so."""
        await self._announce_start()
        task_status.started()
        while (seconds := self.script.announce_every) is not None:
            await trio.sleep(seconds)
            await self.announce()

    async def _send_garbage(self) -> None:
        """Send one piece of garbage after the other, if the script says so."""
        number = 0
        while (seconds := self.script.garbage_every) is not None:
            await trio.sleep(seconds)
            self._send(self.script.garbage[number % len(self.script.garbage)], self._group)
            number += 1

    async def _answer_searches(
        self, receiving: UdpSocket, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> NoReturn:
        """Answer what arrives at a socket until cancelled."""
        task_status.started()
        while True:
            await receiving.wait_readable()
            payload, source = receiving.recvfrom(65536)
            try:
                message = parse(payload)
            except MalformedMessage:
                continue
            if isinstance(message, Search) and self._pending < MAX_PENDING_SEARCHES:
                self._pending += 1
                self._nursery.start_soon(self._answer, message, source)

    async def _answer(self, search: Search, source: Address) -> None:
        try:
            await trio.sleep(self.script.answer_after)
            for row in self._rows:
                if search.search_target in ("ssdp:all", row.notification_type):
                    for _ in range(self.script.answers):
                        self._send(self._response(row), source)
        finally:
            self._pending -= 1

    def _response(self, row: Advertisement) -> bytes:
        return render_search_response(
            SearchResponse(
                search_target=row.notification_type,
                usn=row.usn,
                location=self.location,
                server=server_token(self.device.spec_version),
                max_age=self.script.max_age,
                boot_id=self.boot_id,
                config_id=self.device.config_id,
            )
        )

    async def _respond(self, stream: PipeStream) -> None:
        """Respond to one request, as the script says."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = await stream.receive_some(65_536)
            head += data
            if not data or len(head) > MAX_HEAD_BYTES:
                return
        self.requests.append(head.partition(b"\r\n")[0].decode("latin-1"))
        await trio.sleep(self.script.respond_after)
        if self.is_silent:
            await trio.sleep_forever()
        body = self._document(self.requests[-1].split())
        if body is None:
            await stream.send_all(memoryview(http_response(b"", "Connection: close", status="404 Not Found")))
            return
        lines = f"Content-Type: {self.script.content_type}", "Connection: close"
        response = http_response(body, *lines, status=self.script.status)
        if self.script.drip_seconds is None:
            await stream.send_all(memoryview(response))
            return
        start = len(response) - len(body)
        await stream.send_all(memoryview(response)[:start])
        for place in range(start, len(response), self.script.drip_bytes):
            await trio.sleep(self.script.drip_seconds)
            await stream.send_all(memoryview(response)[place : place + self.script.drip_bytes])

    def _document(self, request: list[str]) -> bytes | None:
        path = request[1] if len(request) == 3 else ""
        if path == (urlsplit(self.location).path or "/"):
            body = self.script.description
            if body is None:
                body = self._publication.files[self._publication.description_path].body
            if self.script.padding:
                start, end, rest = body.rpartition(b"</")
                body = start + b"<!--" + b" " * self.script.padding + b"-->" + end + rest
            return body
        file = self._publication.files.get(path)
        return None if file is None else file.body


@asynccontextmanager
async def play(script: ScriptedDevice, host: Host, name: str) -> AsyncIterator[Playing]:
    """Play *script* on the interface of *host* with this name for as long as the body runs.

    The body starts when the device has announced itself. Its end, or its exception, ends the device.
    """
    require_trio()
    nic = host.nic(name)
    own = nic.addresses[0]
    group = group_of(own)
    unicast, multicast = host.open_udp(str(own.ip), PORT, name=name), host.open_udp(group, PORT, name=name)
    try:
        async with supervised(DeviceFailed, "the scripted device") as nursery:
            playing = Playing(
                script=script,
                host=host,
                publication=publish(with_udns(script.device, host.name)),
                group=socket_address(group, PORT, nic.interface),
                own=str(own.ip),
                sending=unicast,
                nursery=nursery,
            )
            if script.accepts:
                await nursery.start(_serve, playing, host, str(own.ip), name)
            await nursery.start(playing._answer_searches, unicast)
            await nursery.start(playing._answer_searches, multicast)
            await nursery.start(playing._keep_announcing)
            nursery.start_soon(playing._send_garbage)
            yield playing
            if playing.script.says_byebye:
                await playing.say_byebye()
    finally:
        unicast.close()
        multicast.close()


async def _serve(
    playing: Playing, host: Host, address: str, name: str, *, task_status: trio.TaskStatus[None]
) -> NoReturn:
    await serve_connections(
        host, playing.script.port, playing._respond, address=address, name=name, task_status=task_status
    )
