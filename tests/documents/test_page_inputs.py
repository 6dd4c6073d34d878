"""The fields of the live page's forms: for each data type the input that a browser has for it."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.documents.live_pages import LivePageReader, action, live_page, page_with_field, root_with, variable
from upnp_trio.documents.live_page import LiveService
from upnp_trio.documents.page import render_page
from upnp_trio.model.datatypes import DATA_TYPES
from upnp_trio.model.service import AllowedRange, ServiceDescription, VariableDescription


@pytest.mark.parametrize(
    ("text", "is_checked"), [("1", True), ("true", True), ("yes", True), ("0", False), ("", False)]
)
def test_a_boolean_is_a_switch_with_the_present_value(text: str, is_checked: bool) -> None:
    _, element = page_with_field(variable("Target", "boolean"), Target=text)
    field = element.attributes
    assert (field["type"], field["role"]) == ("checkbox", "switch")
    assert ("checked" in field) is is_checked


def test_a_number_with_a_range_has_a_slider_of_the_same_range() -> None:
    page, field = page_with_field(variable("Level", "ui1", allowed_range=AllowedRange(0, 100, 5)), Level="40")
    slider = page.one("input", type="range")
    for element in (field, slider):
        limits = {name: element.attributes[name] for name in ("min", "max", "step", "value")}
        assert limits == {"min": "0", "max": "100", "step": "5", "value": "40"}
    assert field.attributes["type"] == "number"
    assert slider.attributes["data-pair"] == field.attributes["id"]
    assert field.attributes["data-pair"] == slider.attributes["id"]
    assert slider.attributes["aria-label"] == "new, slider"
    assert "data-argument" not in slider.attributes
    assert page.one("small").text == "ui1, 0 to 100, in steps of 5"


def test_a_range_of_fractions_keeps_its_digits() -> None:
    _, field = page_with_field(
        variable("Gain", "fixed.14.4", allowed_range=AllowedRange(Decimal("-0.5"), Decimal("1.25")))
    )
    assert [field.attributes[name] for name in ("min", "max", "step", "value")] == ["-0.5", "1.25", "0.0001", "-0.5"]


def test_a_range_too_long_for_a_slider_has_none() -> None:
    page, field = page_with_field(variable("Track", "ui4", allowed_range=AllowedRange(0, 2**32 - 1, 1)))
    assert page.all("input", type="range") == []
    assert "data-pair" not in field.attributes
    assert field.attributes["max"] == "4294967295"


@pytest.mark.parametrize(
    ("kind", "low", "high", "step"),
    [
        ("ui1", "0", "255", "1"),
        ("i2", "-32768", "32767", "1"),
        ("ui8", "0", "18446744073709551615", "1"),
        ("int", "-2147483648", "2147483647", "1"),
        ("r8", None, None, "any"),
        ("float", None, None, "any"),
        ("fixed.14.4", None, None, "0.0001"),
    ],
)
def test_a_number_without_a_range_has_the_bounds_of_its_type(
    kind: str, low: str | None, high: str | None, step: str
) -> None:
    _, field = page_with_field(variable("Count", kind))
    assert field.attributes["type"] == "number"
    assert "required" in field.attributes
    assert [field.attributes.get(name) for name in ("min", "max", "step")] == [low, high, step]


def test_an_allowed_value_list_is_a_select_with_the_present_value() -> None:
    page, field = page_with_field(variable("Mode", allowed_values=["Off", "<Heat>", "Cool"]), Mode="<Heat>")
    assert field.tag == "select"
    assert [option.text for option in page.all("option", field)] == ["Off", "<Heat>", "Cool"]
    assert [option.attributes["value"] for option in page.all("option", selected="")] == ["<Heat>"]


@pytest.mark.parametrize(
    ("kind", "type_"), [("date", "date"), ("time", "time"), ("dateTime", "datetime-local"), ("string", "text")]
)
def test_dates_times_and_texts_have_the_browser_s_inputs(kind: str, type_: str) -> None:
    _, field = page_with_field(variable("When", kind))
    assert field.attributes["type"] == type_


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("char", "é", "ab"),
        ("dateTime.tz", "2031-12-24T18:30:00+01:00", "tomorrow"),
        ("time.tz", "18:30:00Z", "noon"),
        ("bin.base64", "aGFt/+==", "h*m"),
        ("bin.hex", "68616D", "686"),
    ],
)
def test_types_without_an_input_are_texts_with_a_pattern_and_a_hint(kind: str, good: str, bad: str) -> None:
    page, field = page_with_field(variable("Odd", kind))
    pattern = field.attributes["pattern"]
    assert field.attributes["type"] == "text"
    assert re.fullmatch(pattern, good)
    assert not re.fullmatch(pattern, bad)
    assert page.one("small").text.startswith(f"{kind}, ")


@pytest.mark.parametrize("value", ["<DIDL-Lite/>", "two\nlines", "x" * 61])
def test_a_long_or_structured_text_has_several_lines(value: str) -> None:
    _, field = page_with_field(variable("Text"), Text=value)
    assert (field.tag, field.text) == (
        "textarea",
        f"\n{value}",
    )  # a browser drops the first line end, not so this reader


def test_a_text_for_metadata_has_several_lines_while_it_is_empty() -> None:
    _, field = page_with_field(variable("CurrentURIMetaData"))
    assert field.tag == "textarea"


def test_a_field_begins_with_the_present_value_then_the_default_then_a_value_that_is_allowed() -> None:
    about = variable("Level", "ui1", default="7", allowed_range=AllowedRange(5, 9))
    assert page_with_field(about, Level="8")[1].attributes["value"] == "8"
    assert page_with_field(about)[1].attributes["value"] == "7"
    assert page_with_field(variable("Level", "ui1", allowed_range=AllowedRange(5, 9)))[1].attributes["value"] == "5"
    assert page_with_field(variable("A_ARG_TYPE_InstanceID", "ui4"))[1].attributes["value"] == "0"
    assert page_with_field(variable("Text"))[1].attributes["value"] == ""


@pytest.mark.parametrize(
    ("kind", "text", "type_"),
    [
        ("ui4", "7", "number"),
        ("r8", "-0.5", "number"),
        ("fixed.14.4", "1.25", "number"),
        ("dateTime", "2031-12-24T18:30:00", "datetime-local"),
        ("time", "18:30:00", "time"),
        ("bin.hex", "68616d", "text"),
        ("uuid", "2fac1234-31f8-11b4-a222-08002b34c003", "text"),
    ],
)
def test_a_default_is_shown_as_its_data_type_writes_it(kind: str, text: str, type_: str) -> None:
    data_type = DATA_TYPES[kind]
    _, field = page_with_field(VariableDescription(name="Ham", data_type=data_type, default=data_type.parse(text)))
    assert field.attributes["type"] == type_
    assert field.attributes["value"] == data_type.render(data_type.parse(text))


def test_every_data_type_has_a_field_and_only_booleans_have_a_switch() -> None:
    for kind in DATA_TYPES:
        _, field = page_with_field(variable("Ham", kind))
        assert field.attributes["data-type"] == kind
        assert (field.attributes.get("role") == "switch") is (kind == "boolean")


def test_an_argument_whose_variable_is_missing_is_a_text() -> None:
    root = root_with("Ham")
    description = ServiceDescription(actions=[action("Set", {"new": "Gone"}, {"old": "Gone"})])
    live = live_page(root, LiveService(description=description))
    field = LivePageReader(render_page(root, [], language="en", live=live)).field("new")
    assert field.attributes["type"] == "text"
    assert "data-follows" not in field.attributes
