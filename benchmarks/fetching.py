"""Fetching: one control point GETs a description again and again, over one connection while the device keeps it."""

import re
import socket
import time
from urllib.parse import urlsplit

import attrs

from benchmarks.cpu import process_cpu_ns
from benchmarks.measures import Fetches

WARM_UP_GETS = 20
GET_WAIT_SECONDS = 2.0
FAILED_GETS = 3  # so many bad ones, and the series ends
RECEIVE_BYTES = 65536

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection:[^\r]*close", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)


class FetchError(Exception):
    """The device did not answer a GET with a whole 200 response."""


@attrs.frozen(kw_only=True)
class Response:
    """What the timing needs to know of a response; chunked bodies count with their chunk heads."""

    body_bytes: int
    keeps_open: bool


def read_response(connection: socket.socket) -> Response:
    """Read exactly one response to a GET; without a length it ends with the connection (HTTP/1.0)."""
    received = b""
    while (head_end := received.find(b"\r\n\r\n")) < 0:
        received += _receive(connection)
    head, body = received[: head_end + 2], received[head_end + 4 :]
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        raise FetchError(f"status line is {head.partition(bytes((13, 10)))[0]!r}")
    keeps_open = head.startswith(b"HTTP/1.1") and CLOSES.search(head) is None
    if CHUNKED.search(head):
        while not body.endswith(b"0\r\n\r\n"):
            body += _receive(connection)
    elif length := CONTENT_LENGTH.search(head):
        while len(body) < int(length[1]):
            body += _receive(connection)
    else:
        keeps_open = False
        while more := connection.recv(RECEIVE_BYTES):
            body += more
    return Response(body_bytes=len(body), keeps_open=keeps_open)


def _receive(connection: socket.socket) -> bytes:
    if not (received := connection.recv(RECEIVE_BYTES)):
        raise FetchError("the connection ended within a response")
    return received


@attrs.define(eq=False, kw_only=True)
class Fetcher:
    """Sends one GET at a time, on the open connection if there is one; `connections` counts those it needed."""

    location: str
    control_point: str
    connections: int = 0
    _connection: socket.socket | None = None

    def get(self) -> Response:
        """One GET, its response whole; raises FetchError or OSError, and the next GET then connects anew."""
        url = urlsplit(self.location)
        request = f"GET {url.path or '/'} HTTP/1.1\r\nHost: {url.netloc}\r\nUser-Agent: benchmarks\r\n\r\n"
        if (connection := self._connection) is None:
            if url.hostname is None:
                raise FetchError("no absolute URL")
            connection = socket.create_connection(
                (url.hostname, url.port or 80), GET_WAIT_SECONDS, source_address=(self.control_point, 0)
            )
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection = connection
            self.connections += 1
        try:
            connection.sendall(request.encode())
            response = read_response(connection)
        except (FetchError, OSError):
            self.close()
            raise
        if not response.keeps_open:
            self.close()
        return response

    def close(self) -> None:
        """Close the open connection, if any."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def fetch_repeatedly(location: str, control_point: str, pid: int, count: int, seconds: float) -> Fetches:
    """GET `location` up to `count` times in up to `seconds`; a first GET that fails is reported as FetchError."""
    fetcher = Fetcher(location=location, control_point=control_point)
    try:
        for _ in range(WARM_UP_GETS):
            body_bytes = fetcher.get().body_bytes
        times_ns: list[int] = []
        failed = 0
        warm_up_connections = fetcher.connections
        cpu_before, start = process_cpu_ns(pid), time.perf_counter_ns()
        end = start + int(seconds * 1e9)
        while len(times_ns) + failed < count and failed < FAILED_GETS and (asked_at := time.perf_counter_ns()) < end:
            try:
                fetcher.get()
            except (FetchError, OSError):
                failed += 1
            else:
                times_ns.append(time.perf_counter_ns() - asked_at)
        return Fetches(
            sent=len(times_ns) + failed,
            connections=max(1, fetcher.connections - warm_up_connections),
            body_bytes=body_bytes,
            elapsed_ns=time.perf_counter_ns() - start,
            cpu_ns=process_cpu_ns(pid) - cpu_before,
            times_ns=times_ns,
        )
    finally:
        fetcher.close()
