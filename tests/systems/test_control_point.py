"""A control point on each simulated system, beside a device on the same host and alone."""

from __future__ import annotations

import trio
import trio.testing

from tests.systems.kernel import Kernel
from tests.systems.scenes import GROUP, NEIGHBOUR, OWN, UDN, m_search, search, served, sockets_at
from tests.systems.system import SimulatedSystem
from tests.systems.udp import UdpSocket, arrive

Clock = trio.testing.MockClock
OTHER = "uuid:4d696e69-444c-164e-9d41-000000000002"


def message(start: str, kind: str, *more: str) -> bytes:
    lines = [start, f"{kind}: upnp:rootdevice", f"USN: {OTHER}::upnp:rootdevice", "CACHE-CONTROL: max-age=1800"]
    return "\r\n".join([*lines, "EXT:", "SERVER: a/1 UPnP/1.1 b/1", *more, "", ""]).encode()


LOCATION = f"LOCATION: http://{NEIGHBOUR}:8080/description.xml"
ANSWER = message("HTTP/1.1 200 OK", "ST", LOCATION)
ALIVE = message("NOTIFY * HTTP/1.1", "NT", f"HOST: {GROUP}:1900", "NTS: ssdp:alive", LOCATION)


def searching(kernel: Kernel, address: str = OWN) -> list[UdpSocket]:
    """The sockets of searches at *address*."""
    sockets = [one for one in kernel.udp if isinstance(one, UdpSocket)]
    return [one for one in sockets if one.getsockname()[0] == address and one.getsockname()[1] >= 49152]


async def test_a_search_leaves_from_each_address_and_its_answers_are_given(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    kernel = system.kernel
    async with system.module("controlpoint").open_control_point() as control_point:
        feed = control_point.search("upnp:rootdevice", sends=1)
        await trio.sleep(0.1)
        left = [each for each in kernel.sent if each.payload.startswith(b"M-SEARCH")]
        assert {each.source[0] for each in left} == {OWN, "fe80::7", "2001:db8::7"}
        assert {each.nic for each in left} == {system.lan}
        (own,) = searching(kernel)
        own.put((ANSWER, (NEIGHBOUR, 1900)))
        (result,) = [result async for result in feed]
        assert (result.sender, result.message.usn) == (NEIGHBOUR, f"{OTHER}::upnp:rootdevice")
        assert not searching(kernel)
    assert (kernel.udp, kernel.tcp) == ([], [])


async def test_errors_of_other_peers_cost_no_answer(windows: SimulatedSystem, autojump_clock: Clock) -> None:
    """Windows: a unicast search to a host without SSDP, and ten thousand of them on one socket."""
    kernel = windows.kernel
    kernel.unreachable.add("192.0.2.66")
    async with windows.module("controlpoint").open_control_point(listen=False) as control_point:
        assert [result async for result in control_point.search(to="192.0.2.66")] == []
        feed = control_point.search("upnp:rootdevice", sends=1, mx=3)
        await trio.sleep(0.1)
        (own,) = searching(kernel)
        for _ in range(10_000):
            own.put(kernel.error("ECONNRESET"))
        own.put((ANSWER, (NEIGHBOUR, 1900)))
        assert len([result async for result in feed]) == 1


async def test_announcements_are_received_once(system: SimulatedSystem, autojump_clock: Clock) -> None:
    async with system.module("controlpoint").open_control_point() as control_point:
        messages = control_point.datagrams()
        arrive(system.kernel, ALIVE, (NEIGHBOUR, 1900), (GROUP, 1900), system.lan)
        await trio.sleep(1)
        assert list(control_point.devices) == [OTHER]
        arrive(
            system.kernel, ALIVE.replace(b"ssdp:alive", b"ssdp:byebye"), (NEIGHBOUR, 1900), (GROUP, 1900), system.lan
        )
        await trio.sleep(1)
        assert not control_point.devices
        messages.close()
        assert len([message async for message in messages]) == 2


async def test_a_device_beside_it_gets_what_is_sent_to_its_address(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    """Whichever of both was started first."""
    control_point = system.module("controlpoint").open_control_point
    async with control_point(), served(system):
        assert len(await search(system, to=(OWN, 1900))) == 1
    async with served(system), control_point():
        assert len(await search(system, to=(OWN, 1900))) == 1


async def test_it_describes_a_device(system: SimulatedSystem, autojump_clock: Clock) -> None:
    async with (
        served(system),
        system.module("controlpoint").open_control_point() as control_point,
    ):
        device = await control_point.describe(UDN)
        assert device.friendly_name == "Jambon 3000"
        assert device.manufacturer == "Boucherie numérique SAS"


async def test_sockets_of_announcements_are_bound_as_the_system_allows(
    system: SimulatedSystem, autojump_clock: Clock
) -> None:
    async with system.module("controlpoint").open_control_point():
        at_group, at_none = sockets_at(system.kernel, GROUP), sockets_at(system.kernel, "0.0.0.0")
        assert (len(at_group), len(at_none)) == ((0, 1) if system.is_windows else (1, 0))
        assert not sockets_at(system.kernel, OWN)
        (receiver,) = at_group + at_none
        assert receiver.memberships == {(GROUP, system.lan.index)}


async def test_a_search_of_others_arrives_too(system: SimulatedSystem, autojump_clock: Clock) -> None:
    async with system.module("controlpoint").open_control_point() as control_point:
        messages = control_point.datagrams()
        arrive(system.kernel, m_search(), (NEIGHBOUR, 5000), (GROUP, 1900), system.lan)
        received = await anext(messages)
        assert received.payload == m_search()
