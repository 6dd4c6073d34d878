"""UDNs: derived ones are the same at every start, and each is served by one program on this host."""

from __future__ import annotations

import errno
import os
import uuid
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC, GATEWAY
from tests.server.scenes import LoneHost, served
from upnp_trio import DescriptionError, NetworkError, RootDevice, UdnTaken
from upnp_trio.server import identity
from upnp_trio.server.identity import MAX_INSTANCES, host_id, possible_names, with_udns

Clock = trio.testing.MockClock
NAMELESS = attrs.evolve(BASIC, udn=None)
#: a tree of which no device has a UDN
BARE = attrs.evolve(GATEWAY, udn=None, devices=[attrs.evolve(GATEWAY.devices[0], udn=None)])
UDNS = {str(named.udn) for named in possible_names(NAMELESS, host_id)}


def udn_of(root: RootDevice, instance: int) -> str:
    return str(with_udns(root, host_id(), instance).udn)


# --- derived UDNs ---


def test_a_udn_is_derived_from_the_host_the_type_and_the_name_alone() -> None:
    first = with_udns(NAMELESS, "host")
    assert first.udn == with_udns(attrs.evolve(NAMELESS, serial_number="7", services=[]), "host").udn
    others = [
        with_udns(NAMELESS, "another host"),
        with_udns(attrs.evolve(NAMELESS, friendly_name="Jambon 3001"), "host"),
        with_udns(attrs.evolve(NAMELESS, device_type="urn:schemas-upnp-org:device:Basic:2"), "host"),
        with_udns(NAMELESS, "host", 2),
    ]
    assert len({first.udn, *(other.udn for other in others)}) == 5


def test_the_first_udn_is_the_one_that_earlier_versions_derived() -> None:
    """Control points identify the device by it."""
    assert str(with_udns(NAMELESS, "host").udn) == "uuid:d1ad1ed6-c01f-50ab-a9fc-3b8253aad6fa"


def test_every_device_of_every_instance_has_a_udn_of_its_own() -> None:
    udns = [device.udn for named in possible_names(BARE, host_id) for device in named.walk()]
    assert len(udns) == len(set(udns)) + MAX_INSTANCES - 1  # the innermost device has its own
    assert all(udn is not None and udn.is_uuid for udn in udns)


def test_a_device_with_udns_does_not_need_the_identity_of_the_host() -> None:
    def fail() -> str:
        raise AssertionError("the host is not asked")

    assert list(possible_names(GATEWAY, fail)) == [GATEWAY]


# --- what identifies the host ---


def test_out_of_descriptors_is_an_error_and_not_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> str:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    for owner, name in ((Path, "read_text"), (identity, "hardware_addresses")):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, refuse)
            with pytest.raises(NetworkError, match="the UDN cannot be derived from this host: Too many open files"):
                host_id()


@pytest.mark.parametrize("machine_id", ["0123456789abcdef", ""])
def test_a_hardware_address_that_python_makes_up_is_used_only_for_want_of_anything_else(
    machine_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "machine-id").write_text(machine_id)
    files = (tmp_path, tmp_path / "none", tmp_path / "machine-id")
    monkeypatch.setattr(identity, "_MACHINE_ID_FILES", tuple(map(str, files)))
    monkeypatch.setattr(identity, "hardware_addresses", list)
    made_up = 0x0300_0000_0001
    monkeypatch.setattr(uuid, "getnode", lambda: made_up)
    assert host_id() == (f"{machine_id}\0" if machine_id else f"\0{made_up:012x}")
    monkeypatch.setattr(uuid, "getnode", lambda: 0x0200_0000_0001)
    assert host_id() == f"{machine_id}\0" + "020000000001"


# --- one program for each UDN ---


