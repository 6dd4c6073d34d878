"""A device on each simulated system: opened, found, fetched, and gone with byebye."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from tests.systems.kernel import Kernel
from tests.systems.scenes import GROUP, NEIGHBOUR, OWN, fetch, search, served, sockets_at
from tests.systems.system import SimulatedSystem, nic
from tests.systems.udp import UdpSocket

Clock = trio.testing.MockClock


def sent_to(kernel: Kernel, group: str, kind: bytes) -> set[str]:
    """The addresses from which a message of this *kind* went to *group*."""
    return {str(each.source[0]) for each in kernel.sent if each.destination[0] == group and kind in each.payload}


async def test_a_device_is_announced_from_each_address_and_says_byebye(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    kernel = system.kernel
    async with served(system):
        assert sent_to(kernel, GROUP, b"ssdp:alive") == {OWN}
        assert sent_to(kernel, "ff02::c", b"ssdp:alive") == {"fe80::7"}
        assert sent_to(kernel, "ff05::c", b"ssdp:alive") == {"2001:db8::7"}
        assert {each.nic for each in kernel.sent} == {system.lan}
    assert sent_to(kernel, GROUP, b"ssdp:byebye") == {OWN}
    assert sent_to(kernel, "ff02::c", b"ssdp:byebye") == {"fe80::7"}
    assert sent_to(kernel, "ff05::c", b"ssdp:byebye") == {"2001:db8::7"}
    assert (kernel.udp, kernel.tcp) == ([], [])


@pytest.mark.parametrize(
    ("source", "group"),
    [
        ((NEIGHBOUR, 5000), (GROUP, 1900)),
        (("fe80::9", 5000, 0, 0), ("ff02::c", 1900, 0, 0)),
        (("2001:db8::9", 5000, 0, 0), ("ff05::c", 1900, 0, 0)),
    ],
)
async def test_a_multicast_search_is_answered_once(
    system: SimulatedSystem, source: tuple[str, int], group: tuple[str, int], autojump_clock: Clock
) -> None:
    if source[0].startswith("fe80"):  # as the system gives the source of a datagram
        source = (*source[:3], system.lan.index)  # type: ignore[assignment]
    async with served(system) as running:
        (answer,) = await search(system, source, group)
        assert answer.payload.startswith(b"HTTP/1.1 200 OK")
        own = {"1": OWN, "f": "[fe80::7]", "2": "[2001:db8::7]"}[source[0][0]]
        assert f"http://{own}:{running.port}/".encode() in answer.payload


async def test_a_unicast_search_is_answered_at_once(system: SimulatedSystem, autojump_clock: Clock) -> None:
    async with served(system):
        assert len(await search(system, to=(OWN, 1900))) == 1


async def test_two_addresses_of_one_interface_do_not_answer_twice(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    one = system.lan
    more = nic(one.name, one.index, "192.0.2.7/24", "198.51.100.7/24", friendly=one.friendly, flags=one.flags)
    system.kernel.nics[system.kernel.nics.index(one)] = more
    async with served(system):
        members = [one for one in system.kernel.udp if isinstance(one, UdpSocket) and one.memberships]
        assert [one.memberships for one in members] == [{(GROUP, system.lan.index)}]
        for source in (NEIGHBOUR, "198.51.100.9"):
            (answer,) = await search(system, (source, 5000))
            assert str(answer.source[0])[:8] == source[:8]


async def test_the_description_is_fetched(system: SimulatedSystem, autojump_clock: Clock) -> None:
    async with served(system) as running:
        for where in running.where:
            path = where.url.partition(f":{running.port}")[2]
            response = await fetch(system.kernel, str(where.address), running.port, path)
            assert response.startswith(b"HTTP/1.1 200 ")
            assert b"<friendlyName>Jambon 3000</friendlyName>" in response


async def test_a_device_beside_others_that_share_the_port(system: SimulatedSystem, autojump_clock: Clock) -> None:
    async with served(system):
        package = system.module("")
        other = package.RootDevice(
            device_type="urn:schemas-upnp-org:device:Basic:1", friendly_name="B", manufacturer="m", model_name="n"
        )
        async with package.serve_device(other, state_dir=None, port=50_000):
            await trio.sleep(5)
            assert len(await search(system)) == 2


async def test_a_change_of_the_network_is_seen_by_looking(system: SimulatedSystem, autojump_clock: Clock) -> None:
    one = system.lan
    async with served(system):
        system.kernel.nics[system.kernel.nics.index(one)] = nic(
            one.name, one.index, "203.0.113.7/24", friendly=one.friendly, flags=one.flags
        )
        await trio.sleep(10)
        assert sent_to(system.kernel, GROUP, b"ssdp:alive") == {OWN, "203.0.113.7"}


async def test_after_the_host_has_slept_everything_is_announced_again(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    async with served(system, max_age=1800):
        await trio.sleep(10)
        before = len(system.kernel.sent)
        system.kernel.seconds_asleep = 3600
        await trio.sleep(10)
        knows_sleep = system.kernel.rules.platform in ("win32", "darwin")
        assert (len(system.kernel.sent) > before) == knows_sleep


async def test_a_foreign_program_that_does_not_share_the_port_is_named_or_passed_by(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    """Unicast searches go to another port (SEARCHPORT). Only systems that bind the group itself need it alone."""
    foreign = system.module("network.udp_sockets").socket.socket(
        system.kernel.rules.constants["AF_INET"], system.kernel.rules.constants["SOCK_DGRAM"]
    )
    foreign.bind((OWN, 1900))
    async with served(system, ipv6=False):
        alive = next(each for each in system.kernel.sent if b"ssdp:alive" in each.payload)
        assert b"SEARCHPORT.UPNP.ORG: 49152" in alive.payload
        if not system.is_windows:
            assert len(sockets_at(system.kernel, GROUP)) == 1
            assert len(await search(system)) == 1
