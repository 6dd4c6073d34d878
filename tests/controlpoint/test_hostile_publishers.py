"""Publishers of events that break the rules, by mistake or on purpose."""

from __future__ import annotations

import logging

import attrs
import pytest
import trio
import trio.testing

from tests.controlpoint.following import news, open_sockets
from tests.controlpoint.publisher import Asked, Publisher, Scene, answer, scene
from upnp_trio.controlpoint.event_receiver import MAX_EVENT_BYTES
from upnp_trio.controlpoint.subscriber import END_SECONDS, SILENT_SECONDS
from upnp_trio.controlpoint.subscription import Subscription
from upnp_trio.errors import RequestFailed
from upnp_trio.eventing.event_order import GAP_SECONDS
from upnp_trio.eventing.propertyset import render_propertyset
from upnp_trio.http.phases import BODY_SECONDS, HEAD_SECONDS, IDLE_SECONDS
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.ssdp.messages import Alive
from upnp_trio.testing import Host
from upnp_trio.testing.peers import serve_connections

Clock = trio.testing.MockClock


async def silence(changes: Subscription, seconds: float = 5.0) -> None:
    """Assert that nothing comes."""
    with trio.move_on_after(seconds):
        raise AssertionError(f"{await anext(changes)} has come")


# --- SUBSCRIBE -----------------------------------------------------------------------------------------------------


class Never(Publisher):
    """Accepts connections, and does not answer."""

    async def respond(self, asked: Asked) -> bytes | None:
        await trio.sleep_forever()
        raise AssertionError


async def test_a_publisher_that_never_answers_fails_the_reader_in_ten_seconds(autojump_clock: Clock) -> None:
    async with scene(Never) as on:
        with pytest.raises(RequestFailed, match="no answer within 10 s"):
            await anext(on.subscribe())
        assert trio.current_time() == pytest.approx(10.0)
        await trio.sleep(1)
        assert open_sockets(on.asker) == []


async def test_a_reader_that_leaves_a_publisher_that_never_answers_waits_for_two_seconds(autojump_clock: Clock) -> None:
    async with scene(Never) as on:
        with trio.move_on_after(3):
            async with on.subscribe():
                pass
        assert trio.current_time() == 3.0
        await trio.sleep(END_SECONDS)
        assert open_sockets(on.asker) == []


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (b"garbage", "192.0.2.7"),
        (b"\x00" * 100_000, "192.0.2.7"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 10_000, "192.0.2.7"),
        (None, "192.0.2.7"),
        (answer(200), "the response to SUBSCRIBE has no SID"),
        (answer(200, sid="x" * 1000), "a SID that no request can repeat"),
        (answer(301, location="http://127.0.0.1/"), "301 Any and sends us to http://127.0.0.1/; redirects are not"),
        (answer(404), "404: there is nothing at its eventSubURL"),
        (answer(412), "412: it does not accept our delivery URL"),
        (answer(501), "501: it has no events"),
        (answer(599), "599: it gives no reason"),
    ],
)
async def test_an_answer_that_is_no_grant_fails_the_reader_in_words(
    autojump_clock: Clock, response: bytes | None, words: str
) -> None:
    class Other(Publisher):
        async def respond(self, asked: Asked) -> bytes | None:
            return response

    async with scene(Other) as on:
        with pytest.raises(RequestFailed) as caught:
            await anext(on.subscribe())
        assert words in str(caught.value)
        await trio.sleep(1)
        assert open_sockets(on.asker) == []


async def test_a_service_without_an_event_url_has_no_events(autojump_clock: Clock) -> None:
    async with scene() as on:
        changes = on.subscriptions.subscribe(
            type(on.source)(url=None, served=on.source.served, udn="uuid:1", name="Publisher")
        )
        with pytest.raises(RequestFailed, match="Publisher has no events: its description gives no eventSubURL"):
            await anext(changes)
        assert on.publisher.asked == []


