"""The lines that ``upnp-trio serve`` and ``upnp-trio interfaces`` show."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import IPv4Address, IPv4Interface

import attrs
import pytest
import trio
import trio.testing

from tests.devices import BASIC
from upnp_trio import (
    ActionCalled,
    Announced,
    Event,
    Location,
    NetworkChanged,
    RequestAnswered,
    SearchAnswered,
    Stats,
    Udn,
    VariablesChanged,
)
from upnp_trio.cli.view import (
    LINES_PER_ROUND,
    View,
    counter_table,
    counters,
    describe,
    interface_table,
    introduce,
    refusals,
    summary,
)
from upnp_trio.monitoring.events import Events
from upnp_trio.network.interfaces import Interface, choose

SEARCH = SearchAnswered(interface="eth0", peer="192.0.2.9", search_target="ssdp:all", answers=3, user_agent=None)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (SEARCH, "eth0  192.0.2.9 searched ssdp:all: 3 answers"),
        (attrs.evolve(SEARCH, answers=1, user_agent="a/1"), "eth0  192.0.2.9 searched ssdp:all: 1 answer  (a/1)"),
        (
            RequestAnswered(peer="192.0.2.9", method="GET", target="/d.xml", status=200, user_agent="FDSSDP"),
            "http  192.0.2.9 GET /d.xml: 200  (FDSSDP)",
        ),
        (Announced(interface="eth0", kind="alive", messages=3), "eth0  announced (3 messages)"),
        (Announced(interface="eth0", kind="byebye", messages=3), "eth0  sent byebye (3 messages)"),
        (NetworkChanged(served=(), boot_id=1), "no network; waiting for an interface"),
        (NetworkChanged(served=(("eth0", "192.0.2.7"),), boot_id=1), "network changed; served now: eth0 192.0.2.7"),
    ],
)
def test_each_event_is_one_line(event: Event, line: str) -> None:
    assert describe(event) == line


def test_the_text_of_a_peer_can_neither_control_the_terminal_nor_fill_it() -> None:
    nasty = attrs.evolve(SEARCH, user_agent="\x1b[2J\x9b31m\r\n\u202e" + "a" * 5000)
    line = describe(nasty)
    assert line.isprintable()
    assert len(line) < 300


def test_the_introduction_names_each_device_and_every_location() -> None:
    udn = BASIC.udn
    assert isinstance(udn, Udn)
    where = [
        Location(interface=name, address=IPv4Address(ip), udn=udn, url=f"http://{ip}:49152/d.xml")
        for name, ip in (("eth0", "192.0.2.7"), ("wlan0", "198.51.100.7"))
    ]
    lines = introduce([BASIC], where, []).splitlines()
    assert lines[0] == "Jambon 3000"
    assert lines[1].strip() == str(udn)
    assert ["eth0 192.0.2.7" in lines[2], "wlan0 198.51.100.7" in lines[3]] == [True, True]
    assert all(location.url in line for location, line in zip(where, lines[2:], strict=True))


def test_on_a_terminal_the_introduction_highlights_names_and_urls() -> None:
    udn = BASIC.udn
    assert isinstance(udn, Udn)
    where = [Location(interface="eth0", address=IPv4Address("192.0.2.7"), udn=udn, url="http://192.0.2.7/d.xml")]
    styled = introduce([BASIC], where, [], styled=True)
    assert "\x1b[1mJambon 3000\x1b[0m" in styled
    assert "\x1b[36mhttp://192.0.2.7/d.xml\x1b[0m" in styled
    assert re.sub(r"\x1b\[\d+m", "", styled) == introduce([BASIC], where, [])


def test_the_introduction_reports_that_there_is_no_network() -> None:
    assert "no network yet" in introduce([BASIC], [], [])


def test_the_introduction_names_an_interface_that_is_served_only_for_lack_of_a_better_one() -> None:
    choices = choose([Interface(name="lo", index=1, addresses=(IPv4Interface("127.0.0.1/8"),), is_loopback=True)])
    assert "lo: loopback, as nothing else can be served" in introduce([BASIC], [], choices)


def test_the_table_of_interfaces_shows_which_are_served_and_why() -> None:
    choices = choose(
        [
            Interface(name="lo", index=1, addresses=(IPv4Interface("127.0.0.1/8"),), is_loopback=True),
            Interface(name="eth0", index=2, addresses=(IPv4Interface("192.0.2.7/24"),)),
            Interface(name="wlan0", index=3, addresses=(), is_up=False),
        ]
    )
    rows = [line.split(maxsplit=3) for line in interface_table(choices).splitlines()]
    assert [row[:3] for row in rows] == [
        ["INTERFACE", "SERVED", "ADDRESSES"],
        ["lo", "no", "127.0.0.1/8"],
        ["eth0", "yes", "192.0.2.7/24"],
        ["wlan0", "no", "-"],
    ]
    assert rows[3][3] == "down"


def test_the_counters_include_bad_datagrams_only_if_there_were_some() -> None:
    stats = Stats(searches=2, answers=5, announcements=9)
    assert counters(stats) == "searches 2, answers 5, announcements 9, HTTP requests 0"
    stats.dropped["malformed"] += 2
    stats.dropped["off link"] += 1
    stats.dropped["not a search"] += 100
    assert counters(stats).endswith(", bad datagrams 3")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            ActionCalled(peer="192.0.2.9", service_id="urn:a:serviceId:Lamp", action="Set", error=None, user_agent="x"),
            "call  192.0.2.9 Lamp Set: done  (x)",
        ),
        (
            ActionCalled(peer="192.0.2.9", service_id="urn:a:serviceId:Lamp", action="Set", error=601, user_agent=None),
            "call  192.0.2.9 Lamp Set: UPnP error 601",
        ),
        (
            VariablesChanged(service_id="urn:a:serviceId:Lamp", variables=("Status", "Level"), subscribers=1),
            "event  Lamp Status, Level: 1 subscriber",
        ),
        (
            VariablesChanged(service_id="urn:a:serviceId:Lamp", variables=("Status",), subscribers=0),
            "event  Lamp Status: 0 subscribers",
        ),
    ],
)
def test_calls_and_events_are_lines_that_name_their_service(event: Event, line: str) -> None:
    assert describe(event) == line


def test_the_counters_include_calls_and_events_only_if_there_were_some() -> None:
    stats = Stats(calls=3, notifications=7)
    assert counters(stats).endswith("HTTP requests 0, calls 3, events sent 7")


def test_the_table_of_counters_has_every_counter_and_every_reason() -> None:
    stats = Stats()
    for number, field in enumerate(attrs.fields(Stats), start=101):
        assert isinstance(field, attrs.Attribute)
        value = getattr(stats, field.name)
        if isinstance(value, Counter):
            value[404 if field.name == "requests" else f"why {field.name}"] = number
        else:
            setattr(stats, field.name, number)
    lines = counter_table(stats.snapshot(), 100).splitlines()
    assert {int(line.rpartition(" ")[2]) for line in lines} == {*range(100, 101 + len(attrs.fields(Stats)))}
    assert any(line.split()[:2] == ["dropped:", "why"] for line in lines)
    assert any("HTTP requests: 404" in line for line in lines)
    assert len({len(line) for line in lines}) == 1


def test_refusals_are_listed_by_reason_without_the_usual_reasons() -> None:
    stats = Stats()
    assert refusals(stats.snapshot()) == ""
    stats.dropped.update({"not a search": 5, "nothing matches": 4, "off link": 3})
    stats.refused["host refused"] += 2
    assert refusals(stats.snapshot()) == "off link 3, host refused 2"


def test_the_summary_has_refusals_and_dropped_lines_only_if_there_were_some() -> None:
    stats = Stats(searches=2, answers=5, announcements=9)
    assert summary(stats, 0) == "Stopped: searches 2, answers 5, announcements 9, HTTP requests 0"
    stats.refused["host refused"] += 1
    dropped, refused = summary(stats, 7).splitlines()
    assert dropped.endswith(", lines dropped 7")
    assert refused == "Refused: host refused 1"


async def test_a_few_events_of_a_flood_are_shown_and_the_others_counted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    shown: list[str] = []
    status: list[str] = []
    view = View(show=shown.append, report=shown.append, status=status.append)
    stats = Stats(searches=9)
    events = Events(stats)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(view.run, events.subscribe(LINES_PER_ROUND), stats)
        for _ in range(1000):
            events.publish(SEARCH)
        await trio.sleep(1)
        assert len(shown) == LINES_PER_ROUND + 1
        assert shown[-1].endswith(f"… and {1000 - LINES_PER_ROUND} more")
        events.publish(SEARCH)
        await trio.sleep(1)
        assert len(shown) == LINES_PER_ROUND + 2
        assert status == [counters(stats)] * 2
        events.close()  # the view ends with them


async def test_events_that_are_left_at_the_end_are_shown() -> None:
    shown: list[str] = []
    stats = Stats()
    events = Events(stats)
    channel = events.subscribe()
    events.publish(SEARCH)
    events.close()
    view = View(show=shown.append, report=shown.append)
    view.flush(channel, stats)
    view.flush(channel, stats)
    assert len(shown) == 1
