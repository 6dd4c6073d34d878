"""The table of subscriptions: places, durations, numbers and queues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from upnp_trio.eventing import subscriptions
from upnp_trio.eventing.propertyset import read_propertyset, render_propertyset
from upnp_trio.eventing.refusals import EventingRefused
from upnp_trio.eventing.requests import Subscribe
from upnp_trio.eventing.seq import MAX_SEQ, next_seq
from upnp_trio.eventing.subscriptions import (
    MAX_QUEUED_EVENTS,
    TOO_MANY,
    TOO_MANY_OF_ONE_PEER,
    UNKNOWN_SID,
    Subscription,
    SubscriptionTable,
)
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.model.peers import peer_of

Table = SubscriptionTable[str]
_numbers = count(1)


def request(address: str, seconds: int = 1800, variables: tuple[str, ...] | None = None) -> Subscribe:
    ip = ip_address(address)
    return Subscribe(subscriber=ip, callbacks=(LiteralUrl(ip, 80, "/"),), seconds=seconds, variables=variables)


class Subscriber:
    """Adds subscriptions with new SIDs."""

    def __init__(self, table: Table) -> None:
        self.table = table
        #: the subscription that lost its place to the last one
        self.loser: Subscription[str] | None = None

    def add(
        self, address: str = "192.0.2.9", service: str = "a", *, now: float = 0.0, seconds: int = 1800
    ) -> Subscription[str]:
        added, ended = self.table.add(service, request(address, seconds), sid=f"uuid:{next(_numbers)}", now=now)
        assert all(subscription.ended for subscription in ended)
        self.loser = ended[0] if ended else None
        return added

    def refusal(self, address: str = "192.0.2.9", service: str = "a", *, now: float = 0.0) -> str:
        with pytest.raises(EventingRefused) as caught:
            self.add(address, service, now=now)
        assert caught.value.status == 503
        return caught.value.reason


def addresses(table: Table, service: str = "a") -> list[str]:
    return [each.address for each in table.of(service)]


# --- durations and SIDs ------------------------------------------------------------------------------------------


def test_a_subscription_is_known_to_its_service_alone() -> None:
    table = Table(32, 8)
    subscription = Subscriber(table).add(service="a")
    assert (table.of("a"), table.of("b"), len(table), list(table)) == ([subscription], [], 1, [subscription])
    with pytest.raises(EventingRefused, match=UNKNOWN_SID):
        table.renew("b", subscription.sid, seconds=60, now=0.0)
    with pytest.raises(EventingRefused, match=UNKNOWN_SID):
        table.cancel("b", subscription.sid, now=0.0)


def test_a_renewal_keeps_the_sid_and_the_numbers() -> None:
    table = Table(32, 8)
    subscription = Subscriber(table).add(seconds=60)
    subscription.enqueue(b"initial", 0.0)
    assert table.renew("a", subscription.sid, seconds=300, now=59.0) is subscription
    assert (subscription.expires, subscription.seq, len(subscription)) == (359.0, 1, 1)
    assert table.expire(358.0) == []
    assert table.expire(359.0) == [subscription]


def test_a_renewal_may_shorten() -> None:
    table = Table(32, 8)
    subscription = Subscriber(table).add(seconds=1800)
    table.renew("a", subscription.sid, seconds=60, now=0.0)
    assert table.next_expiry() == 60.0
    assert table.expire(60.0) == [subscription]


def test_an_expired_or_cancelled_subscription_is_unknown() -> None:
    table = Table(32, 8)
    subscriber = Subscriber(table)
    expired, cancelled = subscriber.add(seconds=60), subscriber.add(seconds=600)
    assert table.cancel("a", cancelled.sid, now=1.0) is cancelled
    for subscription in (expired, cancelled):
        for now in (60.0, 61.0):
            with pytest.raises(EventingRefused) as caught:
                table.renew("a", subscription.sid, seconds=60, now=now)
            assert (caught.value.status, caught.value.reason) == (412, UNKNOWN_SID)
    assert (expired.ended, cancelled.ended) == (False, True)  # it ends when it is swept
    assert table.expire(60.0) == [expired]
    assert (table.next_expiry(), len(table), table.of("a")) == (None, 0, [])


def test_a_service_that_leaves_takes_its_subscriptions_along() -> None:
    table = Table(32, 8)
    subscriber = Subscriber(table)
    one, two, other = subscriber.add(), subscriber.add("192.0.2.1"), subscriber.add(service="b")
    assert table.remove_service("a") == [one, two]
    assert (one.ended, two.ended, other.ended, list(table)) == (True, True, False, [other])
    assert table.remove_service("a") == []
    table.remove(one)  # a notifier may find out later
    assert len(table) == 1


def test_renewing_often_takes_no_memory() -> None:
    table = Table(32, 8)
    subscriptions = [Subscriber(table).add(service=service) for service in "a"]
    for number in range(10_000):
        table.renew("a", subscriptions[0].sid, seconds=60 + number % 100, now=float(number) / 1000)
    assert len(table._expiries) <= 2 * len(table) + 65
    assert table.next_expiry() == subscriptions[0].expires


def test_a_sid_that_is_taken_is_a_mistake_of_the_caller() -> None:
    table = Table(32, 8)
    subscription = Subscriber(table).add()
    with pytest.raises(ValueError, match="already"):
        table.add("b", request("192.0.2.1"), sid=subscription.sid, now=0.0)
    assert list(table) == [subscription]


# --- numbers and queues ------------------------------------------------------------------------------------------


def test_the_numbers_begin_with_0_and_wrap_to_1() -> None:
    assert [next_seq(0), next_seq(1), next_seq(MAX_SEQ - 1), next_seq(MAX_SEQ)] == [1, 2, MAX_SEQ, 1]
    subscription = Subscriber(Table(32, 8)).add()
    subscription.enqueue(b"initial", 0.0)
    subscription.seq = MAX_SEQ
    for body in (b"last", b"first again"):
        subscription.enqueue(body, 0.0)
    events = [subscription.take(0.0) for _ in range(4)]
    assert [event and event.seq for event in events] == [0, 4294967295, 1, None]


def test_a_full_queue_drops_the_oldest_and_leaves_a_gap() -> None:
    subscription = Subscriber(Table(32, 8)).add()
    for number in range(MAX_QUEUED_EVENTS + 3):
        subscription.enqueue(b"%d" % number, 0.0)
    assert (len(subscription), subscription.dropped) == (10, 3)
    event = subscription.take(0.0)
    assert event is not None
    assert (event.seq, event.body) == (3, b"3")


def test_an_event_older_than_30_seconds_is_not_sent() -> None:
    subscription = Subscriber(Table(32, 8)).add()
    for now in (0.0, 1.0, 20.0):
        subscription.enqueue(b"", now)
    event = subscription.take(31.0)
    assert event is not None
    assert (event.seq, subscription.dropped) == (1, 1)
    assert (subscription.take(50.1), subscription.dropped, subscription.seq) == (None, 2, 3)


def test_a_change_is_queued_for_all_who_want_it_and_rendered_once() -> None:
    table = Table(32, 8)
    table.add("a", request("192.0.2.1"), sid="1", now=0.0)
    table.add("a", request("192.0.2.2"), sid="2", now=0.0)
    table.add("a", request("192.0.2.3", variables=("B",)), sid="3", now=0.0)
    table.add("a", request("192.0.2.4", variables=("C",)), sid="4", now=0.0)
    table.add("b", request("192.0.2.5"), sid="5", now=0.0)
    changes = [("A", "1"), ("B", "2")]
    assert table.publish("a", changes, now=4.0) == []  # the initial events, which are to come, will have them
    for each in table:
        each.enqueue(b"initial", 4.0)
        each.take(4.0)
    queued = table.publish("a", changes, now=5.0)
    assert [each.sid for each in queued] == ["1", "2", "3"]
    bodies = [event.body for each in queued if (event := each.take(5.0))]
    assert bodies[0] is bodies[1]
    assert bodies[0] == render_propertyset(changes)
    assert read_propertyset(bodies[2]) == [("B", "2")]
    assert all(len(each) == 0 for each in table)
    assert table.publish("c", changes, now=5.0) == []


# --- places ------------------------------------------------------------------------------------------------------


def fill(table: Table, each: Iterable[str]) -> list[Subscription[str]]:
    subscriber = Subscriber(table)
    return [subscriber.add(address) for address in each]


def test_one_address_has_its_share_of_each_service_and_no_more() -> None:
    table = Table(32, 8)
    subscriber = Subscriber(table)
    for service in "ab":
        for _ in range(8):
            subscriber.add(service=service)
        for _ in range(1000):
            assert subscriber.refusal(service=service) == TOO_MANY_OF_ONE_PEER
    assert Subscriber(table).add("192.0.2.1", now=1.0).address == "192.0.2.1"


def test_a_zone_and_a_mapped_address_give_no_second_share() -> None:
    table = Table(32, 1)
    fill(table, ["fe80::1%eth0"])
    assert Subscriber(table).refusal("fe80::1%eth1") == TOO_MANY_OF_ONE_PEER
    assert addresses(table) == ["fe80::1"]


def test_an_expired_subscription_gives_its_place_away() -> None:
    table = Table(32, 1)
    subscriber = Subscriber(table)
    expired = subscriber.add(seconds=60)
    assert subscriber.refusal(now=59.0) == TOO_MANY_OF_ONE_PEER
    subscriber.add(now=60.0)
    assert subscriber.loser is expired
    assert table.expire(60.0) == []


def test_an_address_that_holds_a_whole_prefix_s_share_gives_places_to_its_neighbours() -> None:
    table = Table(32, 8)
    first = fill(table, ["2001:db8::bad"] * 8)
    subscriber = Subscriber(table)
    for number in range(1, 8):
        subscriber.add(f"2001:db8::{number}", now=1.0)
        assert subscriber.loser is first[number - 1]
    assert Counter(addresses(table)) == Counter(["2001:db8::bad", *(f"2001:db8::{number}" for number in range(1, 8))])
    assert subscriber.refusal("2001:db8::bad", now=2.0) == TOO_MANY_OF_ONE_PEER
    assert subscriber.refusal("2001:db8::9", now=2.0) == TOO_MANY_OF_ONE_PEER  # each holds one now


def test_a_full_service_takes_places_from_the_address_that_holds_the_most() -> None:
    table = Table(8, 4)
    held = fill(table, ["192.0.2.1"] * 4 + ["192.0.2.2"] * 3 + ["192.0.2.3"])
    subscriber = Subscriber(table)
    subscriber.add("192.0.2.4")
    assert subscriber.loser is held[0]
    subscriber.add("192.0.2.5")
    assert subscriber.loser is held[1]
    assert subscriber.refusal("192.0.2.1") == TOO_MANY  # nobody holds two more
    subscriber.add("192.0.2.6")
    assert subscriber.loser is held[4]


def test_whoever_has_one_place_keeps_it_against_any_number_of_addresses() -> None:
    table = Table(32, 8)
    (good,) = fill(table, ["192.0.2.9"])
    subscriber = Subscriber(table)
    for number in range(1000):
        address = f"198.51.{number // 250}.{number % 250}"
        if number < 31:
            subscriber.add(address)
        else:
            assert subscriber.refusal(address) == TOO_MANY
    assert not good.ended


@pytest.mark.parametrize("neighbour", ["192.0.2.1", "192.0.2.2"])
def test_a_subscription_whose_events_do_not_arrive_loses_its_place_first(neighbour: str) -> None:
    table = Table(2, 2)
    _, failing = fill(table, ["192.0.2.1", "192.0.2.1"])
    failing.failing = True
    subscriber = Subscriber(table)
    subscriber.add(neighbour)
    assert subscriber.loser is failing
    assert addresses(table) == ["192.0.2.1", neighbour]


def test_a_peer_that_holds_places_takes_none_from_one_that_sleeps() -> None:
    table = Table(2, 2)
    asleep, _ = fill(table, ["192.0.2.9", "192.0.2.1"])
    asleep.failing = True
    subscriber = Subscriber(table)
    assert subscriber.refusal("192.0.2.1") == TOO_MANY
    subscriber.add("192.0.2.2")
    assert subscriber.loser is asleep


# --- any sequence ------------------------------------------------------------------------------------------------

ADDRESSES = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]


class AnySequence(RuleBasedStateMachine):
    """Whatever subscribers do: the bounds hold, and nobody with one living subscription loses it to others."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Table(4, 2)
        self.now = 0.0
        self.count = 0
        #: by SID: service, address, when it expires
        self.model: dict[str, tuple[str, str, float]] = {}
        self.seqs: Counter[str] = Counter()
        self.bystanders: set[str] = set()

    def living(self, service: str, address: str) -> int:
        return sum(1 for held, at, _ in self.model.values() if (held, at) == (service, address))

    def forget(self, subscription: Subscription[str]) -> None:
        assert subscription.ended
        del self.model[subscription.sid]

    @rule(service=st.sampled_from("ab"), address=st.sampled_from(ADDRESSES), seconds=st.sampled_from([60, 300]))
    def subscribe(self, service: str, address: str, seconds: int) -> None:
        self.count += 1
        sid = f"uuid:{self.count}"
        before = dict(self.model)
        try:
            subscription, losers = self.table.add(service, request(address, seconds), sid=sid, now=self.now)
        except EventingRefused:
            assert self.living(service, address) or len(addresses(self.table, service)) >= 2
            return
        for loser in losers:
            at = before[loser.sid][1]
            assert before[loser.sid][0] == service
            more = self.living(service, at) - self.living(service, address)
            assert before[loser.sid][2] <= self.now or more >= 2 or (loser.failing and (more >= 1 or at == address))
            self.forget(loser)
        self.model[sid] = (service, address, self.now + seconds)
        assert subscription.expires == self.now + seconds

    @precondition(lambda self: self.model)
    @rule(data=st.data(), seconds=st.sampled_from([60, 300]))
    def renew(self, data: st.DataObject, seconds: int) -> None:
        sid = data.draw(st.sampled_from(sorted(self.model)))
        service, address, expires = self.model[sid]
        if expires <= self.now:
            with pytest.raises(EventingRefused, match=UNKNOWN_SID):
                self.table.renew(service, sid, seconds=seconds, now=self.now)
            return
        self.table.renew(service, sid, seconds=seconds, now=self.now)
        self.model[sid] = (service, address, self.now + seconds)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        sid = data.draw(st.sampled_from(sorted(self.model)))
        service, _, expires = self.model[sid]
        if expires > self.now:
            self.forget(self.table.cancel(service, sid, now=self.now))

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        sid = data.draw(st.sampled_from(sorted(self.model)))
        (subscription,) = [each for each in self.table if each.sid == sid]
        subscription.failing = True

    @rule(service=st.sampled_from("ab"))
    def publish(self, service: str) -> None:
        for subscription in self.table.publish(service, [("A", "1")], self.now):
            assert subscription.service == service
            self.seqs[subscription.sid] += 1

    @rule(service=st.sampled_from("ab"))
    def leave(self, service: str) -> None:
        for subscription in self.table.remove_service(service):
            self.forget(subscription)

    @rule(seconds=st.sampled_from([1.0, 30.0, 60.0, 300.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        ended = self.table.expire(self.now)
        assert {each.sid for each in ended} == {sid for sid, (_, _, at) in self.model.items() if at <= self.now}
        for subscription in ended:
            self.forget(subscription)

    @invariant()
    def the_table_is_what_the_subscribers_believe(self) -> None:
        assert {each.sid: (each.service, each.address, each.expires) for each in self.table} == self.model
        assert self.table.next_expiry() == min((at for _, _, at in self.model.values()), default=None)
        assert all(each.seq == self.seqs[each.sid] for each in self.table)

    @invariant()
    def the_bounds_hold(self) -> None:
        for service in "ab":
            held = addresses(self.table, service)
            assert len(held) <= 4
            assert max(Counter(map(peer_of, held)).values(), default=0) <= 2


AnySequence.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnySequence = AnySequence.TestCase


def test_the_bounds_are_those_that_the_documentation_states() -> None:
    assert (subscriptions.MAX_QUEUED_EVENTS, subscriptions.MAX_EVENT_AGE_SECONDS) == (10, 30.0)
