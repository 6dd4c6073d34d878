"""``python -m tests.chaos.crowd DEVICE-ADDRESS PORT SECONDS``: hostile subscribers and callers at a steady rate.

From one address and from many, on kept connections and on new ones; what they ask for is in `tests.chaos.requests`,
what the events of the device meet is in `tests.chaos.garbage`. Prints as JSON how many requests there were, and their
answers.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import signal
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import NoReturn

import attrs
import trio

from tests.chaos.arena import CROWD_SOURCES
from tests.chaos.counter import CONTROL_PATH, SERVICE_TYPE
from tests.chaos.garbage import Liars
from tests.chaos.requests import call, huge_calls, malformed_calls, subscriptions, valid_calls

__all__ = ["CALL_RATE", "SUBSCRIBE_RATE", "main"]

#: requests a second, in all
SUBSCRIBE_RATE = 1000
#: calls a second, in all
CALL_RATE = 360

REST_SECONDS = 0.2
# A device that answers late is not asked to make up for it.
MOST_BEHIND_SECONDS = 0.5
DRIP_SECONDS = 1.0
# More than the places that there are for calls which wait, and fewer than the connections.
WAITING_CALLS = 136
WAITING_SOURCES = 8
DRIPPING_CALLS = 16

Requests = Callable[[str, str], Iterator[bytes]]


@attrs.frozen(kw_only=True)
class Group:
    """Those who ask for the same, *rate* requests a second in all."""

    name: str
    rate: float
    requests: Requests
    connections: int
    sources: int
    #: how many requests are sent on one connection
    each: int


GROUPS = (
    Group(name="subscribe", rate=0.6 * SUBSCRIBE_RATE, requests=subscriptions, connections=16, sources=1, each=1000),
    Group(name="subscribe", rate=0.4 * SUBSCRIBE_RATE, requests=subscriptions, connections=60, sources=200, each=1),
    Group(name="call", rate=200, requests=valid_calls, connections=4, sources=2, each=1000),
    Group(name="call", rate=150, requests=malformed_calls, connections=8, sources=8, each=10),
    Group(name="call", rate=10, requests=huge_calls, connections=4, sources=2, each=1),
)


@attrs.define(eq=False)
class Pace:
    """Turns at a steady rate."""

    rate: float
    _next: float = attrs.field(factory=trio.current_time)

    async def turn(self) -> None:
        """Wait for one."""
        self._next = max(self._next + 1 / self.rate, trio.current_time() - MOST_BEHIND_SECONDS)
        await trio.sleep_until(self._next)


@attrs.define(eq=False)
class Crowd:
    """The hostile subscribers and callers of one device."""

    address: str
    port: int
    sent: Counter[str] = attrs.field(factory=Counter)
    answers: Counter[str] = attrs.field(factory=Counter)

    @property
    def _host(self) -> str:
        return f"{self.address}:{self.port}"

    async def run(self) -> None:
        """All of them, until cancelled."""
        async with trio.open_nursery() as nursery:
            first = ipaddress.ip_address(CROWD_SOURCES[0])
            for group in GROUPS:
                pace = Pace(group.rate)
                sources = itertools.cycle([str(first + number) for number in range(group.sources)])
                requests: dict[str, Iterator[bytes]] = {}
                for _ in range(group.connections):
                    nursery.start_soon(self._ask, group, pace, sources, requests)
            for number in range(WAITING_CALLS):
                nursery.start_soon(self._hold, self._wait, str(first + number % WAITING_SOURCES))
            for number in range(DRIPPING_CALLS):
                nursery.start_soon(self._hold, self._drip, str(first + number % WAITING_SOURCES))

    async def _ask(
        self, group: Group, pace: Pace, sources: Iterator[str], by_source: dict[str, Iterator[bytes]]
    ) -> NoReturn:
        """Ask on one connection after the other."""
        while True:
            source = next(sources)
            requests = by_source.setdefault(source, group.requests(self._host, source))
            try:
                with trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
                    await connection.bind((source, 0))
                    await connection.connect((self.address, self.port))
                    for _ in range(group.each):
                        await pace.turn()
                        self.sent[group.name] += 1
                        if not await self._exchange(connection, next(requests), group.name):
                            break
            except OSError as error:
                self.answers[f"{group.name}: {error.strerror}"] += 1

    async def _exchange(self, connection: trio.socket.SocketType, request: bytes, name: str) -> bool:
        """Whether there was an answer; its status is counted."""
        unsent = memoryview(request)
        while unsent:
            unsent = unsent[await connection.send(unsent) :]
        answer = await connection.recv(65536)
        self.answers[f"{name}: {answer[9:12].decode('latin-1')}"] += 1
        return bool(answer)

    async def _hold(self, behave: Callable[[trio.socket.SocketType], Awaitable[None]], source: str) -> NoReturn:
        """One connection after the other that lasts."""
        while True:
            try:
                with trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
                    await connection.bind((source, 0))
                    await connection.connect((self.address, self.port))
                    await behave(connection)
            except OSError as error:
                self.answers[f"hold: {error.strerror}"] += 1
            await trio.sleep(REST_SECONDS)

    async def _wait(self, connection: trio.socket.SocketType) -> None:
        pace = Pace(1 / REST_SECONDS)
        while await self._exchange(connection, call(self._host, "Wait"), "wait"):
            await pace.turn()

    async def _drip(self, connection: trio.socket.SocketType) -> None:
        head = (
            f"POST {CONTROL_PATH} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: text/xml\r\n"
            f'SOAPACTION: "{SERVICE_TYPE}#Next"\r\nContent-Length: 60000\r\n\r\n'
        )
        await connection.send(head.encode())
        while True:
            await connection.send(b"<")
            with trio.move_on_after(DRIP_SECONDS):
                await connection.recv(1024)
                return


async def main(address: str, port: int, seconds: float) -> None:
    """Go on for so long."""
    crowd, liars = Crowd(address, port), Liars()
    start = trio.current_time()
    with trio.move_on_after(seconds), trio.open_signal_receiver(signal.SIGTERM) as ends:
        async with trio.open_nursery() as nursery:
            await nursery.start(liars.run)
            nursery.start_soon(crowd.run)
            async for _ in ends:
                nursery.cancel_scope.cancel()
                break
    found = {"seconds": trio.current_time() - start, **crowd.sent, "answers": crowd.answers, "events": liars.turns}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
