"""Hosts in memory: their interfaces, what their system does to programs, and what they refuse."""

from __future__ import annotations

import asyncio
import errno
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Address, ip_address

import pytest
import trio
import trio.testing

from tests.testing.lamps import LAMP
from upnp_trio.errors import NetworkError
from upnp_trio.network.endpoint import Address, Receiver
from upnp_trio.network.interfaces import Interface
from upnp_trio.network.served_interface import InterfaceOptions
from upnp_trio.network.udp_sender import STALLED_SEND_SECONDS
from upnp_trio.ssdp.messages import GROUP
from upnp_trio.testing import Host, Link, MemoryNetwork, ScriptedDevice

Clock = trio.testing.MockClock
TO_ALL: Address = (GROUP, 1900)


def eth(host: Host, name: str = "eth0") -> Interface:
    return host.nics[name].interface


def waiting(receivers: tuple[Receiver, ...]) -> Counter[bytes]:
    return Counter(payload for receiver in receivers for payload, _ in receiver.drain())


async def test_interfaces_come_change_and_go(autojump_clock: Clock) -> None:
    link = Link()
    device, asker = Host.on(link, "192.0.2.7/24"), Host.on(link, "192.0.2.9/24")
    network, other = device.network, device.network
    receivers_of = network.open_receivers

    async def changed(by: float) -> bool:
        """Whether a change is reported at that time, and not before."""
        slept = await network.wait_for_change()
        assert trio.current_time() == by
        return slept

    with (
        receivers_of(eth(device)) as receivers,
        network.open_search_socket(eth(device), eth(device).addresses[0]) as searching,
    ):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(changed, 5)
            await trio.sleep(5)
            device.unplug()
        assert [each.name for each in network.interfaces()] == ["lo"]
        asker.send(b"unheard", TO_ALL)
        with pytest.raises(OSError, match="unreachable"):
            await searching.send(b"x", searching.group)
        await trio.sleep(1)
        assert not waiting(receivers)
    with pytest.raises(NetworkError), network.open_receivers(Interface(name="eth0", index=2, addresses=())):
        pass
    device.plug(link, "192.0.2.77/24")
    device.change("192.0.2.78/24")
    device.sleep()
    assert await changed(by=6)
    assert await other.wait_for_change()  # each program learns of it
    with receivers_of(eth(device)) as receivers:
        asker.send(b"heard", TO_ALL)
        assert waiting(receivers) == {b"heard": 1}
    with trio.move_on_after(1) as unchanged:
        await network.wait_for_change()
    assert unchanged.cancelled_caught


async def test_a_refused_interface_and_a_failed_send_are_the_test_s_to_choose(autojump_clock: Clock) -> None:
    device = Host.on(Link(), "192.0.2.7/24")
    device.nics["eth0"].send_errors = [None, OSError(errno.ENOBUFS, "no room")]
    with device.network.open_search_socket(eth(device), eth(device).addresses[0]) as searching:
        await searching.send(b"x", searching.group)
        with pytest.raises(OSError, match="no room"):
            await searching.send(b"x", searching.group)
        await searching.send(b"x", searching.group)
    device.refused["eth0"] = NetworkError("no")
    device.unknown = NetworkError("cannot list")
    network = device.network
    for refused in (
        network.open_receivers(eth(device)),
        network.open_search_socket(eth(device), eth(device).addresses[0]),
    ):
        with pytest.raises(NetworkError, match="no"), refused:
            pass
    with pytest.raises(NetworkError, match="cannot list"):
        network.interfaces()


