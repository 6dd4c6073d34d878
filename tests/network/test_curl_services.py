"""A person with curl: calls an action, subscribes, renews and unsubscribes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.calling import Endpoint, envelope, find_services
from tests.network.scenes import Scene
from tests.network.subscriber import open_subscriber

pytestmark = pytest.mark.interop

# as a person types it: on one line, with single quotes, and without a declaration
SET_TARGET = (
    "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' "
    "s:encodingStyle='http://schemas.xmlsoap.org/soap/encoding/'><s:Body>"
    "<u:SetTarget xmlns:u='urn:schemas-upnp-org:service:SwitchPower:1'><newTargetValue>{}</newTargetValue>"
    "</u:SetTarget></s:Body></s:Envelope>"
)


@pytest.fixture
def switch(every_type: Scene) -> Iterator[Endpoint]:
    """The switch, whose subscriptions end with the test."""
    service = find_services(every_type.pair.asker, every_type.served.location)["SwitchPower"]
    yield service
    service.end_subscriptions()


def _curl(service: Endpoint, curl: str, *arguments: str) -> str:
    done = service.host.run(curl, "--silent", "--show-error", "--include", "--max-time", "20", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _header(answer: str, name: str) -> str:
    match = re.search(rf"^{name}: *(.*?)\r?$", answer, re.MULTILINE | re.IGNORECASE)
    assert match is not None, answer
    return match[1]


@pytest.mark.parametrize(
    "options",
    [
        ["--header", "Content-Type: text/xml"],
        ["--header", 'Content-Type: text/xml; charset="utf-8"'],
        ["--header", "Content-Type: text/xml", "--http1.0"],
        ["--header", "Content-Type: text/xml", "--header", "Transfer-Encoding: chunked"],
        ["--header", "Content-Type: text/xml", "--header", "Expect: 100-continue"],
    ],
    ids=["plain", "charset", "HTTP/1.0", "chunked", "100-continue"],
)
@pytest.mark.parametrize("quote", ['"', ""], ids=["quoted", "unquoted"])
def test_curl_calls_an_action(options: list[str], quote: str, switch: Endpoint, curl: str) -> None:
    soapaction = f"SOAPACTION: {quote}{switch.service_type}#SetTarget{quote}"
    for value in ("1", "0"):
        call = [*options, "--header", soapaction, "--data", SET_TARGET.format(value), switch.control_url]
        answer = _curl(switch, curl, *call)
        assert re.match(r"(HTTP/1.1 100 [A-Za-z]*\r?\n\r?\n)?HTTP/1\.[01] 200 OK\r?\n", answer), answer
        assert "SetTargetResponse" in answer
        assert switch.get("GetStatus") == value


def test_curl_calls_an_action_from_a_file(switch: Endpoint, curl: str, tmp_path: Path) -> None:
    call = tmp_path / "call.xml"
    call.write_bytes(envelope(switch.service_type, "GetStatus", {}))
    headers = ["-H", "Content-Type: text/xml", "-H", f'SOAPACTION: "{switch.service_type}#GetStatus"']
    answer = _curl(switch, curl, *headers, "--data-binary", f"@{call}", switch.control_url)
    assert "<ResultStatus>" in answer


def test_curl_is_told_that_it_has_forgotten_the_content_type(switch: Endpoint, curl: str) -> None:
    header = f'SOAPACTION: "{switch.service_type}#SetTarget"'
    answer = _curl(switch, curl, "--header", header, "--data", SET_TARGET.format(1), switch.control_url)
    assert answer.startswith("HTTP/1.1 415 ")


def test_curl_subscribes_renews_and_unsubscribes(switch: Endpoint, curl: str) -> None:
    switch.call("SetTarget", {"newTargetValue": "0"})
    with open_subscriber(switch.host, "10.77.0.2") as subscriber:
        new = ["-H", f"CALLBACK: <http://{subscriber.authority}/>", "-H", "NT: upnp:event"]
        answer = _curl(switch, curl, "-X", "SUBSCRIBE", *new, "-H", "TIMEOUT: Second-300", switch.event_url)
        assert answer.startswith("HTTP/1.1 200 OK")
        assert _header(answer, "timeout") == "Second-300"
        sid = _header(answer, "sid")
        (first,) = subscriber.wait_for(1)
        assert (first.headers["SID"], first.values) == (sid, {"Status": "0"})
        renewed = _curl(switch, curl, "-X", "SUBSCRIBE", "-H", f"SID: {sid}", switch.event_url)
        assert (_header(renewed, "sid"), _header(renewed, "timeout")) == (sid, "Second-1800")
        switch.call("SetTarget", {"newTargetValue": "1"})
        assert subscriber.wait_for(2)[1].values == {"Status": "1"}
        ended = _curl(switch, curl, "-X", "UNSUBSCRIBE", "-H", f"SID: {sid}", switch.event_url)
        assert ended.startswith("HTTP/1.1 200 OK")
        again = _curl(switch, curl, "-X", "SUBSCRIBE", "-H", f"SID: {sid}", switch.event_url)
        assert again.startswith("HTTP/1.1 412 Precondition Failed")


def test_curl_follows_a_head_and_a_get_of_the_event_url_with_405(switch: Endpoint, curl: str) -> None:
    answer = _curl(switch, curl, switch.event_url)
    assert answer.startswith("HTTP/1.1 405 ")
    assert _header(answer, "allow") == "SUBSCRIBE, UNSUBSCRIBE"
