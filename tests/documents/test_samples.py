"""Descriptions like those of real devices, with their oddities: all are read, and nothing is lost."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from upnp_trio.documents.description import parse_description, render_description
from upnp_trio.model.device import Icon, RootDevice

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.xml"))
BY_NAME = pytest.mark.parametrize("path", SAMPLES, ids=[path.stem for path in SAMPLES])

# the elements that UDA names, by their parent
NAMED = {
    "device": [
        "deviceType",
        "friendlyName",
        "manufacturer",
        "manufacturerURL",
        "modelDescription",
        "modelName",
        "modelNumber",
        "modelURL",
        "serialNumber",
        "UDN",
        "UPC",
        "presentationURL",
    ],
    "icon": ["mimetype", "width", "height", "depth", "url"],
    "service": ["serviceType", "serviceId", "SCPDURL", "controlURL", "eventSubURL"],
    "specVersion": ["major", "minor"],
    "root": ["URLBase"],
}
LISTS = {"iconList", "serviceList", "deviceList"}


def _sample(name: str) -> RootDevice:
    return parse_description((Path(__file__).parent / "samples" / f"{name}.xml").read_bytes())


def _raw(data: bytes) -> ElementTree.Element:
    """The document as another parser reads it, after a repair of what no parser reads."""
    data = data.rstrip(b"\0\n").replace(b"Bed & B", b"Bed &amp; B").replace(b"Tom & J", b"Tom &amp; J")
    return ElementTree.fromstring(data.replace(b"a=1&b=2", b"a=1&amp;b=2"))


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _words(text: str | None) -> str:
    return " ".join((text or "").split()).replace("uuid: ", "uuid:")


def _standard_texts(document: ElementTree.Element) -> Iterator[tuple[str, str, str]]:
    for parent in document.iter():
        for child in parent:
            text = _words(child.text)
            if _local(child) in NAMED.get(_local(parent), ()) and text:
                is_number = _local(child) in ("width", "height", "depth")
                yield _local(parent), _local(child), re.sub(r"\D+$", "", text) if is_number else text


def _vendor_elements(document: ElementTree.Element) -> Iterator[tuple[str, str, tuple[tuple[str, str], ...]]]:
    for parent in document.iter():
        if _local(parent) in ("device", "service"):
            for child in parent:
                if _local(child) not in (*NAMED[_local(parent)], *LISTS) and _local(child).isascii():
                    for element in child.iter():
                        yield _local(element), _words(element.text), tuple(sorted(element.items()))


@BY_NAME
def test_a_real_description_is_the_same_device_when_written_and_read_again(path: Path) -> None:
    device = parse_description(path.read_bytes())
    assert parse_description(render_description(device)) == device


@BY_NAME
def test_every_element_that_uda_names_is_kept(path: Path) -> None:
    before = Counter(_standard_texts(_raw(path.read_bytes())))
    after = Counter(_standard_texts(_raw(render_description(parse_description(path.read_bytes())))))
    assert before
    assert before - after == Counter()


@BY_NAME
def test_vendor_elements_of_devices_and_services_are_kept(path: Path) -> None:
    before = Counter(_vendor_elements(_raw(path.read_bytes())))
    after = Counter(_vendor_elements(_raw(render_description(parse_description(path.read_bytes())))))
    assert before == after


def test_a_hue_bridge_keeps_its_base_url_and_serial_number() -> None:
    bridge = _sample("hue_bridge")
    assert bridge.url_base == "http://192.0.2.10:80/"
    assert bridge.serial_number == "001788fffe000001"
    assert bridge.icons == (Icon(mimetype="image/png", width=48, height=48, depth=24, url="hue_logo_0.png"),)
    assert bridge.spec_version == (1, 0)


def test_a_sonos_speaker_has_its_icons_its_rooms_and_its_embedded_devices() -> None:
    speaker = _sample("sonos_speaker")
    assert [icon.url for icon in speaker.icons] == ["/img/icon-S5.png", "/img/icon-S5-120.png", "/img/icon-S5.jpg"]
    assert [str(device.udn) for device in speaker.walk()] == [
        "uuid:RINCON_000E5800000101400",
        "uuid:RINCON_000E5800000101400_MS",
        "uuid:RINCON_000E5800000101400_MR",
    ]
    assert {element.name: element.text for element in speaker.extensions}["roomName"] == "Wohnzimmer & Küche"
    renderer = speaker.devices[1]
    assert renderer.services[0].service_type.text == "urn:schemas-upnp-org:service:ConnectionManager:1"
    rhapsody, qplay = renderer.extensions
    assert rhapsody.namespace == "http://www.real.com/rhapsody/xmlns/upnp-1-0"
    assert rhapsody.children[1].children[0].attributes == (("type", "real-rhapsody-upnp-1-0"),)
    assert (qplay.namespace, qplay.text) == ("http://www.tencent.com", "QPlay:2")


def test_a_fritz_box_is_a_tree_of_three_devices_with_words_for_a_upc() -> None:
    box = _sample("fritz_box")
    assert [device.device_type.text.split(":")[3] for device in box.walk()] == [
        "InternetGatewayDevice",
        "WANDevice",
        "WANConnectionDevice",
    ]
    assert box.devices[0].devices[0].upc == "AVM IGD"
    assert box.presentation_url == "http://fritz.box"


def test_a_samsung_television_keeps_its_own_elements_and_its_dlna_class() -> None:
    television = _sample("samsung_tv")
    assert television.dlna_docs == ("DMR-1.50",)
    assert television.friendly_name == '[TV] Salon "Été"'
    # It writes these two in DLNA's namespace, and Windows reads them in its own only.
    assert television.pnpx is None
    assert [(element.name, element.attributes) for element in television.extensions[-2:]] == [
        ("X_ProductCap", (("role", "renderer"),)),
        ("Capabilities", ()),
    ]
    assert b"<sec:X_ProductCap" in render_description(television)


def test_a_media_server_has_two_dlna_classes_and_its_place_in_windows_network_folder() -> None:
    server = _sample("media_server")
    assert server.dlna_docs == ("DMS-1.50", "M-DMS-1.50")
    assert server.dlna_cap == "av-upload,image-upload"
    assert server.pnpx is not None
    assert server.pnpx.hardware_id == "VEN_0115&DEV_0001&SUBSYS_0001&REV_0001 VEN_0115&DEV_0001"
    assert server.pnpx.device_category == "MediaDevices"
    assert server.pnpx.df_device_category == "Multimedia.DMS"
    assert server.pnpx.container_id == "{4D696E69-444C-164E-9D41-000000000001}"
    assert server.friendly_name == "nas: alice's films <3"


def test_a_homebrew_lamp_needs_no_namespace_and_may_write_a_bare_ampersand() -> None:
    lamp = _sample("homebrew")
    assert lamp.friendly_name == "Bed & Breakfast lamp & fan"
    assert lamp.model_url == "http://lamp.example.com/?a=1&b=2"
    assert lamp.model_name == ""
    assert lamp.serial_number is None
    assert lamp.icons == (Icon(mimetype="image/png", width=48, height=0, depth=0, url="icon.png"),)
    assert lamp.services == ()
    # A description without specVersion follows UDA 1.0.
    assert lamp.spec_version == (1, 0)


def test_a_wemo_plug_is_read_in_its_own_namespace() -> None:
    plug = _sample("wemo_plug")
    assert str(plug.udn) == "uuid:Socket-1_0-221248K0000001"
    assert plug.icons[0].mimetype == "jpg"
    assert [element.name for element in plug.extensions] == [
        "macAddress",
        "firmwareVersion",
        "iconVersion",
        "binaryState",
    ]
    assert b"Belkin:device-1-0" not in render_description(plug)


def test_an_old_printer_may_use_latin_1_absolute_urls_and_line_breaks() -> None:
    printer = _sample("url_base_printer")
    assert printer.friendly_name == "Imprimante de l'étage"
    assert printer.manufacturer.split() == ["Example", "Printers"]
    assert printer.model_description is None
    assert str(printer.udn) == "uuid:16a65700-007c-1000-bb49-000000000001"
    assert printer.url_base == "http://192.0.2.30:5200/Printer/"
    assert printer.services[0].control_url == "http://192.0.2.30:5200/Printer/control"


def test_a_light_strip_may_lack_manufacturer_version_and_uuid() -> None:
    strip = _sample("led_controller")
    assert strip.manufacturer == ""
    assert strip.model_name == "Strip <v2> & controller"
    assert str(strip.udn) == "uuid:a4cf12ab34cd"
    assert strip.device_type.version is None
    assert strip.config_id is None
    # An element whose name is not ASCII is skipped without an error.
    assert [element.name for element in strip.extensions] == ["X_state"]


def test_a_byte_order_mark_zero_bytes_and_control_characters_are_tolerated() -> None:
    camera = _sample("bom_and_zeros")
    assert camera.friendly_name == "Kämera im Flur"
    assert str(camera.udn) == "UUID:E427CE1A-3E80-43D0-AD6F-000000000001"
    assert camera.config_id == 1337
