"""A whole device on a network in memory: it is announced, answers, and sends byebye however it ends."""

from __future__ import annotations

import gc
import math
from itertools import pairwise
from random import Random
from typing import Any

import attrs
import h11
import pytest
import trio
import trio.testing

from tests.cancelling import CancelAt
from tests.devices import BASIC, GATEWAY
from tests.server.scenes import DEVICE, NOON, SEARCH, LoneHost, interface, served
from upnp_trio import DescriptionError, DeviceFailed, RootDevice
from upnp_trio.documents.publication import publish
from upnp_trio.model.advertising import Advertising
from upnp_trio.server.discovery.announcer import BYEBYE_GAP, BYEBYE_ROUNDS, BYEBYE_SECONDS
from upnp_trio.server.discovery.pacing import BURST_GAP, BURST_MESSAGES, FULL_BUFFER_SECONDS
from upnp_trio.server.options import Settings
from upnp_trio.server.serve import serve_on
from upnp_trio.ssdp.advertisements import advertisements
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse
from upnp_trio.ssdp.policy import SearchPolicy
from upnp_trio.ssdp.rendering import render_search
from upnp_trio.ssdp.replies import TICK_SECONDS
from upnp_trio.testing import alive, byebye, response


def expected_rows(root: RootDevice = GATEWAY) -> list[tuple[str, str]]:
    return sorted((row.notification_type, row.usn) for row in advertisements(publish(root).root))


def rows(host: LoneHost, kind: type[Alive] | type[ByeBye]) -> list[tuple[str, str]]:
    return sorted((message.notification_type, message.usn) for message in host.sent.messages(kind))


async def test_the_whole_set_is_announced_within_100_ms_and_twice_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost()
    async with served(host, GATEWAY):
        await trio.sleep(0.1)
        assert rows(host, Alive) == expected_rows()
        await trio.sleep(5)
        assert rows(host, Alive) == sorted(expected_rows() * 3)


