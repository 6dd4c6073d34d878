"""Datagrams in memory: who gets which, when, and what is lost."""

from __future__ import annotations

import errno
import math
from collections import Counter
from random import Random

import pytest
import trio
import trio.testing

from upnp_trio.network.endpoint import Address, Receiver
from upnp_trio.network.interfaces import Interface
from upnp_trio.ssdp.messages import GROUP
from upnp_trio.testing import Host, Link
from upnp_trio.testing.links import BROADCAST
from upnp_trio.testing.udp import MAX_WAITING, UdpSocket

Clock = trio.testing.MockClock
TO_ALL: Address = (GROUP, 1900)


def eth(host: Host, name: str = "eth0") -> Interface:
    return host.nics[name].interface


def pair(link: Link) -> tuple[Host, Host]:
    return Host.on(link, "192.0.2.7/24", "fe80::7/64"), Host.on(link, "192.0.2.9/24", "fe80::9/64")


async def arrivals(socket: UdpSocket, seconds: float = 10) -> list[tuple[float, bytes, Address]]:
    """What arrives in the next *seconds*, and when."""
    found: list[tuple[float, bytes, Address]] = []
    with trio.move_on_after(seconds):
        while True:
            await socket.wait_readable()
            found.append((trio.current_time(), *socket.recvfrom(65536)))
    return found


def waiting(receivers: tuple[Receiver, ...]) -> Counter[bytes]:
    return Counter(payload for receiver in receivers for payload, _ in receiver.drain())


@pytest.mark.parametrize(
    ("destination", "source"),
    [(TO_ALL, "192.0.2.7"), (("ff02::c", 1900, 0, 2), "fe80::7"), ((BROADCAST, 1900), "192.0.2.7")],
)
async def test_what_is_sent_to_all_arrives_after_the_delay_and_on_the_own_host_at_once(
    destination: Address, source: str, autojump_clock: Clock
) -> None:
    device, asker = pair(Link(seconds=0.5))
    asker.open_udp(destination[0], 1900).close()  # a former member
    near = device.open_udp(destination[0], 1900)
    far = [asker.open_udp(destination[0], 1900) for _ in range(2)]
    others = asker.open_udp(destination[0], 1901), asker.open_udp("192.0.2.9", 1900)
    device.send(b"hello", destination)
    payload, peer = near.recvfrom(100)
    assert (payload, peer[:2]) == (b"hello", (source, 1900))
    for member in far:
        with pytest.raises(BlockingIOError):
            member.recvfrom(100)
    for member in far:
        await member.wait_readable()
        assert trio.current_time() == 0.5
        payload, peer = member.recvfrom(100)
        assert (payload, peer[:2]) == (b"hello", (source, 1900))
    for other in (near, *far, *others):
        assert await arrivals(other) == []


async def test_the_delay_is_exact_and_drawn_for_each_receiver(autojump_clock: Clock) -> None:
    link = Link(seconds=0.5, jitter=0.25, rng=Random(7))
    device, asker = pair(link)
    expected = Random(7)
    member = asker.open_udp(GROUP, 1900)
    for _ in range(3):
        sent_at = trio.current_time()
        device.send(b"hello", TO_ALL)
        (arrived,) = await arrivals(member, 1)
        assert arrived[0] == sent_at + 0.5 + expected.uniform(0, 0.25)


async def test_a_part_is_lost_and_a_part_comes_twice(autojump_clock: Clock) -> None:
    link = Link(loss=0.25, duplicates=0.25, rng=Random(1))
    device, asker = pair(link)
    far, near = asker.open_udp(GROUP, 1900), device.open_udp(GROUP, 1900)
    for number in range(1000):
        device.send(b"%d" % number, TO_ALL)
    counts = Counter(Counter(payload for _, payload, _ in await arrivals(far)).values())
    assert 200 < 1000 - counts.total() < 300
    assert 140 < counts[2] < 240  # a quarter of those that are left
    assert len(await arrivals(near)) == 1000  # nothing is lost within a host
    assert len(link.recording) == 1000


async def test_a_full_queue_loses_the_newest(autojump_clock: Clock) -> None:
    device, asker = pair(Link())
    member = asker.open_udp(GROUP, 1900)
    for number in range(MAX_WAITING + 5):
        device.send(b"%d" % number, TO_ALL)
    found = await arrivals(member)
    assert (len(found), member.lost) == (MAX_WAITING, 5)
    assert found[-1][1] == b"%d" % (MAX_WAITING - 1)


