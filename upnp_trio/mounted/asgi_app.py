"""The ASGI app (https://asgi.readthedocs.io), for servers on asyncio and on trio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from upnp_trio.exchange import Request, Response, error_response
from upnp_trio.http.request_rules import MAX_BODY_BYTES
from upnp_trio.mounted.app import MountedApp, fields_of, refusal
from upnp_trio.mounted.asgi_waiting import Disconnected, Message, Receive, answer_of, body_in_time
from upnp_trio.mounted.paths import target_within
from upnp_trio.server.mounted_site import Answer, MountedSite

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    # as Starlette and others spell them, so that the app is one of theirs to a type checker
    Scope = MutableMapping[str, Any]
    Send = Callable[[Message], Awaitable[None]]

__all__ = ["UpnpApp"]


class UpnpApp(MountedApp):
    """Serves devices within a server that speaks ASGI; *url* is where it is mounted; raises `NetworkError`.

    ``{host}`` as the host of *url* stands for the address of each interface. Pass the app to `serve_device` or
    `serve_devices` as ``http``. Before and after that, it answers 503. Requests may come in any event loop of asyncio
    or trio, in any thread.

    It answers under the addresses that are served, under the host of *url*, and under ``allowed_hosts``. A
    subscriber gets events at the address that the server reports as the client's, and nowhere else.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection scope: a request, or the lifespan of the server, which needs nothing done."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            raise ValueError(f"{scope['type']!r} is a scope that this app does not know")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        site = self._site
        if site is None:
            await _send(send, scope, error_response(503))
            return
        request, lengths = self._request(scope, site)
        if request is None:
            await _send(send, scope, error_response(404))
            return
        try:
            answer = await _answer(site, request, lengths, receive)
        except Disconnected:
            return  # a client may leave at any time
        is_given = False
        try:
            await _send_head(send, answer.response, site.writer.server_token)
            # From here on, the client may have it all, whatever is raised: hypercorn 0.18 raises an error if a client
            # closes right after the last byte. A subscriber that is gone loses its subscription by the first event.
            is_given = True
            await _send_body(send, scope, answer.response)
        finally:
            answer.sent() if is_given else answer.abandon()
            site.report(request, answer.response.status)

    def _request(self, scope: Scope, site: MountedSite) -> tuple[Request | None, list[str]]:
        """The request, and what it says of the length of its body; ``None`` if it is for another app."""
        query = scope.get("query_string", b"").decode("latin-1")
        root_path, raw = scope.get("root_path") or "", (scope.get("raw_path") or b"").decode("latin-1")
        target = target_within(self._prefix, self._decoded_prefix, root_path, scope["path"], query, raw)
        if target is None:
            return None, []
        headers: dict[str, str] = {}
        lengths: list[str] = []
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")
            if key not in headers:  # of repeated fields, the first one counts
                headers[key] = text
            elif key == "host":  # but this is malformed then: a proxy may have gone by the other one (RFC 9112 §3.2)
                headers[key] += f", {text}"
            if key == "content-length":
                lengths.append(text)
        peer = site.peer(_address(scope.get("client")), _address(scope.get("server")))
        return Request(scope["method"].upper(), target, headers, peer=peer), lengths


async def _answer(site: MountedSite, request: Request, lengths: list[str], receive: Receive) -> Answer:
    if (refused := refusal(site, request, lengths)) is not None:
        return Answer(refused, site)
    if site.site.takes_body(request):
        body = await body_in_time(receive, MAX_BODY_BYTES)
        if isinstance(body, Response):
            site.note_refusal("body too long" if body.status == 413 else "body too slow")
            return Answer(body, site)
        request = attrs.evolve(request, body=body)
    elif (found := site.site.read_file(request)) is not None:
        return Answer(found, site)
    return await answer_of(site, request, receive)


async def _send(send: Send, scope: Scope, response: Response) -> None:
    await _send_head(send, response)
    await _send_body(send, scope, response)


async def _send_head(send: Send, response: Response, server: str | None = None) -> None:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields_of(response, server)]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})


async def _send_body(send: Send, scope: Scope, response: Response) -> None:
    is_empty = response.status == 304 or scope["method"] == "HEAD"
    await send({"type": "http.response.body", "body": b"" if is_empty else response.body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


def _address(pair: object) -> str:
    """The address in a pair of address and port; empty if the server knows none."""
    return str(pair[0]) if isinstance(pair, tuple | list) and pair else ""