async def test_a_day_of_announcements_leaves_no_gap_of_half_of_max_age(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost()
    async with served(host, BASIC):
        await trio.sleep(24 * 3600)
    times = sorted({sent.time for sent in host.sent.matching(alive())})
    gaps = [later - earlier for earlier, later in pairwise(times)][2:]
    assert max(gaps) < 900
    assert min(gaps) >= 450
    assert len(set(gaps)) == len(gaps) > 96


async def test_every_address_announces_its_own_location_and_the_same_boot_id(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(
        interface("192.0.2.7/24", "fe80::7/64", "fd00::7/64"), interface("198.51.100.7/24", name="eth1", index=3)
    )
    async with served(host, BASIC) as running:
        await trio.sleep(1)
        announced = {
            (sent.source[0], sent.destination[0], sent.message.location.split("/")[2])
            for sent in host.sent
            if isinstance(sent.message, Alive)
        }
        boot_ids = {message.boot_id for message in host.sent.messages(Alive)}
        assert boot_ids == {running.boot_id}
        assert len(running.locations) == 4
    assert announced == {
        ("192.0.2.7", "239.255.255.250", "192.0.2.7:49152"),
        ("198.51.100.7", "239.255.255.250", "198.51.100.7:49152"),
        ("fe80::7", "ff02::c", "[fe80::7]:49152"),
        ("fd00::7", "ff05::c", "[fd00::7]:49152"),
    }


async def test_byebye_is_sent_for_every_row_twice_when_the_body_ends(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost()
    async with served(host, GATEWAY):
        await trio.sleep(1)
    assert rows(host, ByeBye) == sorted(expected_rows() * 2)


async def test_byebye_is_sent_when_the_body_ends_before_the_first_announcement(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost()
    async with served(host, GATEWAY):
        pass
    assert rows(host, Alive) == []
    assert rows(host, ByeBye) == sorted(expected_rows() * 2)


async def test_an_exception_of_the_body_leaves_as_itself_after_byebye(autojump_clock: trio.testing.MockClock) -> None:
    error = ValueError("mine")
    host = LoneHost()
    with pytest.raises(ValueError, match="mine") as caught:
        async with served(host, GATEWAY):
            raise error
    assert caught.value is error
    assert rows(host, ByeBye) == sorted(expected_rows() * 2)


async def test_an_exception_group_of_the_body_leaves_as_itself(autojump_clock: trio.testing.MockClock) -> None:
    error = ExceptionGroup("mine", [ValueError(), KeyError()])
    host = LoneHost()
    with pytest.raises(ExceptionGroup) as caught:
        async with served(host, GATEWAY):
            raise error
    assert caught.value is error


async def test_cancellation_from_outside_is_not_an_error_and_sends_byebye(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost()
    with trio.move_on_after(1) as scope:
        async with served(host, GATEWAY):
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert rows(host, ByeBye) == sorted(expected_rows() * 2)


async def test_a_body_that_fails_while_it_is_cancelled_leaves_with_its_own_error(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost()
    with trio.move_on_after(1), pytest.raises(ValueError, match="while leaving"):
        async with served(host, GATEWAY):
            try:
                await trio.sleep_forever()
            finally:
                raise ValueError("while leaving")
    assert rows(host, ByeBye) == sorted(expected_rows() * 2)


async def test_a_failed_task_of_ours_cancels_the_body_sends_byebye_and_leaves_as_one_named_error(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug = RuntimeError("a bug")

    def fail(*arguments: object, **options: object) -> None:
        raise bug

    monkeypatch.setattr(SearchPolicy, "decide", fail)
    body_was_cancelled = False
    host = LoneHost()
    with pytest.raises(DeviceFailed) as caught:
        async with served(host, GATEWAY):
            host.receive(SEARCH, to=DEVICE)
            try:
                await trio.sleep_forever()
            except trio.Cancelled:
                body_was_cancelled = True
                raise
    assert body_was_cancelled
    cause = caught.value.__cause__
    assert isinstance(cause, BaseExceptionGroup)
    assert cause.subgroup(lambda error: error is bug) is not None
    assert rows(host, ByeBye)


@pytest.mark.parametrize("addresses", [1, 10])
async def test_a_network_that_accepts_nothing_does_not_hold_up_the_byebye(
    addresses: int, autojump_clock: trio.testing.MockClock
) -> None:
    host = LoneHost(interface(*(f"192.0.2.{number}/24" for number in range(1, addresses + 1))))
    async with served(host, BASIC):
        await trio.sleep(5)
        host.nics["eth0"].stalls.append(1e9)
        left = trio.current_time()
    pace = BYEBYE_ROUNDS * 3 * addresses / BURST_MESSAGES * BURST_GAP
    assert left + FULL_BUFFER_SECONDS < trio.current_time() <= left + BYEBYE_SECONDS + pace


async def test_an_interface_that_accepts_nothing_does_not_cost_another_one_its_byebye(
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost(interface(), interface("198.51.100.7/24", name="eth1", index=3))
    async with served(host, BASIC):
        await trio.sleep(5)
        host.nics["eth0"].stalls.append(FULL_BUFFER_SECONDS + BYEBYE_GAP / 2)
    revoked = [sent.link for sent in host.sent if isinstance(sent.message, ByeBye)]
    assert revoked == ["eth1"] * 3 + ["eth0"] * 3 + ["eth1"] * 3


async def test_an_interface_that_is_known_to_accept_nothing_does_not_delay_the_byebye_of_another(
    autojump_clock: trio.testing.MockClock,
) -> None:
    interfaces = interface(), interface("198.51.100.7/24", name="eth1", index=3)
    host = LoneHost(*interfaces)
    async with served(host, BASIC):
        await trio.sleep(5)
        host.nics["eth0"].stalls.append(math.inf)
        host.have(*interfaces, slept=True)  # everything is announced again
        await trio.sleep(1)
        left = trio.current_time()
    assert [(sent.link, sent.time) for sent in host.sent.matching(byebye())[:3]] == [("eth1", left)] * 3


async def test_an_announcement_that_fails_is_tried_again_soon_and_logged_when_it_fails_twice(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost()
    host.nics["eth0"].send_errors.extend(OSError(101, "Network is unreachable") for _ in range(5))
    async with served(host, BASIC) as device:
        await trio.sleep(120)
        assert device.stats.send_errors == {"Network is unreachable": 5}
        # all of it, long before the next set is due
        assert sorted(set(rows(host, Alive))) == expected_rows(BASIC)
    # one line for the failure and one for the recovery, however many messages there were
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "cannot announce on eth0",
        "announcing on eth0",
    ]


async def test_an_announcement_that_fails_once_is_tried_again_and_not_logged(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    host = LoneHost()
    async with served(host, BASIC):
        await trio.sleep(10)
        host.nics["eth0"].send_errors.append(OSError(101, "Network is unreachable"))
        await trio.sleep(1000)
        times = {sent.time for sent in host.sent if sent.time > 10}
        assert len(times) == 1  # the set that failed, and the next one is not due yet
        assert len([sent for sent in host.sent if sent.time > 10]) == 3
    assert caplog.records == []


async def test_a_search_is_answered_as_soon_as_the_body_runs(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost()
    async with served(host, GATEWAY):
        host.receive(SEARCH, to=DEVICE)
        await trio.testing.wait_all_tasks_blocked()
        assert len(host.sent.messages(SearchResponse)) == 11


async def test_nothing_is_answered_after_byebye(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost()
    async with served(host, GATEWAY):
        for _ in range(100):
            host.receive(render_search(Search(search_target="ssdp:all", mx=5)))
        await trio.sleep(1)
    host.receive(SEARCH)
    host.receive(SEARCH, to=DEVICE)
    await trio.sleep(10)
    kinds = [type(sent.message) for sent in host.sent]
    assert set(kinds[kinds.index(ByeBye) :]) == {ByeBye}


async def converse(host: LoneHost, path: str) -> None:
    """Searches, a fetch, a kept connection, announcements, a change of the network."""
    client = host.client()
    idle = host.client()
    async with client, idle:
        host.receive(SEARCH)
        host.receive(SEARCH, to=DEVICE)
        connection = h11.Connection(h11.CLIENT)
        request = h11.Request(method="GET", target=path, headers=[("Host", "192.0.2.7:49152")])
        await client.send_all((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
        while not isinstance(connection.next_event(), h11.EndOfMessage):
            connection.receive_data(bytes(await client.receive_some()))
        await trio.sleep(2)
        host.have(interface(), interface("198.51.100.7/24", name="eth1", index=3))
        await trio.sleep(1000)


async def cancelled_at(step: int) -> bool:
    """Run a device and cancel it at *step*; return whether there are that many steps. Asserts that nothing is left."""
    before = trio.lowlevel.current_statistics().tasks_living
    host = LoneHost()
    with trio.CancelScope() as scope:
        instrument = CancelAt(scope, step)
        trio.lowlevel.add_instrument(instrument)
        try:
            async with served(host, BASIC) as running:
                await converse(host, running.locations[0].removeprefix("http://192.0.2.7:49152"))
        finally:
            trio.lowlevel.remove_instrument(instrument)
    for name in {sent.link for sent in host.sent}:
        kinds = [type(sent.message) for sent in host.sent if sent.link == name]
        assert kinds[-6:] == [ByeBye] * 6  # three rows, twice, and nothing after them
    assert trio.lowlevel.current_statistics().tasks_living == before
    assert host.open_sockets == []
    return scope.cancelled_caught


async def test_cancelling_at_any_step_of_a_running_device_sends_byebye_and_leaks_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    step = 1
    while await cancelled_at(step):
        step += 1
    assert step > 100  # the conversation has that many steps, and the last try ran to its end
    gc.collect()  # a leaked socket or generator would warn, and warnings are errors here


async def test_a_connection_that_comes_while_the_device_leaves_is_closed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    for _ in range(50):  # by chance, the task that accepts or the one that owns the connections ends first
        host = LoneHost()
        async with served(host, BASIC):
            await trio.testing.wait_all_tasks_blocked()
            client = host.client()
        with trio.fail_after(1):
            assert await client.receive_some() == b""
        await client.aclose()


# --- a device's own way of advertising -----------------------------------------------------------------------------

OWN = Advertising(
    server="Linux/3.0, UPnP/1.0, Portable SDK/1.6",
    max_age=100,
    answer_delay=0.5,
    headers={"X-User-Agent": "redsonic", "hue-bridgeid": "001788FFFE"},
)


def _fields(payload: bytes) -> list[str]:
    return [line for line in payload.decode().split("\r\n") if not line.startswith(("LOCATION", "DATE", "USN"))]


async def test_a_device_is_advertised_in_its_own_way(autojump_clock: trio.testing.MockClock) -> None:
    root = attrs.evolve(BASIC, advertising=OWN, strict=False)
    host = LoneHost()
    async with serve_on(host.network, [root], Settings(rng=Random(0), utcnow=lambda: NOON)):
        await trio.sleep(2)
        asked = trio.current_time()
        host.receive(render_search(Search(search_target="upnp:rootdevice")), to=DEVICE)
        await trio.sleep(2)
    answers = host.sent.matching(response())
    assert [sent.time for sent in answers] == [pytest.approx(asked + 0.5, abs=TICK_SECONDS)]
    assert answers[0].time >= asked + 0.5
    own = ["X-User-Agent: redsonic", "hue-bridgeid: 001788FFFE"]
    for sent in host.sent:
        if isinstance(sent.message, Alive | SearchResponse):
            assert sent.message.server == OWN.server
            assert sent.message.max_age == 100
            assert [line for line in _fields(sent.payload) if line in own] == own
        else:
            assert not set(own) & set(_fields(sent.payload))


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ("lamp", "'l' is a str; a device is a RootDevice"),
        ([BASIC, [BASIC]], "is a list; a device is a RootDevice"),
        (BASIC, "give a list of RootDevice values"),
    ],
)
async def test_what_is_no_device_is_refused(
    devices: Any,  # noqa: ANN401  # what a program may pass
    message: str,
    autojump_clock: trio.testing.MockClock,
) -> None:
    host = LoneHost()
    with pytest.raises(DescriptionError) as caught:
        async with serve_on(host.network, devices, Settings(state_dir=None)):
            pytest.fail("served")
    assert message in str(caught.value)


async def test_the_option_max_age_is_stronger_than_the_device_s_own(autojump_clock: trio.testing.MockClock) -> None:
    for option, expected in ((None, 100), (300, 300)):
        host = LoneHost()
        root = attrs.evolve(BASIC, advertising=OWN, strict=False)
        async with serve_on(host.network, [root], Settings(max_age=option, rng=Random(0), utcnow=lambda: NOON)):
            await trio.sleep(0.1)
        assert {message.max_age for message in host.sent.messages(Alive)} == {expected}


async def test_a_device_that_breaks_rules_is_served_only_if_it_need_not_keep_them(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    root = attrs.evolve(BASIC, device_type="urn:samsung.com:device:RemoteControlReceiver:1", upc="12")
    with pytest.raises(DescriptionError, match=r"device_type is 'urn:samsung.com.*\nupc is '12'"):
        async with served(LoneHost(), root):
            raise AssertionError("it is served")
    host = LoneHost()
    async with served(host, attrs.evolve(root, strict=False)):
        await trio.sleep(2)
        host.receive(render_search(Search(search_target=str(root.device_type))), to=DEVICE)
        await trio.sleep(2)
    assert len(host.sent.messages(SearchResponse)) == 1
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [line.partition(" is ")[0] for line in warned] == ["Jambon 3000: device_type", "Jambon 3000: upc"]
