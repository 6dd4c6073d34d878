"""A subscriber by hand: an HTTP server that keeps each NOTIFY as it came, and answers as the test says."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.namespaces import Namespace

__all__ = ["Notify", "Subscriber", "open_subscriber"]

PATIENCE_SECONDS = 30.0
_EVENT = "{urn:schemas-upnp-org:event-1-0}"


@attrs.frozen(eq=False)
class Notify:
    """A request that came, with the monotonic time when it was there."""

    method: str
    target: str
    version: str
    headers: Message
    body: bytes
    #: the address that it came from
    peer: str
    at: float

    @property
    def values(self) -> dict[str, str]:
        """The variables in its propertyset."""
        root = ElementTree.fromstring(self.body)
        assert root.tag == f"{_EVENT}propertyset"
        found = {}
        for child in root:
            assert child.tag == f"{_EVENT}property"
            (variable,) = child
            found[variable.tag] = variable.text or ""
        return found


@attrs.define(eq=False)
class Subscriber:
    """What has come, and what is answered from now on."""

    host: Namespace
    address: str
    port: int = 0
    status: int = 200
    #: sent along with the answer
    headers: dict[str, str] = attrs.field(factory=dict)
    received: list[Notify] = attrs.field(factory=list)
    _news: threading.Condition = attrs.field(factory=threading.Condition)

    @property
    def authority(self) -> str:
        """Address and port, as in a URL."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def callback(self) -> str:
        """Its URL, as CALLBACK has it."""
        return f"<http://{self.authority}/events?of=ham>"

    def keep(self, notify: Notify) -> None:
        """Note what has come."""
        with self._news:
            self.received.append(notify)
            self._news.notify_all()

    def wait_for(self, count: int, seconds: float = PATIENCE_SECONDS) -> list[Notify]:
        """All that has come, as soon as there are *count*; AssertionError if they are late."""
        with self._news:
            enough = self._news.wait_for(lambda: len(self.received) >= count, seconds)
            assert enough, f"{len(self.received)} of {count} came within {seconds} s"
            return list(self.received)

    def of(self, sid: str, count: int) -> list[Notify]:
        """All that has come for the subscription *sid*, as soon as there are *count*."""
        with self._news:
            enough = self._news.wait_for(lambda: len(self._of(sid)) >= count, PATIENCE_SECONDS)
            assert enough, f"{len(self._of(sid))} of {count} came within {PATIENCE_SECONDS} s"
            return self._of(sid)

    def _of(self, sid: str) -> list[Notify]:
        return [notify for notify in self.received if notify.headers["SID"] == sid]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, opened: socket.socket, subscriber: Subscriber) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = opened
        self.subscriber = subscriber


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_NOTIFY(self) -> None:
        """Keep it and answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        notify = Notify(
            method=self.command,
            target=self.path,
            version=self.request_version,
            headers=self.headers,
            body=body,
            peer=self.client_address[0],
            at=time.monotonic(),
        )
        subscriber = self.server.subscriber
        self.send_response(subscriber.status)
        for name, value in subscriber.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()
        subscriber.keep(notify)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def open_subscriber(host: Namespace, address: str, port: int = 0, *, scope: int = 0) -> Iterator[Subscriber]:
    """A subscriber on *host*; *scope* is the interface index of a link-local *address*."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = host.open_socket(socket.SOCK_STREAM, family)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((address, port, 0, scope) if family == socket.AF_INET6 else (address, port))
    opened.listen(64)
    subscriber = Subscriber(host, address, opened.getsockname()[1])
    with _Server(opened, subscriber) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield subscriber
        finally:
            server.shutdown()
            thread.join()
