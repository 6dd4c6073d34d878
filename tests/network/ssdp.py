"""SSDP from the other side of the cable, on bare sockets and without upnp_trio: search, listen, parse."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from tests.network.namespaces import LINK, Namespace, mreqn

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GROUP", "PORT", "Message", "SsdpSocket", "m_search", "open_listener", "open_searcher", "wait_until_member"]

GROUP = "239.255.255.250"
PORT = 1900
PATIENCE_SECONDS = 30.0

_IP_MULTICAST_ALL = 49  # <linux/in.h>


@attrs.frozen(kw_only=True)
class Message:
    """A datagram as it was received; *headers* has upper-case names."""

    start_line: str
    headers: dict[str, str]
    peer: str
    #: of `time.monotonic`
    moment: float

    def __getitem__(self, header: str) -> str:
        return self.headers[header]

    @property
    def is_alive(self) -> bool:
        """Whether it announces."""
        return self.headers.get("NTS") == "ssdp:alive"

    @property
    def is_byebye(self) -> bool:
        """Whether it revokes."""
        return self.headers.get("NTS") == "ssdp:byebye"


def _parse(datagram: bytes, peer: str, moment: float) -> Message:
    head, empty_line, body = datagram.partition(b"\r\n\r\n")
    assert empty_line, f"no empty line ends {datagram!r}"
    assert not body, f"{datagram!r} has a body"
    start_line, *lines = head.decode("ascii").split("\r\n")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        assert colon, f"{line!r} is not a header"
        assert name.upper() not in headers, f"{name} comes twice"
        headers[name.upper()] = value.strip()
    return Message(start_line=start_line, headers=headers, peer=peer, moment=moment)


@attrs.define(eq=False)
class SsdpSocket:
    """A UDP socket, closed at the end, that keeps what it receives except datagrams that start with *ignored*."""

    socket: socket.socket
    ignored: bytes | None = None
    received: list[Message] = attrs.field(factory=list)

    def __enter__(self) -> SsdpSocket:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.socket.close()

    def send(self, datagram: bytes, address: str = GROUP, port: int = PORT) -> float:
        """Send *datagram*, to the group by default; returns the moment before it left."""
        moment = time.monotonic()
        self.socket.sendto(datagram, (address, port))
        return moment

    def receive_for(self, seconds: float) -> list[Message]:
        """Listen for so long; returns all that was received from the beginning."""
        self._receive(time.monotonic() + seconds, lambda messages: False)
        return self.received

    def receive_until(
        self, enough: Callable[[list[Message]], bool], seconds: float = PATIENCE_SECONDS
    ) -> list[Message]:
        """Listen until what was received from the beginning is *enough*; AssertionError if that takes too long."""
        if not self._receive(time.monotonic() + seconds, enough):
            raise AssertionError(f"not received within {seconds} s; received was: {self.received}")
        return self.received

    def receive(self, count: int, seconds: float = PATIENCE_SECONDS) -> list[Message]:
        """Listen until *count* messages were received from the beginning."""
        return self.receive_until(lambda messages: len(messages) >= count, seconds)

    def _receive(self, deadline: float, enough: Callable[[list[Message]], bool]) -> bool:
        while not enough(self.received):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                datagram, source = self.socket.recvfrom(65536)
            except TimeoutError:
                return False
            peer = source[0].partition("%")[0]  # a link-local IPv6 address comes with its zone
            if self.ignored is None or not datagram.startswith(self.ignored):
                self.received.append(_parse(datagram, peer, time.monotonic()))
        return True


def open_searcher(host: Namespace, link: str = LINK, *, address: str = "") -> SsdpSocket:
    """A socket of *host* to search with, on *link*, from *address* if given."""
    receiver = SsdpSocket(host.open_socket(socket.SOCK_DGRAM))
    receiver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    # 255.255.255.255 leaves on the link although there is no route
    receiver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
    outgoing = mreqn("0.0.0.0", address or "0.0.0.0", host.index(link))
    receiver.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, outgoing)
    receiver.socket.bind((address, 0))
    return receiver


def open_listener(host: Namespace, link: str = LINK) -> SsdpSocket:
    """A socket of *host* that receives what is announced on *link*; the searches there are not kept."""
    receiver = SsdpSocket(host.open_socket(socket.SOCK_DGRAM), ignored=b"M-SEARCH ")
    # it holds everything that a device sends until the test reads it
    receiver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
    receiver.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    receiver.socket.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
    membership = mreqn(GROUP, "0.0.0.0", host.index(link))
    receiver.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    receiver.socket.bind((GROUP, PORT))
    return receiver


def wait_until_member(host: Namespace, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until some program on *host* listens to the group; AssertionError if none does in time."""
    as_the_kernel_writes = f"{int.from_bytes(socket.inet_aton(GROUP), 'little'):08X}"
    deadline = time.monotonic() + seconds
    while as_the_kernel_writes not in host.inside(Path("/proc/thread-self/net/igmp").read_text):
        assert time.monotonic() < deadline, f"nobody on {host.name} has joined {GROUP} within {seconds} s"
        time.sleep(0.05)


def m_search(
    target: str,
    *,
    mx: int | None = 1,
    host: str = f"{GROUP}:{PORT}",
    man: str | None = '"ssdp:discover"',
) -> bytes:
    """An M-SEARCH for *target*; a header that is ``None`` is left out."""
    headers = [("HOST", host), ("MAN", man), ("MX", mx), ("ST", target)]
    lines = [f"{name}: {value}" for name, value in headers if value is not None]
    return "\r\n".join(["M-SEARCH * HTTP/1.1", *lines, "", ""]).encode()
