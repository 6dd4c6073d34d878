"""The sockets of searches on loopback: what they send and receive, when, and whatever goes wrong between."""

from __future__ import annotations

import errno
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import pytest
import trio
import trio.testing

from tests.network.units.loopback import loopback
from tests.network.units.system import broken_socket
from upnp_trio.network.endpoint import MAX_BATCH, RETRY_SECONDS
from upnp_trio.network.interfaces import Interface, IpInterface
from upnp_trio.network.search_sockets import (
    MAX_AGE_SECONDS,
    StampedReceiver,
    SystemSearchSocket,
    age_of,
    open_search_socket,
)
from upnp_trio.network.udp_sender import STALLED_SEND_SECONDS, UdpSender
from upnp_trio.network.udp_sockets import MULTICAST_TTL
from upnp_trio.ssdp.messages import MAX_DATAGRAM_BYTES

_IP_RECVERR = 11  # <linux/in.h>: report to this socket what ICMP says about what it has sent
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the calls are those of Linux")


@contextmanager
def search_socket(version: int = 4) -> Iterator[SystemSearchSocket]:
    interface, address = _own(version)
    with open_search_socket(interface, address) as opened:
        yield opened


def _own(version: int) -> tuple[Interface, IpInterface]:
    interface = loopback(version)
    return interface, interface.addresses[0]


@contextmanager
def peer(version: int = 4) -> Iterator[socket.socket]:
    family, address = (socket.AF_INET, "127.0.0.1") if version == 4 else (socket.AF_INET6, "::1")
    with socket.socket(family, socket.SOCK_DGRAM) as opened:
        opened.bind((address, 0))
        opened.settimeout(10)
        yield opened


@pytest.mark.parametrize("version", [4, 6])
async def test_an_answer_comes_with_its_source_between_the_send_and_now(version: int) -> None:
    with trio.fail_after(20), search_socket(version) as searching, peer(version) as device:
        before = trio.current_time()
        sent_at = await searching.send(b"a search", device.getsockname())
        payload, source = device.recvfrom(100)
        assert (payload, source[0]) == (b"a search", str(searching.address))
        device.sendto(b"an answer", source)
        (datagram,) = await searching.receive()
        assert (datagram.payload, datagram.source) == (b"an answer", device.getsockname())
        assert before <= sent_at <= datagram.arrived_at <= trio.current_time()


async def until_stamped(searching: SystemSearchSocket, device: socket.socket, source: tuple[str, int]) -> None:
    """Wait until the kernel stamps datagrams, a moment after the first socket of the machine has asked for that."""
    is_stamped = False
    while not is_stamped:
        device.sendto(b"an early answer", source)
        sent_at = trio.current_time()
        time.sleep(0.05)  # noqa: ASYNC251  # otherwise the two moments could not be told apart
        (datagram,) = await searching.receive()
        is_stamped = datagram.arrived_at < sent_at + 0.04


@LINUX
async def test_the_time_that_this_process_is_busy_does_not_count() -> None:
    with trio.fail_after(20), search_socket() as searching, peer() as device:
        await searching.send(b"a search", device.getsockname())
        _, source = device.recvfrom(100)
        await until_stamped(searching, device, source)
        before = trio.current_time()
        device.sendto(b"an answer", source)
        after = trio.current_time()
        time.sleep(0.5)  # noqa: ASYNC251  # this process has something else to do
        (datagram,) = await searching.receive()
        # the two clocks are not read at exactly the same moment
        assert before - 0.2 < datagram.arrived_at < after + 0.2


def test_the_age_of_a_datagram_is_the_difference_of_the_stamps() -> None:
    assert age_of(1_000_000_000, 1_250_000_000) == 0.25
    assert age_of(1_000_000_000, 1_000_000_000) == 0


@pytest.mark.parametrize("seconds", [-3600, -0.001, MAX_AGE_SECONDS + 1, 3600])
def test_a_stamp_from_before_the_clock_was_set_is_no_stamp(seconds: float) -> None:
    now = 1_800_000_000_000_000_000
    assert age_of(now - int(seconds * 1e9), now) == 0
    assert age_of(None, now) == 0


async def test_a_burst_is_received_in_bounded_batches_and_in_order() -> None:
    with trio.fail_after(20), search_socket() as searching, peer() as device:
        await searching.send(b"a search", device.getsockname())
        _, source = device.recvfrom(100)
        for number in range(MAX_BATCH + 20):
            device.sendto(b"%d" % number, source)
        batches = [await searching.receive(), await searching.receive()]
        assert [len(batch) for batch in batches] == [MAX_BATCH, 20]
        assert [datagram.payload for batch in batches for datagram in batch] == [
            b"%d" % number for number in range(MAX_BATCH + 20)
        ]
        arrivals = [datagram.arrived_at for batch in batches for datagram in batch]
        assert max(arrivals) - min(arrivals) < MAX_AGE_SECONDS


