"""Everything that comes to an interface, whatever the protocol and the port: a packet socket that keeps frames."""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

import attrs

from tests.network.namespaces import LINK, Namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Sniffer", "open_sniffer"]

_ETH_P_ALL = 0x0003
_ARP, _IPV4, _IPV6 = 0x0806, 0x0800, 0x86DD
_SYN, _ACK = 0x02, 0x10
_TCP, _UDP, _ICMPV6 = 6, 17, 58
_NEIGHBOUR_SOLICITATION = 135
_POLL_SECONDS = 0.05


@attrs.define(eq=False)
class Sniffer:
    """The frames that an interface has received."""

    _socket: socket.socket
    _frames: list[bytes] = attrs.field(factory=list)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def keep_what_came(self) -> None:
        """Note the frames that wait in the socket, which the kernel put there before it handled them itself."""
        with self._lock:
            while True:
                try:
                    frame, (_, _, direction, *_) = self._socket.recvfrom(65536, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    return
                if direction != socket.PACKET_OUTGOING:
                    self._frames.append(frame)

    def reached_for(self, *addresses: str) -> list[str]:
        """What was sent to any of *addresses*, or asked for its hardware address: a sign of each such frame."""
        self.keep_what_came()
        wanted = {ip_address(address) for address in addresses}
        return [sign for frame in list(self._frames) if (sign := _sign(frame, wanted))]

    def has(self, data: bytes) -> bool:
        """Whether *data* is in a frame."""
        self.keep_what_came()
        return any(data in frame for frame in list(self._frames))

    def requests(self, method: str) -> int:
        """How many segments of TCP over IPv4 have begun a request of HTTP with *method*."""
        self.keep_what_came()
        start = f"{method} /".encode()
        return sum(_tcp_payload(frame).startswith(start) for frame in list(self._frames))

    def connections(self) -> int:
        """How many connections others have begun over IPv4, by their first segments."""
        self.keep_what_came()
        return sum(_tcp_flags(frame) == _SYN for frame in list(self._frames))


def _tcp(frame: bytes) -> bytes:
    """The segment in a frame of IPv4; empty if it is something else."""
    if frame[12:14] != _IPV4.to_bytes(2, "big") or frame[23] != _TCP:
        return b""
    packet = frame[14 : 14 + int.from_bytes(frame[16:18], "big")]  # without what fills a short frame
    return packet[4 * (packet[0] & 0x0F) :]


def _tcp_payload(frame: bytes) -> bytes:
    segment = _tcp(frame)
    return segment[4 * (segment[12] >> 4) :] if segment else b""


def _tcp_flags(frame: bytes) -> int:
    segment = _tcp(frame)
    return segment[13] & (_SYN | _ACK) if segment else 0


def _sign(frame: bytes, wanted: set[IPv4Address | IPv6Address]) -> str:
    (kind,) = struct.unpack_from("!H", frame, 12)
    packet = frame[14:]
    if kind == _ARP and IPv4Address(packet[24:28]) in wanted and packet[6:8] == b"\x00\x01":
        return f"ARP from {IPv4Address(packet[14:18])}"
    if kind == _IPV4 and IPv4Address(packet[16:20]) in wanted and packet[9] in (_TCP, _UDP):
        return f"IPv4 from {IPv4Address(packet[12:16])}, protocol {packet[9]}"
    if kind == _IPV6 and packet[6] in (_TCP, _UDP) and IPv6Address(packet[24:40]) in wanted:
        return f"IPv6 from {IPv6Address(packet[8:24])}, protocol {packet[6]}"
    if kind == _IPV6 and packet[6] == _ICMPV6 and packet[40] == _NEIGHBOUR_SOLICITATION:
        source, target = IPv6Address(packet[8:24]), IPv6Address(packet[48:64])
        # from nowhere it is the host's own check of its new address
        if target in wanted and not source.is_unspecified:
            return f"neighbour solicitation from {source}"
    return ""


@contextmanager
def open_sniffer(host: Namespace, link: str = LINK) -> Iterator[Sniffer]:
    """Keep what *link* of *host* receives from now on."""
    opened = host.inside(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)))
    opened.bind((link, 0))
    sniffer = Sniffer(opened)
    ended = threading.Event()

    def read() -> None:  # or the socket's buffer would overflow
        while not ended.is_set():
            if select.select([opened], [], [], _POLL_SECONDS)[0]:
                sniffer.keep_what_came()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield sniffer
    finally:
        ended.set()
        thread.join()
        opened.close()
