"""The name of the program that holds a port, as an error message has it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.network.units.shortage import descriptors_left
from upnp_trio.network.holders import port_holder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not report the holder")

HOLDER = """
import socket, sys
with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM) as holding:
    holding.bind((sys.argv[1], 0))
    with open("/proc/self/comm", "wb") as name:
        name.write(bytes.fromhex(sys.argv[2]))
    print(holding.getsockname()[1], flush=True)
    sys.stdin.read()
"""


@contextmanager
def _holding(name: bytes, address: str = "127.0.0.1") -> Iterator[tuple[int, int]]:
    """A process called *name* that holds a port; returns the port and its process id."""
    command = [sys.executable, "-c", HOLDER, address, name.hex()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
        process.communicate(timeout=30)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"minidlnad", "'minidlnad'"),
        (b"two words", "'two words'"),
        (b"\x1b]0;pwned\x07", r"'\x1b]0;pwned\x07'"),
        (b"a\nError: b\r", r"'a\nError: b\r'"),
        (b"\xff\x9b31m", "'��31m'"),
        ("caf\u00e9\u202e".encode(), r"'caf" + "\u00e9" + r"\u202e'"),
    ],
)
def test_the_holder_is_named_in_characters_that_steer_no_terminal(name: bytes, shown: str) -> None:
    with _holding(name) as (port, process):
        assert port_holder(port) == f"{shown} (pid {process})"


def test_the_holder_of_an_ipv6_port_is_found_too() -> None:
    try:
        with _holding(b"six", "::1") as (port, process):
            assert port_holder(port) == f"'six' (pid {process})"
    except ValueError:
        pytest.skip("no IPv6 here")


def test_a_free_port_and_our_own_have_no_other_holder() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        port = own.getsockname()[1]
        assert port_holder(port) is None
    assert port_holder(port) is None


@pytest.mark.parametrize("left", range(4))
def test_without_descriptors_the_holder_is_unknown(left: int) -> None:
    with _holding(b"minidlnad") as (port, process):
        with descriptors_left(left):
            holder = port_holder(port)
        assert holder in (None, f"'minidlnad' (pid {process})")
    assert holder is None or left
    assert os.getpid() != process
