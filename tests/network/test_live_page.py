"""The light's page in a real browser beside a real control point: a change on either side is seen on the other."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest

from tests.network.browser import Browser, open_browser
from tests.network.calling import Endpoint, find_services
from tests.network.fetching import fetch
from tests.network.namespaces import LINK, Namespace
from tests.network.processes import Program
from tests.network.scenes import ASKER_ADDRESS, Pair
from tests.network.served import Served, open_served

pytestmark = pytest.mark.interop

STRANGER_PORT = 8000
SWITCH = "form[data-action=SetTarget]"
LEVEL = "form[data-action=SetLoadLevelTarget]"
STATUS = "document.querySelector('tr[data-variable=Status] td').textContent"
GLOBAL, GLOBAL_ASKER = "2001:db8:77::1", "2001:db8:77::2"


@pytest.fixture
def browser(pair: Pair, chromium: str, tmp_path: Path) -> Iterator[Browser]:
    """A browser on the asker's host."""
    with open_browser(pair.asker.command(chromium), tmp_path / "profile") as browser:
        yield browser


@pytest.fixture
def light(pair: Pair) -> Iterator[Served]:
    """The light, as anyone tries it."""
    with open_served(pair.device, "demo", "light", "--ipv4-only") as served:
        yield served


def _page_url(asker: Namespace, location: str) -> str:
    """The device's presentationURL, or "" if it has none."""
    description = ElementTree.fromstring(fetch(asker, location).body)
    path = description.findtext(".//{urn:schemas-upnp-org:device-1-0}presentationURL")
    return urljoin(location, path) if path else ""


def _open_page(browser: Browser, pair: Pair, location: str) -> None:
    browser.open(_page_url(pair.asker, location))


def _switch(pair: Pair, location: str) -> Endpoint:
    return find_services(pair.asker, location)["SwitchPower"]


@contextmanager
def _subscription(pair: Pair, upnp_client: str, location: str) -> Iterator[Program]:
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with Program(pair.asker.command(upnp_client, "subscribe", location, "SwitchPower"), env=env) as listening:
        _wait_for_events(listening, [False])
        yield listening


def _wait_for_events(listening: Program, expected: list[bool]) -> None:
    def is_there(output: str) -> bool:
        events = [json.loads(line) for line in output.splitlines() if line.endswith("}")]
        return [event["state_variables"]["Status"] for event in events] == expected

    listening.wait_until(is_there, f"the events {expected}")


def test_the_switch_is_flipped_on_the_page_and_a_subscriber_sees_it(
    pair: Pair, light: Served, browser: Browser, upnp_client: str
) -> None:
    _open_page(browser, pair, light.location)
    with _subscription(pair, upnp_client, light.location) as listening:
        browser.click(f"{SWITCH} input[type=checkbox]")
        browser.click(f"{SWITCH} button")
        _wait_for_events(listening, [False, True])
        browser.wait_until(f"{STATUS} === 'on'")
        # and back by keyboard alone
        browser.evaluate(f"document.querySelector('{SWITCH} input[type=checkbox]').focus()")
        browser.press(" ")
        browser.press("Tab")
        browser.press("Enter")
        _wait_for_events(listening, [False, True, False])
        browser.wait_until(f"{STATUS} === 'off'")


def test_a_call_of_a_control_point_is_seen_on_the_page_without_a_reload(
    pair: Pair, light: Served, browser: Browser, upnp_client: str
) -> None:
    _open_page(browser, pair, light.location)
    browser.evaluate("document.mark = window.mark = 'the same document'")
    assert browser.evaluate(STATUS) == "off"
    done = pair.asker.run(upnp_client, "call-action", light.location, "SwitchPower/SetTarget", "newTargetValue=1")
    assert (done.returncode, done.stderr) == (0, "")
    browser.wait_until(f"{STATUS} === 'on'")
    assert browser.evaluate(f"document.querySelector('{SWITCH} input').checked") is True
    assert browser.evaluate("[document.mark, window.mark]") == ["the same document"] * 2


def test_the_fault_of_a_value_out_of_range_is_shown_beside_its_form(
    pair: Pair, light: Served, browser: Browser
) -> None:
    _open_page(browser, pair, light.location)
    number = f"document.querySelector('{LEVEL} input[type=number]')"
    # the browser itself would not send it, as the field has the bounds of the variable
    browser.evaluate(f"{number}.removeAttribute('max'); {number}.value = '101'")
    browser.click(f"{LEVEL} button")
    fault = f"document.querySelector('{LEVEL} .fault')"
    browser.wait_until(f"{fault}?.textContent.startsWith('Error 601: ')")
    assert browser.evaluate(f"{fault}.checkVisibility()") is True
    assert browser.evaluate("document.querySelectorAll('.fault').length") == 1


def test_a_browser_does_not_send_a_value_that_the_form_rules_out(pair: Pair, light: Served, browser: Browser) -> None:
    _open_page(browser, pair, light.location)
    browser.evaluate(f"document.querySelector('{LEVEL} input[type=number]').value = '101'")
    browser.click(f"{LEVEL} button")
    browser.click(f"{SWITCH} button")
    browser.wait_until(f"document.querySelector('{SWITCH} .message').textContent === 'Done.'")
    assert browser.evaluate(f"document.querySelector('{LEVEL} .message').textContent") == ""


