"""Captures in pcapng: read back by a reader of our own, and by tcpdump where it is installed."""

from __future__ import annotations

import shutil
import struct
import subprocess
from ipaddress import ip_address
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.network.demands import demand
from upnp_trio.cli.pcapng import Capture, rebuilt_packet

GROUP = ("239.255.255.250", 1900)
SEARCH = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n'
TIME = 1_764_000_000_250_000_000


@attrs.frozen
class Block:
    kind: int
    body: bytes
    options: dict[int, bytes]


FIXED_BYTES = {0x0A0D0D0A: 16, 1: 8}


def read(data: bytes) -> list[Block]:
    """The blocks of a capture, each checked against its frame."""
    blocks = []
    while data:
        kind, length = struct.unpack_from("<II", data)
        assert length % 4 == 0
        assert struct.unpack_from("<I", data, length - 4) == (length,)
        inside, data = data[8 : length - 4], data[length:]
        # a packet block: its length stands after number, two halves of the time
        fixed = FIXED_BYTES.get(kind) or 20 + -(-struct.unpack_from("<I", inside, 12)[0] // 4) * 4
        blocks.append(Block(kind, inside[:fixed], read_options(inside[fixed:])))
    return blocks


def read_options(data: bytes) -> dict[int, bytes]:
    options = {}
    while data:
        code, length = struct.unpack_from("<HH", data)
        if code == 0:
            assert data[4:] == b""
            break
        options[code] = data[4 : 4 + length]
        data = data[4 + -(-length // 4) * 4 :]
    return options


def split(packet: bytes) -> tuple[bytes, bytes]:
    """The header of the link, and the IP packet."""
    return packet[:16], packet[16:]


def checksum_is_right(data: bytes) -> bool:
    """Whether the ones' complement sum of all 16-bit words is 0xFFFF, as with a right checksum in it."""
    data += bytes(len(data) % 2)
    return sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)) % 0xFFFF == 0


def test_a_capture_begins_with_a_section_that_says_what_is_rebuilt() -> None:
    (section,) = read(Capture().start("upnp-trio 1.0"))
    assert section.kind == 0x0A0D0D0A
    assert section.body == bytes.fromhex("4d3c2b1a 01000000 ffffffffffffffff")
    assert b"are rebuilt" in section.options[1]
    assert section.options[4] == b"upnp-trio 1.0"


def test_each_interface_is_introduced_once_before_its_first_packet() -> None:
    capture = Capture()
    data = b"".join(capture.packet(name, TIME, b"packet") for name in ("eth0", "wlan0", "eth0", "büro0"))
    blocks = read(data)
    assert [block.kind for block in blocks] == [1, 6, 1, 6, 6, 1, 6]
    interfaces = [block for block in blocks if block.kind == 1]
    assert [block.options[2].decode() for block in interfaces] == ["eth0", "wlan0", "büro0"]
    assert all(block.options[9] == b"\x09" for block in interfaces)  # nanoseconds
    assert all(struct.unpack_from("<HHI", block.body) == (113, 0, 0) for block in interfaces)
    numbers = [struct.unpack_from("<I", block.body)[0] for block in blocks if block.kind == 6]
    assert numbers == [0, 1, 0, 2]


@given(data=st.binary(max_size=200), comment=st.text(max_size=20), time=st.integers(0, 2**64 - 1))
def test_a_packet_has_its_time_its_bytes_and_its_comment(data: bytes, comment: str, time: int) -> None:
    comment = comment.encode("utf-8", "replace").decode()
    _, packet = read(Capture().packet("eth0", time, data, comment))
    _, high, low, captured, original = struct.unpack_from("<IIIII", packet.body)
    assert high << 32 | low == time
    assert (captured, original) == (len(data), len(data))
    assert packet.body[20 : 20 + len(data)] == data
    assert packet.options == ({1: comment.encode()} if comment else {})


@given(payload=st.binary(max_size=300), port=st.integers(1, 65535))
def test_an_ipv4_packet_has_right_headers(payload: bytes, port: int) -> None:
    link, packet = split(rebuilt_packet(payload, ("192.0.2.7", port), GROUP))
    assert link == struct.pack("!HHHQH", 2, 0xFFFE, 0, 0, 0x0800)
    version, total, ttl, protocol = packet[0], int.from_bytes(packet[2:4], "big"), packet[8], packet[9]
    assert (version, total, ttl, protocol) == (0x45, len(packet), 1, 17)
    assert checksum_is_right(packet[:20])
    assert packet[12:20] == ip_address("192.0.2.7").packed + ip_address(GROUP[0]).packed
    udp = packet[20:]
    assert struct.unpack_from("!HHH", udp) == (port, 1900, len(udp))
    assert udp[8:] == payload
    assert udp[6:8] != b"\0\0"
    assert checksum_is_right(packet[12:20] + struct.pack("!BBH", 0, 17, len(udp)) + udp)


@given(payload=st.binary(max_size=300))
def test_an_ipv6_packet_has_right_headers(payload: bytes) -> None:
    link, packet = split(rebuilt_packet(payload, ("fe80::7", 50000), ("ff02::c", 1900)))
    assert link == struct.pack("!HHHQH", 2, 0xFFFE, 0, 0, 0x86DD)
    assert (packet[0] >> 4, int.from_bytes(packet[4:6], "big"), packet[6]) == (6, len(packet) - 40, 17)
    assert packet[8:40] == ip_address("fe80::7").packed + ip_address("ff02::c").packed
    udp = packet[40:]
    assert checksum_is_right(packet[8:40] + struct.pack("!IHBB", len(udp), 0, 0, 17) + udp)


def test_a_checksum_of_0_is_sent_as_its_other_form() -> None:
    source, destination = ("0.0.0.0", 0), ("0.0.0.0", 0)
    link, without = split(rebuilt_packet(b"\0\0", source, destination))
    assert link[:2] == b"\0\0"  # to one host
    value = int.from_bytes(without[26:28], "big")
    _, packet = split(rebuilt_packet(value.to_bytes(2, "big"), source, destination))
    assert packet[26:28] == b"\xff\xff"


FIELDS = ("http.request.method", "udp.checksum.status", "frame.comment")


@pytest.mark.parametrize(
    ("tool", "arguments", "wanted"),
    [
        ("tcpdump", ["-n", "-vv"], ["192.0.2.7.50000 > 239.255.255.250.1900: [udp sum ok] UDP", "> ff02::c.1900"]),
        (
            "tshark",
            [
                "-n",
                "-o",
                "udp.check_checksum:TRUE",
                "-T",
                "fields",
                *(word for name in FIELDS for word in ("-e", name)),
            ],
            ["M-SEARCH\t1\twith a comment\nM-SEARCH\t1\t\n"],
        ),
    ],
)
def test_other_programs_read_it(tool: str, arguments: list[str], wanted: list[str], tmp_path: Path) -> None:
    path = shutil.which(tool)
    if tool == "tcpdump":
        demand(None if path else "tcpdump is missing")
    elif path is None:  # it is large, and reads what tcpdump reads
        pytest.skip(f"{tool} is not installed")
    assert path is not None
    capture = Capture()
    file = tmp_path / "capture.pcapng"
    file.write_bytes(
        capture.start("upnp-trio")
        + capture.packet("eth0", TIME, rebuilt_packet(SEARCH, ("192.0.2.7", 50000), GROUP), "with a comment")
        + capture.packet("wlan0", TIME, rebuilt_packet(SEARCH, ("fe80::7", 50000), ("ff02::c", 1900)))
    )
    done = subprocess.run([path, *arguments, "-r", str(file)], capture_output=True, text=True, timeout=60, check=True)
    assert [text for text in wanted if text not in done.stdout] == []
