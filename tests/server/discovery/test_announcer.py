"""A sender that fails is tried again after a pause, which grows only with failed attempts."""

from __future__ import annotations

import errno
import ipaddress
import os
from collections import Counter
from itertools import pairwise

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC
from tests.server.scenes import DEVICE, LoneHost, interface, served
from upnp_trio import RootDevice
from upnp_trio.server.discovery.retries import FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS
from upnp_trio.ssdp.messages import Alive

Clock = trio.testing.MockClock
ETH0 = interface("192.0.2.7/24")
ETH1 = interface("198.51.100.7/24", name="eth1", index=3)
IP0, IP1 = DEVICE, "198.51.100.7"


def numbered(number: int) -> RootDevice:
    return attrs.evolve(BASIC, udn=f"uuid:00000000-0000-0000-0000-{number:012}", friendly_name=f"Device {number}")


TEN = [numbered(number) for number in range(10)]


def announced(host: LoneHost, address: str, since: float = 0) -> Counter[str]:
    """How many messages each device was announced with from *address*."""
    return Counter(
        sent.message.usn.partition("::")[0]
        for sent in host.sent
        if sent.source[0] == address and sent.time >= since and isinstance(sent.message, Alive)
    )


async def test_devices_that_share_a_mute_network_share_one_pause(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    host.nics["eth0"].mute.add(IP0)
    async with served(host, *TEN) as running:
        await trio.sleep(1)
        host.nics["eth0"].mute.clear()
        await trio.sleep(FIRST_RETRY_SECONDS)
        assert announced(host, IP0) == Counter({str(root.udn): 3 for root in TEN})
        # one attempt failed; the sets of the other devices did not try again
        assert running.stats.send_errors.total() == 1


async def test_the_pause_doubles_only_when_the_retry_fails(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    host.nics["eth0"].mute.add(IP0)
    attempts: list[float] = []
    async with served(host, *TEN) as running:
        failed = 0
        while trio.current_time() < 300:
            await trio.sleep(0.01)
            if running.stats.send_errors.total() > failed:
                failed = running.stats.send_errors.total()
                attempts.append(trio.current_time())
        assert failed == len(attempts)
    gaps = [later - earlier for earlier, later in pairwise(attempts)]
    assert [round(gap) for gap in gaps] == [2, 4, 8, 16, 32, 60, 60, 60]
    assert gaps[-1] == pytest.approx(MAX_RETRY_SECONDS, abs=0.05)


async def test_the_first_success_ends_the_pause(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    host.nics["eth0"].mute.add(IP0)
    async with served(host, *TEN) as running:
        await trio.sleep(10)
        host.nics["eth0"].mute.clear()
        await trio.sleep(10)
        assert set(announced(host, IP0).values()) == {3}
        failed = running.stats.send_errors.total()
        host.nics["eth0"].mute.add(IP0)
        host.have(ETH0, slept=True)
        await trio.sleep(1)
        host.nics["eth0"].mute.clear()
        await trio.sleep(FIRST_RETRY_SECONDS)  # not the pause that had grown before
        assert set(announced(host, IP0).values()) == {6}
        assert running.stats.send_errors.total() == failed + 1


async def test_a_retry_that_fails_half_way_is_gone_on_with_later(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    host.nics["eth0"].mute.add(IP0)
    async with served(host, *TEN):
        await trio.sleep(1)
        host.nics["eth0"].mute.clear()
        host.nics["eth0"].send_errors += [None] * 7 + [OSError(errno.ENETDOWN, os.strerror(errno.ENETDOWN))]
        await trio.sleep(FIRST_RETRY_SECONDS)
        assert sorted(announced(host, IP0).values()) == [1, 3, 3]
        await trio.sleep(FIRST_RETRY_SECONDS)
        # each set is sent whole, so the one that was cut short is sent again
        assert sorted(announced(host, IP0).values()) == [3] * 9 + [4]


async def test_a_sender_that_fails_does_not_hold_up_the_others(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0, ETH1)
    host.nics["eth0"].mute.add(IP0)
    async with served(host, *TEN):
        await trio.sleep(1)
        assert set(announced(host, IP1).values()) == {9}
        assert announced(host, IP0) == {}


async def test_a_retry_does_not_announce_a_device_that_was_removed_meanwhile(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    host.nics["eth0"].mute.add(IP0)
    async with served(host, *TEN) as running:
        await trio.sleep(1)
        await running.remove(str(TEN[0].udn))
        host.nics["eth0"].mute.clear()
        await trio.sleep(10)
        assert announced(host, IP0).keys() == {str(root.udn) for root in TEN[1:]}


async def test_a_sender_that_comes_back_is_tried_at_once(autojump_clock: Clock) -> None:
    """The interface was lost while its sender failed; the new sender knows nothing of that."""
    host = LoneHost(ETH0, ETH1)
    host.nics["eth1"].mute.add(IP1)
    async with served(host, BASIC):
        await trio.sleep(40)
        host.have(ETH0)
        await trio.sleep(1)
        host.have(ETH0, ETH1)  # a new one, which is not mute
        came = trio.current_time()
        await trio.sleep(1)
        assert announced(host, IP1, since=came) == {str(BASIC.udn): 9}


async def test_an_ipv6_address_fails_without_its_interface_s_ipv4_address(autojump_clock: Clock) -> None:
    host = LoneHost(interface("192.0.2.7/24", "fe80::7/64"))
    mute = "fe80::7"
    host.nics["eth0"].mute.add(mute)
    async with served(host, BASIC):
        await trio.sleep(1)
        assert announced(host, IP0) == {str(BASIC.udn): 9}
        host.nics["eth0"].mute.clear()
        await trio.sleep(FIRST_RETRY_SECONDS)
        assert announced(host, mute) == {str(BASIC.udn): 3}


async def test_a_set_that_a_change_of_the_network_cuts_short_is_sent_again_whole(autojump_clock: Clock) -> None:
    """An address passes the system's check, which does not require a new announcement of everything."""
    link_local = interface("fe80::7/64").addresses[0].ip
    host = LoneHost(attrs.evolve(ETH0, pending=frozenset({link_local})), ETH1)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        before = len(host.sent)
        host.nics["eth0"].stalls += [0, 0.2]
        while host.nics["eth0"].stalls:  # noqa: ASYNC110  # until the second message of the next set waits for room
            await trio.sleep(0.1)
        host.have(interface("192.0.2.7/24", "fe80::7/64"), ETH1)
        await trio.sleep(5)
        assert running.stats.updates == 0
        sent = Counter((each.source[0], type(each.message)) for each in host.sent.datagrams[before:])
        # one message had been sent before; the new address sends that set beside its own three
        assert sent == {("192.0.2.7", Alive): 1 + 3, ("198.51.100.7", Alive): 3, ("fe80::7", Alive): 3 + 9}


async def test_an_address_that_becomes_usable_does_not_take_the_retry_from_its_neighbour(autojump_clock: Clock) -> None:
    """The interface is opened again for the second address, so the first one has another sender than before."""
    first, second = "fe80::7", "fd00::8"
    host = LoneHost(attrs.evolve(interface("fe80::7/64"), pending=frozenset({ipaddress.ip_address(second)})))
    host.nics["eth0"].mute.add(first)
    async with served(host, *TEN):
        await trio.sleep(1)
        host.have(interface("fe80::7/64", "fd00::8/64"))
        await trio.sleep(0.5)
        host.nics["eth0"].mute.clear()
        await trio.sleep(FIRST_RETRY_SECONDS)
        assert announced(host, first) == {str(root.udn): 3 for root in TEN}
        assert announced(host, second) == {str(root.udn): 9 for root in TEN}


async def test_two_addresses_that_become_usable_one_after_the_other_are_both_announced_whole(
    autojump_clock: Clock,
) -> None:
    both = "fe80::7", "fd00::8"
    host = LoneHost(attrs.evolve(ETH0, pending=frozenset(map(ipaddress.ip_address, both))))
    async with served(host, *TEN):
        await trio.sleep(10)
        host.have(interface("192.0.2.7/24", "fe80::7/64"))
        await trio.sleep(0.15)  # the first set has begun
        host.have(interface("192.0.2.7/24", "fe80::7/64", "fd00::8/64"))
        await trio.sleep(3)
        for address in both:
            assert all(messages >= 9 for messages in announced(host, address).values())
            assert len(announced(host, address)) == len(TEN)


async def test_a_set_that_is_due_while_interfaces_are_opened_again_is_sent_afterwards(autojump_clock: Clock) -> None:
    """Three interfaces get a second address at once. Closing and opening them takes a while."""
    names = [(f"eth{number}", 2 + number, f"fe80::{number}/64", f"fd00:{number}::7/64") for number in range(1, 4)]
    firsts = [interface(first, name=name, index=index) for name, index, first, _ in names]
    boths = [interface(first, second, name=name, index=index) for name, index, first, second in names]
    checking = [
        attrs.evolve(first, pending=frozenset({both.addresses[1].ip}))
        for first, both in zip(firsts, boths, strict=True)
    ]
    host = LoneHost(ETH0, *checking)
    async with served(host, BASIC):
        await trio.sleep(10)
        before = len(host.sent)
        host.nics["eth0"].stalls += [0, 0.2]
        while host.nics["eth0"].stalls:  # noqa: ASYNC110  # until the second message of the next set waits for room
            await trio.sleep(0.1)
        host.have(ETH0, *boths)
        await trio.sleep(5)
        sent = Counter(each.source[0] for each in host.sent.datagrams[before:])
        assert sent.pop("192.0.2.7") == 1 + 3  # one message had left before
        assert sent == {f"fe80::{number}": 3 for number in (1, 2, 3)} | {
            f"fd00:{number}::7": 3 + 9 for number in (1, 2, 3)
        }
