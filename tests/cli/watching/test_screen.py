"""The screen as text."""

from __future__ import annotations

from io import StringIO

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.cli.screens import Screen
from tests.cli.watching.scenes import (
    Datagram,
    Result,
    alive,
    appear,
    device,
    frame_of,
    location,
    root_device,
    search,
    udn,
)
from upnp_trio.cli.watching.controls import Controls, Prompt
from upnp_trio.cli.watching.frames import Frame, Size
from upnp_trio.cli.watching.model import WatchModel
from upnp_trio.cli.watching.painter import ENTER, LEAVE, Painter, palette
from upnp_trio.ssdp.found import DeviceAppeared, DeviceGone, DeviceUpdated

PALETTE = palette(Console(file=StringIO(), force_terminal=True, color_system="standard"))


def shown(frame: Frame, size: Size | None = None) -> Screen:
    size = size or Size(120, 30)
    screen = Screen(size.columns, size.rows)
    screen.feed(ENTER + Painter(PALETTE).paint(frame))
    return screen


def column_of(screen: Screen, title: str) -> list[str]:
    """The cells under *title*, from its first character to the next title's."""
    head = screen.lines[1]
    start = head.index(title)
    ends = [at for at in range(start + len(title), len(head)) if head[at - 1] == " " and head[at] != " "]
    return [line[start : ends[0] if ends else None].strip() for line in screen.lines[2:]]


def test_a_row_shows_name_type_maker_address_expiry_ids_location_and_answer() -> None:
    model = WatchModel()
    appear(model, 7, names=("Kitchen",))
    model.search_began(1, 2.0)
    model.search_result(Result(udn=udn(7), latency=0.4217), 3.0)
    screen = shown(frame_of(model, size=Size(160, 30)), Size(160, 30))
    row = screen.lines[2].split()
    assert row[:5] == ["Kitchen", "DimmableLight:1", "ACME", "Light", "3000"]
    assert row[5:] == ["192.0.2.7", "29:50", "7/1", "ok", "12", "ms", "422", "ms"]


def test_a_device_without_a_name_has_its_udn() -> None:
    model = WatchModel()
    appear(model, 7)
    assert "uuid:00000000" in shown(frame_of(model)).lines[2]


def test_a_device_that_has_gone_stays_a_while_with_the_reason() -> None:
    model = WatchModel()
    appear(model, 7, names=("Kitchen",))
    model.change(DeviceGone(device(7), "byebye"), 9.0)
    screen = shown(frame_of(model))
    assert "Kitchen" in screen.lines[2]
    assert "byebye" in screen.lines[2]
    assert "0 devices, 1 gone" in screen.lines[0]
    model.settle(100.0)
    assert shown(frame_of(model)).lines[2] == "No device yet."


def test_a_location_that_does_not_answer_is_named_with_its_reason() -> None:
    model = WatchModel()
    appear(model, 7)
    probe = model.locations.take(0.0)
    assert probe is not None
    model.location_failed(probe, "refused", "cannot GET http://192.0.2.7:49152/d.xml: connection refused", 1.0)
    size = Size(180, 30)
    screen = shown(frame_of(model, size=size), size)
    assert column_of(screen, "LOCATION")[0] == "refused"
    assert "silent" in screen.text
    assert "refused: cannot GET" in screen.text


def test_of_several_locations_it_shows_how_many_fail() -> None:
    model = WatchModel()
    two = (location(7), location(7, interface="wlan0", url="http://198.51.100.7:49152/d.xml"))
    model.change(DeviceAppeared(device(7, locations=two)), 0.0)
    first, second = model.locations.take(0.0), model.locations.take(0.0)
    assert first is not None
    assert second is not None
    model.location_answered(first, 0.01, 0.0)
    model.location_failed(second, "too slow", "no answer within 10 s", 0.0)
    assert column_of(shown(frame_of(model)), "LOCATION")[0] == "too slow 1/2"


def test_late_and_missing_answers_stand_out() -> None:
    model = WatchModel()
    appear(model, 7, 8)
    model.search_began(1, 2.0)
    model.search_result(Result(udn=udn(7), latency=1.5, late_by=0.5), 4.0)
    model.search_ended()
    size = Size(160, 30)
    screen = shown(frame_of(model, size=size), size)
    assert column_of(screen, "ANSWERED")[:2] == ["1.50 s late", "none ×1"]
    assert "1 answers, half within 1.50 s" in screen.text
    assert "1 late" in screen.text


def test_searches_of_others_have_a_row_for_each_address_and_target() -> None:
    model = WatchModel()
    for _ in range(3):
        model.receive(Datagram(message=search()), is_ours=False)
    model.receive(Datagram(message=search("upnp:rootdevice", mx=None, agent=None)), is_ours=False)
    screen = shown(frame_of(model))
    assert "Searches of others, 4 in all" in screen.text
    assert "192.0.2.9  ssdp:all  MX 3  ×3  app/1" in screen.text
    assert "192.0.2.9  upnp:rootdevice  MX -  ×1" in screen.text


