"""The live part of a device's page: state variables as they change, and a form for each action.

The page is whole without its script: it has the values of the moment at which it was rendered. The script then follows
the state by *long polling*. It asks ``GET <state path>?after=<version>``, and the device answers when something has
changed since that version, or after 25 s or so without a change. A poll is an ordinary request with an ordinary
response, so it needs nothing of the server that a control point's requests do not need, and whatever bounds these
bounds it too. A page in a hidden tab does not poll, so that it leaves the device at rest.

A form sends the action as any control point does, to the service's control URL. The script and the URLs are from the
page's own origin, and `upnp_trio.documents.page_headers` forbids any other.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

import attrs

from upnp_trio.documents.page_inputs import TRUE_TEXTS, render_field
from upnp_trio.documents.page_markup import PagePart, attributes
from upnp_trio.documents.page_style import LIVE_STYLE
from upnp_trio.model.service import ARGUMENT_TYPE, ServiceDescription

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upnp_trio.model.device import Device, Service
    from upnp_trio.model.service import ActionDescription, VariableDescription

__all__ = ["SCRIPT_TYPE", "STATE_TYPE", "LivePage", "LiveService", "read_script", "render_live_part", "render_state"]

SCRIPT_TYPE = "text/javascript; charset=utf-8"
STATE_TYPE = "application/json"

# A form of so many fields is as wide as the page and has its fields side by side.
WIDE_FORM_FIELDS = 4


@attrs.frozen(kw_only=True)
class LiveService:
    """A service that has a handler: what it can do, and the values of its state variables now."""

    description: ServiceDescription
    #: by the variable's name, as text on the wire; a variable without a value is left out
    values: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class LivePage:
    """What a live page needs beside the device: its state, and where its script finds what it asks for."""

    #: the path of the state, without a query
    state_path: str
    #: the path of what `read_script` returns
    script_path: str
    #: by the path of the service's control URL; other services have no part in the page
    services: Mapping[str, LiveService]
    #: stands for these values, and for no others of this or an earlier run of the device
    version: str
    #: the page is loaded anew when it is not the device's CONFIGID any more
    config_id: int
    #: whether the page has forms for the actions; without them it only shows the state
    forms: bool = True


def read_script() -> bytes:
    """The script of the live page, the same one for all devices."""
    return (files("upnp_trio.documents") / "page_script.js").read_bytes()


def render_state(live: LivePage) -> bytes:
    """The state as JSON, which the script asks for.

    Services are named by their control path, because the serviceId of one embedded device may be that of another, too.
    Services and values that did not change may be left out.
    """
    state = {
        "version": live.version,
        "config": live.config_id,
        "services": {path: dict(service.values) for path, service in live.services.items()},
    }
    return json.dumps(state, separators=(",", ":")).encode()


def render_live_part(device: Device, live: LivePage) -> PagePart:
    """The state and the forms of all services of *device* and of the devices embedded in it."""
    sections = ['<p id="connection" role="status"></p>']
    if live.forms:
        sections.append("<noscript><p>The forms on this page need JavaScript.</p></noscript>")
    numbers = itertools.count(1)
    for embedded in device.walk():
        found = [
            (service, live.services[service.control_url])
            for service in embedded.services
            if service.control_url in live.services
        ]
        level = "h2" if embedded is device else "h3"
        if found and embedded is not device:
            sections.append(f"<h2>{escape(embedded.friendly_name)}</h2>")
        for service, state in found:
            sections += _service(service, state, f"s{next(numbers)}", level, forms=live.forms)
    settings = {"data-state": live.state_path, "data-version": live.version, "data-config": str(live.config_id)}
    head = f"<script{attributes({'type': 'module', 'src': live.script_path})}></script>\n"
    return PagePart(style=LIVE_STYLE, head=head, settings=settings, sections=tuple(sections))


def _service(service: Service, live: LiveService, name: str, level: str, *, forms: bool) -> Iterator[str]:
    service_type = service.service_type.text
    section = {"aria-labelledby": name, "data-control": service.control_url, "data-service": service_type}
    yield f"<section{attributes(section)}>"
    yield f'<{level} id="{name}">{escape(_title(service))}</{level}>'
    yield from _state(live)
    if forms:
        yield from _forms(live, name)
    yield "</section>"


def _title(service: Service) -> str:
    """The name within the service type, such as SwitchPower, or all of a type that is no URN."""
    return service.service_type.name or service.service_type.text or service.service_id


def _state(live: LiveService) -> Iterator[str]:
    rows = [
        _row(variable, live.values.get(variable.name))
        for variable in live.description.variables
        if variable.name in live.values or not variable.name.startswith(ARGUMENT_TYPE)
    ]
    if rows:
        is_empty = {"hidden": None if live.values else ""}
        yield f'<table class="state"{attributes(is_empty)}><tbody aria-live="polite">'
        yield from rows
        yield "</tbody></table>"


def _row(variable: VariableDescription, value: str | None) -> str:
    kind = variable.data_type.name
    # The script shows a hidden row when its variable gets a value.
    row = {
        "data-variable": variable.name,
        "data-type": kind,
        "data-value": value,
        "aria-atomic": "true",
        "hidden": "" if value is None else None,
    }
    text = "" if value is None else _shown(value, kind)
    return f'<tr{attributes(row)}><th scope="row">{escape(variable.name)}</th><td>{escape(text)}</td></tr>'


def _shown(value: str, kind: str) -> str:
    """What a person sees of a value; ``page_script.js`` has the same rule."""
    if kind == "boolean":
        return "on" if value.strip().lower() in TRUE_TEXTS else "off"
    return value


def _forms(live: LiveService, name: str) -> Iterator[str]:
    """The forms with fields, and after them the buttons of the actions without in arguments."""
    numbered = [(action, f"{name}-a{number}") for number, action in enumerate(live.description.actions, 1)]
    for group, has_fields in (("actions", True), ("buttons", False)):
        forms = [_form(action, live, name) for action, name in numbered if bool(action.in_arguments) is has_fields]
        if forms:
            yield f'<div class="{group}">'
            yield from forms
            yield "</div>"


def _form(action: ActionDescription, live: LiveService, name: str) -> str:
    fields = [
        render_field(argument, live.description.variable_of(argument), live.values, f"{name}-i{number}")
        for number, argument in enumerate(action.in_arguments, 1)
    ]
    inputs = f'<legend>{escape(action.name)}</legend><div class="fields">{"".join(fields)}</div>' if fields else ""
    is_wide = len(fields) >= WIDE_FORM_FIELDS
    form = attributes({"data-action": action.name, "class": "wide" if is_wide else None, "autocomplete": "off"})
    button = f'<button type="submit">{escape(action.name)}</button>'
    # The script enables the forms, which do nothing without it.
    return f"<form{form}><fieldset disabled>{inputs}{button}{_result(action, live)}</fieldset></form>"


def _result(action: ActionDescription, live: LiveService) -> str:
    rows = []
    for argument in action.out_arguments:
        variable = live.description.variable_of(argument)
        cell = {"data-argument": argument.name, "data-type": variable.data_type.name if variable else None}
        rows.append(f"<dt>{escape(argument.name)}</dt><dd{attributes(cell)}></dd>")
    table = f"<dl hidden>{''.join(rows)}</dl>" if rows else ""
    return f'<div class="result" role="status"><p class="message" hidden></p>{table}</div>'
