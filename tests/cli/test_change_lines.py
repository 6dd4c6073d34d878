"""Events as lines and as JSON."""

from __future__ import annotations

import json

from upnp_trio.cli.change_lines import ChangeLines, change_json
from upnp_trio.cli.styles import Styles
from upnp_trio.eventing.variable_change import VariableChange

PLAIN = ChangeLines.of(["SwitchPower", "Dimming"], ["Status", "LoadLevelStatus"], Styles(is_coloured=False))
LAST_CHANGE = (
    '<Event xmlns="urn:schemas-upnp-org:metadata-1-0/RCS/"><InstanceID val="0"><Mute val="0"/>'
    '<Volume val="7" channel="Master"/></InstanceID><InstanceID val="2"><Mute val="1"/></InstanceID></Event>'
)


def change(values: dict[str, object], *, again: bool = False, **texts: str) -> VariableChange:
    texts = {name: texts.get(name, str(value)) for name, value in values.items()}
    return VariableChange(seq=3, values=values, texts=texts, is_initial=again, is_resubscribed=again)


def lines(event: VariableChange, service: str = "Dimming", columns: ChangeLines = PLAIN) -> list[str]:
    return list(columns.lines("12:00:00", service, event))


def test_names_are_in_columns() -> None:
    assert lines(change({"Status": True, "LoadLevelStatus": 70}, Status="1")) == [
        "12:00:00  Dimming      Status          = true",
        "12:00:00  Dimming      LoadLevelStatus = 70",
    ]
    assert lines(change({"Status": "", "A_name_that_is_longer_than_all_others": "x"}), "SwitchPower") == [
        "12:00:00  SwitchPower  Status          =",
        "12:00:00  SwitchPower  A_name_that_is_longer_than_all_others = x",
    ]


def test_names_are_bold_and_times_dim_on_a_terminal() -> None:
    columns = ChangeLines.of(["A"], ["B"], Styles(is_coloured=True))
    assert lines(change({"B": 1}), "A", columns) == ["\x1b[2m12:00:00\x1b[0m  A  \x1b[1mB\x1b[0m = 1"]


def test_a_new_subscription_is_told_of() -> None:
    assert lines(change({"Status": False}, again=True, Status="0")) == [
        "12:00:00  Dimming      subscribed again; values may have changed in between",
        "12:00:00  Dimming      Status          = false",
    ]


def test_last_change_is_taken_apart() -> None:
    assert lines(change({"LastChange": LAST_CHANGE})) == [
        "12:00:00  Dimming      Mute            = 0",
        "12:00:00  Dimming      Volume (Master) = 7",
        "12:00:00  Dimming      2: Mute         = 1",
    ]


def test_a_last_change_that_is_none_is_shown_as_it_is() -> None:
    for text in ("NOT_IMPLEMENTED", "<Event/>"):
        assert lines(change({"LastChange": text})) == [f"12:00:00  Dimming      LastChange      = {text}"]


def test_what_a_stranger_writes_controls_no_terminal() -> None:
    hostile = change({"\x1b[2J": "a\nb\x1b]0;x\x07\r\u202ec"})
    shown = lines(hostile, "\x1b[31m")
    assert all(line.isprintable() for line in shown)
    assert shown == ["12:00:00  ?[31m        ?[2J            = a b?]0;x? ?c"]
    assert len(lines(change({"A": "x" * 100_000}))[0]) < 1100


def test_json_has_values_of_json_and_all_other_values_as_texts() -> None:
    event = change({"A": True, "B": 7, "C": 1.5, "D": "text", "E": b"x"}, E="eA==")
    assert change_json("2026-01-31T12:00:00.250Z", "Dimming", "urn:upnp-org:serviceId:Dimming", event) == {
        "time": "2026-01-31T12:00:00.250Z",
        "service": "Dimming",
        "service_id": "urn:upnp-org:serviceId:Dimming",
        "seq": 3,
        "initial": False,
        "resubscribed": False,
        "values": {"A": True, "B": 7, "C": 1.5, "D": "text", "E": "eA=="},
    }


def test_json_has_last_change_taken_apart_as_well() -> None:
    found = change_json("", "", "", change({"LastChange": LAST_CHANGE}))
    assert found["values"] == {"LastChange": LAST_CHANGE}
    assert json.loads(json.dumps(found["last_change"])) == [
        {"instance": 0, "name": "Mute", "value": "0"},
        {"instance": 0, "name": "Volume", "value": "7", "channel": "Master"},
        {"instance": 2, "name": "Mute", "value": "1"},
    ]
    assert "last_change" not in change_json("", "", "", change({"LastChange": "<"}))
