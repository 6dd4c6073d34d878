"""The senders and receivers of an endpoint: each peer gets the sender on its link, and failing sockets get a pause."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from tests.network.units.system import broken_socket
from tests.server.scenes import LoneHost, interface, open_endpoint
from upnp_trio.network.endpoint import MAX_BATCH, MAX_RESET_BATCHES, RETRY_SECONDS, Receiver
from upnp_trio.network.interfaces import InterfaceAddress, on_link


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("192.168.1.200", "192.168.1.7"),
        ("192.168.1.7", "192.168.1.7"),
        ("10.0.0.9", "10.0.0.7"),
        ("10.0.0.8", "10.0.0.8"),  # this host, at another address of the same network
        ("192.168.2.1", None),
        ("8.8.8.8", None),
        ("0.0.0.0", None),
        ("255.255.255.255", None),
    ],
)
def test_a_neighbour_gets_the_sender_of_its_own_network(peer: str, own: str | None) -> None:
    with open_endpoint(LoneHost(interface("192.168.1.7/24", "10.0.0.7/8", "10.0.0.8/8"))) as endpoint:
        sender = endpoint.sender_towards(peer)
    assert (sender and str(sender.address)) == own


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("fe80::9", "fe80::7"),
        ("fd00::9", "fd00::7"),
        ("2001:db8::9", "2001:db8::7"),  # DHCPv6 gives addresses with a prefix of 128 bits
        ("2001:db8:0:1::9", None),
        ("fd00::8", "fd00::8"),  # this host
        ("::", None),
    ],
)
def test_an_ipv6_neighbour_gets_the_sender_of_its_own_scope(peer: str, own: str | None) -> None:
    with open_endpoint(LoneHost(interface("fe80::7/64", "fd00::7/64", "fd00::8/64", "2001:db8::7/128"))) as endpoint:
        sender = endpoint.sender_towards(peer)
    assert (sender and str(sender.address)) == own


@pytest.mark.parametrize(
    ("addresses", "peer", "own"),
    [
        # RFC 3927 §2.6.2: a host that has only a link-local address reaches any neighbour directly
        (["192.168.1.7/24"], "169.254.9.9", "192.168.1.7"),
        (["192.168.1.7/24", "10.0.0.7/8"], "169.254.0.0", "192.168.1.7"),
        (["192.168.1.7/24", "10.0.0.7/8"], "169.254.255.255", "192.168.1.7"),
        (["192.168.1.7/24", "169.254.7.7/16"], "169.254.9.9", "169.254.7.7"),
        (["192.168.1.7/24", "169.254.7.7/24"], "169.254.9.9", "169.254.7.7"),
        (["192.168.1.7/24"], "169.253.255.255", None),
        (["192.168.1.7/24"], "169.255.0.0", None),
        (["fd00::7/64"], "fe80::9", "fd00::7"),
        (["fd00::7/64", "2001:db8::7/64"], "febf::9", "fd00::7"),
        (["fd00::7/64", "fe80::7/64"], "fe80::9", "fe80::7"),
        (["fd00::7/64", "fe80::7/64"], "fe80:0:0:1::9", "fe80::7"),
        (["fd00::7/64"], "fe7f::9", None),
        (["fd00::7/64"], "fec0::9", None),
        (["192.168.1.7/24", "fd00::7/64"], "fe80::9", "fd00::7"),
        (["192.168.1.7/24", "fd00::7/64"], "169.254.9.9", "192.168.1.7"),
    ],
)
def test_a_link_local_peer_is_on_the_link_whatever_addresses_it_has(
    addresses: list[str], peer: str, own: str | None
) -> None:
    with open_endpoint(LoneHost(interface(*addresses))) as endpoint:
        sender = endpoint.sender_towards(peer)
    assert (sender and str(sender.address)) == own


def test_a_sender_has_its_address_together_with_its_interface() -> None:
    host = LoneHost(interface("fe80::7/64", index=3), interface("fe80::7/64", name="eth1", index=4))
    with open_endpoint(host, "eth0") as one, open_endpoint(host, "eth1") as other:
        (first,), (second,) = one.senders.values(), other.senders.values()
    assert first.interface_address == InterfaceAddress(index=3, ip=ipaddress.ip_address("fe80::7"))
    assert first.interface_address != second.interface_address
    assert len({first.interface_address, second.interface_address, first.interface_address}) == 2


@given(st.ip_addresses(v=4), st.integers(8, 30))
def test_the_quick_comparison_is_that_of_the_networks(peer: ipaddress.IPv4Address, prefix: int) -> None:
    own = ipaddress.ip_interface(f"192.0.2.7/{prefix}")
    with open_endpoint(LoneHost(interface(str(own)))) as endpoint:
        assert (endpoint.sender_towards(str(peer)) is not None) == (peer in on_link(own) or peer.is_link_local)


# --- receivers that fail ---------------------------------------------------------------------------------------


class Flawed(socket.socket):
    """A socket whose next calls of recvfrom fail with *errnos*."""

    errnos: list[int]

    def recvfrom(self, *arguments: int) -> tuple[bytes, object]:
        if self.errnos:
            number = self.errnos.pop(0)
            raise OSError(number, os.strerror(number))
        return super().recvfrom(*arguments)


@pytest.fixture
def flawed() -> Iterator[Flawed]:
    with Flawed(type=socket.SOCK_DGRAM) as opened:
        opened.errnos = []
        opened.setblocking(False)
        opened.bind(("127.0.0.1", 0))
        yield opened


def _send(to: socket.socket, datagram: bytes) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.sendto(datagram, to.getsockname())


async def _turns(receiver: Receiver, seconds: float) -> int:
    """How often a task that only reads *receiver* runs in so many seconds."""
    turns = 0
    with trio.move_on_after(seconds):
        while True:
            await receiver.wait()
            assert list(receiver.drain()) == []
            turns += 1
    return turns


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ECONNRESET, errno.EMSGSIZE])
async def test_errors_of_earlier_replies_do_not_hide_datagrams(number: int, flawed: Flawed) -> None:
    receiver = Receiver(flawed, False)
    for _ in range(3):
        flawed.errnos = [number] * 9
        _send(flawed, b"one")
        _send(flawed, b"two")
        with trio.fail_after(10):
            await receiver.wait()
        assert [datagram for datagram, _ in receiver.drain()] == [b"one", b"two"]


async def test_a_socket_that_always_fails_is_read_once_a_second_and_logged_once(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    with broken_socket() as broken:
        assert await _turns(Receiver(broken, True), 10 * RETRY_SECONDS - 0.1) == 10
    assert caplog.text.count("cannot receive") == 1
    assert "laddr=('127.0.0.1'" in caplog.text
    assert os.strerror(errno.ENOTCONN) in caplog.text


async def test_a_socket_that_recovers_is_read_as_before(autojump_clock: trio.testing.MockClock, flawed: Flawed) -> None:
    receiver = Receiver(flawed, True)
    flawed.errnos = [errno.ENETDOWN] * MAX_BATCH
    _send(flawed, b"one")
    await receiver.wait()
    assert list(receiver.drain()) == []
    await receiver.wait()
    assert trio.current_time() == RETRY_SECONDS
    assert [datagram for datagram, _ in receiver.drain()] == [b"one"]
    _send(flawed, b"two")
    await receiver.wait()
    assert trio.current_time() == RETRY_SECONDS
    assert [datagram for datagram, _ in receiver.drain()] == [b"two"]


async def test_a_socket_that_epoll_refuses_is_read_once_a_second(
    autojump_clock: trio.testing.MockClock, tmp_path: Path
) -> None:
    class Unwatchable(Flawed):
        """A socket that epoll refuses, as it refuses files."""

        def fileno(self) -> int:
            return file.fileno()

    with (tmp_path / "file").open("wb") as file, Unwatchable(type=socket.SOCK_DGRAM) as unwatchable:
        unwatchable.errnos = []
        unwatchable.setblocking(False)
        unwatchable.bind(("127.0.0.1", 0))
        receiver = Receiver(unwatchable, True)
        assert await _turns(receiver, 10 * RETRY_SECONDS - 0.1) == 10
        _send(unwatchable, b"one")
        await receiver.wait()
        assert [datagram for datagram, _ in receiver.drain()] == [b"one"]


@pytest.mark.parametrize("number", [errno.EBADF, errno.ENOTSOCK])
def test_an_error_that_means_a_bug_is_raised(number: int, flawed: Flawed) -> None:
    flawed.errnos = [number]
    with pytest.raises(OSError, match=os.strerror(number)):
        list(Receiver(flawed, True).drain())


def test_reading_a_closed_socket_is_an_error(flawed: Flawed) -> None:
    flawed.close()
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        list(Receiver(flawed, True).drain())


async def test_errors_of_earlier_answers_keep_a_datagram_waiting_for_less_than_two_seconds(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Windows: 25,000 answers to closed ports."""

    class Reset(socket.socket):
        errors = MAX_RESET_BATCHES * MAX_BATCH

        def recvfrom(self, *arguments: int) -> tuple[bytes, tuple[str, int]]:
            if self.errors:
                self.errors -= 1
                raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
            return super().recvfrom(*arguments)

    with Reset(socket.AF_INET, socket.SOCK_DGRAM) as ours, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
        ours.bind(("127.0.0.1", 0))
        ours.setblocking(False)
        theirs.sendto(b"hello", ours.getsockname())
        receiver = Receiver(ours, False)
        arrived: list[bytes] = []
        with trio.fail_after(2):
            while not arrived:
                await receiver.wait()
                arrived = [payload for payload, _ in receiver.drain()]
        assert arrived == [b"hello"]
