"""A network that changes, and devices that come and go, on trio's MockClock and a network in memory."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC, GATEWAY, ROOT_UUID
from tests.server.scenes import ASKER, LoneHost, interface, served
from upnp_trio import DescriptionError, Device, NetworkChanged, NetworkError, PortTaken, RootDevice
from upnp_trio.ssdp.messages import Alive, ByeBye, Message, Search, SearchResponse, Update
from upnp_trio.ssdp.policy import MAX_ANSWERS
from upnp_trio.ssdp.rendering import render_search

ETH0 = interface("192.0.2.7/24")
ETH1 = interface("198.51.100.7/24", name="eth1", index=3)
MOVED = interface("192.0.2.77/24")


def notified(host: LoneHost, name: str, since: float) -> list[tuple[str, str, int | None]]:
    """The NOTIFYs on interface *name* since *since*, as kind, address and BOOTID; each kind once, in order."""
    found: dict[tuple[str, str, int | None], None] = {}
    for sent in host.sent:
        message = sent.message
        if sent.link == name and sent.time >= since and isinstance(message, Alive | ByeBye | Update):
            found[type(message).__name__, sent.source[0], message.boot_id] = None
    return list(found)


async def search(host: LoneHost, target: str = "upnp:rootdevice", *, on: int = -1) -> list[SearchResponse]:
    """The answers to a unicast search that is sent now."""
    before = len(host.sent)
    nic = list(host.nics.values())[on]
    own = nic.addresses[0]
    peer = (f"{own.network.network_address + 200}", 5000)
    host.receive(render_search(Search(search_target=target)), peer, to=f"{own.ip}", name=nic.name)
    await trio.sleep(1)
    answers = [sent.message for sent in host.sent[before:] if sent.destination == peer]
    return [answer for answer in answers if isinstance(answer, SearchResponse)]


async def test_an_interface_that_comes_is_served_after_the_new_boot_id_was_announced_to_the_others(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        events = running.subscribe()
        await trio.sleep(10)
        old = running.boot_id
        host.have(ETH0, ETH1)
        await trio.sleep(10)
        assert running.boot_id > old
        assert notified(host, "eth0", since=10) == [
            ("Update", "192.0.2.7", old),
            ("Alive", "192.0.2.7", running.boot_id),
        ]
        assert notified(host, "eth1", since=10) == [("Alive", "198.51.100.7", running.boot_id)]
        updates = host.sent.messages(Update)
        assert len(updates) == 3
        assert {update.next_boot_id for update in updates} == {running.boot_id}
        (answer,) = await search(host, on=1)
        assert answer.location == running.locations[1]
        assert answer.boot_id == running.boot_id
        boot_id = running.boot_id
    changed = [event async for event in events if isinstance(event, NetworkChanged)]
    assert changed == [NetworkChanged(served=(("eth0", "192.0.2.7"), ("eth1", "198.51.100.7")), boot_id=boot_id)]


async def test_an_address_that_is_replaced_is_revoked_and_the_new_one_announced_without_update(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        old = running.boot_id
        host.have(MOVED)
        await trio.sleep(10)
        assert notified(host, "eth0", since=10) == [
            ("ByeBye", "192.0.2.77", old),
            ("Alive", "192.0.2.77", running.boot_id),
        ]
        (answer,) = await search(host)
        assert answer.location.startswith("http://192.0.2.77:49152/")


async def test_an_interface_that_can_no_longer_send_does_not_hold_up_the_others(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        host.nics["eth0"].send_errors.extend(OSError(101, "Network is unreachable") for _ in range(2))
        host.have(ETH1)
        await trio.sleep(10)
        assert notified(host, "eth0", since=10) == []
        assert notified(host, "eth1", since=10) == [("Alive", "198.51.100.7", running.boot_id)]
        # tried once in each of two rounds, not for each of three rows
        assert running.stats.send_errors == {"Network is unreachable": 2}


async def test_an_address_that_comes_later_and_is_checked_first_is_a_change_all_the_same(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        old = running.boot_id
        host.have(attrs.evolve(ETH0, pending=frozenset({interface("fd00::7/64").addresses[0].ip})))
        await trio.sleep(10)
        assert running.boot_id == old
        host.have(interface("192.0.2.7/24", "fd00::7/64"))
        await trio.sleep(10)
        assert running.boot_id > old
        assert len(host.sent.messages(Update)) == 3


async def test_an_interface_that_goes_is_revoked_there_and_nowhere_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0, ETH1)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        old = running.boot_id
        host.have(attrs.evolve(ETH0, is_multicast=False), ETH1)  # and it can still send
        await trio.sleep(10)
        assert notified(host, "eth0", since=10) == [("ByeBye", "192.0.2.7", old)]
        assert notified(host, "eth1", since=10) == [
            ("Update", "198.51.100.7", old),
            ("Alive", "198.51.100.7", running.boot_id),
        ]
        assert len(running.locations) == 1


async def test_no_network_is_a_normal_state_and_the_device_appears_when_one_comes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost()
    host.have()
    async with served(host, BASIC) as running:
        await trio.sleep(5000)
        assert running.locations == ()
        assert len(host.sent) == 0
        host.have(ETH0)
        await trio.sleep(10)
        assert notified(host, "eth0", since=0) == [("Alive", "192.0.2.7", running.boot_id)]
        assert len(await search(host)) == 1
        host.have()
        await trio.sleep(10)
        assert running.locations == ()
        host.have(ETH0)
        await trio.sleep(10)
        assert len(await search(host)) == 1


async def test_an_address_that_passes_its_check_is_not_a_change(
    autojump_clock: trio.testing.MockClock,
) -> None:
    link_local = interface("fe80::7/64").addresses[0].ip
    checking = attrs.evolve(ETH0, pending=frozenset({link_local}))
    host = LoneHost(checking)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        old = running.boot_id
        host.have(interface("192.0.2.7/24", "fe80::7/64"))
        await trio.sleep(10)
        assert running.boot_id == old
        assert [*host.sent.messages(Update), *host.sent.messages(ByeBye)] == []
        assert len(running.locations) == 2
        # the device is new only there
        assert Counter(sent.source[0] for sent in host.sent if sent.time > 10) == {"fe80::7": 9}
        await trio.sleep(1000)
        sources = {sent.source[0] for sent in host.sent if sent.time > 30}
        assert sources == {"192.0.2.7", "fe80::7"}


async def test_a_look_that_finds_no_change_sends_nothing(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC):
        await trio.sleep(10)
        before = len(host.sent)
        host.have(ETH0)
        await trio.sleep(10)
        assert len(host.sent) == before


async def test_a_host_that_has_slept_announces_again(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        host.have(ETH0, slept=True)
        await trio.sleep(0.2)
        assert notified(host, "eth0", since=10) == [("Alive", "192.0.2.7", running.boot_id)]


async def test_a_request_in_flight_on_an_untouched_interface_is_not_disturbed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0, ETH1)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        client = host.client("198.51.100.9", name="eth1")
        path = running.locations[1].removeprefix("http://198.51.100.7:49152")
        request = f"GET {path} HTTP/1.1\r\nHost: 198.51.100.7:49152\r\n\r\n".encode()
        await client.send_all(request[:20])
        await trio.sleep(1)
        host.have(ETH1)
        await trio.sleep(1)
        await client.send_all(request[20:])
        assert (await client.receive_some()).startswith(b"HTTP/1.1 200 OK")
        await client.aclose()


async def test_an_interface_that_cannot_be_opened_is_logged_once_and_tried_again(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost(ETH0, ETH1)
    host.refused["eth1"] = NetworkError("not now")
    async with served(host, BASIC) as running:
        for _ in range(5):
            await trio.sleep(10)
            host.have(ETH0, ETH1)
        await trio.sleep(10)
        assert [record.getMessage() for record in caplog.records] == ["eth1 is not served: not now"]
        assert host.sent.messages(Update) == []
        del host.refused["eth1"]
        host.have(ETH0, ETH1)
        await trio.sleep(10)
        assert len(running.locations) == 2


async def test_an_interface_that_comes_and_cannot_be_opened_changes_nothing(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost(ETH0)
    host.refused["eth1"] = NetworkError("it is gone already")
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        before, boot_id = len(host.sent), running.boot_id
        for interfaces in ((ETH0, ETH1), (ETH0,), (ETH0, ETH1)):
            host.have(*interfaces)
            await trio.sleep(10)
        assert (running.boot_id, host.sent[before:]) == (boot_id, [])
        del host.refused["eth1"]
        host.have(ETH0, ETH1)
        await trio.sleep(10)
        assert running.boot_id == boot_id + 1
        assert len(running.locations) == 2
    assert {record.getMessage() for record in caplog.records} == {"eth1 is not served: it is gone already"}


async def test_an_address_that_is_replaced_by_one_that_cannot_be_opened_is_lost_until_it_can(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        host.refused["eth0"] = NetworkError("not now")
        host.have(MOVED)
        await trio.sleep(10)
        assert not running.locations
        del host.refused["eth0"]
        host.have(MOVED)
        await trio.sleep(10)
        assert list(running.locations) == [f"http://192.0.2.77:49152/{ROOT_UUID}/description.xml"]
        assert len(await search(host)) == 1


async def test_a_network_that_cannot_be_looked_at_stays_as_it_is(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A process without free file descriptors cannot look, which does not mean that the interfaces are gone."""
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        before, boot_id = len(host.sent), running.boot_id
        host.unknown = NetworkError("too many open files")
        for _ in range(5):
            host.have(ETH0, ETH1)
            await trio.sleep(1)
        assert host.sent[before:] == []
        assert running.boot_id == boot_id
        assert len(await search(host, on=0)) == 1
        host.have(ETH0, ETH1, slept=True)
        await trio.sleep(1)
        assert notified(host, "eth0", since=15) == [("Alive", "192.0.2.7", boot_id)]
        assert [record.getMessage() for record in caplog.records] == [
            "cannot look at the network, so what is served stays as it is: too many open files"
        ]
        host.unknown = None
        host.have(ETH0, ETH1)
        await trio.sleep(10)
        assert len(running.locations) == 2
        host.unknown = NetworkError("too many open files")
        host.have(ETH0)
        await trio.sleep(10)
        assert len(running.locations) == 2
    assert len(caplog.records) == 2  # one for each series of failures