def test_the_list_sorts_by_each_column_and_in_reverse() -> None:
    model = WatchModel()
    appear(model, 20, 3, 100, names=("b", "C", "a"))

    def names(**changes: object) -> list[str]:
        controls = attrs.evolve(Controls(), **changes)  # type: ignore[arg-type]  # the fields of the class
        return [line.split()[0] for line in shown(frame_of(model, controls)).lines[2:5]]

    assert names() == ["a", "b", "C"]
    assert names(sort="address") == ["C", "b", "a"]  # as numbers: 3, 20, 100
    assert names(sort="address", is_reversed=True) == ["a", "b", "C"]
    assert names(sort="boot") == ["a", "b", "C"]


def test_the_filter_looks_at_all_words() -> None:
    model = WatchModel()
    appear(model, 7, 8, 9, names=("Kitchen", "Hall", "Kitchen door"))

    def names(text: str) -> list[str]:
        screen = shown(frame_of(model, Controls(filter=text)))
        return [name for line in screen.lines[2:5] if (name := line[:16].strip()) and "None of" not in line]

    assert names("kitchen") == ["Kitchen", "Kitchen door"]
    assert names("KITCHEN acme door") == ["Kitchen door"]
    assert names("kitchen !door") == ["Kitchen"]
    assert names("192.0.2.8") == ["Hall"]
    assert names("nothing") == []
    assert "None of 3 devices matches 'nothing'" in shown(frame_of(model, Controls(filter="nothing"))).lines[2]


def test_embedded_devices_are_shown_on_request() -> None:
    model = WatchModel()
    appear(model, 7)
    inner = device(8, is_root=False, locations=(location(7),))
    model.change(DeviceAppeared(inner), 0.0)
    assert udn(8)[:12] in shown(frame_of(model)).lines[2]
    assert shown(frame_of(model)).lines[3] == ""
    assert shown(frame_of(model, Controls(shows_embedded=True))).lines[3] != ""


def test_the_details_have_everything_that_is_known() -> None:
    model = WatchModel()
    found = device(7, forgiven=("no empty line at the end",), search_port=1901)
    model.change(DeviceAppeared(found), 0.0)
    probe = model.locations.take(0.0)
    assert probe is not None
    model.location_answered(probe, 0.012, 5.0, root_device(7), ("an element twice",))
    payload = b"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nX-ODD: \x1b[2J\xff\r\n\r\n"
    model.receive(Datagram(message=alive(7), payload=payload), is_ours=False)
    size = Size(120, 60)
    text = shown(frame_of(model, Controls(page="details", selected=udn(7)), size), size).text
    for wanted in (
        "Kitchen",
        udn(7),
        "urn:schemas-upnp-org:device:DimmableLight:1",
        "ACME Light 3000",
        "lamp/1",
        "1901",
        "http://192.0.2.7:49152/d.xml",
        "eth0 from 192.0.2.7",
        "ok 12 ms, 0:05 ago",
        f"{udn(7)}::upnp:rootdevice",
        "no empty line at the end",
        "an element twice",
        "SwitchPower:1  urn:upnp-org:serviceId:Power",
        "NTS: ssdp:alive",
        "X-ODD: ?[2J",
    ):
        assert wanted in text


def test_texts_that_are_longer_than_the_screen_scroll_to_their_end() -> None:
    model = WatchModel()
    appear(model, 7)
    size = Size(80, 10)
    top = shown(frame_of(model, Controls(page="details", selected=udn(7)), size), size)
    end = shown(frame_of(model, Controls(page="details", selected=udn(7), scroll=10**6), size), size)
    assert top.lines[1].startswith("uuid:")
    assert "::upnp:rootdevice" in end.text
    assert "uuid" not in end.lines[1]


def test_the_help_names_every_key() -> None:
    text = shown(frame_of(WatchModel(), Controls(page="help"))).text
    assert all(key in text for key in ("Enter", "/", "s ", "p ", "w ", "q, Ctrl-C", "LOCATION", "ANSWERED"))


def test_a_prompt_shows_its_end_and_the_cursor() -> None:
    size = Size(40, 16)
    frame = frame_of(WatchModel(), Controls(prompt=Prompt("filter", "x" * 60 + "end")), size)
    screen = shown(frame, size)
    assert screen.lines[-1].endswith("end")
    assert screen.is_cursor_visible
    assert (screen.row, screen.column) == (15, len(screen.lines[-1]))
    assert not shown(frame_of(WatchModel())).is_cursor_visible


def test_a_notice_takes_the_place_of_the_keys_and_the_title_has_what_is_saved() -> None:
    screen = shown(frame_of(WatchModel(), Controls(notice="no such folder"), saving="x.pcapng", is_passive=True))
    assert screen.lines[-1] == "no such folder"
    assert "saving x.pcapng" in screen.lines[0]
    assert "passive" in screen.lines[0]
    assert "nothing is searched for" in screen.text


