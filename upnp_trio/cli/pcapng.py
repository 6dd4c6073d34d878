"""Captures in the pcapng format, which Wireshark and tcpdump read (draft-ietf-opsawg-pcapng).

No library writes them for us. A capture needs four kinds of bytes, which are here; python-pcapng, whose last release is
of 2022, writes them as well, but would leave the packets themselves to us. A UDP socket gives the payload of a datagram
and its source, without the headers before it. So each packet has headers that are rebuilt from what is known, and the
file says so.

The link type is that of Linux's "any" device, as it is the one which can say that the hardware addresses are unknown.
With LINKTYPE_RAW, libpcap 1.10 refuses a file of several interfaces, because it compares their type with its own number
for it.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import attrs

__all__ = ["Capture", "rebuilt_packet"]

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER_MAGIC = 0x1A2B3C4D
_UNKNOWN_LENGTH = -1
# https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html
_LINKTYPE_LINUX_SLL = 113
_TO_US, _MULTICAST = 0, 2
_ARPHRD_NONE = 0xFFFE
_ETHERTYPES = {4: 0x0800, 6: 0x86DD}
_END_OF_OPTIONS, _COMMENT = 0, 1
_HARDWARE_AND_APPLICATION, _INTERFACE_NAME, _INTERFACE_DESCRIPTION, _TIME_RESOLUTION = 4, 2, 3, 9
_NANOSECONDS = bytes([9])  # 10 to the power of -9
# The length of an option has 16 bits; a comment is a line.
_MAX_OPTION_BYTES = 1024
REBUILT = "The headers before UDP payloads are rebuilt, with a TTL of 1; times, addresses and payloads are as received"

_UDP = 17
_TTL = 1
_MAX_PAYLOAD_BYTES = 65_507


@attrs.define(eq=False, repr=False)
class Capture:
    """Renders one file, block by block; the bytes follow each other in it."""

    _interfaces: dict[str, int] = attrs.field(factory=dict)

    def start(self, application: str) -> bytes:
        """The block that a file begins with; *application* names the program that writes it."""
        body = struct.pack("<IHHq", _BYTE_ORDER_MAGIC, 1, 0, _UNKNOWN_LENGTH)
        options = [(_COMMENT, REBUILT.encode()), (_HARDWARE_AND_APPLICATION, application.encode())]
        return _block(_SECTION, body + _options(options))

    def packet(self, interface: str, nanoseconds: int, packet: bytes, comment: str = "") -> bytes:
        """The block of *packet*, as `rebuilt_packet` makes it; the first one of an interface introduces that.

        *nanoseconds* are those since 1970. Wireshark shows *comment* with the packet.
        """
        introduction = b""
        number = self._interfaces.get(interface)
        if number is None:
            number = self._interfaces[interface] = len(self._interfaces)
            introduction = _interface(interface)
        high, low = nanoseconds >> 32, nanoseconds & 0xFFFFFFFF
        body = struct.pack("<IIIII", number, high, low, len(packet), len(packet)) + _padded(packet)
        return introduction + _block(_PACKET, body + _options([(_COMMENT, comment.encode())] if comment else []))


def _interface(name: str) -> bytes:
    body = struct.pack("<HHI", _LINKTYPE_LINUX_SLL, 0, 0)  # 0: packets are not cut
    options = [
        (_INTERFACE_NAME, name.encode()),
        (_INTERFACE_DESCRIPTION, REBUILT.encode()),
        (_TIME_RESOLUTION, _NANOSECONDS),
    ]
    return _block(_INTERFACE, body + _options(options))


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _options(options: list[tuple[int, bytes]]) -> bytes:
    if not options:
        return b""
    rendered = b"".join(
        struct.pack("<HH", code, len(cut := value[:_MAX_OPTION_BYTES])) + _padded(cut) for code, value in options
    )
    return rendered + struct.pack("<HH", _END_OF_OPTIONS, 0)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


# --- packets -------------------------------------------------------------------------------------------------------


def rebuilt_packet(payload: bytes, source: tuple[str, int], destination: tuple[str, int]) -> bytes:
    """A packet with a UDP datagram from *source* to *destination*, addresses of one family without zones.

    Its checksums are right. What is not known is as a sender could have it: the TTL is 1, the identification 0.
    """
    payload = payload[:_MAX_PAYLOAD_BYTES]
    near, far = ip_address(source[0]), ip_address(destination[0])
    length = len(payload) + 8
    pseudo_header = near.packed + far.packed + struct.pack("!II", length, _UDP)
    udp = struct.pack("!HHHH", source[1], destination[1], length, 0)
    # 0 would mean that there is none (RFC 768).
    checksum = _checksum(pseudo_header + udp + payload) or 0xFFFF
    link = struct.pack("!HHH8xH", _MULTICAST if far.is_multicast else _TO_US, _ARPHRD_NONE, 0, _ETHERTYPES[far.version])
    return link + _ip_header(near, far, length) + udp[:6] + struct.pack("!H", checksum) + payload


def _ip_header(source: IPv4Address | IPv6Address, destination: IPv4Address | IPv6Address, length: int) -> bytes:
    if isinstance(source, IPv6Address):
        return struct.pack("!IHBB", 6 << 28, length, _UDP, _TTL) + source.packed + destination.packed
    start = struct.pack("!BBHHHBB", 0x45, 0, length + 20, 0, 0, _TTL, _UDP)
    addresses = source.packed + destination.packed
    return start + struct.pack("!H", _checksum(start + bytes(2) + addresses)) + addresses


def _checksum(data: bytes) -> int:
    """The checksum of IP and UDP (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
