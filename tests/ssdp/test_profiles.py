"""The searches of Windows Explorer, and what each profile answers them with."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
import trio
import trio.testing

from tests.devices import BASIC, GATEWAY, ROOT_UUID
from tests.server.scenes import DEVICE, NOON, LoneHost
from upnp_trio import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import GROUP, Search, SearchResponse
from upnp_trio.ssdp.rendering import render_search

Clock = trio.testing.MockClock
EXPLORER = render_search(Search(search_target="pnp:rootdevice"))


async def answers(
    profile: str | Sequence[str], search: bytes, *, multicast: bool = True
) -> list[tuple[str, str, float]]:
    """ST and USN of each answer, and how long it took."""
    host = LoneHost()
    settings = Settings(profile=profile, rng=Random(0), utcnow=lambda: NOON)
    async with serve_on(host.network, [GATEWAY], settings):
        await trio.sleep(10)
        host.receive(search, to=GROUP if multicast else DEVICE)
        await trio.sleep(10)
        found = [(sent.message, sent.time - 10) for sent in host.sent]
        return [
            (message.search_target, message.usn, delay)
            for message, delay in found
            if isinstance(message, SearchResponse)
        ]


@pytest.mark.parametrize("target", ["pnp:rootdevice", "PNP:RootDevice"])
@pytest.mark.parametrize("mx", [None, 3])
async def test_explorer_finds_the_root_device_under_its_own_name_for_it(
    autojump_clock: Clock, target: str, mx: int | None
) -> None:
    search = render_search(Search(search_target=target, mx=mx))
    ((st, usn, delay),) = await answers("windows", search)
    assert (st, usn) == (target, f"uuid:{ROOT_UUID}::pnp:rootdevice")
    assert 0 < delay <= (mx or 1)


async def test_a_search_without_mx_is_answered_as_if_it_had_mx_1(autojump_clock: Clock) -> None:
    found = await answers("windows", render_search(Search(search_target="ssdp:all")))
    assert len(found) == 11
    assert all(0 < delay <= 1 for _, _, delay in found)
    assert not [usn for _, usn, _ in found if "::pnp:" in usn]  # the name is not announced or listed


@pytest.mark.parametrize("mx", [None, 1])
@pytest.mark.parametrize("multicast", [True, False])
async def test_the_uda_profile_has_no_pnp_rootdevice(autojump_clock: Clock, mx: int | None, multicast: bool) -> None:
    assert await answers("uda", render_search(Search(search_target="pnp:rootdevice", mx=mx)), multicast=multicast) == []


async def test_the_uda_profile_does_not_answer_a_search_without_mx_and_is_the_default(autojump_clock: Clock) -> None:
    assert await answers(Settings().profile, render_search(Search(search_target="ssdp:all"))) == []


async def test_searches_from_off_the_link_are_not_answered_with_any_profile(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with serve_on(host.network, [BASIC], Settings(profile="windows")) as running:
        host.receive(EXPLORER, ("203.0.113.9", 5000))
        await trio.sleep(5)
        assert not host.sent.messages(SearchResponse)
        assert running.stats.dropped["off link"] == 1