def test_an_address_is_faced_as_on_a_real_host() -> None:
    link = Link()
    host = Host.on(link, "192.0.2.7/24", "fe80::7/64")
    host.plug(Link(), "198.51.100.7/24", "fe80::8/64", name="eth1")
    host.add_route("203.0.113.0/24", "eth1")
    network = host.network
    for address, zone, own in (
        ("192.0.2.9", "", "192.0.2.7"),
        ("198.51.100.9", "", "198.51.100.7"),
        ("203.0.113.9", "", "198.51.100.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("192.0.2.7", "", "192.0.2.7"),
        ("fe80::9", "eth1", "fe80::8"),
    ):
        assert network.facing(ip_address(address), zone).address == own
    with pytest.raises(NetworkError, match="cannot find a way to 10"):
        network.facing(IPv4Address("10.0.0.1"))
    with pytest.raises(NetworkError, match="without its zone"):
        network.facing(ip_address("fe80::9"))


# --- one host alone, and what its system does to it -----------------------------------------------------------------


async def test_a_datagram_of_anyone_can_be_received_and_is_not_recorded(autojump_clock: Clock) -> None:
    link = Link()
    host = Host.on(link, "192.0.2.7/24", "fe80::7/64")
    group, own, group6 = host.open_udp(GROUP, 1900), host.open_udp("192.0.2.7", 1900), host.open_udp("ff02::c", 1900)
    host.receive(b"to all", ("203.0.113.9", 1))
    host.receive(b"to you", ("203.0.113.9", 1), to="192.0.2.7")
    host.receive(b"to all", ("fe80::9", 1, 0, 0), to="ff02::c")
    host.receive(b"to nobody", ("203.0.113.9", 1), port=1901)
    assert [group.recvfrom(100), own.recvfrom(100), group6.recvfrom(100)] == [
        (b"to all", ("203.0.113.9", 1)),
        (b"to you", ("203.0.113.9", 1)),
        (b"to all", ("fe80::9", 1, 0, 2)),
    ]
    for socket in (group, own, group6):
        with pytest.raises(BlockingIOError):
            socket.recvfrom(100)
    assert len(link.recording) == 0


async def test_a_mute_address_sends_nothing_and_the_others_do() -> None:
    link = Link()
    host = Host.on(link, "192.0.2.7/24", "192.0.2.8/24")
    mute, other = host.open_udp("192.0.2.7", 1900), host.open_udp("192.0.2.8", 1900)
    host.nics["eth0"].mute.add("192.0.2.7")
    with pytest.raises(OSError, match="down"):
        mute.sendto(b"1", (GROUP, 1900))
    other.sendto(b"2", (GROUP, 1900))
    host.nics["eth0"].mute.clear()
    mute.sendto(b"3", (GROUP, 1900))
    assert [sent.payload for sent in link.recording] == [b"2", b"3"]


async def test_a_full_send_buffer_takes_nothing_for_a_while(autojump_clock: Clock) -> None:
    host = Host.on(Link(), "192.0.2.7/24")
    socket, other = host.open_udp("192.0.2.7", 1900), host.open_udp("192.0.2.7", 1901)
    host.nics["eth0"].stalls += [0, 2, 3]
    assert socket.sendto(b"1", (GROUP, 1900)) == 1
    for seconds in (2, 5):
        for full in (socket, other):
            with pytest.raises(BlockingIOError):
                full.sendto(b"2", (GROUP, 1900))
        await socket.wait_writable()
        assert trio.current_time() == seconds
        assert socket.sendto(b"2", (GROUP, 1900)) == 1
    assert socket.sendto(b"3", (GROUP, 1900)) == 1


async def test_an_announcement_waits_for_room_and_not_for_ever(autojump_clock: Clock) -> None:
    host = Host.on(Link(), "192.0.2.7/24")
    with host.network.open(eth(host), InterfaceOptions(port=49152)) as opened:
        (sender,) = opened.endpoint.senders.values()
        host.nics["eth0"].stalls += [0.5, 100]
        await sender.announce(b"1")
        assert trio.current_time() == 0.5
        assert sender.send(b"2", (GROUP, 1900)) is False
        with pytest.raises(OSError, match="no room"):
            await sender.announce(b"2")
        assert trio.current_time() == 0.5 + STALLED_SEND_SECONDS


def test_addresses_that_the_system_still_checks_are_pending() -> None:
    host = Host.on(Link(), "192.0.2.7/24")
    host.change("192.0.2.7/24", "fe80::7/64", pending=["fe80::7"])
    assert eth(host).pending == {ip_address("fe80::7")}
    host.change("192.0.2.7/24", "fe80::7/64")
    assert eth(host).pending == frozenset()


# --- what is refused, and what is left open ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda lamp: lamp.change("192.0.2.9/24", name="eth7"),
        lambda lamp: lamp.unplug("eth7"),
        lambda lamp: lamp.take_down("eth7"),
        lambda lamp: lamp.open_udp("192.0.2.1", name="eth7"),
        lambda lamp: lamp.listen(80, name="eth7"),
        lambda lamp: lamp.receive(b"", TO_ALL, name="eth7"),
    ],
)
async def test_an_interface_that_is_not_there_is_named(use: Callable[[Host], object]) -> None:
    with pytest.raises(ValueError, match=r"^lamp has no interface 'eth7'; it has lo, eth0$"):
        use(MemoryNetwork().host("lamp"))