@pytest.mark.parametrize("granted", ["Second-infinite", "infinite", "", "Second-0:30:00", "Second-99999999999"])
async def test_a_duration_that_cannot_be_read_is_half_an_hour(autojump_clock: Clock, granted: str) -> None:
    async with scene() as on, on.subscribe():
        on.publisher.seconds = granted
        await trio.sleep(3600)
        assert 4 <= on.publisher.kinds.count("RENEW") <= 5


async def test_a_publisher_that_grants_a_second_is_asked_every_five(autojump_clock: Clock) -> None:
    async with scene() as on:
        on.publisher.seconds = "Second-1"
        async with on.subscribe():
            await trio.sleep(3600)
        assert 700 <= on.publisher.kinds.count("RENEW") <= 720


async def test_a_publisher_that_forgets_everything_at_once_is_not_flooded(autojump_clock: Clock) -> None:
    class Forgetful(Publisher):
        async def respond(self, asked: Asked) -> bytes | None:
            return answer(412) if "sid" in asked.headers else await super().respond(asked)

    async with scene(Forgetful) as on:
        on.publisher.seconds = "Second-1"
        async with on.subscribe():
            await trio.sleep(600)
        assert len(on.publisher.asked) <= 2 * 600 / 5 + 10


async def test_a_publisher_that_grants_another_sid_at_each_renewal_loses_neither_us_nor_itself(
    autojump_clock: Clock,
) -> None:
    """As peer-upnp does (fraunhoferfokus/peer-upnp #22)."""

    class Renewing(Publisher):
        async def respond(self, asked: Asked) -> bytes | None:
            if asked.method == "UNSUBSCRIBE":
                return answer()
            self._sids += 1
            return answer(sid=self.sid, timeout="Second-100")

    async with scene(Renewing) as on:
        async with on.subscribe() as changes:
            for _ in range(3):
                await on.publisher.notify(0, 1)
                assert (await news(changes)).values == {"Status": 1}
                await trio.sleep(55)
        subscribed = {f"uuid:{number + 1}" for number in range(on.publisher._sids)}
        assert {each.headers["sid"] for each in on.publisher.asked if each.method == "UNSUBSCRIBE"} == subscribed


async def test_a_subscription_whose_response_comes_after_the_reader_has_left_is_ended(autojump_clock: Clock) -> None:
    class Slow(Publisher):
        async def respond(self, asked: Asked) -> bytes | None:
            await trio.sleep(1)
            return await super().respond(asked)

    async with scene(Slow) as on:
        with trio.move_on_after(0.5):
            await anext(on.subscribe())
        await trio.sleep(5)
        assert on.publisher.kinds == ["SUBSCRIBE", "UNSUBSCRIBE"]
        assert on.publisher.asked[1].headers["sid"] == "uuid:1"


async def test_a_subscription_whose_sid_an_event_has_told_is_ended(autojump_clock: Clock) -> None:
    class EventFirst(Publisher):
        async def respond(self, asked: Asked) -> bytes | None:
            if asked.kind == "SUBSCRIBE":
                await self.notify(0, 5, sid="uuid:told")
                await trio.sleep_forever()
            return answer()

    async with scene(EventFirst) as on:
        with trio.move_on_after(0.5):
            await anext(on.subscribe())
        await trio.sleep(5)
        assert on.publisher.kinds == ["SUBSCRIBE", "UNSUBSCRIBE"]
        assert on.publisher.asked[1].headers["sid"] == "uuid:told"


async def test_a_later_subscription_without_a_response_is_ended_if_an_event_has_told_its_sid(
    autojump_clock: Clock,
) -> None:
    class LosesOne(Publisher):
        async def respond(self, asked: Asked) -> bytes | None:
            if asked.kind == "RENEW":
                return answer(412)
            if asked.kind == "SUBSCRIBE" and self._sids == 1:
                self._sids += 1
                await self.notify(0, 5)
                await trio.sleep_forever()
            return await super().respond(asked)

    async with scene(LosesOne) as on, on.subscribe():
        await trio.sleep(1000)
        assert on.publisher.kinds == ["SUBSCRIBE", "RENEW", "SUBSCRIBE", "UNSUBSCRIBE", "SUBSCRIBE"]
        assert on.publisher.asked[3].headers["sid"] == "uuid:2"