async def test_a_second_program_takes_the_second_udn_and_logs_one_line(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost()
    host.claimed.add(udn_of(NAMELESS, 1))
    for _ in range(2):  # the same at every start
        async with served(host, NAMELESS) as running:
            assert str(running.device.udn) == udn_of(NAMELESS, 2)
        assert [record.getMessage() for record in caplog.records] == [
            f"another program on this host already serves Jambon 3000; this one serves it as {udn_of(NAMELESS, 2)}"
        ]
        caplog.clear()
    assert host.claimed == {udn_of(NAMELESS, 1)}


async def test_embedded_devices_follow_the_root_s_udn(autojump_clock: Clock) -> None:
    host = LoneHost()
    host.claimed.add(udn_of(BARE, 1))
    async with served(host, BARE) as running:
        first, second = with_udns(BARE, host_id(), 1), with_udns(BARE, host_id(), 2)
        assert [device.udn for device in running.device.walk()] == [device.udn for device in second.walk()]
        assert first.devices[0].udn != second.devices[0].udn


@pytest.mark.parametrize("udn", [device.udn for device in GATEWAY.walk()], ids=["the root's", "embedded", "innermost"])
async def test_an_explicit_udn_that_another_program_serves_is_an_error_at_the_start(
    udn: object, autojump_clock: Clock
) -> None:
    host = LoneHost()
    host.claimed.add(str(udn))
    with pytest.raises(UdnTaken, match=f"another program on this host serves {udn}; stop it, or give"):
        async with served(host, NAMELESS, GATEWAY):
            raise AssertionError("it must not start")
    assert host.claimed == {str(udn)}
    assert len(host.sent) == 0


async def test_the_error_when_all_udns_are_taken_states_that(autojump_clock: Clock) -> None:
    host = LoneHost()
    host.claimed |= UDNS
    with pytest.raises(UdnTaken, match="another program on this host serves uuid:"):
        async with served(host, NAMELESS):
            raise AssertionError("it must not start")
    assert host.claimed == UDNS


async def test_two_devices_of_one_program_do_not_become_two_instances(autojump_clock: Clock) -> None:
    host = LoneHost()
    with pytest.raises(DescriptionError, match=f"have the UDN {udn_of(NAMELESS, 1)}; give each its own udn"):
        async with served(host, NAMELESS, attrs.evolve(NAMELESS, serial_number="2")):
            raise AssertionError("it must not start")
    assert host.claimed == set()
    host.claimed.add(udn_of(NAMELESS, 1))
    async with served(host, NAMELESS) as running:
        with pytest.raises(DescriptionError, match=f"have the UDN {udn_of(NAMELESS, 2)}"):
            await running.add(NAMELESS)


async def test_claims_follow_the_devices(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with served(host) as running:
        assert host.claimed == set()
        added = await running.add(NAMELESS)
        assert host.claimed == {str(added.udn)}
        with pytest.raises(DescriptionError):
            await running.add(attrs.evolve(GATEWAY, devices=[attrs.evolve(GATEWAY.devices[0], udn=added.udn)]))
        with pytest.raises(DescriptionError):  # its SCPD is invalid
            await running.add(attrs.evolve(GATEWAY, services=[attrs.evolve(GATEWAY.services[0], scpd=b"<none")]))
        assert host.claimed == {str(added.udn)}
        await running.add(GATEWAY)
        assert host.claimed == {str(added.udn), *(str(device.udn) for device in GATEWAY.walk())}
        await running.update(attrs.evolve(GATEWAY, devices=[]))
        assert host.claimed == {str(added.udn), str(GATEWAY.udn)}
        host.claimed.add(str(GATEWAY.devices[0].udn))
        with pytest.raises(UdnTaken):
            await running.update(GATEWAY)
        host.claimed.remove(str(GATEWAY.devices[0].udn))
        assert running.devices[1].devices == ()
        await running.remove(str(GATEWAY.udn))
        assert host.claimed == {str(added.udn)}
    assert host.claimed == set()


async def test_a_claim_lasts_until_byebye_is_out(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with served(host, BASIC) as running, trio.open_nursery() as nursery:
        nursery.start_soon(running.remove, str(BASIC.udn))
        await trio.testing.wait_all_tasks_blocked()
        assert host.claimed == {str(BASIC.udn)}
        await trio.sleep(1)
        assert host.claimed == set()


async def test_a_second_instance_is_updated_by_its_description(autojump_clock: Clock) -> None:
    host = LoneHost()
    host.claimed.add(udn_of(NAMELESS, 1))
    async with served(host, NAMELESS) as running:
        new = await running.update(attrs.evolve(NAMELESS, serial_number="2"))
        assert str(new.udn) == udn_of(NAMELESS, 2)
        assert running.device.serial_number == "2"
        with pytest.raises(KeyError, match=udn_of(attrs.evolve(NAMELESS, friendly_name="other"), 1)):
            await running.update(attrs.evolve(NAMELESS, friendly_name="other"))