NASTY = (
    "\x1b[2J\x1b]0;title\x07\x9b31m\r\n",
    "\u202egnp.exe\u2066",
    "漢字" * 60,
    "e" + "\u0301" * 500,
    "\u0301\u0301first",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
    "\ud800\udfff\x00\x7f",
    "\u3000\u2028\u00ad\ufeff",
)


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("page", ["list", "details"])
def test_no_text_of_a_stranger_moves_or_controls_anything(text: str, page: str) -> None:
    model = WatchModel()
    found = device(
        7,
        udn=f"uuid:{text}",
        device_types=(f"urn:{text}:device:{text}:1",),
        server=text,
        usns=(text,),
        forgiven=(text,),
        locations=(location(7, url=f"http://192.0.2.7/{text}"),),
    )
    appear(model, 8, names=("Hall",))
    model.change(DeviceAppeared(found), 0.0)
    model.settle(5.0)
    model.receive(Datagram(message=search(text, agent=text)), is_ours=False)
    probe = model.locations.take(5.0)
    assert probe is not None
    model.location_failed(probe, text, text, 5.0)
    model.devices[f"uuid:{text}".lower()].headers = text.encode("utf-8", "replace")
    controls = Controls(page=page, selected=f"uuid:{text}".lower(), filter="")  # type: ignore[arg-type]
    screen = shown(frame_of(model, controls))
    if page == "list":
        hall = next(number for number, line in enumerate(screen.lines) if line.startswith("Hall"))
        other = 5 - hall  # the two rows are 2 and 3
        assert column_of(screen, "ADDRESS")[hall - 2] == "192.0.2.8"
        cells = "".join(text for text, _ in screen.styled(other))
        assert "192.0.2.7" in cells


@given(columns=st.integers(1, 200), rows=st.integers(1, 80), page=st.sampled_from(["list", "details", "help"]))
def test_every_size_of_a_terminal_can_be_drawn(columns: int, rows: int, page: str) -> None:
    model = WatchModel()
    appear(model, *range(3, 60), names=("Kitchen", "Hall"))
    model.receive(Datagram(message=search()), is_ours=False)
    model.search_began(3, 2.0)
    model.search_result(Result(udn=udn(3), latency=3.5, late_by=0.5), 6.0)
    size = Size(columns, rows)
    frame = frame_of(model, Controls(page=page, selected=udn(3)), size)  # type: ignore[arg-type]
    assert len(frame.lines) == rows
    shown(frame, size)  # raises for what is beyond a margin


def test_the_cursor_is_always_visible_in_a_long_list() -> None:
    model = WatchModel()
    appear(model, *range(3, 103))
    size = Size(100, 24)
    screen = shown(frame_of(model, Controls(selected=udn(90), sort="address"), size), size)
    row = next(number for number, line in enumerate(screen.lines) if "192.0.2.90" in line)
    assert screen.styled(row)[0][1] == "7"  # reversed


# --- the painter ---------------------------------------------------------------------------------------------------


def test_only_lines_that_have_changed_are_painted() -> None:
    model = WatchModel()
    appear(model, 7, 8)
    painter = Painter(PALETTE)
    screen = Screen(120, 30)
    screen.feed(painter.paint(frame_of(model)))
    assert painter.paint(frame_of(model)) == ""
    model.change(DeviceUpdated(device(7, boot_id=99)), 5.0)
    changed = painter.paint(frame_of(model))
    screen.feed(changed)
    assert screen.text == shown(frame_of(model)).text
    assert len(changed) < len(Painter(PALETTE).paint(frame_of(model))) / 3


def test_a_painter_that_forgets_paints_everything() -> None:
    painter = Painter(PALETTE)
    whole = painter.paint(frame_of(WatchModel()))
    painter.forget()
    assert painter.paint(frame_of(WatchModel())) == whole


def test_a_terminal_without_unicode_has_one_character_for_each() -> None:
    model = WatchModel()
    appear(model, 7, names=("Küche 漢",))
    screen = Screen(120, 30)
    screen.feed(Painter(PALETTE, "latin-1").paint(frame_of(model)))
    assert screen.lines[2].startswith("Küche ?  ")
    assert column_of(screen, "ADDRESS")[0] == "192.0.2.7"


def test_leaving_undoes_what_entering_did() -> None:
    screen = Screen(80, 24)
    screen.feed(ENTER)
    assert (screen.is_alternate, screen.wraps, screen.is_cursor_visible) == (True, False, False)
    screen.feed(LEAVE)
    assert (screen.is_alternate, screen.wraps, screen.is_cursor_visible, screen.style) == (False, True, True, "")


def test_without_colours_there_are_no_colours_but_the_cursor_is_seen() -> None:
    plain = palette(Console(file=StringIO(), force_terminal=True, color_system="standard", no_color=True))
    assert plain["bad"] == ("", "")
    assert plain["selected"][0] == "\x1b[7m"
    none = palette(Console(file=StringIO(), force_terminal=False))
    assert set(none.values()) == {("", "")}
