"""Another program that uses the UDN of one of our devices, on another host or on this one."""

from __future__ import annotations

import logging

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC, GATEWAY, ROOT_UUID
from tests.server.scenes import ASKER, DEVICE, LoneHost, interface, served
from upnp_trio import Running
from upnp_trio.network.endpoint import Address
from upnp_trio.ssdp.messages import Alive, ByeBye, Update
from upnp_trio.ssdp.rendering import render_alive, render_byebye, render_update

Clock = trio.testing.MockClock
ETH0 = interface("192.0.2.7/24")
ETH1 = interface("192.0.2.8/24", name="eth1", index=3)
OURS: Address = (DEVICE, 1900)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def alive(running: Running, *, location: str | None = None, boot_id: int | None = None, usn: str = "") -> bytes:
    """An announcement by a program with the UDN of our device; by default it is the same as ours."""
    return render_alive(
        Alive(
            notification_type="upnp:rootdevice",
            usn=usn or f"{BASIC.udn}::upnp:rootdevice",
            location=location or running.locations[0],
            server="Linux/6.1 UPnP/1.1 other/1.0",
            max_age=1800,
            boot_id=boot_id or running.boot_id,
            config_id=running.device.config_id,
        )
    )


def byebye(running: Running, boot_id: int | None = None) -> bytes:
    return render_byebye(
        ByeBye(notification_type="upnp:rootdevice", usn=f"{BASIC.udn}::upnp:rootdevice", boot_id=boot_id)
    )


@pytest.mark.parametrize("usn", [f"uuid:{ROOT_UUID}", f"uuid:{ROOT_UUID.upper()}::upnp:rootdevice"])
async def test_another_device_with_our_udn_is_warned_of_once_and_answered_now_and_then(
    usn: str, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost(ETH0)
    stranger = render_byebye(ByeBye(notification_type="n", usn=usn))
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        for _ in range(50):
            host.receive(stranger)
            await trio.sleep(0.5)
        assert len([sent for sent in host.sent if sent.time > 10]) == 9
        assert running.stats.conflicts == 50
    (warning,) = warnings(caplog)
    assert warning.startswith(f"{ASKER[0]} on eth0 sends byebye for our {usn.partition('::')[0]}; ")


async def test_another_program_on_this_host_with_our_udn_is_warned_of_and_answered(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        theirs = running.locations[0].replace(":49152", ":49153")
        host.receive(alive(running, location=theirs), OURS)
        await trio.sleep(10)
        assert len([sent for sent in host.sent if sent.time > 10]) == 9
        assert running.stats.conflicts == 1
    (warning,) = warnings(caplog)
    assert warning.startswith(f"another program on this host (192.0.2.7 on eth0) announces our {BASIC.udn}; ")


@pytest.mark.parametrize("kind", ["alive", "byebye", "update"])
async def test_a_boot_id_that_we_never_had_is_of_another_program(
    kind: str, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        theirs = running.boot_id - 1
        update = Update(
            notification_type="n",
            usn=str(BASIC.udn),
            location=running.locations[0],
            boot_id=theirs,
            config_id=0,
            next_boot_id=running.boot_id,
        )
        datagrams = {
            "alive": alive(running, boot_id=theirs),
            "byebye": byebye(running, theirs),
            "update": render_update(update),
        }
        host.receive(datagrams[kind], OURS)
        await trio.sleep(10)
        assert running.stats.conflicts == 1
        assert len([sent for sent in host.sent if sent.time > 10]) == 9
    assert len(warnings(caplog)) == 1


async def test_a_byebye_without_boot_id_from_this_host_is_of_another_program(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        host.receive(byebye(running), OURS)
        await trio.sleep(1)
        assert running.stats.conflicts == 1


async def test_our_boot_id_and_location_from_another_address_are_a_conflict(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        host.receive(alive(running), ASKER)
        await trio.sleep(1)
        assert running.stats.conflicts == 1


async def test_a_neighbour_with_its_own_udn_is_not_a_conflict(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        for peer in (ASKER, OURS):
            host.receive(alive(running, usn="uuid:other"), peer)
        await trio.sleep(10)
        assert running.stats.conflicts == 0
        assert [sent for sent in host.sent if sent.time > 10] == []


async def test_nothing_that_we_send_is_a_conflict_whatever_changes_meanwhile(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Each datagram is received on every interface, as when two are on one link, and some are received late."""
    host = LoneHost(ETH0, ETH1)
    returned = 0

    async def return_all(delay: float) -> None:
        nonlocal returned
        for sent in host.sent.datagrams[returned:]:
            if isinstance(sent.message, Alive | ByeBye | Update):
                for name in host.nics:
                    host.receive(sent.payload, sent.source, name=name)
        returned = len(host.sent)
        await trio.sleep(delay)

    async with served(host, GATEWAY) as running:
        for interfaces in [
            (ETH0, ETH1),
            (ETH0, attrs.evolve(ETH1, is_multicast=False)),  # not served any more, and still able to send
            (ETH0, ETH1),
            (interface("192.0.2.77/24"), ETH1),
            (interface("192.0.2.77/24", "192.0.2.78/24"), ETH1),
            (attrs.evolve(ETH0, is_multicast=False), ETH1),
            (ETH0, ETH1),
        ]:
            host.have(*interfaces)
            for _ in range(100):
                await return_all(0.02)
        await running.update(GATEWAY)
        await running.remove(str(GATEWAY.udn))
        await running.add(BASIC)
        for _ in range(100):
            await return_all(0.02)
        assert running.stats.conflicts == 0
        assert returned > 450
    assert warnings(caplog) == []


async def test_a_flood_in_our_name_from_this_host_is_one_line(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        for number in range(1000):
            host.receive(alive(running, boot_id=number + 1), OURS)
        await trio.sleep(30)
        assert running.stats.conflicts == 1000
        assert len([sent for sent in host.sent if sent.time > 10]) == 9
    assert len(warnings(caplog)) == 1
