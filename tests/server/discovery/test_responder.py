"""The answers to searches, on a mock clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from random import Random
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.devices import BASIC, GATEWAY
from tests.server.scenes import ASKER, DEVICE, NOON, LoneHost, interface, open_endpoint
from upnp_trio import RootDevice
from upnp_trio.monitoring.events import Events, SearchAnswered
from upnp_trio.monitoring.stats import Stats
from upnp_trio.network.endpoint import Address
from upnp_trio.server.discovery import responder as responder_module
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.budget import DEFAULT_REPLY_BUDGET, OPEN_SECONDS, SWEEP_SECONDS
from upnp_trio.ssdp.messages import Alive, Search, SearchResponse
from upnp_trio.ssdp.policy import MAX_PENDING_SWEEP_ANSWERS
from upnp_trio.ssdp.rendering import render_alive, render_search
from upnp_trio.ssdp.replies import TICK_SECONDS
from upnp_trio.testing import RecordedDatagram


def search(target: str, mx: int | None = 2) -> bytes:
    return render_search(Search(search_target=target, mx=mx, user_agent="test/1 UPnP/1.1 test/1"))


ALIVE = render_alive(Alive(notification_type="n", usn="uuid:n", location="l", server="s", max_age=1))


# on one link
TWO = interface("192.0.2.7/24"), interface("192.0.2.8/24", name="eth1", index=3)


@pytest.fixture
def host() -> LoneHost:
    return LoneHost()


@pytest.fixture
def stats() -> Stats:
    return Stats()


@asynccontextmanager
async def answering(
    host: LoneHost,
    *,
    stats: Stats,
    root: RootDevice = GATEWAY,
    events: Events | None = None,
    rng: Random | None = None,
    reply_budget: int = DEFAULT_REPLY_BUDGET,
    answer_off_link: bool = False,
) -> AsyncIterator[Responder]:
    advertised = AdvertisedRoot(
        rows=advertisements(root), description_path="/d.xml", server="s/1", config_id=5, max_age=1800
    )
    responder = Responder(
        boot_id=7,
        rng=rng or Random(0),
        utcnow=lambda: NOON,
        stats=stats,
        events=events or Events(),
        reply_budget=reply_budget,
        answer_off_link=answer_off_link,
    )
    responder.add(advertised)
    with ExitStack() as stack:
        endpoints = [stack.enter_context(open_endpoint(host, name)) for name in host.nics]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(responder.send_due)
            for endpoint in endpoints:
                nursery.start_soon(responder.listen, endpoint)
            yield responder
            nursery.cancel_scope.cancel()


async def test_each_row_is_answered_once_within_mx_to_the_searcher(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats):
        host.receive(search("ssdp:all", mx=2))
        await trio.sleep(10)
    assert {sent.destination for sent in host.sent} == {ASKER}
    assert all(0 < sent.time <= 2 for sent in host.sent)
    assert len({sent.time for sent in host.sent}) > 5
    answers = host.sent.messages(SearchResponse)
    assert sorted((answer.search_target, answer.usn) for answer in answers) == (
        sorted((row.notification_type, row.usn) for row in advertisements(GATEWAY))
    )
    assert stats.answers == len(answers) == 11


async def test_an_answer_has_the_location_on_the_searchers_link(
    stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    host = LoneHost(interface("192.0.2.7/24", "198.51.100.7/24"))
    async with answering(host, stats=stats):
        for peer in ("192.0.2.9", "198.51.100.9"):
            host.receive(search("upnp:rootdevice"), (peer, 1234))
        await trio.sleep(3)
    origins = {
        sent.destination[0]: (sent.source[0], sent.message.location)
        for sent in host.sent
        if isinstance(sent.message, SearchResponse)
    }
    assert origins == {
        "192.0.2.9": ("192.0.2.7", "http://192.0.2.7:49152/d.xml"),
        "198.51.100.9": ("198.51.100.7", "http://198.51.100.7:49152/d.xml"),
    }


async def test_answers_leave_by_the_endpoint_that_received_the_search(
    stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    host = LoneHost(*TWO)
    async with answering(host, stats=stats):
        host.receive(search("upnp:rootdevice"), name="eth1")
        await trio.sleep(3)
    assert [sent.link for sent in host.sent] == ["eth1"]
    (answer,) = host.sent.messages(SearchResponse)
    assert answer.location == "http://192.0.2.8:49152/d.xml"


async def test_a_search_that_two_interfaces_on_one_link_receive_is_answered_once(
    stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    host = LoneHost(*TWO)
    async with answering(host, stats=stats, root=BASIC):
        host.receive(search("upnp:rootdevice"), name="eth0")
        await trio.testing.wait_all_tasks_blocked()
        host.receive(search("upnp:rootdevice"), name="eth1")
        host.receive(search("upnp:rootdevice"), ("192.0.2.10", 1), name="eth1")
        await trio.sleep(3)
        assert sorted((sent.link, sent.destination) for sent in host.sent) == [
            ("eth0", ASKER),
            ("eth1", ("192.0.2.10", 1)),
        ]
        assert stats.dropped == {"received on another interface": 1}
        # once its answer is sent, the interface that receives the next search answers
        host.receive(search("upnp:rootdevice"), name="eth1")
        await trio.sleep(3)
        assert Counter(sent.link for sent in host.sent) == {"eth0": 1, "eth1": 2}


async def test_a_search_repeated_while_its_answer_is_pending_is_answered_once(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats, root=BASIC):
        for _ in range(3):
            host.receive(search("upnp:rootdevice", mx=5))  # due after 3.8 s with this seed
            await trio.sleep(0.1)
        assert stats.dropped == {"repeated": 2}
        host.receive(search("upnp:rootdevice", mx=5), (ASKER[0], ASKER[1] + 1))
        host.receive(search("ssdp:all", mx=5))
        await trio.sleep(6)
        assert len(host.sent) == 1 + 1 + 3
        host.receive(search("upnp:rootdevice", mx=5))
        await trio.sleep(6)
    assert len(host.sent) == 6
    assert stats.dropped == {"repeated": 2}


async def test_a_search_that_is_repeated_with_a_shorter_mx_is_answered_within_that(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats, root=BASIC):
        host.receive(search("upnp:rootdevice", mx=5))  # due after 3.8 s with this seed
        await trio.sleep(0.1)
        host.receive(search("upnp:rootdevice", mx=1))
        await trio.sleep(1)
        assert len(host.sent) == 1


async def test_one_source_cannot_have_more_than_its_budget_and_others_get_theirs(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats, root=BASIC, reply_budget=10):
        for port in range(1, 1001):
            host.receive(search("upnp:rootdevice", mx=1), ("192.0.2.66", port))
        host.receive(search("upnp:rootdevice", mx=1))
        await trio.sleep(2)
        answered = Counter(sent.destination[0] for sent in host.sent)
        assert answered == {"192.0.2.66": pytest.approx(10 * (OPEN_SECONDS + SWEEP_SECONDS) / 2, abs=25), ASKER[0]: 1}
        assert stats.dropped == {"over budget": 1000 - answered["192.0.2.66"]}
        await trio.sleep(10)  # the burst is spent; only the rate is left
        host.sent.clear()
        for port in range(1, 1001):
            host.receive(search("upnp:rootdevice", mx=1), ("192.0.2.66", port))
        await trio.sleep(2)
        assert len(host.sent) == pytest.approx(10 * 12, abs=10)


async def test_a_flood_from_one_source_costs_no_other_source_its_answers(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats):
        for port in range(1, 9_001):  # about what a socket has room for
            host.receive(search("ssdp:all", mx=5), ("192.0.2.66", port))
        for mx in (1, 3):
            host.receive(search("ssdp:all", mx=mx), (ASKER[0], 1000 + mx))
        await trio.sleep(6)
    assert Counter(sent.destination for sent in host.sent if sent.destination[0] == ASKER[0]) == {
        (ASKER[0], 1001): 11,
        (ASKER[0], 1003): 11,
    }


async def test_a_unicast_search_is_answered_at_once(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats):
        host.receive(search("ssdp:all", mx=None), to=DEVICE)
        await trio.testing.wait_all_tasks_blocked()
        assert [sent.time for sent in host.sent] == [0.0] * 11


async def test_a_pending_answer_does_not_delay_the_next_search(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats, root=BASIC):
        for port in range(50):
            host.receive(search("upnp:rootdevice", mx=5), (ASKER[0], 1000 + port))
        host.receive(search("upnp:rootdevice", mx=None), to=DEVICE)
        await trio.testing.wait_all_tasks_blocked()
        assert [sent.time for sent in host.sent] == [0.0]
        await trio.sleep(5)
    assert len(host.sent) == 51


async def test_an_answer_that_is_due_earlier_than_those_that_wait_is_sent_earlier(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats, root=BASIC):
        host.receive(search("upnp:rootdevice", mx=5))  # due after 3.8 s with this seed
        await trio.testing.wait_all_tasks_blocked()
        host.receive(search("upnp:rootdevice", mx=1), ("192.0.2.10", 1))
        await trio.sleep(1)
        assert [sent.destination for sent in host.sent] == [("192.0.2.10", 1)]
        await trio.sleep(4)
        assert len(host.sent) == 2


async def test_answers_leave_at_most_a_tick_late_and_never_early(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    planned: list[float] = []

    class Recording(Random):
        def random(self) -> float:
            planned.append(super().random())
            return planned[-1]

    async with answering(host, stats=stats, root=BASIC, rng=Recording(3)):
        for port in range(200):
            host.receive(search("upnp:rootdevice", mx=1), (ASKER[0], 1000 + port))
        await trio.sleep(2)
    assert len(planned) == len(host.sent) == 200
    for due, sent in zip(sorted(planned), host.sent, strict=True):
        assert due * 0.9 <= sent.time <= due * 0.9 + TICK_SECONDS + 1e-9


@pytest.mark.parametrize(
    ("datagram", "peer", "reason"),
    [
        pytest.param(b"", ASKER, "malformed", id="empty"),
        pytest.param(ALIVE, ASKER, "not a search", id="announcement"),
        pytest.param(ALIVE, ("192.0.2.7", 1900), "not a search", id="our own announcement"),
        pytest.param(b"M-SEARCH * HTTP/1.1\r\n\r\n", ASKER, "malformed", id="no MAN"),
        pytest.param(b"M\xff\x00", ASKER, "malformed", id="binary"),
        pytest.param(search("upnp:rootdevice", mx=None), ASKER, "no MX", id="no MX"),
        pytest.param(search("urn:x:device:y:1"), ASKER, "nothing matches", id="nothing matches"),
        pytest.param(search("upnp:rootdevice"), ("203.0.113.9", 1900), "off link", id="off link"),
        pytest.param(search("upnp:rootdevice"), ("192.0.2.9", 0), "off link", id="port 0"),
    ],
)
async def test_what_is_not_answered_is_counted_by_its_reason(
    datagram: bytes,
    peer: tuple[str, int],
    reason: str,
    host: LoneHost,
    stats: Stats,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with answering(host, stats=stats):
        host.receive(datagram, peer)
        await trio.sleep(6)
        assert not host.sent
        assert stats.dropped == {reason: 1}
        host.receive(search("upnp:rootdevice"))  # the next one is answered
        await trio.sleep(6)
    assert len(host.sent) == 1


async def test_every_announcement_on_the_link_is_passed_on_also_one_from_our_own_address(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    passed_on: list[Address] = []
    async with answering(host, stats=stats) as responder:
        responder.on_notify = lambda message, peer, endpoint: passed_on.append(peer)
        for peer in (ASKER, ("192.0.2.7", 1900), ("203.0.113.9", 1900)):
            host.receive(ALIVE, peer)
        await trio.sleep(1)
    assert passed_on == [ASKER, ("192.0.2.7", 1900)]
    assert stats.dropped == {"not a search": 2, "off link": 1}


async def test_no_announcement_from_off_the_link_is_passed_on_even_where_searches_from_there_are_answered(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    passed_on: list[Address] = []
    async with answering(host, stats=stats, answer_off_link=True) as responder:
        responder.on_notify = lambda message, peer, endpoint: passed_on.append(peer)
        host.receive(ALIVE, ("203.0.113.9", 1900))
        await trio.sleep(1)
    assert passed_on == []


async def test_a_searcher_beyond_the_link_is_answered_where_that_is_asked_for(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    host.add_route("203.0.113.0/24")
    async with answering(host, stats=stats, root=BASIC, answer_off_link=True):
        host.receive(search("upnp:rootdevice"), ("203.0.113.9", 1900))
        await trio.sleep(6)
    assert [sent.destination for sent in host.sent] == [("203.0.113.9", 1900)]


async def test_a_search_that_would_overfill_the_queue_is_dropped_whole(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats):
        fitting = MAX_PENDING_SWEEP_ANSWERS // 11
        for number in range(fitting + 3):
            host.receive(search("ssdp:all", mx=5), (f"192.0.2.{number % 200 + 8}", 1000 + number))
        await trio.testing.wait_all_tasks_blocked()
        assert stats.dropped == {"too many pending": 3}
        await trio.sleep(5)
    assert stats.answers == fitting * 11


async def test_rendered_answers_are_cached_within_a_bound(stats: Stats, autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost(interface("10.0.0.1/8"))
    async with answering(host, stats=stats, root=BASIC) as responder:
        base = "urn:schemas-upnp-org:device:Basic:1"
        for number in range(5000):
            spelling = "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate(base))
            peer = f"10.1.{number // 250}.{number % 250 + 1}"
            host.receive(search(spelling, mx=None), (peer, 1), to="10.0.0.1")
        await trio.sleep(1)
        assert stats.answers == 5000
        assert len(responder._heads) <= responder_module.MAX_CACHED_HEADS


async def test_a_send_that_the_network_refuses_is_counted_and_the_next_one_goes_out(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    host.nics["eth0"].send_errors.append(OSError(101, "Network is unreachable"))
    async with answering(host, stats=stats, root=BASIC):
        for _ in range(2):
            host.receive(search("upnp:rootdevice", mx=None), to=DEVICE)
        await trio.sleep(1)
    assert stats.send_errors == {"Network is unreachable": 1}
    assert stats.answers == len(host.sent) == 1


async def test_an_event_has_the_search_and_its_source(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    events = Events()
    received = events.subscribe()
    async with answering(host, stats=stats, events=events):
        host.receive(search("ssdp:all"))
        await trio.sleep(3)
    events.close()
    assert [event async for event in received] == [
        SearchAnswered(
            interface="eth0",
            peer="192.0.2.9",
            search_target="ssdp:all",
            answers=11,
            user_agent="test/1 UPnP/1.1 test/1",
        )
    ]


async def test_date_is_when_the_answer_leaves_and_not_when_the_search_came(
    host: LoneHost, stats: Stats, autojump_clock: trio.testing.MockClock
) -> None:
    async with answering(host, stats=stats, root=BASIC) as responder:
        host.receive(search("upnp:rootdevice", mx=5))
        await trio.testing.wait_all_tasks_blocked()
        responder.utcnow = lambda: NOON.replace(second=4)
        await trio.sleep(5)
    (answer,) = host.sent.messages(SearchResponse)
    assert answer.date == "Mon, 23 Nov 2026 12:00:04 GMT"


_SEARCHES = st.builds(
    search,
    st.sampled_from(
        ["ssdp:all", "upnp:rootdevice", "UPNP:RootDevice", "urn:schemas-upnp-org:device:Basic:1", "urn:x:y"]
    ),
    st.sampled_from([None, 1, 2, 5]),
)


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=300) | _SEARCHES, max_size=20))
def test_no_sequence_of_datagrams_ends_the_responder(datagrams: list[bytes]) -> None:
    async def main() -> None:
        stats = Stats()
        host = LoneHost()
        async with answering(host, stats=stats, root=BASIC):
            for port, datagram in enumerate(datagrams, 1000):
                host.receive(datagram, (ASKER[0], port))
            host.receive(search("upnp:rootdevice"))
            await trio.sleep(10)
        assert stats.datagrams == len(datagrams) + 1
        assert ASKER in {sent.destination for sent in host.sent}

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


class _NoCache(dict[Any, Any]):
    """A cache that keeps nothing."""

    def __setitem__(self, key: object, value: object) -> None:
        pass


@settings(max_examples=50)
@given(st.lists(_SEARCHES | st.binary(max_size=40), max_size=12))
def test_caches_change_no_byte_that_is_sent(datagrams: list[bytes]) -> None:
    async def sent_with(*, uncached: bool) -> list[RecordedDatagram]:
        host = LoneHost()
        async with answering(host, stats=Stats()) as responder:
            if uncached:
                responder._policy._cache._searches = _NoCache()
                responder._policy._index._cached = _NoCache()
                responder._heads = _NoCache()
            for port, datagram in enumerate(datagrams * 2, 1000):
                host.receive(datagram, (ASKER[0], port))
                host.receive(datagram, (ASKER[0], port), to=DEVICE)
            await trio.sleep(10)
        return host.sent.datagrams

    def run(*, uncached: bool) -> list[RecordedDatagram]:
        clock = trio.testing.MockClock(autojump_threshold=0)
        return trio.run(partial(sent_with, uncached=uncached), clock=clock)

    assert run(uncached=False) == run(uncached=True)