# --- NOTIFY --------------------------------------------------------------------------------------------------------


async def test_an_event_before_the_response_to_subscribe_is_taken(autojump_clock: Clock) -> None:
    class EventFirst(Publisher):
        async def respond(self, asked: Asked) -> bytes | None:
            if asked.kind == "SUBSCRIBE":
                assert await self.notify(0, 5, sid="uuid:1") == 200
            return await super().respond(asked)

    async with scene(EventFirst) as on, on.subscribe() as changes:
        change = await news(changes)
        assert (change.values, change.is_initial) == ({"Status": 5}, True)


async def test_each_wrong_event_gets_its_status_and_changes_nothing(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as changes:
        publisher = on.publisher

        def without(name: bytes) -> object:
            return lambda data: b"\r\n".join(line for line in data.split(b"\r\n") if not line.startswith(name))

        stranger = Host.on(on.link, "192.0.2.66/24", name="stranger")
        elsewhere = type(publisher.callback)(publisher.callback.address, publisher.callback.port, "/another")
        assert await publisher.notify(0, sid="uuid:another") == 412
        assert await publisher.notify(0, host=stranger) == 412
        assert await publisher.notify(0, to=elsewhere) == 412
        assert await publisher.notify(0, change=without(b"SID")) == 412  # type: ignore[arg-type]  # a lambda
        assert await publisher.notify(0, change=without(b"NT:")) == 400  # type: ignore[arg-type]  # a lambda
        assert await publisher.notify(0, change=without(b"SEQ")) == 400  # type: ignore[arg-type]  # a lambda
        assert await publisher.notify(0, body=b"no propertyset") == 400
        assert await publisher.notify(0, change=lambda data: data.replace(b"upnp:event", b"upnp:other")) == 412
        assert await publisher.notify(0, change=lambda data: data.replace(b"NOTIFY", b"POST", 1)) == 405
        assert await publisher.notify(0, change=lambda data: data.replace(b"NOTIFY", b"FETCH", 1)) == 501
        assert await publisher.notify(0, to=elsewhere, change=lambda data: data.replace(b"NOTIFY", b"GET", 1)) == 404
        assert await publisher.notify(0, change=lambda data: b"\x16\x03\x01" + data) == 400
        await silence(changes)
        assert await publisher.notify(0, 3) == 200
        assert (await news(changes)).values == {"Status": 3}


async def test_a_host_without_the_port_or_of_another_spelling_is_accepted(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as changes:
        authority = on.publisher.callback.authority.encode()
        assert await on.publisher.notify(0, 3, change=lambda data: data.replace(authority, b"192.0.2.9")) == 200
        assert (await news(changes)).values == {"Status": 3}


async def test_an_event_as_long_as_a_household_s_is_taken_and_a_longer_one_is_refused(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as changes:
        room = MAX_EVENT_BYTES - len(render_propertyset([("Status", "")]))
        assert await on.publisher.notify(0, "x" * room) == 200
        assert (await news(changes)).texts == {"Status": "x" * room}
        assert await on.publisher.notify(1, "x" * (room + 1)) == 413
        await silence(changes)


@pytest.mark.parametrize(
    ("begin", "seconds"),
    [(b"", IDLE_SECONDS), (b"NOTIFY /", HEAD_SECONDS), (b"NOTIFY / HTTP/1.1\r\nHost: a\r\n", HEAD_SECONDS)],
)
async def test_a_publisher_that_stops_within_an_event_is_hung_up_on(
    autojump_clock: Clock, begin: bytes, seconds: float
) -> None:
    async with scene() as on, on.subscribe():
        stream = await on.publisher.connect()
        before = trio.current_time()
        if begin:
            await stream.send_all(memoryview(begin))
        while await stream.receive_some(65536):
            pass
        assert trio.current_time() - before <= seconds + 2.5


async def test_a_body_that_never_ends_is_hung_up_on(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as changes:
        before = trio.current_time()
        status = await on.publisher.notify(0, change=lambda data: data[:-1])
        assert status == 408
        assert trio.current_time() - before <= BODY_SECONDS + 2.5
        assert await on.publisher.notify(0, 1) == 200
        assert (await news(changes)).values == {"Status": 1}


async def test_a_silent_publisher_is_told_of_with_the_port(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "upnp_trio.controlpoint")
    async with scene() as on, on.subscribe():
        await trio.sleep(SILENT_SECONDS - 1)
        assert caplog.messages == []
        await trio.sleep(2)
        (message,) = caplog.messages
        port = on.publisher.callback.port
        assert message.startswith(f"Publisher has sent no event to http://192.0.2.9:{port}/")
        assert message.endswith("allow connections to that TCP port")
        await trio.sleep(100)
        assert len(caplog.messages) == 1


# --- SEQ -----------------------------------------------------------------------------------------------------------


async def test_events_that_overtake_each_other_are_put_in_order(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as changes:
        for seq in (0, 2, 1, 3):
            assert await on.publisher.notify(seq, seq) == 200
        assert [(await news(changes)).values["Status"] for _ in range(4)] == [0, 1, 2, 3]
        assert on.publisher.kinds == ["SUBSCRIBE"]


async def test_an_event_that_is_sent_twice_is_given_once(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as changes:
        for seq in (0, 0, 1, 1, 1, 2):
            assert await on.publisher.notify(seq, seq) == 200
        assert [(await news(changes)).seq for _ in range(3)] == [0, 1, 2]
        await silence(changes)


async def test_a_gap_leads_to_a_new_subscription_after_a_second(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as changes:
        await on.publisher.notify(0)
        await news(changes)
        before, old = trio.current_time(), on.publisher.callback
        await on.publisher.notify(2, 2)
        assert (await news(changes)).values == {"Status": 2}
        assert trio.current_time() - before == pytest.approx(GAP_SECONDS, abs=0.1)
        await trio.sleep(0.1)
        assert on.publisher.kinds == ["SUBSCRIBE", "UNSUBSCRIBE", "SUBSCRIBE"]
        assert await on.publisher.notify(3, sid="uuid:1", to=old) == 412
        assert await on.publisher.notify(0, 3) == 200
        change = await news(changes)
        assert (change.values, change.is_resubscribed) == ({"Status": 3}, True)


async def test_a_publisher_that_numbers_all_events_0_is_followed(autojump_clock: Clock) -> None:
    """As in jupnp/jupnp #243."""
    async with scene() as on, on.subscribe() as changes:
        for value in range(1, 50):
            subscribed = on.publisher.kinds.count("SUBSCRIBE")
            assert await on.publisher.notify(0, value) == 200
            assert (await news(changes)).values == {"Status": value}
            await trio.sleep(1)
            if on.publisher.kinds.count("SUBSCRIBE") > subscribed:
                await on.publisher.notify(0, value)
                change = await news(changes)
                assert (change.values, change.is_resubscribed) == ({"Status": value}, True)
        assert on.publisher.kinds.count("SUBSCRIBE") == 3


async def test_a_publisher_whose_numbers_begin_with_1_is_followed(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as changes:
        for _ in range(2):
            await on.publisher.notify(1, 7)
            assert (await news(changes)).values == {"Status": 7}
            await trio.sleep(1)
        assert on.publisher.kinds.count("SUBSCRIBE") == 3
        for seq in range(1, 50):
            await on.publisher.notify(seq, seq)
            change = await news(changes)
            assert (change.values, change.is_initial) == ({"Status": seq}, seq == 1)
        assert on.publisher.kinds.count("SUBSCRIBE") == 3
        await on.publisher.notify(60, 60)  # its numbers follow each other now, so a gap is one
        await news(changes)
        await trio.sleep(5)
        assert on.publisher.kinds.count("SUBSCRIBE") == 4


async def test_a_publisher_that_loses_every_second_event_does_not_make_us_flood_it(autojump_clock: Clock) -> None:
    read = []

    async def follow(changes: Subscription) -> None:
        async for change in changes:
            read.append(change.values["Status"])

    async with scene() as on, on.subscribe() as changes, trio.open_nursery() as nursery:
        nursery.start_soon(follow, changes)
        for value in range(600):
            await on.publisher.notify(0, value)
            await on.publisher.notify(2, value)
            await trio.sleep(1)
        assert len(on.publisher.asked) <= 2 * 600 / 4
        # some arrive just after the subscription that they were for
        assert len(set(read)) > 400
        nursery.cancel_scope.cancel()


# --- floods --------------------------------------------------------------------------------------------------------


async def flood(on: Scene, connections: int, seconds: float) -> int:
    """Send events on many connections at once; returns how many were answered with 200."""
    taken = 0
    end = trio.current_time() + seconds

    async def send() -> None:
        nonlocal taken
        number = 0
        while trio.current_time() < end:
            number += 1
            taken += await on.publisher.notify(number, number) == 200
            await trio.sleep(0.05)

    async with trio.open_nursery() as nursery:
        for _ in range(connections):
            nursery.start_soon(send)
    return taken


async def test_a_flood_of_events_takes_bounded_room_and_costs_no_other_publisher(autojump_clock: Clock) -> None:
    async with scene() as on, on.subscribe() as flooded:
        friend = Publisher(Host.on(on.link, "192.0.2.8/24", name="friend"))
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_connections, friend.host, 80, friend.serve)
            source = type(on.source)(
                url=LiteralUrl.parse("http://192.0.2.8/events"), served=on.source.served, udn="uuid:2"
            )
            async with on.subscriptions.subscribe(source) as changes:
                nursery.start_soon(flood, on, 80, 2.0)
                await trio.sleep(0.5)
                for seq in range(10):
                    before = trio.current_time()
                    assert await friend.notify(seq, seq) == 200
                    assert (await news(changes)).texts == {"Status": str(seq)}
                    assert trio.current_time() - before < 0.1
                    await trio.sleep(0.1)
            nursery.cancel_scope.cancel()
        waiting = flooded._waiting
        assert len(waiting) <= 64
        assert waiting._characters <= 1024 * 1024


# --- restarts that nothing tells of ----------------------------------------------------------------------------------


async def test_a_device_without_a_bootid_is_asked_at_each_announcement_whether_it_knows_us(
    autojump_clock: Clock,
) -> None:
    def alive(boot_id: int | None) -> Alive:
        return Alive(
            notification_type="upnp:rootdevice",
            usn="uuid:1::upnp:rootdevice",
            location="http://192.0.2.7/d.xml",
            server="",
            max_age=1800,
            boot_id=boot_id,
        )

    class Restarted(Publisher):
        has_forgotten = False

        async def respond(self, asked: Asked) -> bytes | None:
            if asked.kind == "RENEW" and self.has_forgotten:
                return answer(412)
            return await super().respond(asked)

    async with scene(Restarted) as on, on.subscribe() as changes:
        await on.publisher.notify(0, 1)
        await news(changes)
        await trio.sleep(60)
        for _ in range(10):  # of one set
            on.subscriptions.note_alive(alive(None))
            on.subscriptions.note_alive(attrs.evolve(alive(None), usn="uuid:2::upnp:rootdevice"))
            await trio.sleep(0.1)
        await trio.sleep(10)
        assert on.publisher.kinds == ["SUBSCRIBE", "RENEW", "RENEW"]
        on.publisher.has_forgotten = True  # type: ignore[attr-defined]  # it is a Restarted
        on.subscriptions.note_alive(alive(1_800_000_000))
        await trio.sleep(10)
        assert on.publisher.kinds == ["SUBSCRIBE", "RENEW", "RENEW"]
        on.subscriptions.note_alive(alive(1))
        await trio.sleep(1)
        assert on.publisher.kinds == ["SUBSCRIBE", "RENEW", "RENEW", "RENEW", "SUBSCRIBE"]
        await on.publisher.notify(0, 2)
        assert (await news(changes)).is_resubscribed
