"""Who may fetch when: addresses take turns, and none of them takes the place of another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import attrs
import trio
import trio.testing

from upnp_trio.http.fetch_slots import BEYOND_THE_SHARE, MAX_FETCHES, MAX_FETCHES_OF_ONE_PEER, FetchSlots

Clock = trio.testing.MockClock


@attrs.define(eq=False)
class Scene:
    """Tasks that hold a slot until they are told to end."""

    nursery: trio.Nursery
    slots: FetchSlots = attrs.field(factory=FetchSlots)
    #: which have a slot, in the order in which they got it
    running: list[str] = attrs.field(factory=list)
    _scopes: dict[str, list[trio.CancelScope]] = attrs.field(factory=dict)

    async def ask(self, *addresses: str) -> None:
        """Let a task of each address want a slot, one after the other."""
        for address in addresses:
            scope = trio.CancelScope()
            self._scopes.setdefault(address, []).append(scope)
            self.nursery.start_soon(self._hold, address, scope)
            await trio.testing.wait_all_tasks_blocked()

    async def _hold(self, address: str, scope: trio.CancelScope) -> None:
        with scope:
            async with self.slots.slot(ip_address(address)):
                self.running.append(address)
                try:
                    await trio.sleep_forever()
                finally:
                    self.running.remove(address)

    async def end(self, address: str, which: int = 0) -> None:
        """End a task of *address*, the oldest one by default, whether it has a slot or waits."""
        self._scopes[address].pop(which).cancel()
        await trio.testing.wait_all_tasks_blocked()


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with trio.open_nursery() as nursery:
        made = Scene(nursery)
        yield made
        nursery.cancel_scope.cancel()
    assert made.slots.size == 0
    assert not made.slots._waiting
    assert not made.slots._of_address
    assert not made.slots._of_peer


def hosts(*numbers: int) -> list[str]:
    return [f"192.0.2.{number}" for number in numbers]


async def test_one_address_has_its_share_and_the_others_have_theirs() -> None:
    async with scene() as on:
        await on.ask(*hosts(1, 1, 1, 1, 2, 2, 2, 3))
        assert on.running == hosts(1, 1, 2, 2, 3)
        assert on.running.count("192.0.2.1") == MAX_FETCHES_OF_ONE_PEER


async def test_there_is_a_bound_for_all() -> None:
    async with scene() as on:
        await on.ask(*hosts(*range(1, 20)))
        assert on.running == hosts(*range(1, MAX_FETCHES + 1))
        await on.end("192.0.2.3")
        assert on.running[-1] == "192.0.2.9"
        assert len(on.running) == MAX_FETCHES


async def test_those_that_wait_go_by_turns_whoever_has_come_more_often() -> None:
    async with scene() as on:
        await on.ask(*hosts(1, 1, 2, 2, 3, 3, 4, 4))  # all are taken
        await on.ask(*hosts(5, 5, 5, 6, 6))
        for number in (1, 2, 3, 4):
            await on.end(f"192.0.2.{number}")
        assert on.running[-4:] == hosts(5, 6, 5, 6)
        await on.end("192.0.2.1")
        assert "192.0.2.1" not in on.running
        assert on.running.count("192.0.2.5") == 2  # the third waits for one of its own
        await on.end("192.0.2.5")
        assert on.running.count("192.0.2.5") == 2


async def test_one_that_gives_up_while_it_waits_leaves_no_gap() -> None:
    async with scene() as on:
        await on.ask(*hosts(1, 1, 1, 1, 2))
        await on.end("192.0.2.1", 2)
        await on.end("192.0.2.1", 0)
        assert on.running == hosts(1, 2, 1)
        await on.end("192.0.2.1")
        assert on.running == hosts(2, 1)


async def test_all_hosts_of_an_ipv6_link_are_one_peer_but_each_may_have_one() -> None:
    async with scene() as on:
        await on.ask(*[f"fe80::{number}" for number in (1, 1, 1, 2, 3, 4, 5)])
        assert on.running == ["fe80::1", "fe80::1", "fe80::2", "fe80::3"]
        assert len(on.running) == BEYOND_THE_SHARE * MAX_FETCHES_OF_ONE_PEER
        await on.ask(*hosts(1, 2, 3, 4, 5))
        assert on.running[4:] == hosts(1, 2, 3, 4)
        await on.end("fe80::2")
        assert on.running[-1] == "fe80::4"
        # the second one of an address comes after the first ones of all others
        await on.end("fe80::3")
        await on.end("fe80::4")
        assert on.running[-1] == "192.0.2.5"


async def test_a_slot_that_comes_with_a_cancellation_is_given_back() -> None:
    slots, got = FetchSlots(limit=1), []

    async def take(name: str, scope: trio.CancelScope) -> None:
        with scope:
            async with slots.slot(ip_address("192.0.2.1")):
                got.append(name)
                await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        scopes = {name: trio.CancelScope() for name in "abc"}
        for name, scope in scopes.items():
            nursery.start_soon(take, name, scope)
            await trio.testing.wait_all_tasks_blocked()
        scopes["a"].cancel()
        scopes["b"].cancel()  # a's slot becomes b's at the moment when b is cancelled, too
        await trio.testing.wait_all_tasks_blocked()
        assert got[-1] == "c"
        assert slots.size == 1
        scopes["c"].cancel()
    assert slots.size == 0
