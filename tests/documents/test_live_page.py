"""The live page: it shows the state and a form for each action, and no text of a device becomes markup or script."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from tests.documents.live_pages import (
    LivePageReader,
    action,
    live_page,
    live_services,
    page_with_field,
    root_with,
    service,
    variable,
)
from upnp_trio.documents.live_page import LivePage, LiveService, read_script, render_state
from upnp_trio.documents.page import render_page
from upnp_trio.model.device import Device, RootDevice
from upnp_trio.model.service import ServiceDescription

POWER = ServiceDescription(
    actions=[
        action("SetTarget", {"newTargetValue": "Target"}),
        action("GetStatus", outputs={"ResultStatus": "Status"}),
    ],
    variables=[variable("Target", "boolean"), variable("Status", "boolean")],
)
# fmt: off
#: the elements and attributes of any live page
TAGS = {
    "html", "head", "meta", "title", "style", "script", "body", "main", "header", "div", "img", "h1", "h2", "h3",
    "p", "dl", "dt", "dd", "ul", "li", "code", "a", "footer", "noscript", "section", "table", "tbody", "tr", "th",
    "td", "form", "fieldset", "legend", "label", "small", "input", "select", "option", "textarea", "button",
}
ATTRIBUTES = {
    "lang", "charset", "name", "content", "type", "src", "href", "alt", "id", "class", "role", "for", "value",
    "checked", "selected", "hidden", "disabled", "scope", "min", "max", "step", "pattern", "required", "spellcheck",
    "autocapitalize", "autocomplete", "aria-label", "aria-labelledby", "aria-describedby", "aria-live",
    "aria-atomic", "data-state", "data-version", "data-config", "data-control", "data-service", "data-variable",
    "data-type", "data-value", "data-action", "data-argument", "data-follows", "data-pair",
}
# fmt: on


def _render(root: RootDevice, live: LivePage | None) -> LivePageReader:
    return LivePageReader(render_page(root, ["http://192.0.2.1:49152/d.xml"], language="en", live=live))


def _power(target: str = "1", *, forms: bool = True) -> LivePageReader:
    root = root_with("SwitchPower")
    return _render(root, live_page(root, LiveService(description=POWER, values={"Target": target}), forms=forms))


# --- state ---------------------------------------------------------------------------------------------------------


def test_the_page_has_the_values_of_the_moment_without_any_script() -> None:
    page = _power()
    row = page.one("tr", data_variable="Target")
    assert row.attributes["data-value"] == "1"
    assert (page.one("th", row).text, page.one("td", row).text) == ("Target", "on")
    assert page.one("h2", page.one("section")).text == "SwitchPower"
    assert page.one("tbody").attributes["aria-live"] == "polite"


def test_a_variable_without_a_value_has_a_hidden_row_for_later() -> None:
    row = _power().one("tr", data_variable="Status")
    assert "hidden" in row.attributes
    assert "data-value" not in row.attributes


def test_a_variable_that_is_only_the_type_of_an_argument_has_no_row() -> None:
    page, _ = page_with_field(variable("A_ARG_TYPE_InstanceID", "ui4"))
    assert page.all("table") == []


def test_services_of_embedded_devices_are_below_their_device_s_name() -> None:
    dish = Device(
        device_type="urn:x:device:Dish:1",
        friendly_name="<Dish>",
        manufacturer="x",
        model_name="x",
        udn="1",
        services=[service("SwitchPower")],
    )
    root = root_with("SwitchPower", devices=[dish])
    states = [LiveService(description=POWER, values={"Target": target}) for target in ("1", "0")]
    page = _render(root, live_page(root, *states))
    sections = page.all("section")
    assert [page.one("tr", section, data_variable="Target").text for section in sections] == ["Targeton", "Targetoff"]
    assert [section.attributes["data-control"] for section in sections] == [
        root.services[0].control_url,
        root.devices[0].services[0].control_url,
    ]
    headings = [element.text for element in page.elements if element.tag in ("h1", "h2", "h3")]
    assert headings[:4] == ["Jambon", "SwitchPower", "<Dish>", "SwitchPower"]


def test_the_script_finds_its_paths_and_version_in_the_main_element() -> None:
    page = _power()
    settings = page.one("main").attributes
    assert settings == {"data-state": "/jambon/state", "data-version": "boot.1", "data-config": "3000"}
    assert page.one("script").attributes == {"type": "module", "src": "/page.js"}
    section = page.one("section").attributes
    assert section["data-service"] == "urn:schemas-upnp-org:service:SwitchPower:1"


@given(st.lists(live_services(), min_size=2, max_size=2))
def test_the_state_document_has_every_value_of_every_service(services: list[LiveService]) -> None:
    live = live_page(root_with("A", "B"), *services)
    state = json.loads(render_state(live))
    assert state["version"] == "boot.1"
    assert state["config"] == 3000
    assert state["services"] == {path: dict(service.values) for path, service in live.services.items()}


# --- forms ---------------------------------------------------------------------------------------------------------


def test_each_action_has_a_form_and_the_one_without_arguments_is_a_button() -> None:
    page = _power()
    set_target, get_status = page.all("form")
    assert set_target.attributes["data-action"] == "SetTarget"
    assert page.one("legend", set_target).text == "SetTarget"
    assert page.all("label", get_status) == page.all("legend", get_status) == []
    assert page.one("button", get_status).text == "GetStatus"
    result = page.one("div", get_status, role="status")
    assert page.one("dd", result).attributes == {"data-argument": "ResultStatus", "data-type": "boolean"}


def test_a_read_only_page_shows_state_and_has_no_form() -> None:
    page = _power(forms=False)
    assert page.one("tr", data_variable="Target").text == "Targeton"
    for tag in ("form", "input", "button", "noscript"):
        assert page.all(tag) == []


# --- what a device's texts cannot do ---------------------------------------------------------------------------------


@given(st.lists(live_services(), min_size=2, max_size=2), st.booleans())
def test_no_name_type_default_or_value_becomes_markup(services: list[LiveService], forms: bool) -> None:
    root = root_with("A", "B")
    page = _render(root, live_page(root, *services, forms=forms))
    assert {element.tag for element in page.elements} <= TAGS
    assert {name for element in page.elements for name in element.attributes} <= ATTRIBUTES
    assert page.comments == []
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert page.one("script").text == ""
    actions = [action.name for service in services for action in service.description.actions] if forms else []
    assert sorted(form.attributes["data-action"] for form in page.all("form")) == sorted(actions)


@given(st.lists(live_services(), min_size=2, max_size=2))
def test_every_field_has_one_label_and_no_two_elements_one_id(services: list[LiveService]) -> None:
    root = root_with("A", "B")
    page = _render(root, live_page(root, *services))
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    fields = [
        element
        for element in page.elements
        if element.tag in ("input", "select", "textarea") and "aria-label" not in element.attributes
    ]
    labels = {label.attributes["for"]: label.text for label in page.all("label")}
    assert len(labels) == len(fields) == len(page.all("label"))
    for field in fields:
        assert labels[field.attributes["id"]] == field.attributes["data-argument"]
        assert field.attributes["aria-describedby"] in ids


def test_markup_in_names_values_paths_and_defaults_is_text() -> None:
    harm = "\"'><script>alert(1)</script><!--"
    about = variable(harm, harm, default=harm, allowed_values=[harm])
    description = ServiceDescription(actions=[action(harm, {harm: harm}, {harm: harm})], variables=[about])
    root = root_with("Ham")
    path = root.services[0].control_url
    live = LivePage(
        state_path=f"/{harm}",
        script_path=f"/{harm}",
        services={path: LiveService(description=description, values={harm: harm})},
        version=harm,
        config_id=1,
    )
    document = render_page(root, [], language="en", live=live)
    page = LivePageReader(document)
    assert document.count(b"<script") == 1
    assert b"<!--" not in document
    assert page.one("main").attributes["data-state"] == f"/{harm}"
    assert page.one("script").attributes["src"] == f"/{harm}"
    for name in ("data-variable", "data-type", "data-value"):
        assert page.one("tr").attributes[name] == harm
    assert page.one("td").text == page.one("legend").text == page.one("option").text == harm


def test_a_text_that_utf_8_cannot_carry_still_gives_a_page() -> None:
    page, _ = page_with_field(variable("Text"), Text="a\ud800b")
    assert page.one("td").text == "a?b"


def test_a_page_without_handlers_has_no_script_and_none_of_the_live_style() -> None:
    root = root_with("SwitchPower")
    document = render_page(root, [], language="en")
    assert document == render_page(root, [], language="en", live=None)
    for part in (b"<script", b"data-", b"<form", b"<main ", b".actions"):
        assert part not in document


def test_the_script_is_small_and_turns_no_text_into_code_or_markup() -> None:
    script = read_script()
    assert 1000 < len(script) < 8 * 1024
    for name in (
        b"eval",
        b"innerHTML",
        b"outerHTML",
        b"insertAdjacent",
        b"document.write",
        b"Function(",
        b"http://192",
    ):
        assert name not in script
    assert set(re.findall(rb"https?://[^\"' ]*", script)) == {
        b"http://schemas.xmlsoap.org/soap/envelope/",
        b"http://schemas.xmlsoap.org/soap/encoding/",
    }
