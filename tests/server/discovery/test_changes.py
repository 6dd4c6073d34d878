"""Pending answers when devices or interfaces come and go between a search and its answer."""

from __future__ import annotations

from random import Random

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC
from tests.server.scenes import ASKER, NOON, LoneHost, interface
from upnp_trio import Running, Settings
from upnp_trio.network.interfaces import Interface
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import ByeBye, Search, SearchResponse
from upnp_trio.ssdp.rendering import render_search
from upnp_trio.testing import Recording, response

OTHER = attrs.evolve(BASIC, udn="uuid:00000000-0000-0000-0000-000000000001")
SEARCH = render_search(Search(search_target="upnp:rootdevice", mx=5))
ETH0 = interface("192.0.2.7/24")
ETH0_WITH_ANOTHER = interface("192.0.2.7/24", "198.51.100.7/24")


def settings() -> Settings:
    """Settings with which the answer to the first search is sent after 2.3 s."""
    return Settings(rng=Random(0), utcnow=lambda: NOON)


def answers(host: LoneHost) -> Recording:
    return host.sent.matching(response())


def usns(host: LoneHost) -> set[str]:
    return {answer.usn.partition("::")[0] for answer in host.sent.messages(SearchResponse)}


async def remove_and_add(running: Running) -> None:
    await running.remove(str(BASIC.udn))
    await running.add(BASIC)


async def update(running: Running) -> None:
    await running.update(attrs.evolve(BASIC, friendly_name="Jambon 3001"))


@pytest.mark.parametrize("change", [update, remove_and_add])
async def test_a_search_that_is_repeated_after_its_answer_was_revoked_is_answered(
    change: object, autojump_clock: trio.testing.MockClock
) -> None:
    host = LoneHost(ETH0)
    async with serve_on(host.network, [BASIC], settings()) as running:
        await trio.sleep(10)
        host.receive(SEARCH)
        await trio.testing.wait_all_tasks_blocked()
        assert running.stats.answers == 0  # it is pending
        await change(running)  # type: ignore[operator]  # one of the two above
        host.receive(SEARCH)
        await trio.sleep(6)
        assert usns(host) == {str(BASIC.udn)}
        assert running.stats.dropped["repeated"] == 0


async def test_a_search_that_is_repeated_after_a_device_came_finds_that_device(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with serve_on(host.network, [BASIC], settings()) as running:
        await trio.sleep(10)
        host.receive(SEARCH)
        await trio.testing.wait_all_tasks_blocked()
        await running.add(OTHER)
        host.receive(SEARCH)
        await trio.sleep(6)
        assert usns(host) == {str(BASIC.udn), str(OTHER.udn)}


@pytest.mark.parametrize(
    "checked_before", [pytest.param(True, id="known to be checked"), pytest.param(False, id="unforeseen")]
)
async def test_answers_that_wait_survive_a_second_address_on_their_interface(
    checked_before: bool, autojump_clock: trio.testing.MockClock
) -> None:
    host = LoneHost(_checking(ETH0) if checked_before else ETH0)
    async with serve_on(host.network, [BASIC], settings()) as running:
        await trio.sleep(10)
        host.receive(SEARCH)
        await trio.testing.wait_all_tasks_blocked()
        host.have(ETH0_WITH_ANOTHER)
        await trio.sleep(1)
        host.receive(SEARCH)
        await trio.sleep(5)
        (answer,) = answers(host)
        assert (answer.source[0], answer.destination) == ("192.0.2.7", ASKER)
        assert isinstance(answer.message, SearchResponse)
        assert answer.message.boot_id == running.boot_id
        assert running.stats.send_errors == {}
        assert running.stats.dropped["repeated"] == 1


def _checking(on: Interface) -> Interface:
    """*on* while the system still checks the second address."""
    return attrs.evolve(on, pending=frozenset({ETH0_WITH_ANOTHER.addresses[1].ip}))


async def test_a_search_whose_answers_were_lost_with_their_address_is_answered_when_repeated(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with serve_on(host.network, [BASIC], settings()) as running:
        await trio.sleep(10)
        host.receive(SEARCH)
        await trio.testing.wait_all_tasks_blocked()
        host.have(interface("192.0.2.77/24"))
        await trio.testing.wait_all_tasks_blocked()
        await trio.sleep(0.5)
        host.receive(SEARCH)
        await trio.sleep(6)
        (answer,) = answers(host)
        assert answer.source[0] == "192.0.2.77"
        assert running.stats.send_errors == {"the network changed": 1}


async def test_no_answer_follows_the_byebye_on_an_interface_that_goes(autojump_clock: trio.testing.MockClock) -> None:
    eth1 = interface("198.51.100.7/24", name="eth1", index=3)
    host = LoneHost(ETH0, eth1)
    async with serve_on(host.network, [BASIC], settings()) as running:
        await trio.sleep(10)
        for port in range(100):
            datagram = render_search(Search(search_target="upnp:rootdevice", mx=1))
            host.receive(datagram, ("198.51.100.9", 1000 + port), name="eth1")
        await trio.testing.wait_all_tasks_blocked()
        host.have(ETH0, attrs.evolve(eth1, is_multicast=False))  # not served any more, and still able to send
        await trio.sleep(5)
        sent_there = [type(sent.message) for sent in host.sent if sent.link == "eth1"]
        assert SearchResponse not in sent_there[sent_there.index(ByeBye) :]
        assert running.stats.send_errors["the network changed"] > 50
