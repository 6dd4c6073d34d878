"""How many instructions a GET and a call take: ``python -m benchmarks.instructions [FOLDER ...]``; needs valgrind.

Each FOLDER is a checkout of this project; without one, this checkout is measured. valgrind counts what the process
itself executes, so other processes do not show, and two runs differ by less than a thousandth. The requests, each of
them another one, come from memory: the kernel's part is left out, and so is the wait for a socket.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import trio

from benchmarks.calls import SET_MESSAGE, render_call
from benchmarks.peers.upnp_trio_light import MessageBoard, _served
from upnp_trio import RootDevice
from upnp_trio.dates import utc_now
from upnp_trio.documents.publication import publish
from upnp_trio.exchange import Request, Response, ServedAddress
from upnp_trio.http.connection import Connection
from upnp_trio.http.host_check import HostCheck
from upnp_trio.http.responding import PendingResponse
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.http.server import HttpServer
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.listeners import HttpListener
from upnp_trio.server.calls import Calls
from upnp_trio.site import Site

KEPT, NEW = "on a kept connection", "on a new connection"
KINDS = tuple((kind, connection) for connection in (KEPT, NEW) for kind in ("GET", "call"))
INSIDE = "--inside"
HERE = "10.0.0.7:49152"
# The first requests import modules and fill caches; the rest are counted.
WARM_UP = 200
COUNTED = 1000
SECONDS = 300


class Requests:
    """A stream on which these requests arrive one after the other, and which takes whatever is sent."""

    peer = "10.0.0.9"

    def __init__(self, requests: list[bytes]) -> None:
        self._left = requests

    async def receive_some(self, max_bytes: int) -> bytes:
        """The next request."""
        await trio.lowlevel.checkpoint()
        return self.receive_now(max_bytes)

    def receive_now(self, max_bytes: int) -> bytes:
        """The next request."""
        return self._left.pop() if self._left else b""

    def send_now(self, pieces: Sequence[bytes]) -> int:
        """Take all of it."""
        assert pieces[0].startswith(b"HTTP/1.1 200 ")
        return sum(map(len, pieces))

    async def send_all(self, data: memoryview) -> None:
        """Never called, as `send_now` takes everything."""
        raise AssertionError

    async def send_eof(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Arrivals:
    """A listener: each of these requests comes on a connection of its own, in a turn of its own."""

    def __init__(self, requests: list[bytes]) -> None:
        self._left = requests
        self.taken = trio.Event()

    async def accept(self) -> Requests:
        """The next connection."""
        await trio.lowlevel.checkpoint()
        if self._left:
            return Requests([self._left.pop()])
        self.taken.set()
        await trio.sleep_forever()
        raise AssertionError

    def close(self) -> None:
        """Do nothing."""


class Services:
    """Responds as a device with one service does."""

    def __init__(self, site: Site, calls: Calls) -> None:
        self._site, self._calls = site, calls

    def respond(self, request: Request) -> Response | PendingResponse:
        """A file, or the result of a call."""
        answer = self._site.respond(request)
        return answer if isinstance(answer, Response) else self._calls.begin(answer)  # type: ignore[arg-type]  # a call

    def takes_body(self, request: Request) -> bool:
        """Whether it is a call."""
        return self._site.takes_body(request)


async def _serve(kind: str, connection: str, count: int) -> None:
    light = RootDevice(
        device_type="urn:schemas-upnp-org:device:BinaryLight:1",
        friendly_name="Light",
        manufacturer="Benchmarks",
        model_name="Light",
        udn="uuid:6f1d0a52-7c1e-4b6c-9a54-3d1f7e0c2b16",
        services=[_served(MessageBoard(), "MessageBoard")],
    )
    published, site, stats, events = publish(light), Site(), Stats(), Events()
    site.add(published)
    if kind == "call":
        request = render_call(SET_MESSAGE, HERE, published.services[0].control_path, keep=connection == KEPT)
    else:
        closing = "" if connection == KEPT else "Connection: close\r\n"
        request = f"GET {published.description_path} HTTP/1.1\r\nHost: {HERE}\r\nUser-Agent: {{agent}}\r\n{closing}\r\n"
    requests = [
        request.replace("{value}", f"{number:024}").replace("{agent}", f"Linux/6 UPnP/1.1 test/{number}").encode()
        for number in range(10_000, 10_000 + count)
    ]
    writer = ResponseWriter(Services(site, Calls(stats, events)), "Linux UPnP/1.1 test/1", utc_now, stats, events)
    if connection == KEPT:
        await Connection(Requests(requests), HostCheck(HERE), writer).run()
    else:
        async with trio.open_nursery() as nursery:
            server, arrivals = HttpServer(writer), Arrivals(requests)
            await nursery.start(server.run)
            nursery.start_soon(server.accept, HttpListener(HERE, arrivals, ServedAddress()))
            await arrivals.taken.wait()
            nursery.cancel_scope.cancel()
    assert stats.requests == {200: count}


def _count(folder: Path, kind: str, connection: str, count: int) -> int:
    """The instructions of a whole process that serves so many requests."""
    counter = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    finished = subprocess.run(
        [*counter, sys.executable, "-P", __file__, INSIDE, kind, connection, str(count)],
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"},
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    line = next(line for line in finished.stderr.splitlines() if "I   refs" in line)
    return int(line.rpartition(" ")[2].replace(",", ""))


def main(folders: list[str]) -> None:
    """Print a line for each checkout and kind of request."""
    for folder in [Path(each).resolve() for each in folders] or [Path(__file__).resolve().parent.parent]:
        for kind, connection in KINDS:
            before, after = (_count(folder, kind, connection, count) for count in (WARM_UP, WARM_UP + COUNTED))
            print(f"{folder}: {(after - before) / COUNTED:,.0f} instructions for a {kind} {connection}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == [INSIDE]:
        trio.run(_serve, sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main(sys.argv[1:])
