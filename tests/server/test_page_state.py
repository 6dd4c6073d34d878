"""What a live page asks for: the state at once, when it changes, after 25 s, and when the device ends."""

from __future__ import annotations

import json

import attrs
import pytest
import trio
import trio.testing

from tests.server.acting import Answer, Client, Oven, call, oven_device, served, subscribe
from tests.server.scenes import HERE, LoneHost
from upnp_trio.server.page_state import GATHERING_SECONDS, WAIT_SECONDS

Clock = trio.testing.MockClock


def poll(control: str, after: str = "") -> bytes:
    directory = "/".join(control.split("/")[:2])
    return f"GET {directory}/state.json{f'?after={after}' if after else ''} HTTP/1.1\r\nHost: {HERE}\r\n\r\n".encode()


def version(answer: Answer) -> str:
    return str(json.loads(answer.body)["version"])


def values(answer: Answer) -> dict[str, str]:
    (found,) = json.loads(answer.body)["services"].values()
    assert isinstance(found, dict)
    return found


async def test_a_page_gets_the_state_at_once_and_then_when_it_changes(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        first = await client.ask(poll(control))
        assert values(first) == {"Heat": "0", "Light": "0", "Seldom": "0", "Text": ""}
        assert first.headers["cache-control"] == "no-store"
        assert trio.current_time() == 0
        await client.send(poll(control, version(first)))
        await trio.sleep(7)
        oven.heat = 1
        oven.text = "changed together, and not evented"
        second = await client.read()
        assert trio.current_time() == 7 + GATHERING_SECONDS
        assert (values(second)["Heat"], values(second)["Text"]) == ("1", "changed together, and not evented")
        oven.heat = 2  # between two questions
        assert values(await client.ask(poll(control, version(second))))["Heat"] == "2"
        assert trio.current_time() == 7 + GATHERING_SECONDS
        client.close()


async def test_a_page_gets_the_same_state_again_after_25_seconds(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        first = await client.ask(poll(control))
        for number in range(1, 4):
            again = await client.ask(poll(control, version(first)))
            assert again.body == first.body
            assert trio.current_time() == number * WAIT_SECONDS
        client.close()


async def test_a_change_that_is_taken_back_is_none(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        first = await client.ask(poll(control))
        await client.send(poll(control, version(first)))
        await trio.sleep(1)
        oven.heat = 1
        oven.heat = 0
        assert (await client.read()).body == first.body
        assert trio.current_time() == WAIT_SECONDS
        client.close()


async def test_changes_without_end_reach_a_page_every_50_ms_at_most(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _), trio.open_nursery() as nursery:

        async def change() -> None:
            for heat in range(1, 10_001):
                oven.heat = heat
                await trio.sleep(0.001)

        client = Client(host)
        answer = await client.ask(poll(control))
        nursery.start_soon(change)
        seen = []
        while trio.current_time() < 10:
            answer = await client.ask(poll(control, version(answer)))
            seen.append(int(values(answer)["Heat"]))
        assert seen == sorted(seen)
        assert len(seen) <= 1 + 10 / GATHERING_SECONDS * 2
        await trio.sleep(1)
        assert values(await client.ask(poll(control, version(answer))))["Heat"] == "10000"
        client.close()


async def test_pages_end_at_once_when_the_device_stops(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    before = trio.lowlevel.current_statistics().tasks_living
    async with served(host, oven) as (_, (control,), _):
        clients = [Client(host) for _ in range(20)]
        first = await clients[0].ask(poll(control))
        for client in clients:
            await client.send(poll(control, version(first)))
        await trio.sleep(5)
    assert trio.current_time() < 6  # byebye takes its time
    for client in clients:
        answer = await client.read()
        assert (answer.body, answer.closes) == (first.body, True)
        client.close()
    assert trio.lowlevel.current_statistics().tasks_living == before


async def test_many_pages_and_slow_ones_cost_a_caller_and_a_subscriber_nothing(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), (events,)):
        pages = [Client(host, f"192.0.2.{20 + number // 60}") for number in range(240)]
        first = await Client(host).ask(poll(control))
        for page in pages:
            await page.send(poll(control, version(first)))
        await trio.sleep(1)
        client = Client(host, "192.0.2.200")
        assert (await client.ask(call(control, "Set", ("Heat", 1), ("Light", 1)))).status == 200
        assert (await client.ask(subscribe(events, "http://192.0.2.200:8000/"))).status == 200
        assert trio.current_time() == 1
        for page in pages[::2]:  # the others never read
            assert values(await page.read())["Heat"] == "1"
        assert trio.current_time() == 1 + GATHERING_SECONDS
        for page in pages:
            page.close()
        client.close()
        await trio.sleep(60)
        assert running.stats.refused["a fault of ours"] == 0


async def test_a_crowd_of_pages_costs_one_reading_of_the_state(autojump_clock: Clock) -> None:
    class Counting(Oven):
        readings = 0

        def variables(self) -> dict[str, object]:
            Counting.readings += 1
            return super().variables()

    host, oven = LoneHost(), Counting()
    async with served(host, oven) as (_, (control,), _):
        pages = [Client(host, f"192.0.2.{20 + number // 60}") for number in range(240)]
        first = await Client(host).ask(poll(control))
        for page in pages:
            await page.send(poll(control, version(first)))
        await trio.sleep(1)
        Counting.readings = 0
        oven.heat = 1
        for page in pages:
            assert values(await page.read())["Heat"] == "1"
            page.close()
        assert Counting.readings == 1


async def test_a_page_that_leaves_holds_its_place_for_25_seconds_at_most(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        await trio.sleep(20)
        before = trio.lowlevel.current_statistics().tasks_living
        first = await Client(host).ask(poll(control))
        for _ in range(50):
            client = Client(host)
            await client.send(poll(control, version(first)))
            await trio.lowlevel.checkpoint()
            client.close()
        await trio.sleep(WAIT_SECONDS + 0.1)
        assert trio.lowlevel.current_statistics().tasks_living == before
        assert running.stats.refused["a fault of ours"] == 0


async def test_a_page_learns_at_once_that_its_device_is_updated_or_gone(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (running, (control,), _):
        client = Client(host)
        first = await client.ask(poll(control))
        await client.send(poll(control, version(first)))
        await trio.sleep(1)
        await running.update(attrs.evolve(oven_device(oven), friendly_name="Jambon 3001"))
        updated = trio.current_time()
        await client.read()
        assert trio.current_time() <= updated + 1
        second = await client.ask(poll(control, version(first)))  # CONFIGID is another one, so the page is loaded anew
        assert trio.current_time() <= updated + 1
        assert json.loads(second.body)["config"] != json.loads(first.body)["config"]
        await client.send(poll(control, version(second)))
        await trio.sleep(1)
        await running.remove(running.device.udn or "")
        removed = trio.current_time()
        await client.read()
        assert trio.current_time() <= removed + 1
        assert (await client.ask(poll(control, version(second)))).status == 404
        client.close()


async def test_head_has_no_body_and_other_methods_are_refused(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        await client.send(poll(control).replace(b"GET", b"HEAD", 1) + poll(control))
        arrived = b""
        while arrived.count(b"HTTP/1.1 200") < 2:
            arrived += bytes(await client.stream.receive_some())
        assert arrived.count(b'"version"') == 1
        assert arrived.partition(b"\r\n\r\n")[2].startswith(b"HTTP/1.1 200")  # right after the head
        client.close()
        for method in ("POST", "PUT", "SUBSCRIBE"):
            other = Client(host)
            assert (await other.ask(poll(control).replace(b"GET", method.encode(), 1))).status == 405
            other.close()


async def test_text_that_xml_cannot_carry_is_refused_where_it_is_assigned(autojump_clock: Clock) -> None:
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        for text in ("\0", "\x1f", "\ud800", "\uffff"):
            with pytest.raises(ValueError, match="cannot carry"):
                oven.text = text
        for text in ("]]>&<\"'", "\U0001f356", "a\r\n\tb"):
            oven.text = text
            assert values(await client.ask(poll(control)))["Text"] == text
        client.close()
