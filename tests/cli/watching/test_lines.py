"""Events as lines and as objects of JSON."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from tests.cli.watching.scenes import Datagram, alive, appear, device, root_device, search, udn
from upnp_trio.cli.watching.devices import descriptions_of
from upnp_trio.cli.watching.happenings import (
    AnsweredLate,
    DeviceChanged,
    DeviceDescribed,
    Happening,
    LocationAnswered,
    LocationFailed,
    SearchedByOther,
)
from upnp_trio.cli.watching.lines import end_lines, line_of
from upnp_trio.cli.watching.model import WatchModel
from upnp_trio.cli.watching.records import EVENTS, KEYS, Record, record_of, record_of_datagram, record_of_end
from upnp_trio.ssdp.messages import ByeBye, SearchResponse, Update

TIME = "2026-01-31T12:00:00.250Z"
LIGHT = "urn:schemas-upnp-org:device:DimmableLight:1"
APPEARED = DeviceChanged(at=10.0, kind="appeared", device=device(7), name="", device_type=LIGHT)
DESCRIBED = DeviceDescribed(
    at=10.0, udn=udn(7), described=descriptions_of(root_device(7))[udn(7)], url="http://192.0.2.7/", seconds=0.0123456
)
FAILED = LocationFailed(at=1.0, udn=udn(7), name="Kitchen", url="http://192.0.2.7/", state="refused", why="it refused")
ANSWERED = LocationAnswered(at=1.0, udn=udn(7), name="Kitchen", url="http://192.0.2.7/", seconds=1.5)
LATE = AnsweredLate(
    at=1.0, udn=udn(7), name="Kitchen", interface="eth0", address="192.0.2.7", latency=1.4242, mx=1, late_by=0.4242
)
SEARCHED = SearchedByOther(
    at=1.0, interface="eth0", address="192.0.2.9", search_target="ssdp:all", mx=3, user_agent="app/1"
)
HAPPENINGS: list[tuple[Happening, str]] = [
    (APPEARED, f"appeared   {udn(7)}  DimmableLight:1 at 192.0.2.7 on eth0, valid for 1790 s"),
    (attrs.evolve(APPEARED, kind="updated", name="Kitchen", reason="CONFIGID"), "updated    Kitchen: CONFIGID"),
    (attrs.evolve(APPEARED, kind="rebooted", name="Kitchen"), "rebooted   Kitchen"),
    (attrs.evolve(APPEARED, kind="gone", name="Kitchen", reason="byebye"), "gone       Kitchen: byebye"),
    (DESCRIBED, f"described  Kitchen: ACME Light 3000, after 12 ms  {udn(7)}"),
    (FAILED, "silent     Kitchen: refused: it refused"),
    (ANSWERED, "answers    Kitchen: http://192.0.2.7/ again, after 1.50 s"),
    (LATE, "late       Kitchen answered on eth0 0.42 s after MX 1"),
    (SEARCHED, "search     192.0.2.9 on eth0 searched ssdp:all, MX 3  (app/1)"),
    (attrs.evolve(SEARCHED, mx=None, user_agent=""), "search     192.0.2.9 on eth0 searched ssdp:all, no MX"),
]


@pytest.mark.parametrize(("happening", "line"), HAPPENINGS)
def test_each_happening_is_one_line(happening: Happening, line: str) -> None:
    assert line_of(happening, "12:00:00") == f"12:00:00  {line}"


def test_lines_are_printable_whatever_strangers_write() -> None:
    nasty = "\x1b[2J\r\n\u202e" * 50
    texts = {"udn", "name", "url", "state", "why", "search_target", "user_agent"}
    for happening, _ in HAPPENINGS:
        changes: dict[str, Any] = {key: nasty for key in texts if hasattr(happening, key)}
        if isinstance(happening, DeviceChanged):
            changes |= {"device": attrs.evolve(device(7), udn=nasty), "device_type": nasty}
        if isinstance(happening, DeviceDescribed):
            changes |= {
                "described": attrs.evolve(happening.described, name=nasty, manufacturer=nasty, model_name=nasty)
            }
        line = line_of(attrs.evolve(happening, **changes), "12:00:00")
        assert line.isprintable()
        assert len(line) < 700


def datagram_record(**changes: object) -> Record:
    return record_of_datagram(attrs.evolve(Datagram(message=search()), **changes), TIME)  # type: ignore[arg-type]


def all_records() -> list[Record]:
    records = [record_of(happening, TIME) for happening, _ in HAPPENINGS]
    return [*records, datagram_record(), record_of_end(WatchModel(), TIME, missed=0, lines_dropped=0)]


def test_every_key_and_every_event_is_documented() -> None:
    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    records = all_records()
    assert keys(records) == set(KEYS)
    assert {record["event"] for record in records} == set(EVENTS)


def test_every_record_begins_with_its_time_and_event_and_is_one_line_of_ascii() -> None:
    for record in all_records():
        assert list(record)[:2] == ["time", "event"]
        line = json.dumps(record)
        assert line.isascii()
        assert "\n" not in line
        assert json.loads(line) == record


def test_a_device_has_all_its_facts() -> None:
    assert record_of(APPEARED, TIME) == {
        "time": TIME,
        "event": "appeared",
        "udn": udn(7),
        "name": None,
        "type": LIGHT,
        "services": ["urn:schemas-upnp-org:service:SwitchPower:1"],
        "is_root": True,
        "is_embedded": False,
        "interface": "eth0",
        "address": "192.0.2.7",
        "location": "http://192.0.2.7:49152/d.xml",
        "locations": ["http://192.0.2.7:49152/d.xml"],
        "server": "Linux/6.1 UPnP/2.0 lamp/1",
        "boot_id": 7,
        "config_id": 1,
        "search_port": None,
        "expires_in": 1790,
        "forgiven": [],
    }


def test_numbers_are_rounded_to_what_means_something() -> None:
    assert record_of(DESCRIBED, TIME)["latency_ms"] == 12.346
    assert record_of(LATE, TIME)["late_ms"] == 424.2


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (search(), "search"),
        (alive(7), "alive"),
        (ByeBye(notification_type="a", usn="b"), "byebye"),
        (Update(notification_type="a", usn="b", location="c", boot_id=1, config_id=1, next_boot_id=2), "update"),
        (SearchResponse(search_target="a", usn="b", location="c", server="", max_age=1), "response"),
        (None, None),
    ],
)
def test_a_datagram_has_its_kind_and_its_text(message: object, kind: str | None) -> None:
    record = datagram_record(message=message, payload=b"ab\r\n\xff\x1b", flaw="no", forgiven=("odd",))
    assert record["kind"] == kind
    assert record["text"] == "ab\r\n\\xff\x1b"
    assert (record["address"], record["port"], record["flaw"], record["forgiven"]) == (
        "192.0.2.9",
        50000,
        "no",
        ["odd"],
    )


def test_the_last_line_counts_what_was_seen_and_what_is_missing() -> None:
    model = WatchModel()
    appear(model, 7)
    assert end_lines(model, missed=0, lines_dropped=0) == (
        "Stopped: 1 device, 1 came, 0 went, 0 datagrams, 0 searches of others, 0 answers to ours, 0 of them late, "
        "0 LOCATIONs silent"
    )
    model.receive(Datagram(), is_ours=False)
    text = end_lines(model, missed=5, lines_dropped=6)
    assert text.endswith("1 datagrams malformed, 5 datagrams missed, 6 lines dropped")
    record = record_of_end(model, TIME, missed=5, lines_dropped=6)
    assert (record["devices"], record["malformed"], record["missed"], record["lines_dropped"]) == (1, 1, 5, 6)
