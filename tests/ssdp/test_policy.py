"""How a datagram is answered: the whole decision, as a table and as promises about any sequence."""

from __future__ import annotations

from collections import Counter
from random import Random

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.devices import BASIC, GATEWAY
from tests.ssdp.fakes import HERE, Sender, advertised, numbered
from upnp_trio.model.advertising import MAX_ANSWER_DELAY
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.advertising import Origin
from upnp_trio.ssdp.budget import BURST_SECONDS
from upnp_trio.ssdp.drops import (
    MALFORMED,
    NO_MX,
    NOT_A_SEARCH,
    NOTHING_MATCHES,
    OFF_LINK,
    RECEIVED_ELSEWHERE,
    REPEATED,
    TOO_MANY_PENDING,
    Drop,
)
from upnp_trio.ssdp.messages import Alive, Search
from upnp_trio.ssdp.policy import (
    MAX_ANSWERS,
    MAX_PENDING_ANSWERS,
    MAX_PENDING_SWEEP_ANSWERS,
    Answered,
    Peer,
    SearchPolicy,
)
from upnp_trio.ssdp.profiles import PROFILES, UDA, Profile
from upnp_trio.ssdp.rendering import render_alive, render_search
from upnp_trio.ssdp.replies import TICK_SECONDS, USED_PART_OF_MX

THERE = Sender(Origin(base_url="http://198.51.100.7:49152", host="239.255.255.250:1900"))
PEER = ("192.0.2.9", 50000)
UDN = str(BASIC.udn)
ALIVE = render_alive(Alive(notification_type="n", usn="uuid:n", location="l", server="s", max_age=1))


class Half(Random):
    """Every choice by chance lies in the middle."""

    def random(self) -> float:
        return 0.5


def search(target: str, mx: int | None = 2) -> bytes:
    return render_search(Search(search_target=target, mx=mx))


def policy_for(
    *roots: AdvertisedRoot,
    profile: Profile = UDA,
    reply_budget: int = 64,
    answer_off_link: bool = False,
    rng: Random | None = None,
) -> SearchPolicy[Sender]:
    policy = SearchPolicy[Sender](
        rng or Random(0), profile=profile, reply_budget=reply_budget, answer_off_link=answer_off_link
    )
    for root in roots or [advertised(BASIC)]:
        policy.add(root)
    return policy


def decide(
    policy: SearchPolicy[Sender],
    datagram: bytes,
    peer: Peer = PEER,
    sender: Sender = HERE,
    *,
    on_link: bool = True,
    multicast: bool | None = True,
    now: float = 0.0,
    pending: int = 0,
) -> Answered | Drop:
    return policy.decide(datagram, peer, sender, on_link=on_link, multicast=multicast, now=now, pending=pending)


# --- the table ---


@pytest.mark.parametrize(
    ("datagram", "where", "reason"),
    [
        pytest.param(search(UDN), {"on_link": False}, OFF_LINK, id="from off the link"),
        pytest.param(search(UDN, None), {"on_link": False, "multicast": False}, OFF_LINK, id="unicast, off the link"),
        pytest.param(ALIVE, {"on_link": False}, OFF_LINK, id="an announcement from off the link"),
        pytest.param(b"?", {"on_link": False}, OFF_LINK, id="anything from off the link"),
        pytest.param(search(UDN), {"peer": ("192.0.2.9", 0)}, OFF_LINK, id="from port 0"),
        pytest.param(b"", {}, MALFORMED, id="empty"),
        pytest.param(b"M-SEARCH * HTTP/1.1\r\n\r\n", {}, MALFORMED, id="no MAN"),
        pytest.param(ALIVE, {}, NOT_A_SEARCH, id="an announcement"),
        pytest.param(search(UDN, None), {}, NO_MX, id="to the group, without MX"),
        pytest.param(search("uuid:other"), {}, NOTHING_MATCHES, id="another device"),
        pytest.param(search("uuid:other", None), {"multicast": False}, NOTHING_MATCHES, id="another one, unicast"),
        pytest.param(search(UDN), {"pending": MAX_PENDING_ANSWERS}, TOO_MANY_PENDING, id="full"),
        pytest.param(search(UDN), {"pending": MAX_PENDING_ANSWERS - 1}, None, id="not full"),
        pytest.param(search("ssdp:all"), {"pending": MAX_PENDING_SWEEP_ANSWERS - 2}, TOO_MANY_PENDING, id="no room"),
        pytest.param(search("ssdp:all"), {"pending": MAX_PENDING_SWEEP_ANSWERS - 3}, None, id="room for one sweep"),
        pytest.param(search(UDN), {}, None, id="to the group"),
        pytest.param(search(UDN, None), {"multicast": False}, None, id="unicast"),
        pytest.param(search(UDN), {"multicast": False}, None, id="unicast, with MX"),
        pytest.param(search(UDN), {"multicast": None}, None, id="with MX, where the system hides the destination"),
        pytest.param(search(UDN, None), {"multicast": None}, None, id="without MX, where it hides the destination"),
    ],
)
def test_one_datagram_is_answered_or_dropped_for_its_reason(
    datagram: bytes, where: dict[str, object], reason: str | None
) -> None:
    decision = decide(policy_for(), datagram, **where)  # type: ignore[arg-type]  # the table's keywords
    assert (decision.reason if isinstance(decision, Drop) else None) == reason
    assert isinstance(decision, Drop | Answered)


