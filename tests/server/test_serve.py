"""A whole device on a network of our own: announced, answering, and gone politely on every way out."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from random import Random

import attrs
import h11
import pytest
import trio
import trio.testing

from tests.devices import BASIC, GATEWAY
from tests.server.fakes import NOON, FakeEndpoint, FakeListener, fake_endpoint
from upnp_trio import DeviceFailed, RootDevice
from upnp_trio.documents.publication import publish
from upnp_trio.server.announcer import GOODBYE_SECONDS
from upnp_trio.server.events import Event, Stats, ignore_events
from upnp_trio.server.presence import Presence
from upnp_trio.server.serve import DeviceAtWork
from upnp_trio.ssdp.advertisements import advertisements
from upnp_trio.ssdp.messages import Alive, ByeBye, Search, SearchResponse, render_search

SEARCH = render_search(Search(search_target="ssdp:all", mx=1))


@attrs.frozen
class Served:
    device: DeviceAtWork
    listener: FakeListener
    stats: Stats


@asynccontextmanager
async def served(
    *endpoints: FakeEndpoint,
    root: RootDevice = GATEWAY,
    max_age: int = 1800,
    seed: int = 0,
    on_event: Callable[[Event], None] = ignore_events,
) -> AsyncIterator[Served]:
    stats, listener = Stats(), FakeListener()
    device = DeviceAtWork(
        publications=[publish(root)],
        presence=Presence(
            {address: f"http://{address}:49152" for endpoint in endpoints for address in endpoint.voices}, boot_id=7
        ),
        max_age=max_age,
        rng=Random(seed),
        utcnow=lambda: NOON,
        stats=stats,
        on_event=on_event,
    )
    async with listener, device.serve(endpoints, [listener]):
        yield Served(device, listener, stats)


def expected_rows(root: RootDevice = GATEWAY) -> list[tuple[str, str]]:
    return sorted((row.notification_type, row.usn) for row in advertisements(publish(root).root))


def rows(endpoint: FakeEndpoint, kind: type[Alive] | type[ByeBye]) -> list[tuple[str, str]]:
    return sorted(
        (message.notification_type, message.usn)
        for message in endpoint.messages(kind)
        if isinstance(message, Alive | ByeBye)
    )


async def test_the_whole_set_is_announced_within_100_ms_and_twice_more(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with fake_endpoint() as endpoint:
        async with served(endpoint):
            await trio.sleep(0.1)
            assert rows(endpoint, Alive) == expected_rows()
            await trio.sleep(5)
            assert rows(endpoint, Alive) == sorted(expected_rows() * 3)


async def test_a_day_of_announcements_leaves_no_gap_of_half_of_max_age(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with fake_endpoint() as endpoint:
        async with served(endpoint, root=BASIC):
            await trio.sleep(24 * 3600)
        times = sorted({sent.time for sent in endpoint.sent if isinstance(sent.message, Alive)})
    gaps = [later - earlier for earlier, later in pairwise(times)][2:]
    assert max(gaps) < 900
    assert min(gaps) >= 450
    assert len(set(gaps)) == len(gaps) > 96


async def test_every_endpoint_announces_its_own_location_and_the_same_boot_id(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with fake_endpoint("192.0.2.7/24") as first, fake_endpoint("198.51.100.7/24", name="eth1", index=3) as second:
        async with served(first, second, root=BASIC):
            await trio.sleep(1)
        for endpoint, host in ((first, "192.0.2.7"), (second, "198.51.100.7")):
            alives = [message for message in endpoint.messages(Alive) if isinstance(message, Alive)]
            assert {alive.location.split("/")[2] for alive in alives} == {f"{host}:49152"}
            assert {alive.boot_id for alive in alives} == {7}
            assert {str(sent.source) for sent in endpoint.sent} == {host}


async def test_byebye_is_sent_for_every_row_twice_when_the_body_ends(autojump_clock: trio.testing.MockClock) -> None:
    with fake_endpoint() as endpoint:
        async with served(endpoint):
            await trio.sleep(1)
        assert rows(endpoint, ByeBye) == sorted(expected_rows() * 2)


async def test_byebye_is_sent_when_the_body_ends_before_the_first_announcement(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with fake_endpoint() as endpoint:
        async with served(endpoint):
            pass
        assert rows(endpoint, Alive) == []
        assert rows(endpoint, ByeBye) == sorted(expected_rows() * 2)


async def test_an_exception_of_the_body_leaves_as_itself_after_byebye(autojump_clock: trio.testing.MockClock) -> None:
    error = ValueError("mine")
    with fake_endpoint() as endpoint:
        with pytest.raises(ValueError, match="mine") as caught:
            async with served(endpoint):
                raise error
        assert caught.value is error
        assert rows(endpoint, ByeBye) == sorted(expected_rows() * 2)


async def test_an_exception_group_of_the_body_leaves_as_itself(autojump_clock: trio.testing.MockClock) -> None:
    error = ExceptionGroup("mine", [ValueError(), KeyError()])
    with fake_endpoint() as endpoint:
        with pytest.raises(ExceptionGroup) as caught:
            async with served(endpoint):
                raise error
        assert caught.value is error


async def test_cancellation_from_outside_is_no_error_and_says_byebye(autojump_clock: trio.testing.MockClock) -> None:
    with fake_endpoint() as endpoint:
        with trio.move_on_after(1) as scope:
            async with served(endpoint):
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert rows(endpoint, ByeBye) == sorted(expected_rows() * 2)


async def test_a_body_that_fails_while_it_is_cancelled_leaves_with_its_own_error(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with fake_endpoint() as endpoint:
        with trio.move_on_after(1), pytest.raises(ValueError, match="while leaving"):
            async with served(endpoint):
                try:
                    await trio.sleep_forever()
                finally:
                    raise ValueError("while leaving")
        assert rows(endpoint, ByeBye) == sorted(expected_rows() * 2)


async def test_a_failed_task_of_ours_cancels_the_body_says_byebye_and_leaves_as_one_named_error(
    autojump_clock: trio.testing.MockClock,
) -> None:
    bug = RuntimeError("a bug")

    def fail(event: Event) -> None:
        raise bug

    body_was_cancelled = False
    with fake_endpoint() as endpoint:
        with pytest.raises(DeviceFailed) as caught:
            async with served(endpoint, on_event=fail):
                endpoint.unicast_ear.say(SEARCH)
                try:
                    await trio.sleep_forever()
                except trio.Cancelled:
                    body_was_cancelled = True
                    raise
        assert body_was_cancelled
        cause = caught.value.__cause__
        assert isinstance(cause, BaseExceptionGroup)
        assert cause.subgroup(lambda error: error is bug) is not None
        assert rows(endpoint, ByeBye)


async def test_a_network_that_takes_nothing_does_not_hold_up_the_goodbye(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with fake_endpoint() as endpoint:
        async with served(endpoint):
            await trio.sleep(5)
            endpoint.stalls.append(1e9)
            left = trio.current_time()
        assert trio.current_time() == left + GOODBYE_SECONDS


async def test_a_refused_announcement_is_counted_and_the_others_are_sent(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    with fake_endpoint() as endpoint:
        endpoint.failures.extend(OSError(101, "Network is unreachable") for _ in range(4))
        async with served(endpoint, root=BASIC) as device:
            await trio.sleep(10)
            assert device.stats.send_errors == {"Network is unreachable": 4}
            assert device.stats.announcements == 9 - 4
    # one line when it starts and one when it is over, however many messages it took
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == [
        "cannot announce on eth0",
        "announcing on eth0",
    ]


async def test_a_search_is_answered_as_soon_as_the_body_runs(autojump_clock: trio.testing.MockClock) -> None:
    with fake_endpoint() as endpoint:
        async with served(endpoint):
            endpoint.unicast_ear.say(SEARCH)
            await trio.testing.wait_all_tasks_blocked()
            assert len(endpoint.messages(SearchResponse)) == 11


async def test_nothing_is_answered_after_byebye(autojump_clock: trio.testing.MockClock) -> None:
    with fake_endpoint() as endpoint:
        async with served(endpoint):
            for _ in range(100):
                endpoint.multicast_ear.say(render_search(Search(search_target="ssdp:all", mx=5)))
            await trio.sleep(1)
        endpoint.multicast_ear.say(SEARCH)
        endpoint.unicast_ear.say(SEARCH)
        await trio.sleep(10)
        kinds = [type(sent.message) for sent in endpoint.sent]
        assert set(kinds[kinds.index(ByeBye) :]) == {ByeBye}


async def converse(served_device: Served, endpoint: FakeEndpoint) -> None:
    """Something of everything: searches, a fetch, a kept connection, announcements."""
    client = served_device.listener.connect()
    idle = served_device.listener.connect()
    async with client, idle:
        endpoint.multicast_ear.say(SEARCH)
        endpoint.unicast_ear.say(SEARCH)
        connection = h11.Connection(h11.CLIENT)
        path = served_device.device.publications[0].description_path
        request = h11.Request(method="GET", target=path, headers=[("Host", "192.0.2.7:49152")])
        await client.send_all((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
        while not isinstance(connection.next_event(), h11.EndOfMessage):
            connection.receive_data(bytes(await client.receive_some()))
        await trio.sleep(1000)


class CancelAt(trio.abc.Instrument):
    """Cancels a scope just before the n-th step that any task takes."""

    def __init__(self, scope: trio.CancelScope, step: int) -> None:
        self.scope, self.steps_left = scope, step

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.steps_left -= 1
        if self.steps_left == 0:
            self.scope.cancel()


async def steps_until_cancelled(step: int) -> bool:
    """Run a device and cancel it at *step*; whether it got so far. Asserts that nothing is left behind."""
    before = trio.lowlevel.current_statistics().tasks_living
    with fake_endpoint() as endpoint:
        with trio.CancelScope() as scope:
            instrument = CancelAt(scope, step)
            trio.lowlevel.add_instrument(instrument)
            try:
                async with served(endpoint) as device:
                    await converse(device, endpoint)
            finally:
                trio.lowlevel.remove_instrument(instrument)
        if endpoint.sent:
            assert rows(endpoint, ByeBye) == sorted(expected_rows() * 2)
            kinds = [type(sent.message) for sent in endpoint.sent]
            assert set(kinds[-22:]) == {ByeBye}
    assert trio.lowlevel.current_statistics().tasks_living == before
    return scope.cancelled_caught


async def test_cancelling_at_any_step_of_a_running_device_says_byebye_and_leaks_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    step = 1
    while await steps_until_cancelled(step):
        step += 1
    assert step > 100  # the conversation has that many steps, and the last try ran to its end
    gc.collect()  # a leaked socket or generator would warn, and warnings are errors here
