"""A device of ours on one host in memory, and raw requests from another one: times are exact, and runs repeat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, ip_interface
from random import Random

import pytest
import trio
import trio.testing

from tests.devices import BASIC
from tests.server.scenes import NOON
from upnp_trio import Running
from upnp_trio.server.boot_ids import BootIds, UsedBootIds
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse
from upnp_trio.ssdp.parsing import parse
from upnp_trio.ssdp.rendering import render_search
from upnp_trio.testing import Host, Link
from upnp_trio.testing.scheduling import seeded

Clock = trio.testing.MockClock


@asynccontextmanager
async def served(host: Host, *, seed: int = 0) -> AsyncIterator[Running]:
    settings = Settings(rng=Random(seed), utcnow=lambda: NOON, state_dir=None)
    # numbers of its own, which do not depend on what this process has served before
    boot_ids = BootIds(settings.utcnow, used=UsedBootIds())
    async with serve_on(host.network, [BASIC], settings, boot_ids) as running:
        yield running


def pair(link: Link) -> tuple[Host, Host]:
    return Host.on(link, "192.0.2.7/24", "fe80::7/64"), Host.on(link, "192.0.2.9/24", "fe80::9/64")


async def search(asker: Host, address: str, mx: int | None, to: str | None = None) -> tuple[float, list[float]]:
    """Search from *address*; when the search left, and when each answer arrived."""
    network = asker.network
    eth0 = next(interface for interface in network.interfaces() if interface.name == "eth0")
    own = next(own for own in eth0.addresses if str(own.ip) == address)
    with network.open_search_socket(eth0, own) as socket:
        destination = socket.group if to is None else (to, 1900, *socket.group[2:])
        message = Search(search_target="ssdp:all", mx=mx)
        sent_at = await socket.send(render_search(message, host=socket.host), destination)
        arrived: list[float] = []
        with trio.move_on_after(10):
            while True:
                for datagram in await socket.receive():
                    assert isinstance(parse(datagram.payload), SearchResponse)
                    assert datagram.source[0] == ("192.0.2.7" if "." in address else "fe80::7")
                    arrived.append(datagram.arrived_at)
        return sent_at, arrived


@pytest.mark.parametrize("address", ["192.0.2.9", "fe80::9"])
async def test_a_multicast_search_is_answered_within_mx(address: str, autojump_clock: Clock) -> None:
    device, asker = pair(Link(seconds=0.25))
    async with served(device):
        await trio.sleep(10)
        sent_at, arrived = await search(asker, address, mx=2)
    assert sent_at == 10
    assert len(arrived) == 3
    assert all(10.5 < when <= 12.5 for when in arrived)


@pytest.mark.parametrize(("address", "to"), [("192.0.2.9", "192.0.2.7"), ("fe80::9", "fe80::7")])
async def test_a_unicast_search_is_answered_at_once(address: str, to: str, autojump_clock: Clock) -> None:
    device, asker = pair(Link(seconds=0.25))
    async with served(device):
        await trio.sleep(10)
        assert await search(asker, address, mx=None, to=to) == (10, [10.5] * 3)


def run_with(seed: int) -> bytes:
    link = Link(seconds=0.001, jitter=0.01, loss=0.2, duplicates=0.1, rng=Random(seed))

    async def run() -> None:
        device, asker = pair(link)
        async with served(device, seed=seed):
            await search(asker, "192.0.2.9", mx=3)
            await search(asker, "fe80::9", mx=3)

    with seeded(seed):
        trio.run(run, clock=Clock(autojump_threshold=0))
    return link.recording.as_bytes()


def test_two_runs_with_one_seed_send_the_same_bytes_at_the_same_times() -> None:
    assert run_with(1) == run_with(1)
    assert run_with(1) != run_with(2)


async def test_a_device_follows_its_interfaces(autojump_clock: Clock) -> None:
    left, right = Link(name="left"), Link(name="right")
    device = Host.on(left, "192.0.2.7/24")

    def locations(link: Link, since: float) -> set[str]:
        alive = [sent.message for sent in link.recording if sent.time >= since]
        return {message.location.split("/")[2] for message in alive if isinstance(message, Alive)}

    async with served(device):
        await trio.sleep(10)
        assert locations(left, 0) == {"192.0.2.7:49152"}
        device.change("192.0.2.8/24")
        device.plug(right, "198.51.100.7/24", name="eth1")
        await trio.sleep(10)
        assert locations(left, 10) == {"192.0.2.8:49152"}
        assert locations(right, 10) == {"198.51.100.7:49152"}
        device.unplug("eth1")
        await trio.sleep(1)
        before = len(right.recording)
    assert len(right.recording) == before  # no byebye passes a cable that is gone
    assert any(isinstance(sent.message, ByeBye) for sent in left.recording)


async def test_the_description_can_be_fetched_and_the_byebye_arrives(autojump_clock: Clock) -> None:
    link = Link(seconds=0.25)
    device, asker = pair(link)
    network = asker.network
    facing = network.facing(IPv4Address("192.0.2.7"))
    assert (facing.interface, facing.address) == ("eth0", "192.0.2.9")
    eth0 = next(interface for interface in network.interfaces() if interface.name == "eth0")
    with network.open_receivers(eth0) as receivers:
        async with served(device) as running:
            location = next(each for each in running.locations if "192.0.2.7" in each)
            path = location.removeprefix("http://192.0.2.7:49152")
            stream = await network.connect(IPv4Address("192.0.2.7"), 49152, served=facing)
            await stream.send_all(
                memoryview(f"GET {path} HTTP/1.1\r\nHost: 192.0.2.7:49152\r\nConnection: close\r\n\r\n".encode())
            )
            received = b""
            while data := await stream.receive_some(65536):
                received += data
            assert received.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"<friendlyName>Jambon 3000</friendlyName>" in received
            assert trio.current_time() == 1.0  # two round trips
            stream.close()
        await trio.sleep(1)
        kinds = [type(parse(datagram)) for receiver in receivers for datagram, _ in receiver.drain()]
    assert kinds.count(Alive) >= 6
    assert kinds.count(ByeBye) == 2 * 2 * 3  # twice for each family and row
    assert ip_interface("192.0.2.9/24") in eth0.addresses
