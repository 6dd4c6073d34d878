"""A device that means harm: it answers searches with whatever datagrams it is told, and its web server misbehaves."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import attrs

from tests.network.namespaces import LINK, Namespace, mreqn

__all__ = ["DRIP_SECONDS", "GIB", "Liar", "answer", "open_liar"]

GIB = 1 << 30
PORT = 8080
DRIP_SECONDS = 0.5
_GROUP = "239.255.255.250"
_POLL_SECONDS = 0.1
_BLOCK = b" " * 65536
# A burst that the receiver cannot take is lost; a liar that wants to be heard pauses.
_BURST, _PAUSE_SECONDS = 50, 0.002


def answer(udn: str, location: str, *, server: str = "x/1 UPnP/1.1 y/1", max_age: int = 1800) -> bytes:
    """An answer of a root device."""
    return (
        f"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age={max_age}\r\nEXT:\r\nLOCATION: {location}\r\nSERVER: {server}\r\n"
        f"ST: upnp:rootdevice\r\nUSN: {udn}::upnp:rootdevice\r\nBOOTID.UPNP.ORG: 1\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n"
    ).encode()


@attrs.define(eq=False)
class Liar:
    """It runs until the end of `open_liar`."""

    address: str
    #: sent to every searcher
    answers: Iterable[bytes] = ()
    #: answers wait until it is set
    released: threading.Event = attrs.field(factory=threading.Event)
    #: documents by path
    documents: dict[str, bytes] = attrs.field(factory=dict)
    #: where /redirect leads
    elsewhere: str = ""
    #: body bytes that were sent, by path
    sent: Counter[str] = attrs.field(factory=Counter)
    _stopped: threading.Event = attrs.field(factory=threading.Event)
    _threads: list[threading.Thread] = attrs.field(factory=list)

    def url(self, path: str) -> str:
        """The URL of *path* at its server."""
        return f"http://{self.address}:{PORT}{path}"

    def start(self, work: Callable[[socket.socket], None], opened: socket.socket) -> None:
        """Let a thread do *work* with *opened*, and close that."""
        thread = threading.Thread(target=self._work, args=(work, opened), daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        """End all threads."""
        self._stopped.set()
        self.released.set()
        for thread in list(self._threads):
            thread.join(10)

    def _work(self, work: Callable[[socket.socket], None], opened: socket.socket) -> None:
        with opened, suppress(OSError):  # whoever is lied to goes away
            opened.settimeout(_POLL_SECONDS)
            work(opened)

    # --- SSDP --------------------------------------------------------------------------------------------------------

    def answer_searches(self, opened: socket.socket) -> None:
        """Answer each M-SEARCH."""
        while not self._stopped.is_set():
            try:
                datagram, source = opened.recvfrom(65536)
            except TimeoutError:
                continue
            if datagram.startswith(b"M-SEARCH"):
                self.released.wait()
                for number, payload in enumerate(self.answers):
                    if number % _BURST == 0:
                        time.sleep(_PAUSE_SECONDS)
                    opened.sendto(payload, source)

    # --- HTTP --------------------------------------------------------------------------------------------------------

    def serve(self, listener: socket.socket) -> None:
        """Take connections."""
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                self.start(self._answer_request, listener.accept()[0])

    def _answer_request(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head:
            received = connection.recv(65536)
            if not received:
                return
            head += received
        path = head.split()[1].decode()
        kind = path.split("/")[1]
        connection.sendall(b"HTTP/1.1 302 Found\r\n" if kind == "redirect" else b"HTTP/1.1 200 OK\r\n")
        match kind:
            case "redirect":
                connection.sendall(f"Location: {self.elsewhere}\r\nContent-Length: 0\r\n\r\n".encode())
            case "huge":
                connection.sendall(f"Content-Length: {GIB}\r\n\r\n".encode())
                self._pour(connection, path, _BLOCK)
            case "endless":
                connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
                self._pour(connection, path, f"{len(_BLOCK):x}\r\n".encode() + _BLOCK + b"\r\n")
            case "slow":
                connection.sendall(b"Content-Length: 1000\r\n\r\n")
                while not self._stopped.wait(DRIP_SECONDS):
                    connection.sendall(b" ")
            case "headers":
                while not self._stopped.is_set():
                    connection.sendall(b"X-Filler: " + _BLOCK + b"\r\n")
                    self.sent[path] += len(_BLOCK)
            case _:
                body = self.documents.get(path, b"nothing")
                connection.sendall(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _pour(self, connection: socket.socket, path: str, block: bytes) -> None:
        while not self._stopped.is_set() and self.sent[path] < GIB:
            connection.sendall(block)
            self.sent[path] += len(block)


@contextmanager
def open_liar(host: Namespace, address: str) -> Iterator[Liar]:
    """A liar on *host*, which answers at once."""
    liar = Liar(address)
    liar.released.set()
    ssdp = host.open_socket(socket.SOCK_DGRAM)
    ssdp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, mreqn(_GROUP, address, host.index(LINK)))
    ssdp.bind(("", 1900))
    listener = host.open_socket(socket.SOCK_STREAM)
    listener.bind((address, PORT))
    listener.listen(64)
    liar.start(liar.answer_searches, ssdp)
    liar.start(liar.serve, listener)
    try:
        yield liar
    finally:
        liar.stop()
