"""Connections that the device opens, on loopback: they lead from the served address, and leave no descriptor behind."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address

import pytest
import trio

from tests.network.units.shortage import descriptors_left, open_descriptors
from upnp_trio.exchange import ServedAddress
from upnp_trio.network.streams import connect

HERE = ServedAddress(interface="lo", address="127.0.0.1")
LOOPBACK = ip_address("127.0.0.1")


@contextmanager
def listener(backlog: int = 10) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as opened:
        opened.settimeout(10)
        yield opened


async def test_a_connection_leads_from_the_served_address_and_carries_both_ways() -> None:
    with trio.fail_after(10), listener() as listening:
        stream = await connect(LOOPBACK, listening.getsockname()[1], served=HERE)
        with listening.accept()[0] as theirs:
            assert theirs.getpeername()[0] == "127.0.0.1"
            assert stream.peer == "127.0.0.1"
            assert stream.receive_now(10) is None
            assert stream.send_now([b"NOTIFY", b" * "]) == 9
            assert theirs.recv(20) == b"NOTIFY * "
            theirs.sendall(b"reply")
            assert await stream.receive_some(10) == b"reply"
        assert await stream.receive_some(10) == b""
        stream.close()


async def test_a_refused_connection_is_an_error_and_leaves_nothing() -> None:
    with listener() as listening:
        port = listening.getsockname()[1]
    before = open_descriptors()
    with trio.fail_after(10):
        for _ in range(50):
            with pytest.raises(ConnectionRefusedError):
                await connect(LOOPBACK, port, served=HERE)
    assert open_descriptors() == before


async def test_an_address_that_has_gone_or_leads_nowhere_is_an_error() -> None:
    gone = ServedAddress(interface="lo", address="192.0.2.1")  # an address for documentation, which this host has not
    before = open_descriptors()
    with trio.fail_after(10), pytest.raises(OSError, match="address") as raised:
        await connect(LOOPBACK, 9, served=gone)
    assert raised.value.errno == errno.EADDRNOTAVAIL
    assert open_descriptors() == before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse what a full backlog cannot hold")
async def test_a_connection_that_is_cancelled_while_it_is_made_leaves_nothing() -> None:
    with listener(backlog=0) as listening, ExitStack() as stack, trio.fail_after(20):
        port = listening.getsockname()[1]
        before = open_descriptors()
        held = 0
        with trio.move_on_after(0.3):  # until the backlog is full
            while held < 10:
                stack.callback((await connect(LOOPBACK, port, served=HERE)).close)
                held += 1
        assert held < 10
        assert len(open_descriptors()) == len(before) + held
        for seconds in (0, 0.01, 0.05):
            with trio.move_on_after(seconds) as scope:
                await connect(LOOPBACK, port, served=HERE)
            assert scope.cancelled_caught
        assert len(open_descriptors()) == len(before) + held


async def test_a_connection_without_a_descriptor_for_it_is_an_error() -> None:
    with listener() as listening:
        port = listening.getsockname()[1]
        with descriptors_left(0), pytest.raises(OSError, match="open files") as raised:
            await connect(LOOPBACK, port, served=HERE)
        assert raised.value.errno == errno.EMFILE


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
async def test_ipv6_works_the_same_way() -> None:
    try:
        opened = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"there is no ::1: {error}")
    with opened, trio.fail_after(10):
        here = ServedAddress(interface="lo", address="::1")
        stream = await connect(ip_address("::1"), opened.getsockname()[1], served=here)
        assert stream.peer == "::1"
        stream.close()
