"""What a search, a GET, a control call and an event cost, in calls.

The machine's mood does not show in these, and a slip does. Counted are the calls that the package's own code makes, of
Python and of C. The bounds are what was counted when they were written, and a tenth on top; whoever has a good reason
raises one, and says it in the commit.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import attrs
import pytest
import trio
import trio.testing

import upnp_trio
from tests.devices import BASIC
from tests.server.acting import Client, Oven, Subscriber, call, served, subscribe
from tests.server.scenes import HERE, NOON, PEER, LoneHost, interface, open_endpoint, services_of, serving_http
from upnp_trio.documents.publication import publish
from upnp_trio.http.response_writer import ResponseWriter
from upnp_trio.monitoring.events import Events
from upnp_trio.monitoring.stats import Stats
from upnp_trio.server.discovery.responder import Responder
from upnp_trio.site import Site
from upnp_trio.ssdp.advertisements import AdvertisedRoot, advertisements
from upnp_trio.ssdp.messages import GROUP, Search
from upnp_trio.ssdp.rendering import render_search
from upnp_trio.testing.pipes import Listener

PACKAGE = str(Path(upnp_trio.__file__).parent)
#: the network in memory, which stands for the system here
MEMORY = f"{PACKAGE}/testing/"


@attrs.define
class Calls:
    """How many calls there were."""

    number: int = 0
    #: how often each function of the package was called
    by_name: Counter[str] = attrs.field(factory=Counter)


@contextmanager
def counting() -> Iterator[Calls]:
    """Count the calls that the package makes during the body."""
    calls = Calls()

    def note(frame: FrameType, event: str, argument: Any) -> None:  # noqa: ANN401  # as setprofile has it
        file = frame.f_code.co_filename
        if event in ("call", "c_call") and file.startswith(PACKAGE) and not file.startswith(MEMORY):
            calls.number += 1
            if event == "call":
                calls.by_name[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def advertised(number: int) -> AdvertisedRoot:
    udn = f"uuid:e427ce1a-3e80-43d0-ad6f-{number:012x}"
    return AdvertisedRoot(
        rows=advertisements(attrs.evolve(BASIC, udn=udn)),
        description_path=f"/{number}/description.xml",
        server="s/1",
        config_id=1,
        max_age=1800,
    )


async def calls_of_a_search(target: str, devices: int, *, mx: int | None = 1, spelling: bytes = b"") -> tuple[int, int]:
    """The calls for receiving a search that was received before, and for sending its answer."""
    stats = Stats()
    events = Events(stats)
    host = LoneHost(interface("10.0.0.7/8"))
    with open_endpoint(host) as endpoint:
        responder = Responder(
            boot_id=7,
            rng=Random(0),
            utcnow=lambda: NOON,
            stats=stats,
            events=events,
            reply_budget=10**6,
        )
        for number in range(devices):
            responder.add(advertised(number))
        to = GROUP if mx else "10.0.0.7"
        datagram = render_search(Search(search_target=target, mx=mx, user_agent="test/1 UPnP/1.1 test/1"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(responder.listen, endpoint)
            nursery.start_soon(responder.send_due)
            host.receive(datagram, ("10.0.0.1", 1000), to=to)
            await trio.sleep(2)
            with counting() as receiving:
                host.receive(datagram + spelling, ("10.0.0.2", 1001), to=to)
                await trio.testing.wait_all_tasks_blocked()
            with counting() as sending:
                await trio.sleep(2)
            nursery.cancel_scope.cancel()
        assert stats.answers == 2
    return receiving.number, sending.number


async def calls_of_a_get(*fields: str, pipelined: int = 1) -> int:
    """The calls for GETs of the description on a connection that has had others within the same second.

    *pipelined* of them come at once.
    """
    publication = publish(BASIC)
    site = Site()
    site.add(publication)
    stats = Stats()
    writer = ResponseWriter(services_of(site, stats), "s/1", lambda: NOON, stats, Events(stats))
    listener = Listener()
    async with serving_http(writer, listener), listener.connect(PEER) as client:
        for number in range(3):
            lines = [
                f"GET {publication.description_path} HTTP/1.1",
                f"Host: {HERE}",
                f"User-Agent: {number}",
                *fields,
            ]
            with counting() as calls:
                await client.send_all("".join(f"{line}\r\n" for line in [*lines, ""]).encode() * pipelined)
                await trio.testing.wait_all_tasks_blocked()
            assert (await client.receive_some()).startswith(b"HTTP/1.1 200 OK")
            assert stats.requests == {200: (number + 1) * pipelined}
    return calls.number


@pytest.mark.parametrize(
    ("what", "target", "mx", "spelling", "bound"),
    [
        ("received before", "upnp:rootdevice", 1, b"", 52),
        ("received for the first time", "upnp:rootdevice", 1, b"X: y\r\n", 125),
        ("unicast, its sending included", "upnp:rootdevice", None, b"", 44),
    ],
)
async def test_a_search_takes_so_many_calls(
    what: str, target: str, mx: int | None, spelling: bytes, bound: int, autojump_clock: trio.testing.MockClock
) -> None:
    receiving, _ = await calls_of_a_search(target, 1, mx=mx, spelling=spelling)
    assert 0 < receiving <= bound, what


async def test_an_answer_takes_so_many_calls(autojump_clock: trio.testing.MockClock) -> None:
    _, sending = await calls_of_a_search("upnp:rootdevice", 1)
    assert 0 < sending <= 17


async def test_a_search_for_one_of_many_devices_takes_as_many_calls_as_for_the_only_one(
    autojump_clock: trio.testing.MockClock,
) -> None:
    target = "uuid:e427ce1a-3e80-43d0-ad6f-000000000000"
    assert await calls_of_a_search(target, 2000) == await calls_of_a_search(target, 1)


async def test_a_plain_get_takes_so_many_calls(autojump_clock: trio.testing.MockClock) -> None:
    assert 0 < await calls_of_a_get() <= 67


async def test_a_pipelined_get_takes_no_more_calls_than_one_after_the_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    at_once = 10
    assert await calls_of_a_get(pipelined=at_once) <= at_once * await calls_of_a_get()


async def test_a_get_that_h11_reads_takes_so_many_calls(autojump_clock: trio.testing.MockClock) -> None:
    assert 0 < await calls_of_a_get("Content-Length: 0") <= 124


# --- services ------------------------------------------------------------------------------------------------------


async def calls_of_a_call(name: str, *arguments: tuple[str, object]) -> int:
    """The calls for a control call on a connection that has had others within the same second."""
    host, oven = LoneHost(), Oven()
    async with served(host, oven) as (_, (control,), _):
        client = Client(host)
        for number in range(3):
            with counting() as calls:
                await client.send(call(control, name, *arguments, extra=[f"User-Agent: {number}"]))
                await trio.testing.wait_all_tasks_blocked()
            assert (await client.read()).status == 200
        client.close()
    return calls.number


async def calls_of_a_change(subscribers: int) -> Calls:
    """The calls for a change of a variable, from its assignment until the reply of the last subscriber."""
    host, oven = LoneHost(), Oven()
    addresses = [f"192.0.2.{10 + number % 128}" for number in range(subscribers)]
    listening = {address: Subscriber(host, address) for address in sorted(set(addresses))}
    async with trio.open_nursery() as nursery:
        for each in listening.values():
            each.reads_later = True
            nursery.start_soon(each.run)
        async with served(host, oven, max_subscriptions=subscribers) as (_, _, (events,)):
            for address in addresses:
                client = Client(host, address)
                assert (await client.ask(subscribe(events, f"http://{address}:8000/"))).status == 200
                client.close()
            for heat in (1, 2):  # the connections are kept from the first one on
                await trio.sleep(1)
                with counting() as calls:
                    oven.heat = heat
                    await trio.testing.wait_all_tasks_blocked()
            received = [event for each in listening.values() for event in each.events]
            assert [event.values.get("Heat") for event in received].count("2") == subscribers
        nursery.cancel_scope.cancel()
    return calls


@pytest.mark.parametrize(
    ("name", "arguments", "bound"),
    [("Get", (), 167), ("Set", (("Heat", 1), ("Light", 1)), 170), ("Do", (), 165)],
    ids=["two results", "two arguments", "a handler that has to be waited for"],
)
async def test_a_control_call_takes_so_many_calls(
    name: str, arguments: tuple[tuple[str, object], ...], bound: int, autojump_clock: trio.testing.MockClock
) -> None:
    assert 0 < await calls_of_a_call(name, *arguments) <= bound


async def test_a_notification_takes_so_many_calls(autojump_clock: trio.testing.MockClock) -> None:
    one, many = await calls_of_a_change(1), await calls_of_a_change(256)
    assert 0 < one.number <= 135
    assert 0 < (many.number - one.number) / 255 <= 68


async def test_a_change_is_rendered_once_for_all_subscribers(autojump_clock: trio.testing.MockClock) -> None:
    calls = await calls_of_a_change(256)
    assert calls.by_name["render_notify"] == 256
    assert calls.by_name["render_propertyset"] == 1