A = search(UDN, 5)


@pytest.mark.parametrize(
    ("first", "then", "reason"),
    [
        pytest.param((A, {}), (A, {"now": 0.01}), REPEATED, id="the same again"),
        pytest.param((A, {}), (A, {"now": 2.3}), None, id="the same after its answer"),
        pytest.param((A, {}), (search(UDN.upper(), 5), {}), None, id="another spelling"),
        pytest.param((A, {}), (A, {"peer": ("192.0.2.9", 50001)}), None, id="another port"),
        pytest.param((A, {}), (search(UDN, 2), {}), None, id="less time"),
        pytest.param((A, {}), (A, {"sender": THERE}), RECEIVED_ELSEWHERE, id="on two interfaces"),
        pytest.param((A, {}), (A, {"sender": THERE, "now": 0.3}), REPEATED, id="again on another interface"),
        pytest.param((A, {}), (search(UDN, None), {"multicast": False}), None, id="unicast after multicast"),
        pytest.param(
            (search(UDN, None), {"multicast": False}), (search(UDN, None), {"multicast": False}), None, id="unicast"
        ),
        pytest.param((A, {"pending": MAX_PENDING_ANSWERS}), (A, {}), None, id="the first was dropped"),
        pytest.param((A, {"on_link": False}), (A, {}), None, id="the first came from off the link"),
    ],
)
def test_a_search_that_is_being_answered_is_not_answered_twice(
    first: tuple[bytes, dict[str, object]], then: tuple[bytes, dict[str, object]], reason: str | None
) -> None:
    policy = policy_for(rng=Half())  # the first answer leaves after 2.25 s
    decide(policy, first[0], **first[1])  # type: ignore[arg-type]  # the table's keywords
    decision = decide(policy, then[0], **then[1])  # type: ignore[arg-type]  # likewise
    assert (decision.reason if isinstance(decision, Drop) else None) == reason


def test_a_drop_carries_the_message_that_was_read_on_the_link_and_the_flaw_of_one_that_was_not() -> None:
    policy = policy_for()
    other = decide(policy, search("uuid:other"))
    assert isinstance(other, Drop)
    assert other.message == Search(search_target="uuid:other", mx=2)
    announcement = decide(policy, ALIVE)
    assert isinstance(announcement, Drop)
    assert isinstance(announcement.message, Alive)
    assert decide(policy, b"") == Drop(MALFORMED, None, "no start line")
    assert decide(policy, ALIVE, on_link=False) == Drop(OFF_LINK)
    # neither where searches are answered beyond the link
    assert decide(policy_for(answer_off_link=True), ALIVE, on_link=False) == Drop(OFF_LINK)


def test_searches_from_off_the_link_are_answered_where_that_is_asked_for() -> None:
    assert isinstance(decide(policy_for(answer_off_link=True), A, ("203.0.113.9", 1900), on_link=False), Answered)


def test_each_row_is_answered_once() -> None:
    decision = decide(policy_for(advertised(GATEWAY)), search("ssdp:all"))
    assert isinstance(decision, Answered)
    assert decision.search == Search(search_target="ssdp:all", mx=2)
    assert sorted((match.search_target, match.usn) for _, match in decision.replies) == sorted(
        (row.notification_type, row.usn) for row in advertisements(GATEWAY)
    )


def test_one_search_gets_no_more_than_so_many_answers_and_the_next_one_the_next_ones() -> None:
    policy = policy_for(*ROOTS[300])
    found = []
    for number in range(4):
        decision = decide(policy, search("ssdp:all"), ("192.0.2.9", 1000 + number))
        assert isinstance(decision, Answered)
        assert len(decision.replies) == MAX_ANSWERS
        found += [match.usn for _, match in decision.replies]
    assert len(set(found)) == 900


