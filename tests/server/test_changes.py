"""Devices are added, removed and updated one at a time, entirely or not at all, whatever else happens meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from urllib.parse import urlsplit

import attrs
import pytest
import trio
import trio.testing

from tests.cancelling import CancelAt
from tests.devices import BASIC
from tests.growth import held_by
from tests.server.announcement_log import AnnouncementLog
from tests.server.scenes import NOON, LoneHost, interface, served
from upnp_trio import DescriptionError, RootDevice, Running, UpnpTrioError
from upnp_trio.model.advertising import Advertising
from upnp_trio.server.discovery.announcer import BYEBYE_GAP, BYEBYE_SECONDS
from upnp_trio.server.discovery.conflicts import ANSWER_SECONDS
from upnp_trio.server.discovery.pacing import FULL_BUFFER_SECONDS
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse, Update
from upnp_trio.ssdp.rendering import render_byebye, render_search

Clock = trio.testing.MockClock
ETH0 = interface("192.0.2.7/24")
ETH1 = interface("198.51.100.7/24", name="eth1", index=3)
#: not served any more, and still able to send byebye
ETH1_LEFT = attrs.evolve(ETH1, is_multicast=False)
MOVED = interface("192.0.2.77/24")
#: the old address is not served any more, and can still send
MOVING = attrs.evolve(
    interface("192.0.2.7/24", "192.0.2.77/24"), pending=frozenset(address.ip for address in ETH0.addresses)
)
ASKER = ("192.0.2.200", 5000)


def numbered(number: int) -> RootDevice:
    return attrs.evolve(BASIC, udn=f"uuid:00000000-0000-0000-0000-{number:012}", friendly_name=f"Device {number}")


RENAMED = attrs.evolve(BASIC, friendly_name="Jambon 3001")
OTHER = numbered(1)


async def fetch(host: LoneHost, url: str) -> tuple[int, bytes]:
    """Status and body of a GET for *url*."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    name = host.routes.nic_of(parts.hostname).name
    async with host.client(address=parts.hostname, name=name) as client:
        await client.send_all(
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b""
        while data := await client.receive_some():
            answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


async def search(host: LoneHost, target: str) -> list[SearchResponse]:
    """The answers to a unicast search on the first interface."""
    before = len(host.sent)
    (own,) = host.nics["eth0"].addresses
    host.receive(render_search(Search(search_target=target)), ASKER, to=str(own.ip))
    await trio.sleep(0.1)
    found = [sent.message for sent in host.sent[before:] if sent.destination == ASKER]
    return [message for message in found if isinstance(message, SearchResponse)]


def last_notify(host: LoneHost, root: RootDevice) -> Alive | ByeBye | Update | None:
    """The last announcement of *root* on any interface."""
    for sent in reversed(host.sent):
        message = sent.message
        if isinstance(message, Alive | ByeBye | Update) and message.usn.startswith(str(root.udn)):
            return message
    return None


async def check_is_served(host: LoneHost, running: Running, root: RootDevice) -> None:
    """Assert that *root* is found, fetched and announced as it is now."""
    (now,) = [device for device in running.devices if device.udn == root.udn]
    locations = [location.url for location in running.where if location.udn == root.udn]
    assert locations
    for location in locations:
        status, body = await fetch(host, location)
        assert status == 200
        assert f"<friendlyName>{root.friendly_name}</friendlyName>".encode() in body
    (answer,) = await search(host, str(root.udn))
    assert (answer.location, answer.config_id) == (locations[0], now.config_id)
    await trio.sleep(1)  # three sets are sent by then
    notify = last_notify(host, root)
    assert isinstance(notify, Alive)
    assert (notify.config_id, notify.boot_id) == (now.config_id, running.boot_id)


async def check_is_gone(host: LoneHost, running: Running, root: RootDevice) -> None:
    """Assert that *root* is neither found nor fetched, and that its last announcement, if any, is byebye."""
    assert str(root.udn) not in {str(device.udn) for device in running.devices}
    assert await search(host, str(root.udn)) == []
    location = f"http://192.0.2.7:49152/{str(root.udn).removeprefix('uuid:')}/description.xml"
    assert (await fetch(host, location))[0] == 404
    await trio.sleep(1)
    assert isinstance(last_notify(host, root), ByeBye | None)


# --- one change at a time ---


async def test_a_device_that_is_added_while_it_is_removed_is_served_whole(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running, trio.open_nursery() as nursery:
        await trio.sleep(10)
        nursery.start_soon(running.remove, str(BASIC.udn))
        await trio.sleep(BYEBYE_GAP / 2)  # between the two rounds of byebye
        await running.add(RENAMED)
        await trio.sleep(1)
        await check_is_served(host, running, RENAMED)


async def test_a_device_that_is_removed_twice_at_once_is_removed_once(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    missed = 0

    async def remove() -> None:
        nonlocal missed
        try:
            await running.remove(str(BASIC.udn))
        except KeyError:
            missed += 1

    async with served(host, BASIC) as running:
        await trio.sleep(10)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(remove)
            nursery.start_soon(remove)
        assert missed == 1
        await check_is_gone(host, running, BASIC)


async def test_two_updates_at_once_leave_the_device_served(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(running.update, RENAMED)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(running.update, attrs.evolve(BASIC, friendly_name="Jambon 3002"))
        await check_is_served(host, running, attrs.evolve(BASIC, friendly_name="Jambon 3002"))


async def test_a_change_that_waits_for_its_turn_is_cancelled_without_a_trace(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running, trio.open_nursery() as nursery:
        await trio.sleep(10)
        nursery.start_soon(running.remove, str(BASIC.udn))
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(BYEBYE_GAP / 2) as scope:
            await running.add(OTHER)
        assert scope.cancelled_caught
        await trio.sleep(1)
        await check_is_gone(host, running, OTHER)
        await check_is_gone(host, running, BASIC)


Change = Callable[[Running], Awaitable[object]]
CHANGES: dict[str, Change] = {
    "add": lambda running: running.add(OTHER),
    "remove": lambda running: running.remove(str(BASIC.udn)),
    "update": lambda running: running.update(RENAMED),
}


async def check_is_whole(host: LoneHost, running: Running) -> None:
    """Assert that each device is served in all respects or not at all."""
    for root in (BASIC, OTHER):
        now = {device.udn: device for device in running.devices}
        if root.udn in now:
            await check_is_served(host, running, attrs.evolve(root, friendly_name=now[root.udn].friendly_name))
        else:
            await check_is_gone(host, running, root)


@pytest.mark.parametrize("with_network_change", [False, True], ids=["alone", "during a change of the network"])
@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_that_is_cancelled_at_any_step_is_whole(
    kind: str, with_network_change: bool, autojump_clock: Clock
) -> None:
    step, outcomes = 0, set()
    while True:
        step += 1
        host = LoneHost(ETH0)
        async with served(host, BASIC) as running:
            await trio.sleep(10)
            with trio.CancelScope() as scope:
                instrument = CancelAt(scope, step)
                trio.lowlevel.add_instrument(instrument)
                try:
                    if with_network_change:
                        host.have(ETH0, ETH1)
                    for _ in range(3):  # so that the network's change has its turn first, if there is one
                        await trio.lowlevel.checkpoint()
                    await CHANGES[kind](running)
                    await trio.sleep(0.2)
                finally:
                    trio.lowlevel.remove_instrument(instrument)
            await trio.sleep(1)
            await check_is_whole(host, running)
            outcomes.add(tuple(device.friendly_name for device in running.devices))
        if not scope.cancelled_caught:
            break
    assert len(outcomes) == 2  # before, and after
    assert step > 5


async def test_a_storm_of_changes_leaves_each_device_whole(autojump_clock: Clock) -> None:
    rng = Random(1900)
    host = LoneHost(ETH0, ETH1_LEFT)
    networks = [(ETH0, ETH1_LEFT), (ETH0, ETH1), (MOVED, ETH1), (MOVED, ETH1_LEFT)]

    async def change(running: Running) -> None:
        for _ in range(20):
            number = rng.randrange(4)
            root = attrs.evolve(numbered(number), friendly_name=f"Device {number}.{rng.randrange(3)}")
            with trio.move_on_after(rng.choice([0, 0.001, 0.06, 0.2, 10])):
                try:
                    match rng.choice(["add", "remove", "update"]):
                        case "add":
                            await running.add(root)
                        case "remove":
                            await running.remove(str(root.udn))
                        case "update":
                            await running.update(root)
                except (KeyError, DescriptionError):
                    await trio.lowlevel.checkpoint()
            if rng.random() < 0.2:
                host.have(*rng.choice(networks))
            if rng.random() < 0.2:
                host.nics[rng.choice(["eth0", "eth1"])].stalls.append(rng.choice([0.01, 0.1, 0.2]))

    async with served(host) as running:
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(change, running)
        for nic in host.nics.values():
            nic.stalls.clear()
        host.have(ETH0, ETH1_LEFT)
        await trio.sleep(10)
        now = {str(device.udn): device for device in running.devices}
        for number in range(4):
            if device := now.get(str(numbered(number).udn)):
                await check_is_served(host, running, attrs.evolve(numbered(number), friendly_name=device.friendly_name))
            else:
                await check_is_gone(host, running, numbered(number))


# --- beside the announcer ---


async def test_no_announcement_follows_the_removal_of_a_device_whose_set_was_held_up(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(0.05)
        host.nics["eth0"].stalls += [0, FULL_BUFFER_SECONDS - 0.01]
        await trio.sleep(0.3)
        assert not host.nics["eth0"].stalls  # the second message of a set waits for room
        before = len(host.sent)
        await running.remove(str(BASIC.udn))
        await trio.sleep(5)
        assert {type(sent.message) for sent in host.sent[before:]} == {ByeBye}
        assert len(host.sent[before:]) == 6


async def test_a_set_that_is_held_up_does_not_cost_another_device_its_byebye(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC, OTHER) as running:
        await trio.sleep(10)
        host.nics["eth0"].stalls += [FULL_BUFFER_SECONDS - 0.01]
        host.have(ETH0, slept=True)
        await trio.sleep(0.2)
        assert not host.nics["eth0"].stalls
        before = trio.current_time()
        for root in (BASIC, OTHER):
            await running.remove(str(root.udn))
        assert trio.current_time() < before + 2 * (BYEBYE_SECONDS + FULL_BUFFER_SECONDS)
        for root in (BASIC, OTHER):
            await check_is_gone(host, running, root)
            assert isinstance(last_notify(host, root), ByeBye)
        assert len(host.sent.messages(ByeBye)) == 12


async def test_a_thousand_sets_that_are_due_do_not_cost_a_device_its_byebye(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC, *(numbered(number) for number in range(1000))) as running:
        await trio.sleep(0.5)
        await running.remove(str(BASIC.udn))
        assert len(host.sent.messages(ByeBye)) == 6
        assert trio.current_time() < 0.5 + BYEBYE_SECONDS


# --- the end ---


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_after_the_end_is_refused(kind: str, autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(1)
    before = len(host.sent)
    with trio.testing.assert_checkpoints(), pytest.raises(trio.ClosedResourceError, match="no longer served"):
        await CHANGES[kind](running)
    assert len(host.sent) == before
    assert [device.friendly_name for device in running.devices] == [BASIC.friendly_name]


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_change_that_goes_on_when_the_device_leaves_is_completed_before_the_last_byebye(
    kind: str, autojump_clock: Clock
) -> None:
    host = LoneHost(ETH0)
    refused = 0

    async def change(running: Running) -> None:
        nonlocal refused
        try:
            await CHANGES[kind](running)
        except trio.ClosedResourceError:
            refused += 1

    async with trio.open_nursery() as nursery, served(host, BASIC, numbered(2)) as running:
        await trio.sleep(10)
        nursery.start_soon(running.remove, str(numbered(2).udn))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(change, running)
        await trio.testing.wait_all_tasks_blocked()
    assert refused == 1
    gone = [message.usn for message in host.sent.messages(ByeBye)]
    assert sorted(gone) == sorted(
        2 * [usn for root in (BASIC, numbered(2)) for usn in {m.usn for m in alive(host) if str(root.udn) in m.usn}]
    )


def alive(host: LoneHost) -> list[Alive]:
    return host.sent.messages(Alive)


async def test_a_device_that_leaves_amid_a_change_of_the_network_sends_byebye_everywhere(autojump_clock: Clock) -> None:
    """The address is replaced, so the old announcements can be revoked from the new address alone."""
    for steps in range(1, 60):
        host = LoneHost(ETH0)
        with trio.CancelScope() as scope:
            async with served(host, BASIC) as running:
                await trio.sleep(10)
                instrument = CancelAt(scope, steps)
                trio.lowlevel.add_instrument(instrument)
                host.have(MOVING)
                try:
                    await trio.sleep(0.5)
                finally:
                    trio.lowlevel.remove_instrument(instrument)
        kinds = [type(sent.message) for sent in host.sent if sent.time >= 10]
        assert kinds[-6:] == [ByeBye] * 6, (steps, kinds)
        if not scope.cancelled_caught:
            return
    assert running.boot_id
    raise AssertionError("the change has that few steps")


# --- a refused change changes nothing ---


async def test_an_invalid_device_is_refused_and_changes_nothing(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        before = len(host.sent)
        too_long = attrs.evolve(OTHER, friendly_name="x" * 500, device_type="urn:no type")
        for change in (
            running.add(too_long),
            running.update(attrs.evolve(too_long, udn=BASIC.udn)),
            running.add(attrs.evolve(OTHER, devices=[attrs.evolve(BASIC)])),
        ):
            with pytest.raises(UpnpTrioError):
                await change
        with pytest.raises(KeyError):
            await running.update(OTHER)
        await check_is_served(host, running, BASIC)
        assert [sent for sent in host.sent[before:] if not isinstance(sent.message, SearchResponse)] == []


async def test_an_update_of_the_language_alone_reaches_the_answers_and_the_page(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        new = await running.update(attrs.evolve(BASIC, language="fr"))
        assert new.language == running.device.language == "fr"
        page = running.locations[0].removesuffix("description.xml")
        _, body = await fetch(host, page)
        assert b'<html lang="fr"' in body
        await check_is_served(host, running, BASIC)


async def test_a_device_that_is_updated_is_listed_all_the_time_and_in_its_place(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC, OTHER) as running, trio.open_nursery() as nursery:
        await trio.sleep(10)
        nursery.start_soon(running.update, RENAMED)
        await trio.sleep(BYEBYE_GAP / 2)
        assert [device.friendly_name for device in running.devices] == ["Jambon 3000", "Device 1"]
        assert (await fetch(host, running.locations[0]))[0] == 200
        await trio.sleep(BYEBYE_GAP)
        assert [device.friendly_name for device in running.devices] == ["Jambon 3001", "Device 1"]


async def test_a_conflict_while_a_device_is_removed_does_not_announce_it_again(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running, trio.open_nursery() as nursery:
        await trio.sleep(10)
        nursery.start_soon(running.remove, str(BASIC.udn))
        await trio.sleep(BYEBYE_GAP / 2)
        theirs = render_byebye(ByeBye(notification_type="n", usn=str(BASIC.udn)))
        host.receive(theirs, ASKER)
        await trio.sleep(5)
        assert running.stats.conflicts == 1
        assert isinstance(last_notify(host, BASIC), ByeBye)


async def test_devices_that_come_and_go_leave_nothing_behind(autojump_clock: Clock) -> None:
    host = LoneHost(ETH0, sent=AnnouncementLog(latest=1e9))
    theirs = render_byebye(ByeBye(notification_type="n", usn=str(BASIC.udn)))
    held: list[int] = []
    settings = Settings(rng=Random(0), utcnow=lambda: NOON, max_age=10**9)  # no announcement is due
    async with serve_on(host.network, [BASIC], settings) as running:
        for _ in range(2):
            for _ in range(50):
                await running.add(OTHER)
                await running.remove(str(OTHER.udn))
                host.receive(theirs, ASKER)  # so that it is announced again
                await trio.sleep(ANSWER_SECONDS)
            held.append(held_by(running, but=[running.stats, host]))
    assert held[1] <= held[0] + 10


async def test_an_update_of_how_a_device_is_advertised_reaches_searchers(autojump_clock: Clock) -> None:
    host = LoneHost()
    async with serve_on(host.network, [BASIC], Settings(rng=Random(0), utcnow=lambda: NOON)) as running:
        await trio.sleep(10)
        host.forget()
        await running.update(attrs.evolve(BASIC, advertising=Advertising(headers={"X-Ham": "salted"})))
        await trio.sleep(10)
        alive = [sent.payload for sent in host.sent if isinstance(sent.message, Alive)]
        assert alive
        assert all(b"X-Ham: salted" in payload for payload in alive)