async def test_a_network_that_cannot_be_looked_at_is_an_error_of_the_start(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    host.unknown = NetworkError("too many open files")
    with pytest.raises(NetworkError, match="too many open files"):
        async with served(host, BASIC):
            raise AssertionError("it must not start")
    assert host.claimed == set()


async def test_a_port_that_is_taken_everywhere_is_an_error_of_the_start(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    host.refused["eth0"] = PortTaken("UDP port 1900 is taken")
    with pytest.raises(PortTaken, match="1900"):
        async with served(host, BASIC):
            raise AssertionError("it must not start")


async def test_an_interface_that_is_asked_for_and_not_there_is_an_error_of_the_start(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with pytest.raises(NetworkError, match="no interface or address 'eth9'"):
        async with served(LoneHost(ETH0), BASIC, interfaces=["eth9"]):
            raise AssertionError("it must not start")


async def test_an_advertised_url_takes_the_place_of_every_address(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost(ETH0, ETH1)
    async with served(host, BASIC, advertise_url="http://203.0.113.5:8080/") as running:
        await trio.sleep(1)
        announced = {message.location for message in host.sent.messages(Alive)}
        assert announced == set(running.locations) == {f"http://203.0.113.5:8080/{ROOT_UUID}/description.xml"}


async def test_answers_that_wait_on_a_link_that_stays_survive_the_flapping_of_another(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0, ETH1)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        before, old = len(host.sent), running.boot_id
        for name, peer in (("eth0", ASKER), ("eth1", ("198.51.100.9", 50000))):
            host.receive(render_search(Search(search_target="ssdp:all", mx=5)), peer, name=name)
        await trio.testing.wait_all_tasks_blocked()
        asked = trio.current_time()
        host.have(ETH0, attrs.evolve(ETH1, is_multicast=False))
        await trio.sleep(5)
        answers = [sent for sent in host.sent[before:] if isinstance(sent.message, SearchResponse)]
        late = [sent for sent in answers if sent.time > asked + 1]  # the byebye takes a while
        assert {sent.destination for sent in late} == {ASKER}
        assert {sent.message.boot_id for sent in late if isinstance(sent.message, SearchResponse)} == {running.boot_id}
        assert running.boot_id > old
        assert len([sent for sent in answers if sent.destination == ASKER]) == 3
        assert running.stats.send_errors == {"the network changed": 3}  # on the link that is gone


# --- devices that come and go ---


def numbered(number: int) -> RootDevice:
    return attrs.evolve(BASIC, udn=f"uuid:00000000-0000-0000-0000-{number:012}", friendly_name=f"Device {number}")


async def test_a_device_that_is_added_is_found_and_announced(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        added = await running.add(numbered(1))
        (answer,) = await search(host, str(added.udn))
        assert answer.location == running.locations[1]
        announced = Counter(
            message.usn.partition("::")[0]
            for sent in host.sent
            if sent.time >= 10
            for message in [sent.message]
            if isinstance(message, Alive)
        )
        assert announced == {str(added.udn): 9}


async def test_a_device_that_is_removed_is_revoked_and_not_found(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC, numbered(1)) as running:
        await trio.sleep(10)
        await running.remove(str(BASIC.udn))
        assert {message.usn.partition("::")[0] for message in host.sent.messages(ByeBye)} == {str(BASIC.udn)}
        assert await search(host, str(BASIC.udn)) == []
        assert len(await search(host)) == 1
        before = trio.current_time()
        await trio.sleep(2000)
        later: list[Message] = [sent.message for sent in host.sent if sent.time > before]
        assert {message.usn.partition("::")[0] for message in later if isinstance(message, Alive)} == {
            str(numbered(1).udn)
        }
        with pytest.raises(KeyError):
            await running.remove(str(BASIC.udn))


async def test_no_answer_for_a_device_follows_its_byebye(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC, numbered(1)) as running:
        await trio.sleep(10)
        host.receive(render_search(Search(search_target="ssdp:all", mx=5)))
        await trio.testing.wait_all_tasks_blocked()
        await running.remove(str(BASIC.udn))
        gone = trio.current_time()
        await trio.sleep(5)
        later = [sent.message for sent in host.sent if sent.time > gone and sent.destination == ASKER]
        assert {answer.usn.partition("::")[0] for answer in later if isinstance(answer, SearchResponse)} == {
            str(numbered(1).udn)
        }


async def test_a_description_that_changes_is_revoked_and_announced_with_another_config_id(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        old = running.device
        await running.update(BASIC)
        assert running.device.config_id == old.config_id
        assert host.sent.messages(ByeBye) == []
        new = await running.update(attrs.evolve(BASIC, friendly_name="Jambon 3001"))
        await trio.sleep(10)
        assert running.device == new != old
        messages = [sent.message for sent in host.sent[9:] if isinstance(sent.message, Alive | ByeBye)]
        assert [type(message) for message in messages] == [ByeBye] * 6 + [Alive] * 9
        assert {message.config_id for message in messages[:6]} == {old.config_id}
        assert {message.config_id for message in messages[6:]} == {new.config_id}
        (answer,) = await search(host)
        assert answer.config_id == new.config_id


async def test_two_devices_with_one_udn_are_refused_and_what_is_served_stays(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(ETH0)
    async with served(host, GATEWAY) as running:
        inner = GATEWAY.devices[0]
        assert isinstance(inner, Device)
        with pytest.raises(DescriptionError, match=str(inner.udn)):
            await running.add(attrs.evolve(BASIC, udn=inner.udn))
        assert len(await search(host)) == 1


async def test_a_thousand_devices_are_found_and_leave(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost(ETH0)
    async with served(host, *(numbered(number) for number in range(1000))) as running:
        await trio.sleep(60)
        alive = Counter(message.usn for message in host.sent.messages(Alive))
        assert len(alive) == 3000
        assert set(alive.values()) == {3}
        found: set[str] = set()
        for _ in range(4):
            answers = await search(host, "ssdp:all")
            assert len(answers) == MAX_ANSWERS
            found |= {answer.usn.partition("::")[0] for answer in answers}
        assert len(found) == 1000
        for number in (0, 499, 999):
            assert len(await search(host, str(numbered(number).udn))) == 1
        before = trio.current_time()
        assert len(running.devices) == 1000
    gone = Counter(message.usn for message in host.sent.messages(ByeBye))
    assert len(gone) == 3000
    # paced: no tenth of a second has more than three bursts
    tenths = Counter(int(sent.time * 10) for sent in host.sent if sent.time < 10 or sent.time > before)
    assert max(tenths.values()) <= 3 * 32


async def test_an_address_that_cannot_be_opened_does_not_cost_the_one_that_is_served(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program may hold the port there; what holds it may end."""
    both = interface("192.0.2.7/24", "198.51.100.7/24")
    host = LoneHost(ETH0)
    async with served(host, BASIC) as running:
        await trio.sleep(10)
        old = running.boot_id
        host.refused["eth0"] = NetworkError("the port is taken")
        for _ in range(3):  # as looks follow each other
            host.have(both)
            await trio.sleep(5)
            assert len(await search(host)) == 1
        assert running.boot_id == old
        assert [*host.sent.messages(Update), *host.sent.messages(ByeBye)] == []
        assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
            "not all of eth0 is served: the port is taken"
        ]
        host.refused.clear()
        host.have(both)
        await trio.sleep(5)
        assert len(running.locations) == 2
