"""The device's documents over HTTP: by curl, by the very requests of Windows, and every URL that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pytest

from tests.network.fetching import Answer, fetch, open_stream, read_answer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.network.scenes import Scene

pytestmark = pytest.mark.interop

DEVICE = {"": "urn:schemas-upnp-org:device-1-0"}
SCPD = {"": "urn:schemas-upnp-org:service-1-0"}
CONTROL = {"": "urn:schemas-upnp-org:control-1-0"}

# What Windows' Function Discovery (FDSSDP) sends after it has found a device, as seen on the wire.
WINDOWS_REQUEST = (
    "GET {path} HTTP/1.1\r\n"
    "Cache-Control: no-cache\r\n"
    "Connection: Keep-Alive\r\n"
    "Pragma: no-cache\r\n"
    "Accept: text/xml, application/xml\r\n"
    "User-Agent: FDSSDP\r\n"
    "Host: {host}\r\n"
    "\r\n"
)


def _check_description(answer: Answer, friendly_name: str = "Jambon 3000") -> ElementTree.Element:
    assert answer.status == 200
    assert answer.headers["Content-Type"] == 'text/xml; charset="utf-8"'
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "{urn:schemas-upnp-org:device-1-0}root"
    assert root.findtext("device/friendlyName", namespaces=DEVICE) == friendly_name
    return root


def test_curl_fetches_twice_over_one_connection(jambon: Scene, curl: str, tmp_path: Path) -> None:
    first, second, url = tmp_path / "first.xml", tmp_path / "second.xml", jambon.served.location
    each = "%{http_code} %{num_connects} %{content_type}\n"
    wanted = ["--output", str(first), url, "--output", str(second), url]
    done = jambon.pair.asker.run(curl, "--silent", "--show-error", "--verbose", "--write-out", each, *wanted)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        '200 1 text/xml; charset="utf-8"',
        '200 0 text/xml; charset="utf-8"',
    ]
    assert first.read_bytes() == second.read_bytes()
    assert ElementTree.parse(first).getroot().tag == "{urn:schemas-upnp-org:device-1-0}root"


def test_windows_gets_the_description_and_keeps_its_connection(jambon: Scene) -> None:
    parts = urlsplit(jambon.served.location)
    request = WINDOWS_REQUEST.format(path=parts.path, host=parts.netloc).encode()
    with open_stream(jambon.pair.asker, jambon.served.location) as stream:
        stream.sendall(request)
        first = read_answer(stream)
        _check_description(first)
        assert first.headers.get("Connection", "keep-alive").lower() == "keep-alive"
        stream.sendall(request)
        assert read_answer(stream).body == first.body


def test_every_url_that_the_description_names_answers(jambon: Scene) -> None:
    location = jambon.served.location
    root = _check_description(fetch(jambon.pair.asker, location))
    icons = root.findall(".//icon", DEVICE)
    for icon in icons:
        answer = fetch(jambon.pair.asker, urljoin(location, icon.findtext("url", "", DEVICE)))
        assert answer.status == 200
        assert answer.headers["Content-Type"] == icon.findtext("mimetype", namespaces=DEVICE) == "image/png"
        assert answer.body.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(icons) == 2
    page = fetch(jambon.pair.asker, urljoin(location, root.findtext("device/presentationURL", "", DEVICE)))
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("scene", "services"), [("jambon", 1), ("gateway", 3)])
def test_every_service_has_its_scpd_and_a_control_url_that_refuses_unknown_actions(
    scene: str, services: int, request: pytest.FixtureRequest
) -> None:
    served: Scene = request.getfixturevalue(scene)
    location, asker = served.served.location, served.pair.asker
    description = ElementTree.fromstring(fetch(asker, location).body)
    found = description.findall(".//service", DEVICE)
    assert len(found) == services
    for service in found:
        scpd = fetch(asker, urljoin(location, service.findtext("SCPDURL", "", DEVICE)))
        assert scpd.status == 200
        assert scpd.headers["Content-Type"] == 'text/xml; charset="utf-8"'
        table = ElementTree.fromstring(scpd.body)
        assert table.tag == "{urn:schemas-upnp-org:service-1-0}scpd"
        assert table.findall("serviceStateTable/stateVariable/name", SCPD)

        service_type = service.findtext("serviceType", "", DEVICE)
        called = fetch(
            asker,
            urljoin(location, service.findtext("controlURL", "", DEVICE)),
            method="POST",
            headers={"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": f'"{service_type}#Trancher"'},
            body=_envelope(service_type, "Trancher"),
        )
        assert called.status == 500
        assert called.headers["Content-Type"] == 'text/xml; charset="utf-8"'
        fault = ElementTree.fromstring(called.body)
        assert fault.findtext(".//UPnPError/errorCode", namespaces=CONTROL) == "401"

        event_sub_url = service.find("eventSubURL", DEVICE)
        assert event_sub_url is not None
        assert not event_sub_url.text


def _envelope(service_type: str, action: str) -> bytes:
    return (
        '<?xml version="1.0"?>\n'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">\n'
        f'<s:Body><u:{action} xmlns:u="{service_type}"/></s:Body>\n</s:Envelope>\n'
    ).encode()
