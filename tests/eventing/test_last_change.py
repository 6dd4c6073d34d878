"""LastChange: what is collected, and the document of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.eventing.test_propertyset import texts
from upnp_trio.errors import MalformedMessage
from upnp_trio.eventing.last_change import (
    MAX_JOINED_CHARACTERS,
    Change,
    LastChange,
    join_last_changes,
    read_last_change,
)


def test_the_document_has_the_form_of_the_standard() -> None:
    last_change = LastChange(LastChange.RENDERING_CONTROL)
    last_change.set(0, "Volume", "20", Channel="Master")
    assert last_change.take() == (
        '<Event xmlns="urn:schemas-upnp-org:metadata-1-0/RCS/">'
        '<InstanceID val="0"><Volume val="20" Channel="Master"/></InstanceID></Event>'
    )


def test_an_event_holds_what_changed_since_the_last_one_and_the_initial_event_holds_all() -> None:
    last_change = LastChange("urn:x")
    assert last_change.take() is None
    assert read_last_change(last_change.current()) == []
    last_change.set(1, "Mute", False)
    last_change.set(0, "Volume", 20, Channel="LF")
    last_change.set(0, "Volume", 30, Channel="RF")
    left, right = Change(0, "Volume", "20", (("Channel", "LF"),)), Change(0, "Volume", "30", (("Channel", "RF"),))
    assert read_last_change(last_change.take() or "") == [left, right, Change(1, "Mute", "0")]
    last_change.set(1, "Mute", True)
    last_change.set(0, "Volume", 20, Channel="LF")  # no change
    assert read_last_change(last_change.current()) == [left, right, Change(1, "Mute", "1")]
    assert read_last_change(last_change.take() or "") == [Change(1, "Mute", "1")]
    assert last_change.take() is None


def test_an_instance_that_has_ended_is_in_no_document() -> None:
    last_change = LastChange("urn:x")
    for instance_id in (0, 1):
        last_change.set(instance_id, "Mute", 0)
    last_change.remove(1)
    assert read_last_change(last_change.take() or "") == [Change(0, "Mute", "0")]
    assert read_last_change(last_change.current()) == [Change(0, "Mute", "0")]


def test_a_copy_has_the_same_values_and_changes_alone() -> None:
    last_change = LastChange("urn:x")
    last_change.set(0, "Mute", 0)
    last_change.connect(lambda: pytest.fail("the original has not changed"))
    twin = last_change.copy()
    assert (twin.current(), twin.take()) == (last_change.current(), None)
    twin.set(0, "Mute", 1)
    assert read_last_change(twin.take() or "") == [Change(0, "Mute", "1")]
    assert read_last_change(last_change.current()) == [Change(0, "Mute", "0")]


def test_each_change_is_told_and_none_after_the_end() -> None:
    last_change = LastChange("urn:x")
    last_change.set(0, "Mute", 0)
    told: list[str] = []
    last_change.connect(lambda: told.append("changed"))
    last_change.set(0, "Mute", 1)
    last_change.set(0, "Mute", 1)
    with pytest.raises(RuntimeError, match="LastChange is the value of a variable already"):
        last_change.connect(lambda: None)
    last_change.disconnect()
    last_change.set(0, "Mute", 0)
    assert told == ["changed"]


@pytest.mark.parametrize(
    ("instance_id", "name", "attributes", "message"),
    [
        (-1, "A", {}, "the instance is -1"),
        (2**32, "A", {}, "the instance is 4294967296"),
        (0, "a b", {}, "'a b' cannot be a name in XML"),
        (0, "A", {"x:y": "1"}, "'x:y' cannot be a name in XML"),
        (0, "A/><B", {}, "cannot be a name"),
        (0, "A", {"val": "1"}, "'val' holds the variable's value"),
    ],
)
def test_what_the_document_cannot_hold_is_refused(
    instance_id: int, name: str, attributes: dict[str, str], message: str
) -> None:
    last_change = LastChange("urn:x")
    with pytest.raises(ValueError, match=message):
        last_change.set(instance_id, name, "1", **attributes)
    assert last_change.take() is None


@given(texts, texts)
def test_any_text_that_xml_can_carry_is_read_as_it_was_set(value: str, channel: str) -> None:
    last_change = LastChange("urn:x")
    last_change.set(0, "A", value, Channel=channel)
    assert read_last_change(last_change.take() or "") == [Change(0, "A", value, (("Channel", channel),))]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ('<?xml version="1.0" encoding="UTF-8"?><Event><InstanceID val="0"/></Event>', []),
        (
            '<Event><InstanceID val=" 7 "><A val="1"/><B/></InstanceID></Event>',
            [Change(7, "A", "1"), Change(7, "B", "")],
        ),
        (
            '<r:Event xmlns:r="urn:r"><r:InstanceID val="0"><r:A r:val="1" val="2"/></r:InstanceID></r:Event>',
            [Change(0, "A", "2")],
        ),
    ],
)
def test_vendors_spellings_are_read(text: str, changes: list[Change]) -> None:
    assert read_last_change(text) == changes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NOT_IMPLEMENTED",
        "<Events/>",
        "<Event><InstanceID/></Event>",
        '<Event><InstanceID val="x"/></Event>',
        '<Event><Other val="0"/></Event>',
        "<Event>\ud800</Event>",
    ],
)
def test_another_document_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        read_last_change(text)


@given(st.text() | st.text('<>/="vl0 EventInstanceIDA'))
def test_any_text_gives_changes_or_a_malformed_message(text: str) -> None:
    with suppress(MalformedMessage):
        read_last_change(text)


# --- two values in a row, as one ---


def document(*instances: tuple[int, str], namespace: str = LastChange.AV_TRANSPORT) -> str:
    inner = "".join(f'<InstanceID val="{number}">{variables}</InstanceID>' for number, variables in instances)
    return f'<Event xmlns="{namespace}">{inner}</Event>'


def test_of_two_values_in_a_row_the_later_has_the_last_word_on_each_variable() -> None:
    earlier = document((0, '<Volume val="1" channel="LF"/><Volume val="2" channel="RF"/><Mute val="0"/>'))
    later = document((0, '<Volume val="3" channel="RF"/>'), (1, '<Mute val="1"/>'))
    joined = join_last_changes(earlier, later)
    assert joined.startswith(f'<Event xmlns="{LastChange.AV_TRANSPORT}">')
    assert read_last_change(joined) == [
        Change(0, "Volume", "1", (("channel", "LF"),)),
        Change(0, "Volume", "3", (("channel", "RF"),)),
        Change(0, "Mute", "0"),
        Change(1, "Mute", "1"),
    ]


def test_values_with_markup_survive_being_joined() -> None:
    text = 'a "b" <c> & d\n'
    escaped = "a &quot;b&quot; &lt;c&gt; &amp; d&#10;"
    joined = join_last_changes(document((0, f'<Title val="{escaped}"/>')), document((0, '<Mute val="1"/>')))
    assert read_last_change(joined) == [Change(0, "Title", text), Change(0, "Mute", "1")]


@pytest.mark.parametrize(
    "earlier", ["", "<a/>", "<Event", document((0, f'<Title val="{"x" * MAX_JOINED_CHARACTERS}"/>'))]
)
def test_a_value_that_cannot_be_joined_gives_way_to_the_later_one(earlier: str) -> None:
    later = document((0, '<Mute val="1"/>'))
    assert join_last_changes(earlier, later) == later
