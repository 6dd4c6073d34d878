"""One request to an ASGI app, as a server makes it; the test is the server."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import trio

from tests.mounted.scenes import DIRECTORY, SWITCH_TYPE

__all__ = ["AsgiRequest", "control", "subscribe"]

Message = MutableMapping[str, Any]


class AsgiRequest:
    """A request that comes piece by piece, and what was sent in response."""

    def __init__(self, path: str, *, method: str = "GET", client: str | None = "192.0.2.9", **headers: str) -> None:
        headers = {"Host": "192.0.2.7:8123"} | headers
        self.scope: Message = {
            "type": "http",
            "method": method,
            "path": f"/upnp{path}",
            "root_path": "/upnp",
            "query_string": b"",
            "headers": [(name.replace("_", "-").lower().encode(), text.encode()) for name, text in headers.items()],
            "client": None if client is None else (client, 5000),
            "server": ("192.0.2.7", 8123),
        }
        self.sent: list[Message] = []
        #: whether sending fails, as the client has gone
        self.is_broken = False
        self._send, self._receive = trio.open_memory_channel[Message](100)

    def body(self, piece: bytes, *, more: bool = False) -> AsgiRequest:
        self._send.send_nowait({"type": "http.request", "body": piece, "more_body": more})
        return self

    def leave(self) -> None:
        self._send.send_nowait({"type": "http.disconnect"})

    async def receive(self) -> Message:
        return await self._receive.receive()

    async def send(self, message: Message) -> None:
        await trio.lowlevel.checkpoint()
        if self.is_broken:
            raise OSError("the client has gone")
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}


def control(action: str, arguments: str = "") -> AsgiRequest:
    request = AsgiRequest(
        f"{DIRECTORY}service-1/control",
        method="POST",
        Content_Type='text/xml; charset="utf-8"',
        SOAPACTION=f'"{SWITCH_TYPE}#{action}"',
    )
    return request.body(
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<u:{action} xmlns:u="{SWITCH_TYPE}">{arguments}</u:{action}></s:Body></s:Envelope>'.encode()
    )


def subscribe(callback: str = "http://192.0.2.9:5000/", **options: Any) -> AsgiRequest:  # noqa: ANN401
    path = f"{DIRECTORY}service-1/events"
    return AsgiRequest(path, method="SUBSCRIBE", NT="upnp:event", CALLBACK=f"<{callback}>", **options)