def test_the_profile_decides_what_is_answered_beyond_uda() -> None:
    explorer = search("pnp:rootdevice", None)
    assert decide(policy_for(), explorer) == Drop(NO_MX, Search(search_target="pnp:rootdevice"))
    decision = decide(policy_for(profile=PROFILES["windows"]), explorer)
    assert isinstance(decision, Answered)
    ((delay, match),) = decision.replies
    assert 0 < delay < 1
    assert (match.search_target, match.usn) == ("pnp:rootdevice", f"{UDN}::pnp:rootdevice")


@given(st.integers(1, 5), st.integers())
def test_answers_to_a_multicast_search_stay_within_its_mx(mx: int, seed: int) -> None:
    decision = decide(policy_for(advertised(GATEWAY), rng=Random(seed)), search("ssdp:all", mx))
    assert isinstance(decision, Answered)
    assert all(0 <= delay <= mx * USED_PART_OF_MX for delay, _ in decision.replies)


def test_answers_spread_over_the_whole_of_mx() -> None:
    policy = policy_for(reply_budget=10**6)
    tenths = [0] * 10
    for number in range(4000):
        decision = decide(policy, search("upnp:rootdevice", 5), ("192.0.2.9", 1000 + number))
        assert isinstance(decision, Answered)
        ((delay, _),) = decision.replies
        tenths[int(delay / (5 * USED_PART_OF_MX) * 10)] += 1
    assert all(320 < tenth < 480 for tenth in tenths)


@pytest.mark.parametrize("mx", [None, 3])
def test_a_unicast_search_is_answered_at_once_whatever_mx_says_and_many_answers_soon(mx: int | None) -> None:
    decision = decide(policy_for(advertised(GATEWAY)), search("ssdp:all", mx), multicast=False)
    assert isinstance(decision, Answered)
    assert [delay for delay, _ in decision.replies] == [0.0] * 11
    decision = decide(policy_for(*ROOTS[300]), search("ssdp:all", mx), multicast=False)
    assert isinstance(decision, Answered)
    delays = [delay for delay, _ in decision.replies]
    assert delays == sorted(delays)
    assert delays[31] == 0 < delays[32]
    assert delays[-1] < 0.2


# --- devices and senders that come and go ---


@pytest.mark.parametrize("change", ["add", "remove"])
def test_after_a_device_came_or_went_no_search_counts_as_repeated(change: str) -> None:
    policy = policy_for()
    gateway = advertised(GATEWAY)
    if change == "remove":
        policy.add(gateway)
    assert isinstance(decide(policy, search("ssdp:all", 5)), Answered)
    if change == "add":
        policy.add(gateway)
    else:
        policy.remove(gateway)
    decision = decide(policy, search("ssdp:all", 5))
    assert isinstance(decision, Answered)
    assert len(decision.replies) == (3 + 11 if change == "add" else 3)


def test_searches_of_a_sender_stay_pending_if_it_has_a_successor() -> None:
    for successor, expected in ((THERE, REPEATED), (None, None)):
        policy = policy_for()
        assert isinstance(decide(policy, A), Answered)
        policy.move({HERE: successor}.get)
        decision = decide(policy, A, sender=THERE)
        assert (decision.reason if isinstance(decision, Drop) else None) == expected


# --- promises about any sequence ---


@attrs.frozen
class Came:
    """A search that came, *pause* seconds after the one before."""

    pause: float
    target: str
    mx: int | None
    port: int
    host: str


VICTIM = "192.0.2.9"
ROOTS = {count: [advertised(root) for root in numbered(count)] for count in (1, 6, 300)}
TARGETS = ["ssdp:all", "upnp:rootdevice", "UPNP:RootDevice", UDN, "urn:schemas-upnp-org:device:Basic:1", "uuid:other"]
CAME = st.builds(
    Came,
    st.floats(0, 1),
    st.sampled_from(TARGETS),
    st.sampled_from([None, 1, 2, 5]),
    st.integers(0, 3),
    st.sampled_from(["192.0.2.9", "192.0.2.10"]),
)


