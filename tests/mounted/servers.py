"""Real web servers on loopback, each with an app of ours mounted at /upnp beside an app of the program."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from http.server import HTTPServer
from typing import Any, Literal
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

import hypercorn.asyncio
import hypercorn.config
import hypercorn.trio
import trio
import uvicorn
import werkzeug.serving
from fastapi import FastAPI
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import upnp_trio.asgi
import upnp_trio.wsgi

__all__ = ["PREFIX", "SERVERS", "Mounted", "MountedServer", "uvicorn_in_thread"]

PREFIX = "/upnp"
Mounted = upnp_trio.asgi.UpnpApp | upnp_trio.wsgi.UpnpApp
#: opens a server; gives the app that is mounted in it
MountedServer = Callable[[], AbstractAsyncContextManager[Mounted]]


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Mount = Callable[[upnp_trio.asgi.UpnpApp], Asgi]
WsgiMount = Callable[[upnp_trio.wsgi.UpnpApp], WSGIApplication]


def url(port: int) -> str:
    return f"http://{{host}}:{port}{PREFIX}"


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener


# --- ASGI ----------------------------------------------------------------------------------------------------------


async def greet(scope: Scope, receive: Receive, send: Send) -> None:
    """The program's own app."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def by_hand(upnp: upnp_trio.asgi.UpnpApp) -> Asgi:
    """A plain ASGI app that mounts nothing, but passes requests on."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/")
        await (upnp if is_ours or scope["type"] == "lifespan" else greet)(scope, receive, send)

    return app


def by_fastapi(upnp: upnp_trio.asgi.UpnpApp) -> Asgi:
    app = FastAPI()
    app.mount(PREFIX, upnp)
    return app


def by_hypercorn(upnp: upnp_trio.asgi.UpnpApp) -> Asgi:
    from hypercorn.middleware.dispatcher import TrioDispatcherMiddleware

    return TrioDispatcherMiddleware({PREFIX: upnp})  # type: ignore[dict-item, return-value]


def by_old_mount(upnp: upnp_trio.asgi.UpnpApp) -> Asgi:
    """As frameworks did before ASGI said that ``path`` has ``root_path``, too."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(f"{PREFIX}/"):
            scope = {**scope, "root_path": PREFIX, "path": scope["path"].removeprefix(PREFIX)}
        await upnp(scope, receive, send)

    return app


@asynccontextmanager
async def uvicorn_in_thread(
    app: Asgi, listener: socket.socket, http: Literal["h11", "httptools"]
) -> AsyncIterator[None]:
    """uvicorn on asyncio, in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False, http=http))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(thread.join)


@asynccontextmanager
async def uvicorn_with(mount: Mount, http: Literal["h11", "httptools"] = "h11") -> AsyncIterator[Mounted]:
    with listening() as listener:
        upnp = upnp_trio.asgi.UpnpApp(url(listener.getsockname()[1]))
        async with uvicorn_in_thread(mount(upnp), listener, http):
            yield upnp


@asynccontextmanager
async def hypercorn_closes(listener: socket.socket) -> AsyncIterator[None]:
    """What hypercorn has taken over and closed is not closed again."""
    try:
        yield
    finally:
        listener.detach()


@asynccontextmanager
async def hypercorn_with(mount: Mount) -> AsyncIterator[Mounted]:
    """hypercorn in this very trio loop."""
    with listening() as listener:
        upnp = upnp_trio.asgi.UpnpApp(url(listener.getsockname()[1]))
        config = hypercorn.config.Config()
        config.bind, config.include_server_header = [f"fd://{listener.fileno()}"], False
        config.graceful_timeout = 1
        config.errorlog = logging.getLogger("tests.hypercorn")
        stop = trio.Event()
        async with hypercorn_closes(listener), trio.open_nursery() as nursery:
            app: Any = mount(upnp)
            await nursery.start(partial(hypercorn.trio.serve, app, config, shutdown_trigger=stop.wait))
            try:
                yield upnp
            finally:
                stop.set()


# --- WSGI ----------------------------------------------------------------------------------------------------------


def flask_app() -> Flask:
    app = Flask("program")
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="hello")
    return app


def by_flask(upnp: upnp_trio.wsgi.UpnpApp) -> WSGIApplication:
    app = flask_app()
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {PREFIX: upnp})  # type: ignore[method-assign]
    return app


def by_dispatcher(upnp: upnp_trio.wsgi.UpnpApp) -> WSGIApplication:
    return DispatcherMiddleware(flask_app(), {PREFIX: upnp})


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class _QuietWerkzeug(werkzeug.serving.WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


@asynccontextmanager
async def wsgi_thread(
    server: HTTPServer, set_app: Callable[[WSGIApplication], None], mount: WsgiMount
) -> AsyncIterator[Mounted]:
    upnp = upnp_trio.wsgi.UpnpApp(url(server.server_port))
    set_app(mount(upnp))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield upnp
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(server.shutdown)
            await trio.to_thread.run_sync(thread.join)
        server.server_close()


def wsgiref_with(mount: WsgiMount) -> AbstractAsyncContextManager[Mounted]:
    """wsgiref, which serves one request after the other."""
    server = make_server("127.0.0.1", 0, flask_app(), WSGIServer, _Quiet)
    return wsgi_thread(server, server.set_app, mount)


def werkzeug_with(mount: WsgiMount) -> AbstractAsyncContextManager[Mounted]:
    """werkzeug's server, with a thread for each request."""
    server = werkzeug.serving.make_server("127.0.0.1", 0, flask_app(), threaded=True, request_handler=_QuietWerkzeug)
    return wsgi_thread(server, lambda app: setattr(server, "app", app), mount)


#: by name, each opens a server with an app of ours mounted in it
SERVERS: dict[str, MountedServer] = {
    "uvicorn": partial(uvicorn_with, by_hand),
    "uvicorn-httptools": partial(uvicorn_with, by_hand, "httptools"),
    "fastapi": partial(uvicorn_with, by_fastapi),
    "old-mount": partial(uvicorn_with, by_old_mount),
    "hypercorn": partial(hypercorn_with, by_hypercorn),
    "hypercorn-by-hand": partial(hypercorn_with, by_hand),
    "flask": partial(werkzeug_with, by_flask),
    "werkzeug": partial(werkzeug_with, by_dispatcher),
    "wsgiref": partial(wsgiref_with, by_dispatcher),
}