def test_two_interfaces_have_two_names() -> None:
    network = MemoryNetwork()
    lamp = network.host("lamp")
    with pytest.raises(ValueError, match="lamp has an interface 'eth0' already; give this one another name"):
        lamp.plug(network.add_link("upstairs"), "198.51.100.1/24")
    lamp.unplug()
    lamp.plug(network.link, "192.0.2.1/24")


@pytest.mark.parametrize(("address", "cure"), [("192.0.2.7", "192.0.2.7/24"), ("2001:db8::7", "2001:db8::7/64")])
def test_an_address_without_a_prefix_is_refused(address: str, cure: str) -> None:
    """Nothing else would be on its link, and nothing would say so."""
    network = MemoryNetwork()
    with pytest.raises(ValueError, match=f"'{address}' has no prefix, so nothing is on its link; write {cure}"):
        network.host("lamp", address)
    phone = network.host("phone", cure)
    with pytest.raises(ValueError, match="has no prefix"):
        phone.change(address)
    assert [str(own) for own in phone.nics["eth0"].addresses] == [cure]


async def test_a_datagram_needs_an_address_of_its_family() -> None:
    lamp = MemoryNetwork().host("lamp")
    with pytest.raises(ValueError, match="eth0 has no IPv6 address; say which one to use"):
        lamp.send(b"", ("ff02::c", 1900))
    lamp.change()
    with pytest.raises(ValueError, match="eth0 has no address; say which one to use"):
        lamp.listen(80)


def test_what_needs_the_clock_says_that_no_trio_loop_runs() -> None:
    network = MemoryNetwork()
    lamp = network.host("lamp")

    async def play() -> None:
        async with lamp.play(ScriptedDevice(LAMP)):
            pass

    uses: list[Callable[[], object]] = [
        lambda: lamp.send(b"", TO_ALL),
        lambda: lamp.receive(b"", TO_ALL),
        lambda: asyncio.run(play()),
    ]
    for use in uses:
        with pytest.raises(RuntimeError, match="a network in memory runs in a trio loop: by its method `run`, or"):
            use()


async def test_run_is_for_tests_that_trio_does_not_run() -> None:
    with pytest.raises(RuntimeError, match="a trio loop runs this test already; `await` what is to be run"):
        MemoryNetwork().run(trio.sleep, 1)


async def test_what_is_left_open_is_known(autojump_clock: Clock) -> None:
    network = MemoryNetwork(seed=5)
    lamp = network.host("lamp")
    with lamp.open_udp("239.255.255.250", 1900), lamp.listen(80):
        assert network.left_open() == [
            "lamp: <UDP socket at 239.255.255.250:1900>",
            "lamp: <listener at 192.0.2.1:80>",
        ]
        async with lamp.accept_from("192.0.2.9", 80) as connection:
            assert repr(connection) == "<connection with 192.0.2.1>"
    assert network.left_open() == []
    assert repr(network) == "<MemoryNetwork with seed 5 and lamp>"
    assert repr(lamp) == "<Host lamp at 127.0.0.1/8, ::1/128, 192.0.2.1/24>"
    assert repr(network.link) == "<Link link of 1 interfaces>"
    assert repr(lamp.nics["eth0"]) == "<interface eth0 on link at 192.0.2.1/24>"
