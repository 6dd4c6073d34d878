"""Searches with a victim's forged address, and the answers that the victim's own searches still get."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC
from tests.server.scenes import NOON, LoneHost
from upnp_trio import RootDevice, Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import Search, SearchResponse
from upnp_trio.ssdp.rendering import render_search

VICTIM = "192.0.2.9"
#: the port that the victim searches from; forged searches come from any other port
VICTIM_PORT = 1
UDN = str(BASIC.udn)
FLOOD_SECONDS = 60


def numbered(count: int) -> list[RootDevice]:
    return [BASIC, *(attrs.evolve(BASIC, udn=f"uuid:00000000-0000-0000-0000-{n:012}") for n in range(1, count))]


async def answered_of_ten(devices: Sequence[RootDevice], forged: str, wanted: str, *, forged_each: float) -> int:
    """How many of the victim's ten searches for *wanted* are answered during forged searches for *forged*."""
    host = LoneHost()
    rng = Random(7)

    def forge() -> None:
        datagram = render_search(Search(search_target=forged, mx=1))
        host.receive(datagram, (VICTIM, rng.randrange(1024, 65536)))

    async def forge_repeatedly() -> None:
        for _ in range(10):  # a burst, which spends all that a source may get at once
            forge()
        while True:
            await trio.sleep(forged_each)
            forge()

    async with serve_on(host.network, devices, Settings(rng=Random(0), utcnow=lambda: NOON)):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(forge_repeatedly)
            await trio.sleep(FLOOD_SECONDS)
            for _ in range(10):
                datagram = render_search(Search(search_target=wanted, mx=1))
                host.receive(datagram, (VICTIM, VICTIM_PORT))
                await trio.sleep(2)
            nursery.cancel_scope.cancel()
        answers = [sent for sent in host.sent if sent.destination == (VICTIM, VICTIM_PORT)]
    assert all(isinstance(sent.message, SearchResponse) for sent in answers)
    return len({sent.time // 2 for sent in answers})


@pytest.mark.parametrize("wanted", [UDN, "upnp:rootdevice"])
async def test_forged_sweeps_do_not_keep_a_victim_from_what_it_names(
    wanted: str, autojump_clock: trio.testing.MockClock
) -> None:
    assert await answered_of_ten(numbered(1), "ssdp:all", wanted, forged_each=1 / 200) == 10


async def test_rare_forged_sweeps_of_many_devices_do_not_keep_a_victim_from_what_it_names(
    autojump_clock: trio.testing.MockClock,
) -> None:
    assert await answered_of_ten(numbered(100), "ssdp:all", UDN, forged_each=4) == 10


@pytest.mark.parametrize("wanted", [UDN, "ssdp:all"])
async def test_forged_searches_for_one_target_do_not_keep_a_victim_from_another(
    wanted: str, autojump_clock: trio.testing.MockClock
) -> None:
    assert await answered_of_ten(numbered(1), "upnp:rootdevice", wanted, forged_each=1 / 200) == 10