async def test_links_are_apart_and_a_host_may_be_on_several(autojump_clock: Clock) -> None:
    left, right = Link(name="left"), Link(name="right")
    both = Host("both")
    both.plug(left, "192.0.2.1/24", "fe80::1/64")
    both.plug(right, "198.51.100.1/24", "fe80::1/64", name="eth1")
    hosts = Host.on(left, "192.0.2.9/24", "fe80::9/64"), Host.on(right, "198.51.100.9/24", "fe80::9/64")
    assert [(nic.name, nic.index) for nic in both.nics.values()] == [("lo", 1), ("eth0", 2), ("eth1", 3)]
    members = [host.open_udp(GROUP, 1900) for host in hosts]
    both.send(b"on the left", TO_ALL)
    both.send(b"on the right", TO_ALL, name="eth1")
    assert [[payload for _, payload, _ in await arrivals(member)] for member in members] == [
        [b"on the left"],
        [b"on the right"],
    ]
    # a unicast datagram takes the link that leads there, and a link-local one that of its scope
    peers = [host.open_udp(address, 7) for host, address in zip(hosts, ("192.0.2.9", "198.51.100.9"), strict=True)]
    local = [host.open_udp("fe80::9", 7) for host in hosts]
    sending, sending6 = both.open_udp("192.0.2.1"), both.open_udp("fe80::1")
    sending.sendto(b"4", ("198.51.100.9", 7))
    sending6.sendto(b"6", ("fe80::9", 7, 0, 3))
    assert [len(await arrivals(socket)) for socket in (*peers, *local)] == [0, 1, 0, 1]
    with pytest.raises(OSError, match="unreachable") as caught:
        sending.sendto(b"4", ("203.0.113.9", 7))
    assert caught.value.errno == errno.ENETUNREACH


async def test_ipv6_sources_have_the_scope_of_the_receiver(autojump_clock: Clock) -> None:
    link = Link()
    device = Host.on(link, "fe80::7/64", "2001:db8::7/64")
    asker = Host("asker")
    asker.plug(link, "fe80::9/64", "2001:db8::9/64", index=42)
    for own, peer in (("fe80::9", "fe80::7"), ("2001:db8::9", "2001:db8::7")):
        receiving, sending = asker.open_udp(own, 7), device.open_udp(peer, 8)
        sending.sendto(b"x", receiving.name)
        ((_, _, source),) = await arrivals(receiving)
        assert source == (peer, 8, 0, 42 if own.startswith("fe80") else 0)


async def test_of_several_sockets_at_one_address_the_newest_gets_a_unicast_datagram(autojump_clock: Clock) -> None:
    device, asker = pair(Link())
    older, newer = device.open_udp("192.0.2.7", 1900), device.open_udp("192.0.2.7", 1900)
    asker.send(b"one", ("192.0.2.7", 1900))
    newer.close()
    asker.send(b"two", ("192.0.2.7", 1900))
    device.change("192.0.2.8/24")
    asker.send(b"three", ("192.0.2.7", 1900))
    assert [payload for _, payload, _ in await arrivals(older)] == [b"two"]
    with pytest.raises(OSError, match="Bad file descriptor"):
        newer.recvfrom(1)


async def test_a_source_can_be_forged(autojump_clock: Clock) -> None:
    link = Link()
    device, asker = pair(link)
    member, victim = device.open_udp(GROUP, 1900), Host.on(link, "192.0.2.66/24").open_udp("192.0.2.66", 9)
    asker.send(b"a search", TO_ALL, source=("192.0.2.66", 9))
    ((_, _, source),) = await arrivals(member)
    device.open_udp("192.0.2.7", 1900).sendto(b"an answer", source)
    assert len(await arrivals(victim)) == 1
    assert [sent.source for sent in link.recording] == [("192.0.2.66", 9), ("192.0.2.7", 1900)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": 7}, "loss is 7; it must be from 0 to 1"),
        ({"duplicates": -0.1}, "duplicates is -0.1; it must be from 0 to 1"),
        ({"seconds": -1}, "seconds is -1; it must be 0 or more"),
        ({"jitter": math.nan}, "jitter is nan; it must be 0 or more"),
    ],
)
def test_an_impossible_link_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Link(**options)  # type: ignore[arg-type]
    link = Link()
    with pytest.raises(ValueError, match=message):
        (name,) = options
        setattr(link, name, options[name])
