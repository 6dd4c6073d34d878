"""What a host in memory refuses, and how it and what is on it are written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import trio
import trio.testing

from tests.testing.lamps import LAMP
from upnp_trio.testing import Host, MemoryNetwork, ScriptedDevice

Clock = trio.testing.MockClock
GROUP = ("239.255.255.250", 1900)


@pytest.mark.parametrize(
    "use",
    [
        lambda lamp: lamp.change("192.0.2.9/24", name="eth7"),
        lambda lamp: lamp.unplug("eth7"),
        lambda lamp: lamp.take_down("eth7"),
        lambda lamp: lamp.open_udp("192.0.2.1", name="eth7"),
        lambda lamp: lamp.listen(80, name="eth7"),
        lambda lamp: lamp.receive(b"", GROUP, name="eth7"),
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
        lambda: lamp.send(b"", GROUP),
        lambda: lamp.receive(b"", GROUP),
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
