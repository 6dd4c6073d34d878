"""A device in programs that are written for aiohttp, FastAPI under uvicorn, Flask, and anyio."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import flask
import pytest
import sniffio
import uvicorn
from aiohttp import ClientSession, web
from fastapi import FastAPI
from werkzeug.serving import make_server

import upnp_trio
import upnp_trio.asyncio
from tests.bridging.lamps import LOOPBACK, Lamp, call, lamp_device
from upnp_trio.asyncio import Running, serve_device
from upnp_trio.threads import serve_in_thread

SECONDS = 20.0  # for what takes a moment


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=SECONDS) as response:
        text: str = response.read().decode()
        return text


def test_aiohttp_serves_a_page_that_shows_and_sets_what_control_points_set_and_see() -> None:
    lamp = Lamp()
    served: list[Running] = []

    async def serve(app: web.Application) -> AsyncIterator[None]:
        async with serve_device(lamp_device(lamp), **LOOPBACK) as running:
            served.append(running)
            yield

    async def show(request: web.Request) -> web.Response:
        return web.json_response(lamp.level)

    async def switch(request: web.Request) -> web.Response:
        lamp.level = await request.json()
        return web.json_response(lamp.level)

    async def main() -> None:
        app = web.Application()
        app.cleanup_ctx.append(serve)
        app.add_routes([web.get("/level", show), web.put("/level", switch)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        (running,), url = served, f"http://127.0.0.1:{runner.addresses[0][1]}/level"
        async with asyncio.timeout(SECONDS), ClientSession() as session:
            assert (await asyncio.to_thread(call, running, "Async", 7))[0] == 200
            async with session.get(url) as response:
                assert await response.json() == 7
            async with session.put(url, json=9) as response:
                assert response.status == 200
            assert "<OldLevel>9</OldLevel>" in (await asyncio.to_thread(call, running, "Plain", 1))[1]
            async with session.get(running.locations[0]) as response:
                assert running.device.friendly_name in await response.text()
        await runner.cleanup()
        assert running.stats.byebyes

    asyncio.run(main())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of uvicorn's protocols
def test_fastapi_under_uvicorn_serves_it_for_its_lifespan(loop: str) -> None:
    lamp = Lamp()
    served: list[Running] = []
    started = threading.Event()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with serve_device(lamp_device(lamp), **LOOPBACK) as running:
            served.append(running)
            started.set()
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/level")
    async def show() -> int:
        return lamp.level

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, loop=loop, log_level="warning"))
    thread = threading.Thread(target=server.run)  # not the main thread, so it takes no signals
    thread.start()
    try:
        assert started.wait(SECONDS)
        (running,) = served
        assert call(running, "Async", 7)[0] == 200
        while not server.started:
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        assert json.loads(fetched(f"http://127.0.0.1:{port}/level")) == 7
    finally:
        server.should_exit = True
        thread.join(SECONDS)
    assert not thread.is_alive()
    assert running.stats.byebyes


def test_flask_serves_beside_it_from_its_own_threads() -> None:
    lamp = Lamp()
    app = flask.Flask(__name__)

    @app.get("/level")
    def show() -> str:
        return str(lamp.level)

    @app.put("/level/<int:level>")
    def switch(level: int) -> str:
        lamp.level = level
        return str(lamp.level)

    with serve_in_thread(lamp_device(lamp), **LOOPBACK) as running:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/level"
            assert call(running, "Plain", 7)[0] == 200
            assert fetched(url) == "7"
            request = urllib.request.Request(f"{url}/9", method="PUT")
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                assert response.read() == b"9"
            assert "<OldLevel>9</OldLevel>" in call(running, "Async", 1)[1]
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def serve_here(device: upnp_trio.RootDevice) -> AbstractAsyncContextManager[Any]:
    """Serve in whatever loop this is."""
    if sniffio.current_async_library() == "trio":
        return upnp_trio.serve_device(device, **LOOPBACK)
    return upnp_trio.asyncio.serve_device(device, **LOOPBACK)


class Anyio(Lamp):
    """A handler of a program for both of anyio's loops."""

    async def do_async(self, level: int) -> int:
        await anyio.sleep(0.001)
        return await super().do_async(level)


@pytest.mark.parametrize("backend", ["trio", "asyncio", "uvloop"])
def test_anyio_s_programs_serve_it_in_both_loops(backend: str) -> None:
    async def main() -> None:
        lamp = Anyio()
        served: list[Any] = []

        async def serve(*, task_status: anyio.abc.TaskStatus[None]) -> None:
            async with serve_here(lamp_device(lamp)) as running:
                served.append(running)
                task_status.started()
                await anyio.sleep_forever()

        with anyio.fail_after(SECONDS):
            async with anyio.create_task_group() as group:
                await group.start(serve)
                (running,) = served
                status, _ = await anyio.to_thread.run_sync(call, running, "Async", 7)
                assert status == 200
                assert running.service(Lamp).level == 7
                added = await running.add(lamp_device())
                await running.remove(added.udn)
                group.cancel_scope.cancel()
        assert running.stats.byebyes

    if backend == "uvloop":
        anyio.run(main, backend="asyncio", backend_options={"use_uvloop": True})
    else:
        anyio.run(main, backend=backend)


def test_a_cancelled_scope_of_anyio_does_not_keep_the_loop_busy_while_byebye_is_sent() -> None:
    class CountingLoop(asyncio.SelectorEventLoop):
        turns = 0

        def _run_once(self) -> None:
            self.turns += 1
            super()._run_once()  # type: ignore[misc]  # private, and the only place where turns can be counted

    loop = CountingLoop()

    async def main() -> None:
        with anyio.CancelScope() as scope:
            async with serve_device(lamp_device(), **LOOPBACK):
                scope.cancel()
                turns = loop.turns
                await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert loop.turns - turns < 50

    anyio.run(main, backend="asyncio", backend_options={"loop_factory": lambda: loop})
