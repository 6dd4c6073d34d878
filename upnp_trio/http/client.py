"""HTTP requests of the asking side, with bounds on everything that a device can make long or slow (H11).

No redirect is followed. h11 is the state machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import attrs
import h11
import trio

from upnp_trio.errors import RequestFailed
from upnp_trio.model.literal_url import IpAddress, LiteralUrl

if TYPE_CHECKING:
    from upnp_trio.exchange import ServedAddress
    from upnp_trio.network.streams import HttpStream

__all__ = ["HttpAnswer", "HttpClient"]

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
MAX_BODY_BYTES = 1024 * 1024
MAX_HEAD_BYTES = 16 * 1024
READ_BYTES = 64 * 1024
MAX_GETS = 8


@attrs.frozen
class HttpAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)


@attrs.define(eq=False, repr=False)
class HttpClient:
    _connect: Callable[[IpAddress, int, "ServedAddress"], Awaitable["HttpStream"]]
    _user_agent: str = attrs.field(alias="user_agent", kw_only=True)
    _gets: trio.CapacityLimiter = attrs.field(factory=lambda: trio.CapacityLimiter(MAX_GETS))

    async def get(self, url: LiteralUrl, served: ServedAddress, *, max_body_bytes: int = MAX_BODY_BYTES) -> HttpAnswer:
        async with self._gets:
            answer = await self.request("GET", url, served, max_body_bytes=max_body_bytes)
        if answer.status != 200:
            raise RequestFailed(f"GET {url}: the device answered with status {answer.status}", answer.status)
        return answer

    async def request(
        self,
        method: str,
        url: LiteralUrl,
        served: ServedAddress,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        max_body_bytes: int = MAX_BODY_BYTES,
        seconds: float = TOTAL_SECONDS,
    ) -> HttpAnswer:
        stream: HttpStream | None = None
        try:
            with trio.fail_after(seconds):
                with trio.fail_after(CONNECT_SECONDS):
                    stream = await self._connect(url.address, url.port, served)
                return await self._exchange(stream, method, url, headers, body, max_body_bytes)
        except trio.TooSlowError as error:
            raise RequestFailed(f"{method} {url}: no answer within {seconds:g} s") from error
        except (OSError, trio.BrokenResourceError, h11.RemoteProtocolError) as error:
            raise RequestFailed(f"{method} {url}: {error}") from error
        finally:
            if stream is not None:
                stream.close()

    async def _exchange(self, stream, method, url, headers, body, max_body_bytes) -> HttpAnswer:  # type: ignore
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        fields = [("Host", url.authority), ("User-Agent", self._user_agent), *headers, ("Connection", "close")]
        if body or method == "POST":
            fields.append(("Content-Length", str(len(body))))
        data = connection.send(h11.Request(method=method, target=url.target, headers=fields)) or b""
        if body:
            data += connection.send(h11.Data(data=body)) or b""
        data += connection.send(h11.EndOfMessage()) or b""
        await stream.send_all(memoryview(data))
        status, found, received = 0, {}, bytearray()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await stream.receive_some(READ_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
                for name, value in event.headers:
                    found.setdefault(name.decode("ascii"), value.decode("latin-1"))
            elif isinstance(event, h11.Data):
                received += event.data
                if len(received) > max_body_bytes:
                    raise RequestFailed(f"{method} {url}: the body is longer than {max_body_bytes} bytes")
            elif isinstance(event, h11.EndOfMessage):
                return HttpAnswer(status, found, bytes(received))
            elif isinstance(event, h11.ConnectionClosed):
                raise RequestFailed(f"{method} {url}: the connection ended")

    def close(self) -> None:
        pass