def test_a_page_that_is_read_only_has_values_alone_and_may_not_call(
    pair: Pair, browser: Browser, upnp_client: str
) -> None:
    with open_served(pair.device, "demo", "light", "--ipv4-only", "--presentation", "read-only") as served:
        _open_page(browser, pair, served.location)
        assert browser.evaluate("document.querySelectorAll('form, input, button').length") == 0
        switch = _switch(pair, served.location)
        assert _posted(browser, switch, "text/xml") == 403
        assert switch.get("GetStatus") == "0"
        # a control point may
        done = pair.asker.run(upnp_client, "call-action", served.location, "SwitchPower/SetTarget", "newTargetValue=1")
        assert (done.returncode, done.stderr) == (0, "")
        browser.wait_until(f"{STATUS} === 'on'")


def test_there_is_no_page_where_it_is_off(pair: Pair) -> None:
    with open_served(pair.device, "demo", "light", "--ipv4-only", "--presentation", "off") as served:
        assert _page_url(pair.asker, served.location) == ""
        front = fetch(pair.asker, urljoin(served.location, "/"))
        assert b"<form" not in front.body
        assert b"<script" not in front.body
        headers = {"Origin": f"http://{pair.device_address}:{served.port}"}
        switch = _switch(pair, served.location)
        assert fetch(pair.asker, switch.control_url, method="POST", headers=headers, body=b"").status == 403


@pytest.mark.parametrize("content_type", ["text/plain", "text/xml"])
def test_a_page_of_another_origin_reaches_no_action(
    pair: Pair, light: Served, browser: Browser, content_type: str
) -> None:
    switch = _switch(pair, light.location)
    with _stranger(pair.asker, "<p>A stranger") as stranger:
        browser.open(stranger)
        assert browser.evaluate("location.origin") == f"http://{ASKER_ADDRESS}:{STRANGER_PORT}"
        for mode in ("cors", "no-cors"):
            assert _posted(browser, switch, content_type, mode=mode) in ("TypeError", 0)
        assert browser.evaluate(_form_post(switch)) is None
        # the form's answer replaces the page
        browser.wait_until("document.readyState === 'complete' && location.port !== '8000'")
    assert switch.get("GetStatus") == "0"


def test_a_page_of_another_origin_cannot_frame_the_page(pair: Pair, light: Served, browser: Browser) -> None:
    page = _page_url(pair.asker, light.location)
    with _stranger(pair.asker, f'<iframe src="{page}" onload="document.title = `loaded`"></iframe>') as stranger:
        browser.open(stranger)
        browser.wait_until("document.title === 'loaded'")
        browser.enter_frame()
        assert browser.evaluate("document.URL") == "chrome-error://chromewebdata/"
        assert browser.evaluate("document.querySelectorAll('form').length") == 0


def test_the_page_lives_on_a_global_address_of_ipv6(pair: Pair, browser: Browser) -> None:
    for host, address in ((pair.device, GLOBAL), (pair.asker, GLOBAL_ASKER)):
        host.ip("address", "add", f"{address}/64", "dev", LINK, "nodad")
    with open_served(pair.device, "demo", "light") as served:
        (location,) = [location for location in served.locations if f"//[{GLOBAL}]:" in location]
        _open_page(browser, pair, location)
        assert browser.evaluate("location.hostname") == f"[{GLOBAL}]"
        browser.click(f"{SWITCH} input[type=checkbox]")
        browser.click(f"{SWITCH} button")
        browser.wait_until(f"{STATUS} === 'on'")
        assert _switch(pair, location).get("GetStatus") == "1"


def _posted(browser: Browser, switch: Endpoint, content_type: str, mode: str = "cors") -> object:
    """The status that a script sees that wants to switch the light on, or the name of the error."""
    headers = {"Content-Type": content_type}
    if mode == "cors" and content_type == "text/xml":
        headers["SOAPACTION"] = f'"{switch.service_type}#SetTarget"'
    options = {"method": "POST", "mode": mode, "headers": headers, "body": _switching_on(switch)}
    url = json.dumps(switch.control_url)
    return browser.evaluate(
        f"fetch({url}, {json.dumps(options)}).then((response) => response.status, (error) => error.name)"
    )


def _form_post(switch: Endpoint) -> str:
    """A script that sends such a call by a form, which no preflight goes before."""
    before, _, after = _switching_on(switch).partition("=")
    return f"""
        (() => {{
            const form = document.createElement("form");
            Object.assign(form, {{
                method: "post", enctype: "text/plain", action: {json.dumps(switch.control_url)}
            }});
            const input = document.createElement("input");
            Object.assign(input, {{ name: {json.dumps(before)}, value: {json.dumps(after)} }});
            form.append(input);
            document.body.append(form);
            form.submit();
        }})()
    """


def _switching_on(switch: Endpoint) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<u:SetTarget xmlns:u="{switch.service_type}"><newTargetValue>1</newTargetValue></u:SetTarget>'
        "</s:Body></s:Envelope>"
    )


@contextmanager
def _stranger(host: Namespace, document: str) -> Iterator[str]:
    """A web server on *host* whose only page is *document*; gives its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(document.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    with host.inside(lambda: http.server.ThreadingHTTPServer((ASKER_ADDRESS, STRANGER_PORT), Handler)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{ASKER_ADDRESS}:{STRANGER_PORT}/"
        finally:
            server.shutdown()
            thread.join()
