"""Connections in memory: their delays, their room, and the ways in which they fail."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address

import pytest
import trio
import trio.testing

from upnp_trio.network.listeners import DYNAMIC_PORTS
from upnp_trio.testing import Host, Link
from upnp_trio.testing.connecting import UNREACHABLE_SECONDS
from upnp_trio.testing.peers import http_response, serve_connections
from upnp_trio.testing.pipes import CAPACITY, Listener, PipeStream

Clock = trio.testing.MockClock
DEVICE = IPv4Address("192.0.2.7")


def pair(seconds: float = 0.0) -> tuple[Host, Host]:
    link = Link(seconds=seconds)
    return Host.on(link, "192.0.2.7/24", "fe80::7/64"), Host.on(link, "192.0.2.9/24", "fe80::9/64")


async def connected(device: Host, asker: Host) -> tuple[PipeStream, PipeStream]:
    """The asker's end and the device's end of a connection."""
    listener = device.listen(80)
    ours = await asker.connect(DEVICE, 80, asker.network.facing(DEVICE))
    return ours, await listener.accept()


async def test_a_connection_takes_a_round_trip_and_carries_both_ways(autojump_clock: Clock) -> None:
    device, asker = pair(seconds=0.25)
    ours, theirs = await connected(device, asker)
    assert trio.current_time() == 0.5
    assert (ours.peer, theirs.peer) == ("192.0.2.7", "192.0.2.9")
    await ours.send_all(memoryview(b"GET"))
    assert theirs.receive_now(10) is None
    assert await theirs.receive_some(2) == b"GE"
    assert trio.current_time() == 0.75
    assert theirs.receive_now(10) == b"T"
    assert theirs.send_now([b"200", b" OK"]) == 6
    await theirs.send_eof()
    assert [await ours.receive_some(10), await ours.receive_some(10)] == [b"200 OK", b""]
    await ours.send_all(memoryview(b"more"))  # one direction has ended
    assert await theirs.receive_some(10) == b"more"
    ours.close()
    assert await theirs.receive_some(10) == b""
    with pytest.raises(trio.BrokenResourceError):
        theirs.send_now([b"x"])
    with pytest.raises(trio.ClosedResourceError):
        await ours.receive_some(10)


async def test_a_link_local_address_is_reached_on_its_link(autojump_clock: Clock) -> None:
    left, right = Link(), Link()
    asker = Host.on(left, "fe80::1/64")
    asker.plug(right, "fe80::1/64", name="eth1")
    devices = [Host.on(link, "fe80::7/64") for link in (left, right)]
    listeners = [device.listen(80) for device in devices]
    peer = IPv6Address("fe80::7")
    for zone, listener in zip(("eth0", "eth1"), listeners, strict=True):
        stream = await asker.network.connect(peer, 80, served=asker.network.facing(peer, zone))
        with trio.fail_after(1):
            accepted = await listener.accept()
        stream.close()
        assert accepted.peer == "fe80::1"


async def test_what_nothing_listens_at_is_refused_or_unreachable_or_silent(autojump_clock: Clock) -> None:
    device, asker = pair(seconds=0.25)
    served = asker.network.facing(DEVICE)
    device.nics["eth0"].silent_ports.add(81)
    for address, port, number, seconds in (
        (DEVICE, 80, errno.ECONNREFUSED, 0.5),
        (IPv4Address("192.0.2.66"), 80, errno.EHOSTUNREACH, UNREACHABLE_SECONDS),
        (IPv4Address("203.0.113.66"), 80, errno.ENETUNREACH, 0.0),
    ):
        began = trio.current_time()
        with pytest.raises(OSError, match=r"refused|No route|unreachable") as caught:
            await asker.connect(address, port, served)
        assert (caught.value.errno, trio.current_time() - began) == (number, seconds)
    with trio.move_on_after(60) as scope:
        await asker.connect(DEVICE, 81, served)
    assert scope.cancelled_caught
    asker.change("192.0.2.10/24")
    with pytest.raises(OSError, match="assign") as caught:
        await asker.connect(DEVICE, 80, served)
    assert caught.value.errno == errno.EADDRNOTAVAIL
    assert [(each.address, each.port) for each in asker.connections] == [
        ("192.0.2.7", 80),
        ("192.0.2.66", 80),
        ("203.0.113.66", 80),
        ("192.0.2.7", 81),
        ("192.0.2.7", 80),
    ]


async def test_a_connection_that_is_given_up_is_reset(autojump_clock: Clock) -> None:
    device, asker = pair(seconds=1)
    listener = device.listen(80)
    with trio.move_on_after(1.5):
        await asker.connect(DEVICE, 80, asker.network.facing(DEVICE))
    theirs = await listener.accept()
    with pytest.raises(trio.BrokenResourceError):
        await theirs.receive_some(10)


async def test_a_writer_waits_for_a_reader(autojump_clock: Clock) -> None:
    device, asker = pair()
    ours, theirs = await connected(device, asker)
    assert ours.send_now([b"x" * (CAPACITY + 1)]) == CAPACITY
    assert ours.send_now([b"x"]) == 0
    with trio.move_on_after(60) as stalled:
        await ours.send_all(memoryview(b"x"))
    assert stalled.cancelled_caught
    received = 0

    async def read() -> None:
        nonlocal received
        while data := await theirs.receive_some(65536):
            received += len(data)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await ours.send_all(memoryview(b"y" * CAPACITY))
        await ours.send_eof()
    assert received == 2 * CAPACITY


async def test_a_reset_breaks_both_ends_at_once(autojump_clock: Clock) -> None:
    device, asker = pair()
    ours, theirs = await connected(device, asker)
    theirs.send_now([b"half of a resp"])
    theirs.reset()
    for use in (ours.receive_some(10), ours.send_all(memoryview(b"x"))):
        with pytest.raises(trio.BrokenResourceError):
            await use


@pytest.mark.parametrize("lost", ["unplugged", "down", "another address"])
async def test_a_connection_stalls_when_its_link_or_address_is_lost(lost: str, autojump_clock: Clock) -> None:
    device, asker = pair()
    ours, theirs = await connected(device, asker)
    device.change("192.0.2.7/24", "192.0.2.8/24")  # one more does no harm
    await theirs.send_all(memoryview(b"before"))
    assert await ours.receive_some(10) == b"before"
    if lost == "unplugged":
        device.unplug()
    else:
        device.change(*["192.0.2.8/24"] * (lost == "another address"), is_up=lost != "down")
    await theirs.send_all(memoryview(b"after"))
    theirs.close()
    with trio.move_on_after(3600) as scope:
        await ours.receive_some(10)
    assert scope.cancelled_caught


async def test_listeners_take_the_first_free_port(autojump_clock: Clock) -> None:
    device, asker = pair()
    network = device.network
    served = network.facing(IPv4Address("192.0.2.9"))
    (eth0,) = [interface for interface in network.interfaces() if interface.name == "eth0"]
    first = DYNAMIC_PORTS.start
    with network.listen(served) as one, network.listen(served, first) as two:
        assert (one.authority, two.authority) == (f"192.0.2.7:{first}", f"192.0.2.7:{first + 1}")
        assert network.find_port([eth0]) == first + 2
        ours = await asker.connect(DEVICE, first, asker.network.facing(DEVICE))
    with pytest.raises(trio.BrokenResourceError):  # it was never accepted
        await ours.receive_some(10)
    assert network.find_port([eth0]) == first


async def test_a_connection_of_anyone_can_be_accepted() -> None:
    device, _ = pair()
    listener = device.listen(80)
    with pytest.raises(OSError, match="refused"):
        device.accept_from("203.0.113.9", 81)
    async with device.accept_from("203.0.113.9", 80) as theirs:
        ours = await listener.accept()
        assert (ours.peer, theirs.peer) == ("203.0.113.9", "192.0.2.7")
        await theirs.send_all(b"one ")
        await theirs.send_all(b"two")
        assert theirs.outgoing.writes == 2
        assert await ours.receive_some() == b"one two"
    assert await ours.receive_some() == b""


async def test_a_listener_that_is_closed_is_an_error_for_what_waits(autojump_clock: Clock) -> None:
    device, _ = pair()
    listener = device.listen(80)
    assert device.open_sockets == [listener]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(raises_closed, listener)
        await trio.testing.wait_all_tasks_blocked()
        listener.close()
    await raises_closed(listener)
    assert device.open_sockets == []


async def raises_closed(listener: Listener) -> None:
    with pytest.raises(trio.ClosedResourceError):
        await listener.accept()


async def test_connections_fail_as_they_are_told_to(autojump_clock: Clock) -> None:
    device, asker = pair()
    device.listen(80)
    served = asker.network.facing(DEVICE)
    asker.connect_errors["192.0.2.7", 80] = OSError(errno.EMFILE, "too many open files")
    with pytest.raises(OSError, match="too many"):
        await asker.connect(DEVICE, 80, served)
    asker.connect_errors.clear()
    stream = await asker.connect(DEVICE, 80, served)
    assert [opened.stream for opened in asker.connections] == [None, stream]


@asynccontextmanager
async def peer(device: Host, body: bytes) -> AsyncIterator[None]:
    async def serve(stream: PipeStream) -> None:
        await stream.receive_some(65536)
        await stream.send_all(memoryview(http_response(body)))

    async with trio.open_nursery() as nursery:
        await nursery.start(serve_connections, device, 80, serve)
        yield
        nursery.cancel_scope.cancel()


async def test_a_scripted_peer_serves_connections_side_by_side(autojump_clock: Clock) -> None:
    device, asker = pair()
    async with peer(device, b"hello"):
        served = asker.network.facing(DEVICE)
        idle = await asker.connect(DEVICE, 80, served)
        stream = await asker.connect(DEVICE, 80, served)
        await stream.send_all(memoryview(b"GET / HTTP/1.1\r\n\r\n"))
        assert await stream.receive_some(100) == b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        assert await stream.receive_some(100) == b""
        idle.close()
    with pytest.raises(OSError, match="refused"):
        await asker.connect(DEVICE, 80, served)
