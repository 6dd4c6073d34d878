"""Fetching a device's documents: its own, its services' and its icons, from its own address and within bounds."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import trio

from tests.controlpoint.clients import LOCATION, SERVED, ScriptedClient, open_client
from tests.server.acting import Oven, served
from tests.server.scenes import LoneHost
from upnp_trio import Device, Icon, RootDevice, Service, parse_description, render_description
from upnp_trio.controlpoint.describing import (
    FILES_SECONDS,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_FORGIVEN_OF_DEVICE,
    MAX_ICON_BYTES,
    describe_at,
)
from upnp_trio.controlpoint.remote import RemoteDevice
from upnp_trio.documents.publication import publish
from upnp_trio.documents.xml import MAX_DOCUMENT_BYTES
from upnp_trio.errors import DescriptionError, RequestFailed, UnsafeUrl
from upnp_trio.http.client import HttpAnswer
from upnp_trio.http.fetch_slots import MAX_FETCHES_OF_ONE_PEER
from upnp_trio.model.literal_url import LiteralUrl
from upnp_trio.server.identity import with_udns

SCPD = (Path(__file__).parents[1] / "documents" / "scpd_samples" / "switch_power.xml").read_bytes()
AT = "http://192.0.2.7:49152"
ICON = Icon(mimetype="image/png", width=48, height=48, depth=24, url="icon.png")


def service(
    name: str = "SwitchPower",
    scpd_url: str = "scpd.xml",
    control_url: str = "/control",
    event_sub_url: str = "/events",
) -> Service:
    return Service(
        service_type=f"urn:schemas-upnp-org:service:{name}:1",
        service_id=f"urn:upnp-org:serviceId:{name}",
        scpd_url=scpd_url,
        control_url=control_url,
        event_sub_url=event_sub_url,
    )


LAMP = RootDevice(
    device_type="urn:schemas-upnp-org:device:BinaryLight:1",
    friendly_name="Lamp",
    manufacturer="Example",
    model_name="Lamp",
    udn="uuid:38323636-4558-4dda-9188-cda0e6000001",
    spec_version=(1, 0),
    icons=[ICON],
    services=[service()],
)


def client_of(device: RootDevice, **pages: object) -> ScriptedClient:
    """A client for which *device* is at `LOCATION`, with its files beside it."""
    files = {"scpd.xml": SCPD, "icon.png": b"\x89PNG"} | pages
    return ScriptedClient(
        {LOCATION.text: render_description(device)} | {f"{AT}/device/{name}": page for name, page in files.items()}
    )


async def describe(client: ScriptedClient, *, contents: bool = True) -> RemoteDevice:
    return await describe_at(client, LOCATION, SERVED, contents=contents)


async def test_a_device_comes_with_its_services_and_icons() -> None:
    client = client_of(LAMP)
    device = await describe(client)
    assert (device.location, device.forgiven, device.document) == (LOCATION, (), render_description(LAMP))
    assert device.icons[0].data == b"\x89PNG"
    assert device.services[0].scpd == SCPD
    assert [action.name for action in device.service("SwitchPower").description.actions] == [
        "SetTarget",
        "GetTarget",
        "GetStatus",
    ]
    first, *others = [sent.url for sent in client.sent]
    assert first == LOCATION.text
    assert sorted(others) == [f"{AT}/device/icon.png", f"{AT}/device/scpd.xml"]  # side by side
    assert {sent.method for sent in client.sent} == {"GET"}


async def test_what_was_fetched_is_a_root_device_like_any_other() -> None:
    device = await describe(client_of(LAMP))
    assert parse_description(render_description(device)) == LAMP
    assert publish(with_udns(device, "test")).root.friendly_name == "Lamp"
    assert attrs.evolve(device, friendly_name="Other").location == LOCATION
    assert repr(device).count("PNG") == 0


async def test_the_description_alone_is_fetched_if_that_is_all_that_is_wanted() -> None:
    client = client_of(LAMP)
    device = await describe(client, contents=False)
    assert len(client.sent) == 1
    assert device.services[0].scpd is None
    with pytest.raises(DescriptionError, match="the actions of SwitchPower are not known: its SCPD was not fetched"):
        device.service("SwitchPower").description  # noqa: B018


@pytest.mark.parametrize(
    ("page", "error", "message"),
    [
        (404, RequestFailed, "the device answered with status 404"),
        (RequestFailed("refused"), RequestFailed, "refused"),
        (b"status=ok", DescriptionError, "not well-formed"),
        (b"<html/>", DescriptionError, "<html> is not a UPnP description"),
        (b" " * (MAX_DOCUMENT_BYTES + 1), RequestFailed, "more than 1048576 bytes"),
    ],
)
async def test_without_its_description_there_is_no_device(page: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        await describe(ScriptedClient({LOCATION.text: page}))


async def test_what_was_overlooked_in_the_answer_is_said() -> None:
    client = client_of(LAMP)
    client.pages[LOCATION.text] = HttpAnswer(200, body=render_description(LAMP), forgiven=("lines end in LF alone",))
    device = await describe(client)
    assert device.forgiven == ("in the answer of the device: lines end in LF alone",)


# --- URLs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url_base", "version", "scpd_url", "expected", "forgiven"),
    [
        (None, (1, 0), "scpd.xml", "/device/scpd.xml", []),
        (None, (1, 0), "/scpd.xml?a=1&b=2", "/scpd.xml?a=1&b=2", []),
        (None, (1, 0), "a b/é.xml", "/device/a%20b/%C3%A9.xml", []),
        (None, (1, 0), "http://192.0.2.7:49152/x.xml", "/x.xml", []),
        ("http://192.0.2.7:49152/base/", (1, 0), "scpd.xml", "/base/scpd.xml", []),
        ("http://192.0.2.7:49152", (1, 0), "scpd.xml", "/scpd.xml", []),
        ("/base/", (1, 0), "scpd.xml", "/base/scpd.xml", []),
        ("/base/", (1, 1), "scpd.xml", "/base/scpd.xml", ["URLBase is used, which UDA 1.1 forbids"]),
        (
            "http://192.0.2.66/",
            (1, 0),
            "scpd.xml",
            "/device/scpd.xml",
            ["URLBase is not used: 'http://192.0.2.66/' leads to 192.0.2.66, away from 192.0.2.7"],
        ),
        (
            "http://lamp.example/",
            (1, 0),
            "scpd.xml",
            "/device/scpd.xml",
            ["URLBase is not used: 'http://lamp.example/' is not http:// with a literal address"],
        ),
    ],
)
async def test_urls_are_relative_to_url_base_or_to_the_description(
    url_base: str | None, version: tuple[int, int], scpd_url: str, expected: str, forgiven: list[str]
) -> None:
    lamp = attrs.evolve(
        LAMP, icons=[], url_base=url_base, spec_version=version, services=[service(scpd_url=scpd_url, control_url="c")]
    )
    client = client_of(lamp)
    client.pages[f"{AT}{expected}"] = SCPD
    device = await describe(client)
    assert list(device.forgiven) == forgiven
    assert [sent.url for sent in client.sent[1:]] == [f"{AT}{expected}"]
    base = expected.partition("?")[0].rpartition("/")[0] if scpd_url == "scpd.xml" else "/device"
    assert device.service("SwitchPower").control_url.text == f"{AT}{base}/c"


async def test_url_base_may_have_another_port() -> None:
    lamp = attrs.evolve(LAMP, icons=[], url_base="http://192.0.2.7:8080/")
    client = client_of(lamp)
    client.pages["http://192.0.2.7:8080/scpd.xml"] = SCPD
    device = await describe(client)
    assert device.forgiven == ()
    assert device.service("SwitchPower").event_sub_url.text == "http://192.0.2.7:8080/events"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://www.google.com/cast", "'http://www.google.com/cast' is not http:// with a literal address"),
        ("http://169.254.169.254/latest/meta-data", "leads to 169.254.169.254, away from 192.0.2.7"),
        ("http://127.0.0.1/", "leads to 127.0.0.1, away from 192.0.2.7"),
        ("//198.51.100.1/", "leads to 198.51.100.1, away from 192.0.2.7"),
        ("https://192.0.2.7/", "is not http:// with a literal address"),
        ("file:///etc/passwd", "is not http:// with a literal address"),
        ("http://192.0.2.7:0/", "has the port 0"),
        ("http://[", "Invalid IPv6 URL"),
        ("/" + "a" * 2000, "characters; at most 1024 are read"),
    ],
)
async def test_no_document_sends_us_to_another_host(url: str, reason: str) -> None:
    icon = attrs.evolve(ICON, url=url)
    lamp = attrs.evolve(LAMP, icons=[icon], services=[service(scpd_url=url, control_url=url, event_sub_url=url)])
    client = client_of(lamp)
    device = await describe(client)
    assert [sent.url for sent in client.sent] == [LOCATION.text]
    scpd, picture = device.forgiven
    assert scpd.startswith("the SCPD of SwitchPower is missing: it is not fetched: ")
    assert picture.startswith("the icon ")
    assert len(url) > 200 or (reason in scpd and reason in picture)
    found = device.service("SwitchPower")
    with pytest.raises(UnsafeUrl, match="the controlURL of SwitchPower is not used: "):
        found.control_url  # noqa: B018
    with pytest.raises(UnsafeUrl, match="the eventSubURL of SwitchPower is not used: "):
        found.event_sub_url  # noqa: B018


async def test_empty_urls_lead_nowhere() -> None:
    # OpenCCU #3226: resolved, they would lead to the description itself
    lamp = attrs.evolve(LAMP, icons=[], services=[service(scpd_url="", control_url="", event_sub_url="")])
    client = client_of(lamp)
    device = await describe(client)
    assert len(client.sent) == 1
    assert device.forgiven == (
        "the service 'urn:schemas-upnp-org:service:SwitchPower:1' has no SCPDURL",
        "the service 'urn:schemas-upnp-org:service:SwitchPower:1' has no controlURL",
    )
    with pytest.raises(UnsafeUrl, match="SwitchPower has no eventSubURL"):
        device.service("SwitchPower").event_sub_url  # noqa: B018


@pytest.mark.parametrize("given", ["http://[fe80::1%25eth0]:80/d.xml", "http://[fe80::1]/d.xml"])
async def test_a_link_local_device_is_asked_in_its_zone(given: str) -> None:
    location = LiteralUrl.parse(given)
    client = ScriptedClient({"http://[fe80::1%25eth0]:80/d.xml": render_description(LAMP)})
    device = await describe_at(client, location, SERVED)
    assert device.location == location
    assert device.location.text == "http://[fe80::1%25eth0]:80/d.xml"
    assert {sent.url for sent in client.sent[1:]} == {
        "http://[fe80::1%25eth0]:80/scpd.xml",
        "http://[fe80::1%25eth0]:80/icon.png",
    }


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (404, f"GET {AT}/device/scpd.xml: the device answered with status 404"),
        (RequestFailed("connection refused"), "connection refused"),
        (b"<html/>", "<html> is not a service description: UDA §2.5 wants <scpd>"),
        (b"<!DOCTYPE a><scpd/>", "the document has a DOCTYPE or entities, which UPnP has no use for"),
        (b"", "line 1, column 1: not well-formed XML (no element found)"),
    ],
)
async def test_a_service_without_a_description_does_not_fail_the_device(page: object, reason: str) -> None:
    device = await describe(client_of(LAMP, **{"scpd.xml": page}))
    assert device.forgiven == (f"the SCPD of SwitchPower is missing: {reason}",)
    assert device.services[0].scpd is None
    assert device.icons[0].data == b"\x89PNG"
    with pytest.raises(DescriptionError) as caught:
        await device.service("SwitchPower").call("GetTarget")
    assert str(caught.value) == (
        f"the actions of SwitchPower are not known: the SCPD of SwitchPower is missing: {reason}"
    )


async def test_a_missing_icon_does_not_fail_the_device() -> None:
    device = await describe(client_of(LAMP, **{"icon.png": 404}))
    assert device.icons[0].data is None
    assert device.forgiven == (
        f"the icon icon.png is missing: GET {AT}/device/icon.png: the device answered with status 404",
    )


async def test_flaws_of_all_documents_are_named() -> None:
    lamp = attrs.evolve(LAMP, model_name="")
    device = await describe(client_of(lamp, **{"scpd.xml": SCPD.replace(b"boolean", b"bool", 1)}))
    assert device.forgiven == (
        "modelName is missing",
        "the SCPD of SwitchPower: the state variable Target has the data type 'bool'; it is read as string",
    )


async def test_a_file_that_several_name_is_fetched_once() -> None:
    embedded = Device(
        device_type="urn:x:device:Inner:1",
        friendly_name="Inner",
        manufacturer="Example",
        model_name="Inner",
        udn="uuid:inner",
        icons=[attrs.evolve(ICON, url="/device/icon.png")],
        services=[service("Inner", scpd_url="../device/scpd.xml")],
    )
    client = client_of(attrs.evolve(LAMP, devices=[embedded], services=[service(), service("Other")]))
    device = await describe(client)
    assert len(client.sent) == 3
    assert [each.service.scpd for each in device.services_of_all()] == [SCPD] * 3
    assert [each.icons[0].data for each in device.walk()] == [b"\x89PNG"] * 2
    assert device.devices[0].services[0].scpd_url == "../device/scpd.xml"


# --- bounds ----------------------------------------------------------------------------------------------------------


def icons(count: int) -> RootDevice:
    return attrs.evolve(LAMP, services=[], icons=[attrs.evolve(ICON, url=f"{number}.png") for number in range(count)])


async def test_no_device_has_us_fetch_any_number_of_files() -> None:
    device = icons(MAX_FILES + 50)
    client = client_of(device, **{f"{number}.png": b"x" for number in range(MAX_FILES + 50)})
    described = await describe(client)
    assert len(client.sent) == 1 + MAX_FILES
    assert described.icons[MAX_FILES - 1].data == b"x"
    assert described.icons[MAX_FILES].data is None
    assert described.forgiven[0] == f"the icon {MAX_FILES}.png is missing: the device has more than {MAX_FILES} files"


async def test_no_device_has_us_fetch_any_number_of_bytes() -> None:
    device = icons(20)
    client = client_of(device, **{f"{number}.png": bytes(MAX_ICON_BYTES) for number in range(20)})
    described = await describe(client)
    held = sum(len(icon.data or b"") for icon in described.icons)
    assert held == MAX_FILE_BYTES
    assert len(client.sent) == 1 + MAX_FILE_BYTES // MAX_ICON_BYTES
    assert described.forgiven[-1].endswith(f"is missing: the device's other files have {MAX_FILE_BYTES} bytes")


async def test_files_that_are_too_long_use_up_the_bytes_and_missing_ones_do_not() -> None:
    count = 2 * MAX_FILE_BYTES // MAX_ICON_BYTES
    client = client_of(icons(count), **{f"{number}.png": bytes(MAX_ICON_BYTES + 1) for number in range(count)})
    await describe(client)
    assert len(client.sent) == 1 + MAX_FILE_BYTES // MAX_ICON_BYTES
    client = client_of(icons(count))
    await describe(client)
    assert len(client.sent) == 1 + count


async def test_a_slow_device_is_given_up_in_time(autojump_clock: trio.testing.MockClock) -> None:
    count = 40
    client = client_of(icons(count), **{f"{number}.png": (8.0, b"x") for number in range(count)})
    device = await describe(client)
    assert trio.current_time() == FILES_SECONDS
    assert client.most_running == MAX_FETCHES_OF_ONE_PEER
    assert sum(icon.data is not None for icon in device.icons) == 6
    assert "the icon 6.png is missing: the device's files took more than 30 seconds" in device.forgiven


async def test_files_are_fetched_side_by_side(autojump_clock: trio.testing.MockClock) -> None:
    client = client_of(icons(10), **{f"{number}.png": (1.0, b"x") for number in range(10)})
    await describe(client)
    assert trio.current_time() == 10 / MAX_FETCHES_OF_ONE_PEER


async def test_what_is_said_of_a_device_is_bounded_and_harmless() -> None:
    odd = "".join(f"<action><name>A{number}\u202e</name></action>" * 2 for number in range(100)).encode()
    scpd = b"<scpd><actionList>%s</actionList></scpd>" % odd
    services = [service(f"S{number}", scpd_url=f"{number}.xml") for number in range(20)]
    client = client_of(
        attrs.evolve(LAMP, services=services), **{f"{n}.xml": scpd + b"<!-- %d -->" % n for n in range(20)}
    )
    device = await describe(client)
    assert len(device.forgiven) == MAX_FORGIVEN_OF_DEVICE + 1
    assert all(sentence.isprintable() and len(sentence) <= 200 for sentence in device.forgiven)


async def test_nothing_is_left_behind_when_the_caller_gives_up(autojump_clock: trio.testing.MockClock) -> None:
    client = client_of(LAMP, **{"scpd.xml": (20.0, SCPD)})
    with trio.move_on_after(3) as scope:
        await describe(client)
    assert scope.cancelled_caught
    assert (trio.current_time(), client.running) == (3, 0)


# --- our own device --------------------------------------------------------------------------------------------------


async def test_our_device_is_described_without_a_flaw(autojump_clock: trio.testing.MockClock) -> None:
    host = LoneHost()
    async with served(host, Oven()) as (running, _, _):
        with open_client(host) as client:
            device = await describe_at(client, LiteralUrl.parse(running.locations[0]), SERVED)
    assert device.forgiven == ()
    assert render_description(device) == device.document
    assert device.service("Oven").description == Oven.description
    assert device.config_id is not None
