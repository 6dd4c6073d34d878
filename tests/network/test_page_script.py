"""The live page's script in a real browser. The test plays the device, so it decides when a poll is answered."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import attrs
import pytest

from tests.documents.live_pages import action, live_page, root_with, variable
from tests.network.browser import Browser, PausedRequest, open_browser
from tests.network.namespaces import Network
from upnp_trio.control.rendering import render_fault
from upnp_trio.documents.live_page import (
    SCRIPT_TYPE,
    STATE_TYPE,
    LivePage,
    LiveService,
    read_script,
    render_state,
)
from upnp_trio.documents.page import render_page
from upnp_trio.documents.page_headers import LIVE_PAGE_HEADERS, SCRIPT_HEADERS, STATE_HEADERS
from upnp_trio.model.service import AllowedRange, ServiceDescription

pytestmark = pytest.mark.interop

ORIGIN = "http://192.0.2.1:49152"
EVIL = "http://evil.example"
ROOT = root_with("Lamp")
CONTROL = ROOT.services[0].control_url
TYPE = "urn:schemas-upnp-org:service:Lamp:1"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
INPUTS = {
    "number": "ui8",
    "real": "r8",
    "text": "string",
    "date": "date",
    "moment": "dateTime",
    "time": "time",
    "hex": "bin.hex",
    "flag": "boolean",
}
LAMP = ServiceDescription(
    actions=[
        action("SetTarget", {"newTarget": "Target"}),
        action("SetLevel", {"newLevel": "Level"}),
        action("GetStatus", outputs={"ResultStatus": "Status", "Name": "Name"}),
        action("Everything", {name: f"A_ARG_TYPE_{name}" for name in INPUTS}),
    ],
    variables=[
        variable("Target", "boolean"),
        variable("Status", "boolean"),
        variable("Level", "ui1", allowed_range=AllowedRange(0, 100, 1)),
        variable("Name"),
        *(variable(f"A_ARG_TYPE_{name}", kind) for name, kind in INPUTS.items()),
    ],
)


@attrs.define(eq=False)
class PlayedDevice:
    """The device, whose answers the test gives. A poll waits until something changes."""

    browser: Browser
    values: dict[str, str] = attrs.field(factory=lambda: {"Target": "0", "Status": "0", "Level": "40"})
    version: int = 1
    config_id: int = 1
    #: the CONFIGID that the page itself has, if that is another one
    config_of_page: int | None = None
    is_gone: bool = False
    #: all requests so far, and the polls that wait
    requests: list[PausedRequest] = attrs.field(factory=list)
    waiting: list[PausedRequest] = attrs.field(factory=list)
    #: the answer to the next call, with its status
    answer: tuple[int, bytes] = (500, b"")

    def live(self, config_id: int) -> LivePage:
        service = LiveService(description=LAMP, values=dict(self.values))
        return attrs.evolve(live_page(ROOT, service), version=f"v&{self.version}", config_id=config_id)

    def change(self, **values: str) -> None:
        """Change state variables, and answer the polls that wait."""
        self.values |= values
        self.version += 1
        waiting, self.waiting = self.waiting, []
        for request in waiting:
            self._answer_poll(request)

    def respond(self, request: PausedRequest) -> None:
        self.requests.append(request)
        url = urlsplit(request.url)
        if self.is_gone:
            self.browser.refuse(request)
        elif request.url == f"{EVIL}/":
            frame = f'<iframe src="{ORIGIN}/"></iframe>'.encode()
            self.browser.fulfil(request, 200, [("Content-Type", "text/html")], frame)
        elif url.path == "/":
            config_id = self.config_id if self.config_of_page is None else self.config_of_page
            page = render_page(ROOT, [], language="en", live=self.live(config_id))
            self.browser.fulfil(request, 200, [("Content-Type", "text/html"), *LIVE_PAGE_HEADERS], page)
        elif url.path == "/page.js":
            self.browser.fulfil(request, 200, [("Content-Type", SCRIPT_TYPE), *SCRIPT_HEADERS], read_script())
        elif url.path == "/jambon/state" and url.query == f"after=v%26{self.version}":
            self.waiting.append(request)
        elif url.path == "/jambon/state":
            self._answer_poll(request)
        elif url.path == CONTROL:
            status, body = self.answer
            self.browser.fulfil(request, status, [("Content-Type", 'text/xml; charset="utf-8"')], body)
        else:
            self.browser.fulfil(request, 404)

    def _answer_poll(self, request: PausedRequest) -> None:
        state = render_state(self.live(self.config_id))
        self.browser.fulfil(request, 200, [("Content-Type", STATE_TYPE), *STATE_HEADERS], state)

    def count(self, path: str) -> int:
        return sum(urlsplit(request.url).path == path for request in self.requests)

    def wait_for_poll(self) -> None:
        self.browser.pump_until(lambda: bool(self.waiting))

    def last_call(self) -> tuple[PausedRequest, str, dict[str, str]]:
        """The last call: the request, its action in the form ``{type}name`` and its arguments."""
        request = next(request for request in reversed(self.requests) if request.method == "POST")
        (call,) = ElementTree.fromstring(request.body).findall(f"{{{ENVELOPE}}}Body/*")
        return request, call.tag, {element.tag: element.text or "" for element in call}


def _result(name: str, **outputs: str) -> tuple[int, bytes]:
    elements = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in outputs.items())
    return 200, (
        f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body><u:{name}Response xmlns:u="{TYPE}">{elements}</u:{name}Response>'
        "</s:Body></s:Envelope>"
    ).encode()


def _cell(variable: str) -> str:
    return f"document.querySelector('tr[data-variable={variable}] td').textContent"


def _form(action: str, inside: str = "") -> str:
    return f"document.querySelector('form[data-action={action}] {inside}')"


def _enter(argument: str, value: str) -> str:
    return (
        f"(input => {{ input.value = {value!r}; input.dispatchEvent(new Event('input', {{ bubbles: true }})); }})"
        f"(document.querySelector('.field [data-argument={argument}]'))"
    )


@pytest.fixture
def device(network: Network, chromium: str, tmp_path: Path) -> Iterator[PlayedDevice]:
    """A device whose page is open, in a browser that has no network."""
    with open_browser(network.add_host("browser").command(chromium), tmp_path / "profile") as browser:
        device = PlayedDevice(browser)
        browser.intercept(device.respond)
        browser.open(f"{ORIGIN}/")
        device.wait_for_poll()
        yield device


def test_a_change_is_seen_without_a_reload_and_by_fields_that_nobody_touched(device: PlayedDevice) -> None:
    browser = device.browser
    browser.evaluate("window.mark = 1")
    browser.evaluate(_enter("newLevel", "25"))
    device.change(Status="1", Target="1", Level="77", Name="<b>Lampe</b>")
    browser.wait_until(f"{_cell('Name')} === '<b>Lampe</b>'")
    assert browser.evaluate(_cell("Status")) == "on"
    assert browser.evaluate(_cell("Level")) == "77"
    assert browser.evaluate("document.querySelector('tr[data-variable=Name]').hidden") is False
    assert browser.evaluate(_form("SetTarget", "input") + ".checked") is True
    assert browser.evaluate(_form("SetLevel", "[type=number]") + ".value") == "25"
    assert browser.evaluate(_form("SetLevel", "[type=range]") + ".value") == "25"
    assert browser.evaluate("window.mark") == 1
    assert device.count("/") == 1


def test_the_switch_is_flipped_by_keyboard_alone(device: PlayedDevice) -> None:
    browser = device.browser
    device.answer = _result("SetTarget")
    browser.press("Tab")
    browser.press(" ")
    browser.press("Tab")
    browser.press("Enter")
    browser.wait_until(f"{_form('SetTarget', '.message')}.textContent === 'Done.'")
    request, name, arguments = device.last_call()
    assert request.headers["content-type"] == 'text/xml; charset="utf-8"'
    assert request.headers["soapaction"] == f'"{TYPE}#SetTarget"'
    assert (name, arguments) == (f"{{{TYPE}}}SetTarget", {"newTarget": "1"})


def test_a_form_sends_every_value_as_its_data_type_wants_it(device: PlayedDevice) -> None:
    browser = device.browser
    device.answer = _result("Everything")
    entered = {
        "number": "18446744073709551615",
        "real": "-1.5e3",
        "text": 'a & <b> ]]> "é" 𝄞',
        "date": "2031-12-24",
        "moment": "2031-12-24T18:30",
        "time": "18:30",
        "hex": "68616d",
    }
    for argument, value in entered.items():
        browser.evaluate(_enter(argument, value))
    browser.evaluate(_form("Everything", "button") + ".click()")
    browser.wait_until(f"{_form('Everything', '.message')}.textContent === 'Done.'")
    expected = entered | {"moment": "2031-12-24T18:30:00", "time": "18:30:00", "flag": "0"}
    assert device.last_call()[2] == expected
    assert list(device.last_call()[2]) == list(INPUTS)


def test_a_result_is_shown_beside_its_form_as_text(device: PlayedDevice) -> None:
    browser = device.browser
    device.answer = _result("GetStatus", ResultStatus="1", Name="<img src=x onerror=alert(1)>")
    browser.evaluate(_form("GetStatus", "button") + ".click()")
    browser.wait_until(f"!{_form('GetStatus', 'dl')}.hidden")
    shown = f"[...{_form('GetStatus')}.querySelectorAll('dd')].map((cell) => cell.textContent)"
    assert browser.evaluate(shown) == ["on", "<img src=x onerror=alert(1)>"]
    assert browser.evaluate("document.querySelectorAll('img').length") == 0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, render_fault(601, "Argument <Value> Out of Range")), "Error 601: Argument <Value> Out of Range"),
        ((503, b"503 Service Unavailable\n"), "Error: HTTP 503"),
        ((200, b"<html>"), "Error: HTTP 200"),
    ],
)
def test_a_fault_is_shown_beside_its_form(device: PlayedDevice, answer: tuple[int, bytes], words: str) -> None:
    browser = device.browser
    device.answer = answer
    browser.evaluate(_form("GetStatus", "button") + ".click()")
    browser.wait_until(f"{_form('GetStatus', '.fault')}?.textContent.startsWith({words!r})")
    assert browser.evaluate(_form("GetStatus", "dl") + ".hidden") is True


def test_the_page_says_that_the_device_is_lost_and_finds_it_again(device: PlayedDevice) -> None:
    browser = device.browser
    connection = "document.getElementById('connection').textContent"
    assert browser.evaluate(connection) == ""
    device.is_gone = True
    for request in device.waiting:
        browser.refuse(request)
    device.waiting.clear()
    browser.wait_until(f"{connection}.startsWith('The device does not answer.')")
    device.is_gone = False
    device.change(Status="1")
    browser.wait_until(f"{_cell('Status')} === 'on'")
    assert browser.evaluate(connection) == ""


def test_a_hidden_page_leaves_the_device_at_rest(device: PlayedDevice) -> None:
    browser = device.browser
    hide = (
        "Object.defineProperty(document, 'hidden', {{ value: {}, configurable: true }});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    browser.evaluate(hide.format("true"))
    polls = device.count("/jambon/state")
    device.change(Status="1")  # this answers the poll that waited, but the page has given it up
    browser.pump(1)
    assert device.count("/jambon/state") == polls
    assert browser.evaluate(_cell("Status")) == "off"
    browser.evaluate(hide.format("false"))
    browser.wait_until(f"{_cell('Status')} === 'on'")


def test_a_page_of_an_older_configuration_is_loaded_anew_once(device: PlayedDevice) -> None:
    browser = device.browser
    device.config_id, device.config_of_page = 2, 1  # a device that contradicts itself must not keep the page loading
    device.change(Status="1")
    browser.pump_until(lambda: device.count("/") == 2)
    device.change(Level="3")
    browser.wait_until(f"document.querySelector('tr') && {_cell('Level')} === '3'")
    device.wait_for_poll()
    assert device.count("/") == 2


def test_a_state_that_always_changes_is_asked_for_ten_times_a_second_at_most(device: PlayedDevice) -> None:
    before = device.count("/jambon/state")
    for level in range(100):
        device.change(Level=str(level))
        device.browser.pump(0.01)
    device.browser.wait_until(f"{_cell('Level')} === '99'")
    assert device.count("/jambon/state") - before <= device.browser.evaluate("performance.now()") / 100


def test_another_site_cannot_frame_the_page(device: PlayedDevice) -> None:
    device.requests.clear()
    device.browser.open(f"{EVIL}/")
    device.browser.pump(0.5)
    assert device.count("/page.js") == device.count("/jambon/state") == 0
    assert [request.url for request in device.requests if request.url == f"{ORIGIN}/"] != []  # it has tried


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_a_finger(device: PlayedDevice, scheme: str) -> None:
    browser = device.browser
    browser.prefer(prefers_color_scheme=scheme)
    browser.resize(360, 740)
    assert browser.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    targets = "[...document.querySelectorAll('button, input, select, textarea')]"
    sizes = f"{targets}.map((target) => target.getBoundingClientRect()).map((box) => Math.min(box.height, box.width))"
    assert min(browser.evaluate(sizes)) >= 44
    background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(245, 247, 250)", "dark": "rgb(22, 26, 33)"}[scheme]
