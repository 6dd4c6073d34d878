"""The good client's subscription: what it gets, and what it should have got."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

import attrs
import trio

from tests.chaos.arena import CLIENT_ADDRESS
from tests.chaos.counter import EVENT_PATH

__all__ = ["EVENT_PATIENCE_SECONDS", "Subscriber"]

#: who has not got an event then has missed it
EVENT_PATIENCE_SECONDS = 10.0
# The shortest that a device grants, renewed several times within it, as a good control point does.
TIMEOUT_SECONDS = 60
RENEWAL_SECONDS = 15.0
PORT = 4004

_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_SID = re.compile(rb"^sid:\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)
_SEQ = re.compile(rb"^seq:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_NUMBER = re.compile(rb"<Number>(\d+)</Number>")
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

Ask = Callable[[bytes], Awaitable[bytes]]
Report = Callable[[str, float, str | None], None]


@attrs.define(eq=False)
class Subscriber:
    """Subscribes with *ask*, which sends one request on a connection of its own and returns the answer."""

    host: str
    ask: Ask
    report: Report
    sid: bytes = b""
    next_seq: int = 0
    #: the highest that has arrived
    number: int = -1
    _news: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    async def listen(self, *, task_status: trio.TaskStatus[None]) -> NoReturn:
        """Accept the device's connections."""
        async with trio.open_nursery() as nursery:
            with trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                await listening.bind((CLIENT_ADDRESS, PORT))
                listening.listen()
                task_status.started()
                while True:
                    connection, _ = await listening.accept()
                    nursery.start_soon(self._serve, connection)

    async def keep(self) -> NoReturn:
        """Subscribe, and renew the subscription in time; a renewal that is not granted is reported."""
        moment = time.monotonic()
        callback = f"<http://{CLIENT_ADDRESS}:{PORT}/good>"
        answer = await self._request(f"CALLBACK: {callback}", "NT: upnp:event")
        self.report("subscription", moment, None if answer.startswith(b"HTTP/1.1 200 ") else repr(answer[:80]))
        found = _SID.search(answer)
        self.sid = found[1] if found else b""
        while True:
            await trio.sleep(RENEWAL_SECONDS)
            moment = time.monotonic()
            answer = await self._request(f"SID: {self.sid.decode()}")
            self.report("subscription", moment, None if answer.startswith(b"HTTP/1.1 200 ") else repr(answer[:80]))

    async def _request(self, *lines: str) -> bytes:
        timeout = f"TIMEOUT: Second-{TIMEOUT_SECONDS}"
        request = [f"SUBSCRIBE {EVENT_PATH} HTTP/1.1", f"HOST: {self.host}", *lines, timeout, "Connection: close"]
        return await self.ask("\r\n".join([*request, "", ""]).encode())

    async def expect(self, number: int, moment: float) -> None:
        """Report when the event for *number* arrives, which was counted by a call at *moment*.

        Numbers that are counted at once leave as one event, so a later one will do.
        """
        with trio.move_on_after(EVENT_PATIENCE_SECONDS):
            while self.number < number:
                await self._news.park()
        self.report("event", moment, None if self.number >= number else f"no event for {number}")

    async def _serve(self, connection: trio.socket.SocketType) -> None:
        with connection:
            arrived = b""
            try:
                while data := await connection.recv(65536):
                    arrived += data
                    while (end := _end_of_message(arrived)) is not None:
                        self._take(arrived[:end])
                        arrived = arrived[end:]
                        await connection.send(_REPLY)
            except OSError as error:
                self.report("fault", time.monotonic(), f"the device's connection: {error}")

    def _take(self, message: bytes) -> None:
        """Check one event."""
        head, _, body = message.partition(b"\r\n\r\n")
        sid, seq, number = _SID.search(head), _SEQ.search(head), _NUMBER.search(body)
        # the first event may overtake the answer with the SID
        if not head.startswith(b"NOTIFY /good ") or seq is None or sid is None or (self.sid and sid[1] != self.sid):
            self.report("fault", time.monotonic(), f"not for us: {head!r}")
            return
        if int(seq[1]) != self.next_seq:
            self.report("fault", time.monotonic(), f"SEQ {int(seq[1])}, expected {self.next_seq}")
        self.next_seq = int(seq[1]) + 1
        if number is not None:
            if int(number[1]) <= self.number:
                self.report("fault", time.monotonic(), f"{int(number[1])} after {self.number}")
            self.number = int(number[1])
            self._news.unpark_all()


def _end_of_message(arrived: bytes) -> int | None:
    """Where the first message in *arrived* ends; ``None`` if it is not whole."""
    head, end, rest = arrived.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    size = int(length[1]) if length else 0
    return len(head) + len(end) + size if end and len(rest) >= size else None
