"""Connections of one hostile host, and a good one's GETs beside them (H17, H22)."""

from __future__ import annotations

import re
import socket
import struct
import zlib
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest

from tests.network.fetching import fetch, open_stream
from tests.network.processes import Program
from tests.network.scenes import ASKER_ADDRESS, Pair
from tests.network.served import JAMBON, REPOSITORY, command, environment
from tests.network.ssdp import m_search, open_searcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.network.scenes import Serve

pytestmark = pytest.mark.interop

HOSTILE_ADDRESS = "10.77.0.66"
SHARE = 64
ICON_BYTES = 4 * 1024 * 1024
DEVICE = """\
device_type = "urn:schemas-upnp-org:device:Basic:1"
friendly_name = "Picture"
manufacturer = "upnp_trio"
model_name = "Picture"
[[icons]]
file = "icon.png"
"""


@pytest.fixture
def hostile(pair: Pair) -> Pair:
    """A pair whose asker has a second address, for what is hostile."""
    pair.asker.ip("address", "add", f"{HOSTILE_ADDRESS}/24", "dev", "eth0")
    return pair


def _hold(pair: Pair, url: str, number: int, stack: ExitStack, address: str = HOSTILE_ADDRESS) -> list[socket.socket]:
    """Open so many connections from *address* that send nothing."""
    return [stack.enter_context(closing(open_stream(pair.asker, url, address=address))) for _ in range(number)]


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """What holds connections, until the test ends."""
    with ExitStack() as stack:
        yield stack


def test_an_address_beyond_its_share_that_opens_hundreds_more_costs_no_other(
    hostile: Pair, serve: Serve, held: ExitStack
) -> None:
    url = serve(hostile.device, JAMBON.file).location
    _hold(hostile, url, SHARE, held)
    for _ in range(5):
        _hold(hostile, url, 60, held)  # each would get 503, and linger for a second
        assert fetch(hostile.asker, url, address=ASKER_ADDRESS).status == 200


def test_four_addresses_that_hold_all_slots_do_not_keep_out_a_fifth(
    hostile: Pair, serve: Serve, held: ExitStack
) -> None:
    url = serve(hostile.device, JAMBON.file).location
    for number in range(4):
        address = f"10.77.0.{70 + number}"
        hostile.asker.ip("address", "add", f"{address}/24", "dev", "eth0")
        _hold(hostile, url, SHARE, held, address)
    assert fetch(hostile.asker, url, address=ASKER_ADDRESS).status == 200


def test_readers_that_do_not_read_a_large_icon_cost_no_copies_of_it(
    hostile: Pair, serve: Serve, held: ExitStack, tmp_path: Path
) -> None:
    (tmp_path / "icon.png").write_bytes(_png(ICON_BYTES))
    device = tmp_path / "device.toml"
    device.write_text(DEVICE)
    served = serve(hostile.device, device)
    icon = urljoin(served.location, "icon.png")
    assert len(fetch(hostile.asker, icon, address=ASKER_ADDRESS).body) > ICON_BYTES / 2
    before = _resident(served.program.pid)
    path, authority = urlsplit(icon).path, urlsplit(icon).netloc
    for stream in _hold(hostile, icon, SHARE, held):
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    assert fetch(hostile.asker, served.location, address=ASKER_ADDRESS).status == 200
    assert _resident(served.program.pid) - before < 4 * ICON_BYTES


def test_idle_connections_of_other_hosts_take_no_descriptor_that_the_device_needs(
    hostile: Pair, held: ExitStack
) -> None:
    line = ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", *command("--ipv4-only", JAMBON.file)]
    with Program(hostile.device.command(*line), cwd=REPOSITORY, env=environment()) as program:
        program.wait_for("^Press Ctrl-C")
        (url,) = re.findall(r"http://\S+", program.output)
        _hold(hostile, url, 60, held)
        hostile.device.ip("address", "add", "10.77.0.3/24", "dev", "eth0")  # the network changes: it is looked at again
        hostile.device.ip("address", "add", "10.78.0.1/24", "dev", "eth0")
        program.wait_for("10.78.0.1")
        assert fetch(hostile.asker, url, address=ASKER_ADDRESS).status == 200
        with open_searcher(hostile.asker, address=ASKER_ADDRESS) as searcher:
            searcher.send(m_search("upnp:rootdevice", mx=1))
            assert searcher.receive(1)
        assert program.stop() == 0


def _resident(pid: int) -> int:
    """The resident memory of a process, in bytes."""
    (pages,) = re.findall(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(pages) * 1024


def _png(size: int) -> bytes:
    """A picture of noise, of about *size* bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    side = int((size * 0.95 / 3) ** 0.5)
    rows = b"".join(b"\0" + Random(row).randbytes(side * 3) for row in range(side))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