@given(st.lists(CAME, max_size=60), st.sampled_from([1, 3, 64]), st.sampled_from([1, 6, 300]))
def test_answers_to_any_searches_keep_to_mx_the_budget_and_the_bounds(
    came: list[Came], reply_budget: int, devices: int
) -> None:
    policy = policy_for(*ROOTS[devices], reply_budget=reply_budget)
    now, largest, sent = 0.0, 0, Counter[str]()
    #: when each answer leaves, to whom and about what
    leaving: list[tuple[float, Peer, str]] = []
    for one in came:
        now += one.pause
        peer = (one.host, one.port)
        pending = sum(time > now for time, _, _ in leaving)
        decision = decide(
            policy, search(one.target, one.mx), peer, multicast=one.mx is not None, now=now, pending=pending
        )
        if isinstance(decision, Drop):
            if decision.reason == REPEATED:  # only while an answer is pending, or has left within the last tick
                assert any(time > now - TICK_SECONDS and whose == [peer, one.target] for time, *whose in leaving)
            continue
        number = len(decision.replies)
        assert 0 < number <= MAX_ANSWERS
        assert pending + number <= MAX_PENDING_ANSWERS
        for delay, _ in decision.replies:
            assert 0 <= delay <= (one.mx * USED_PART_OF_MX if one.mx else 0.2)
            leaving.append((now + delay, peer, one.target))
        sent[one.host] += number
        largest = max(largest, number)
    assert all(answers <= reply_budget * (now + BURST_SECONDS) + largest for answers in sent.values())


@given(st.lists(CAME, max_size=60))
def test_an_exact_target_is_answered_under_any_sweeps(came: list[Came]) -> None:
    policy = policy_for(*ROOTS[300])
    now, next_search, port = 0.0, 0.0, 1000
    for one in came:
        now += one.pause / 10
        decide(policy, search("ssdp:all" if one.port else "upnp:rootdevice", 1), (VICTIM, one.port + 1), now=now)
        if now >= next_search:
            port += 1
            assert isinstance(decide(policy, search(UDN, 1), (VICTIM, port), now=now), Answered)
            next_search = now + 1


@given(st.lists(CAME, max_size=40))
def test_the_searches_of_one_source_change_nothing_for_another(came: list[Came]) -> None:
    alone, beside = policy_for(*ROOTS[6], rng=Half()), policy_for(*ROOTS[6], rng=Half())
    now = 0.0
    for one in came:
        now += one.pause
        datagram, multicast = search(one.target, one.mx), one.mx is not None
        for port in range(100):
            decide(beside, datagram, ("192.0.2.66", port), multicast=multicast, now=now)
        peer = (one.host, one.port)
        expected = decide(alone, datagram, peer, multicast=multicast, now=now)
        assert summary(decide(beside, datagram, peer, multicast=multicast, now=now)) == summary(expected)


def summary(decision: Answered | Drop) -> object:
    """What is decided, in values that can be compared."""
    if isinstance(decision, Drop):
        return decision.reason
    return [(delay, match.usn) for delay, match in decision.replies]


# --- devices that take their time ----------------------------------------------------------------------------------


def test_a_device_answers_no_sooner_than_its_delay_and_its_neighbours_as_ever() -> None:
    slow, quick = (advertised(root) for root in numbered(2))
    slow = attrs.evolve(slow, answer_delay=0.7)
    policy = policy_for(slow, quick, rng=Half())

    def delays(mx: int | None) -> dict[AdvertisedRoot, set[float]]:
        decision = policy.decide(
            search("upnp:rootdevice", mx), PEER, HERE, on_link=True, multicast=mx is not None, now=0.0, pending=0
        )
        assert isinstance(decision, Answered)
        return {match.root: {delay} for delay, match in decision.replies}

    assert delays(None) == {slow: {0.7}, quick: {0.0}}
    assert delays(1) == {slow: {0.7}, quick: {0.45}}
    policy.remove(quick)
    assert delays(2) == {slow: {0.9}}  # chance alone waits longer
    policy.remove(slow)
    policy.add(quick)
    assert delays(None) == {quick: {0.0}}
    assert not policy._index.has_delays


@given(st.integers(1, 5), st.floats(0, MAX_ANSWER_DELAY), st.integers(0, 2**32))
def test_a_delayed_answer_still_comes_within_mx(mx: int, delay: float, seed: int) -> None:
    root = attrs.evolve(advertised(BASIC), answer_delay=delay)
    policy = SearchPolicy[Sender](Random(seed))
    policy.add(root)
    decision = policy.decide(search("ssdp:all", mx), PEER, HERE, on_link=True, multicast=True, now=0.0, pending=0)
    assert isinstance(decision, Answered)
    assert all(delay <= wait <= mx * USED_PART_OF_MX for wait, _ in decision.replies)