async def test_a_datagram_that_is_too_long_is_seen_to_be_too_long() -> None:
    with trio.fail_after(20), search_socket() as searching, peer() as device:
        await searching.send(b"a search", device.getsockname())
        _, source = device.recvfrom(100)
        device.sendto(b"x" * (2 * MAX_DATAGRAM_BYTES), source)
        (datagram,) = await searching.receive()
        assert len(datagram.payload) == MAX_DATAGRAM_BYTES + 1


@LINUX
async def test_a_port_that_nothing_listens_at_does_not_end_a_search() -> None:
    with peer() as gone:
        closed = gone.getsockname()
    with trio.fail_after(20), search_socket() as searching, peer() as device:
        searching._sender.socket.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        await searching.send(b"a search", device.getsockname())
        _, source = device.recvfrom(100)
        for _ in range(3):
            await searching.send(b"a search", closed)
            with pytest.raises(ConnectionRefusedError):  # the refusal is there, and reading takes it away
                searching._sender.socket.recv(100)
            await searching.send(b"a search", closed)
            device.sendto(b"an answer", source)
            (datagram,) = await searching.receive()
            assert datagram.payload == b"an answer"


async def test_a_socket_that_always_fails_is_read_once_a_second(autojump_clock: trio.testing.MockClock) -> None:
    interface, address = _own(4)
    with broken_socket() as broken:
        sender = UdpSender(interface=interface, address=address.ip, socket=broken, group=("239.255.255.250", 1900))
        searching = SystemSearchSocket(sender, StampedReceiver(broken, None), "")
        with trio.move_on_after(10.5 * RETRY_SECONDS):
            await searching.receive()
        assert trio.current_time() == 10.5 * RETRY_SECONDS


@pytest.mark.parametrize("number", [errno.EBADF, errno.ENOTSOCK])
async def test_an_error_that_means_a_bug_is_raised(number: int) -> None:
    class Closed(socket.socket):
        def recvmsg(self, *arguments: object) -> tuple[bytes, list[tuple[int, int, bytes]], int, object]:
            raise OSError(number, os.strerror(number))

        recvfrom = recvmsg  # type: ignore[assignment]  # where there is no recvmsg

    with Closed(type=socket.SOCK_DGRAM) as closed, pytest.raises(OSError, match=os.strerror(number)):
        list(StampedReceiver(closed, None).drain_stamped())


class Full(socket.socket):
    """A socket whose send buffer is full for the next *refusals* sends."""

    refusals: int

    def sendto(self, *arguments: object) -> int:
        self.refusals -= 1
        if self.refusals >= 0:
            raise BlockingIOError
        return super().sendto(*arguments)  # type: ignore[call-overload,no-any-return]  # as they came


@pytest.mark.parametrize("refusals", [0, 1, 7])
async def test_a_search_waits_for_room_in_the_send_buffer(refusals: int) -> None:
    interface, address = _own(4)
    with trio.fail_after(20), Full(type=socket.SOCK_DGRAM) as full, peer() as device:
        full.refusals = refusals
        full.setblocking(False)
        sender = UdpSender(interface=interface, address=address.ip, socket=full, group=device.getsockname())
        searching = SystemSearchSocket(sender, StampedReceiver(full, None), "")
        sent_at = await searching.send(b"a search", searching.group)
        assert sent_at <= trio.current_time()
        assert device.recv(100) == b"a search"


async def test_a_send_buffer_that_stays_full_is_an_error() -> None:
    interface, address = _own(4)
    with trio.fail_after(20), Full(type=socket.SOCK_DGRAM) as full:
        full.refusals = sys.maxsize
        full.setblocking(False)
        sender = UdpSender(interface=interface, address=address.ip, socket=full, group=("127.0.0.1", 9))
        searching = SystemSearchSocket(sender, StampedReceiver(full, None), "")
        before = trio.current_time()
        with pytest.raises(OSError, match="no room in the send buffer"):
            await searching.send(b"a search", searching.group)
        assert trio.current_time() >= before + STALLED_SEND_SECONDS


@pytest.mark.parametrize("version", [4, 6])
def test_where_and_how_far_it_searches(version: int) -> None:
    interface, address = _own(version)
    with (
        open_search_socket(interface, address) as usual,
        open_search_socket(interface, address, multicast_ttl=7) as far,
    ):
        assert (usual.interface, usual.address) == (interface, ip_address("127.0.0.1" if version == 4 else "::1"))
        if version == 4:
            assert (usual.group, usual.host) == (("239.255.255.250", 1900), "239.255.255.250:1900")
            hops = [each._sender.socket.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) for each in (usual, far)]
            assert hops == [MULTICAST_TTL, 7]
        else:  # loopback's address counts as the site's
            assert (usual.group, usual.host) == (("ff05::c", 1900, 0, 0), "[FF05::C]:1900")
            assert far._sender.socket.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS) == 7
        ports = {each._sender.socket.getsockname()[1] for each in (usual, far)}
        assert len(ports) == 2
        assert 1900 not in ports
