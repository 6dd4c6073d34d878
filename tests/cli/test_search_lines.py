"""The lines and the objects of a search."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.results import result
from tests.devices import BASIC
from upnp_trio import RootDevice
from upnp_trio.cli.printable import cells
from upnp_trio.cli.recent_devices import RecentDevice
from upnp_trio.cli.search_groups import FoundRoots
from upnp_trio.cli.search_lines import Columns, Found, answer_json, answer_line, details, device_json, product_of
from upnp_trio.cli.styles import Styles
from upnp_trio.controlpoint.received import SearchResult

PLAIN = Styles(False)
LIGHT = attrs.evolve(
    BASIC,
    udn="uuid:1",
    device_type="urn:schemas-upnp-org:device:DimmableLight:1",
    friendly_name="Living room",
    manufacturer="ACME",
    model_name="Bulb",
    model_number="7",
)


def found(
    *results: SearchResult, device: RootDevice | None = None, problem: str = "", recent: RecentDevice | None = None
) -> Found:
    roots = FoundRoots()
    first, *_ = [roots.take(each) for each in results or (result(),)]
    assert first is not None
    return Found(root=first, device=device, problem=problem, recent=recent)


# --- lines -----------------------------------------------------------------------------------------------------------


def test_the_line_of_a_device_is_aligned_with_the_head() -> None:
    columns = Columns()
    assert [columns.head(), columns.line(found(device=LIGHT), PLAIN)] == [
        "NAME                      TYPE                MAKER AND MODEL            LATENCY  ADDRESS",
        "Living room               DimmableLight:1     ACME Bulb 7                10.0 ms  192.0.2.7",
    ]


def test_without_a_description_a_device_is_called_what_it_was_before_or_by_its_udn() -> None:
    recent = RecentDevice(udn="uuid:1", name="Hall", device_type="urn:x:device:Light:1", location="")
    line = Columns().line(found(recent=recent), PLAIN)
    assert line.split() == ["Hall", "Light:1", "10.0", "ms", "192.0.2.7"]
    assert Columns().line(found(), PLAIN).startswith("uuid:1  ")


def test_without_a_description_the_type_is_the_one_that_was_searched_for() -> None:
    searched = result(target="urn:schemas-upnp-org:device:MediaServer:1")
    assert "MediaServer:1" in Columns().line(found(searched), PLAIN)
    assert "SwitchPower" not in Columns().line(found(result(target="urn:x:service:SwitchPower:1")), PLAIN)


def test_a_problem_is_at_the_end_of_the_line() -> None:
    line = Columns().line(found(problem="no\nanswer"), Styles(True))
    assert line.endswith("  192.0.2.7  \x1b[31mno?answer\x1b[0m")


def test_an_ipv4_address_is_shown_where_there_is_one_and_a_zone_where_it_is_needed() -> None:
    link_local = result(location="http://[fe80::7]/", sender="fe80::7", interface="eth1")
    assert found(link_local).address == "fe80::7%eth1"
    assert found(link_local, result()).address == "192.0.2.7"


def test_what_a_stranger_sent_controls_no_terminal() -> None:
    evil = "\x1b]0;x\x07\u202e"
    device = attrs.evolve(LIGHT, friendly_name="居間 ünï 💡")
    recent = RecentDevice(udn="", name=evil, device_type=evil, location=evil)
    shown = found(
        result(f"uuid:{evil}", location=f"http://{evil}/", sender=evil, interface=evil), recent=recent, problem=evil
    )
    for line in [Columns().line(shown, PLAIN), *details(shown), answer_line(shown.root.first, PLAIN)]:
        assert line.isprintable()
    assert "居間 ünï 💡  " in Columns().line(found(device=device), PLAIN)


def test_the_long_form_adds_the_udn_and_each_location() -> None:
    both = found(result(), result(location="http://[fe80::7]/", sender="fe80::7", interface="eth1"))
    assert details(both) == ["  uuid:1", "  http://192.0.2.7/  eth0", "  http://[fe80::7]/  eth1"]


@given(
    st.lists(st.tuples(st.text(max_size=60).filter(str.isprintable), st.integers(1, 3)), min_size=1, max_size=5),
    st.integers(70, 200),
)
def test_on_a_terminal_the_columns_fit_what_there_is(rows: list[tuple[str, int]], width: int) -> None:
    devices = [
        found(device=attrs.evolve(LIGHT, friendly_name=f"x{name}", model_name=name * times)) for name, times in rows
    ]
    columns = Columns.for_terminal(devices, width)
    lines = [columns.head(), *(columns.line(each, PLAIN) for each in devices)]
    assert all(cells(line) <= width for line in lines)
    starts = {cells(line.rpartition("192.0.2.7")[0] or line.rpartition("ADDRESS")[0]) for line in lines}
    assert len(starts) == 1
    if all(cells(name) * times < 10 for name, times in rows):
        assert not any("…" in line for line in lines if "…" not in str(rows))


@pytest.mark.parametrize(
    ("maker", "model", "number", "product"),
    [
        ("ACME", "Bulb", None, "ACME Bulb"),
        ("ACME", "Acme Bulb", None, "Acme Bulb"),
        ("ACME", "Bulb", "7", "ACME Bulb 7"),
        ("ACME", "Bulb 7", "7", "ACME Bulb 7"),
    ],
)
def test_the_maker_and_the_number_are_not_repeated(maker: str, model: str, number: str | None, product: str) -> None:
    device = attrs.evolve(LIGHT, manufacturer=maker, model_name=model, model_number=number)
    assert product_of(device) == product


def test_the_line_of_an_answer_has_what_is_wrong_with_it() -> None:
    late = result(latency=1.5, late_by=0.5, forgiven=("no EXT header",))
    start, notes = answer_line(late, PLAIN).rsplit("  ", 1)
    assert start == " 1500 ms  192.0.2.7        uuid:1::upnp:rootdevice  http://192.0.2.7/"
    assert notes == "500 ms later than MX allows; no EXT header"


# --- objects ---------------------------------------------------------------------------------------------------------


def test_the_object_of_a_device() -> None:
    both = found(result(latency=0.0123456), result(location="http://[fe80::7]/", sender="fe80::7"), device=LIGHT)
    assert device_json(both) == {
        "udn": "uuid:1",
        "name": "Living room",
        "type": "urn:schemas-upnp-org:device:DimmableLight:1",
        "manufacturer": "ACME",
        "model_name": "Bulb",
        "model_number": "7",
        "address": "192.0.2.7",
        "interface": "eth0",
        "location": "http://192.0.2.7/",
        "locations": ["http://192.0.2.7/", "http://[fe80::7]/"],
        "latency_ms": 10.0,
        "server": "OS/1 UPnP/1.1 x/1",
        "max_age": 1800,
        "boot_id": 7,
        "config_id": 3,
        "search_port": None,
        "forgiven": [],
        "problem": None,
    }


def test_the_object_of_a_device_without_a_description_says_why() -> None:
    shown = device_json(found(problem="timed out"))
    assert shown["problem"] == "timed out"
    assert {shown[name] for name in ("name", "type", "manufacturer", "model_name", "model_number")} == {None}
    assert shown["udn"] == "uuid:1"


def test_the_object_of_an_answer() -> None:
    assert answer_json(result(latency=1.5, late_by=0.5, forgiven=("x",))) == {
        "usn": "uuid:1::upnp:rootdevice",
        "search_target": "upnp:rootdevice",
        "location": "http://192.0.2.7/",
        "address": "192.0.2.7",
        "port": 1900,
        "interface": "eth0",
        "send": 0,
        "latency_ms": 1500.0,
        "late_ms": 500.0,
        "server": "OS/1 UPnP/1.1 x/1",
        "max_age": 1800,
        "boot_id": 7,
        "config_id": 3,
        "search_port": None,
        "forgiven": ["x"],
    }
