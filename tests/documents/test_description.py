"""Description documents: writing them as UDA wants them, and reading them as vendors write them."""

from __future__ import annotations

from contextlib import suppress
from xml.dom import minidom
from xml.etree import ElementTree

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import root_devices
from upnp_trio.documents.description import parse_description, render_description
from upnp_trio.documents.xml import MAX_DEPTH
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement, PnpX

SERVICE = Service(
    service_type="urn:schemas-upnp-org:service:Layer3Forwarding:1",
    service_id="urn:upnp-org:serviceId:L3Forwarding1",
    scpd_url="/scpd.xml",
    control_url="/control",
    event_sub_url="/event",
)
EMBEDDED = Device(
    device_type="urn:schemas-upnp-org:device:WANDevice:1",
    friendly_name="WAN",
    manufacturer="Example",
    model_name="WAN",
)
#: a device with a value in every field
COMPLETE = RootDevice(
    config_id=7,
    url_base="http://192.0.2.1/",
    device_type="urn:schemas-upnp-org:device:Basic:1",
    friendly_name="Jambon 3000",
    manufacturer="Boucherie numérique",
    manufacturer_url="http://boucherie.example.com/",
    model_description="Ham",
    model_name="3000",
    model_number="3000",
    model_url="http://boucherie.example.com/3000",
    serial_number="1",
    udn="uuid:e427ce1a-3e80-43d0-ad6f-89ec42e46363",
    upc="123456789012",
    icons=[Icon(mimetype="image/png", width=120, height=119, depth=24, url="/icon.png")],
    services=[SERVICE],
    devices=[EMBEDDED],
    presentation_url="/",
    dlna_docs=["DMS-1.50"],
    dlna_cap="av-upload",
    pnpx=PnpX(device_category="Other", hardware_id="VEN_0115&DEV_0001", container_id="{1}"),
    extensions=[ExtensionElement("http://www.sec.co.kr/dlna", "ProductCap", "smi")],
)
MINIMAL = RootDevice(device_type="", friendly_name="", manufacturer="", model_name="")


def _children(element: ElementTree.Element) -> list[str]:
    return [child.tag.removeprefix("{urn:schemas-upnp-org:device-1-0}") for child in element]


def _parse(device: str) -> RootDevice:
    return parse_description(f"<root><device>{device}</device></root>".encode())


# --- both ways -------------------------------------------------------------------------------------------------


@given(root_devices)
def test_a_device_equals_the_one_read_from_its_document(device: RootDevice) -> None:
    assert parse_description(render_description(device)) == device


@settings(max_examples=50)
@given(root_devices)
def test_the_document_is_utf_8_and_well_formed_to_another_parser(device: RootDevice) -> None:
    data = render_description(device)
    assert data.decode("utf-8").startswith('<?xml version="1.0" encoding="utf-8"?>\n')
    document = minidom.parseString(data)
    names = document.getElementsByTagNameNS("urn:schemas-upnp-org:device-1-0", "friendlyName")
    texts = ["".join(child.data for child in name.childNodes if isinstance(child, minidom.Text)) for name in names]
    assert texts == [embedded.friendly_name for embedded in device.walk()]


def test_a_complete_device_equals_the_one_read_from_its_document() -> None:
    assert parse_description(render_description(COMPLETE)) == COMPLETE


# --- written ---------------------------------------------------------------------------------------------------


def test_the_elements_are_in_the_order_of_udas_template() -> None:
    root = ElementTree.fromstring(render_description(COMPLETE))
    assert root.tag == "{urn:schemas-upnp-org:device-1-0}root"
    assert _children(root) == ["specVersion", "URLBase", "device"]
    assert _children(root[2]) == [
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
        "iconList",
        "serviceList",
        "deviceList",
        "presentationURL",
        "{urn:schemas-dlna-org:device-1-0}X_DLNADOC",
        "{urn:schemas-dlna-org:device-1-0}X_DLNACAP",
        "{http://schemas.microsoft.com/windows/pnpx/2005/11}X_deviceCategory",
        "{http://schemas.microsoft.com/windows/pnpx/2005/11}X_hardwareId",
        "{http://schemas.microsoft.com/windows/2008/09/devicefoundation}X_containerId",
        "{http://www.sec.co.kr/dlna}ProductCap",
    ]
    assert _children(root[2][11][0]) == ["mimetype", "width", "height", "depth", "url"]
    assert _children(root[2][12][0]) == ["serviceType", "serviceId", "SCPDURL", "controlURL", "eventSubURL"]


def test_elements_without_a_value_are_left_out() -> None:
    root = ElementTree.fromstring(render_description(MINIMAL))
    assert root.attrib == {}
    assert _children(root) == ["specVersion", "device"]
    assert _children(root[1]) == ["deviceType", "friendlyName", "manufacturer", "modelName"]


def test_a_service_without_events_has_an_empty_event_sub_url() -> None:
    document = render_description(attrs.evolve(COMPLETE, services=[attrs.evolve(SERVICE, event_sub_url="")]))
    assert b"<eventSubURL></eventSubURL>" in document


def test_uda_s_namespace_is_the_default_one_and_others_have_their_usual_prefixes() -> None:
    document = render_description(COMPLETE)
    assert b' xmlns:dlna="urn:schemas-dlna-org:device-1-0"' in document
    assert b' xmlns="urn:schemas-upnp-org:device-1-0"' in document
    for element in (b"<dlna:X_DLNADOC>", b"<pnpx:X_hardwareId>", b"<df:X_containerId>", b"<sec:ProductCap>"):
        assert element in document


def test_the_config_id_is_an_attribute_of_root() -> None:
    assert ElementTree.fromstring(render_description(COMPLETE)).attrib == {"configId": "7"}


@pytest.mark.parametrize("version", [(1, 0), (1, 1), (2, 0)])
def test_the_spec_version_is_written_and_read(version: tuple[int, int]) -> None:
    document = render_description(attrs.evolve(COMPLETE, spec_version=version))
    assert f"<major>{version[0]}</major>\n    <minor>{version[1]}</minor>".encode() in document
    assert parse_description(document).spec_version == version


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("A & B", "A &amp; B"),
        ("<b>", "&lt;b&gt;"),
        ("]]>", "]]&gt;"),
        ('"It\'s"', '"It\'s"'),
        ("numérique", "numérique"),
    ],
)
def test_texts_are_escaped_once(text: str, written: str) -> None:
    document = render_description(attrs.evolve(MINIMAL, friendly_name=text)).decode()
    assert f"<friendlyName>{written}</friendlyName>" in document


def test_an_attribute_in_udas_namespace_keeps_it() -> None:
    # The prefix for the default namespace must differ from every other prefix.
    mine = ExtensionElement("urn:x", "a", attributes={"{urn:schemas-upnp-org:device-1-0}b": "1"}, children=[])
    twice = ExtensionElement("urn:y", "c", attributes=dict(mine.attributes), children=[mine])
    device = attrs.evolve(MINIMAL, extensions=[mine, twice])
    assert parse_description(render_description(device)) == device


# --- read ------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_device_or_a_description_error(data: bytes) -> None:
    with suppress(DescriptionError):
        parse_description(data)


@settings(max_examples=50)
@given(root_devices, st.data())
def test_a_torn_or_changed_document_gives_a_device_or_a_description_error(
    device: RootDevice, data: st.DataObject
) -> None:
    document = bytearray(render_description(device))
    for _ in range(data.draw(st.integers(1, 4))):
        document[data.draw(st.integers(0, len(document) - 1))] = data.draw(st.sampled_from(b'<>&"/ aA0\x00\xff'))
    with suppress(DescriptionError):
        parse_description(bytes(document[: data.draw(st.integers(0, len(document)))]))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "not well-formed XML"),
        (b"jambon", "line 1, column 1: not well-formed XML"),
        (b"<root>\n <device>\n</root>", "line 3, column 3: not well-formed XML (mismatched tag)"),
        (b"<root></root>", "<root> is not a UPnP description: UDA §2.3 wants <root><device>"),
        (b"<html><device></device></html>", "<html> is not a UPnP description"),
        (b'<scpd xmlns="urn:schemas-upnp-org:service-1-0"/>', "<scpd> is not a UPnP description"),
        (b"<root><x:device/></root>", "unbound prefix"),
    ],
)
def test_other_documents_are_refused_with_place_and_reason(document: bytes, message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        parse_description(document)
    assert message in str(caught.value)


def test_embedded_devices_are_read_to_a_bounded_depth() -> None:
    def tree(levels: int) -> bytes:
        inner = "".join("<deviceList><device>" for _ in range(levels))
        outer = "".join("</device></deviceList>" for _ in range(levels))
        return f"<root><device>{inner}{outer}</device></root>".encode()

    levels = MAX_DEPTH // 2 - 1
    assert len(list(parse_description(tree(levels)).walk())) == levels + 1 > 8
    with pytest.raises(DescriptionError, match="deeper than 32"):
        parse_description(tree(levels + 1))


def test_empty_optional_elements_equal_missing_ones() -> None:
    empty = _parse("<manufacturerURL/><UDN> </UDN><UPC></UPC><presentationURL/><serviceList/><iconList/>")
    assert empty == _parse("")


def test_the_first_of_two_equal_elements_is_read() -> None:
    device = _parse("<friendlyName>one</friendlyName><friendlyName>two</friendlyName>")
    assert device.friendly_name == "one"


def test_the_namespace_distinguishes_vendor_elements_from_udas() -> None:
    device = _parse('<x:friendlyName xmlns:x="urn:x">theirs</x:friendlyName><friendlyName>ours</friendlyName>')
    assert device.friendly_name == "ours"
    assert device.extensions == (ExtensionElement("urn:x", "friendlyName", "theirs"),)


def test_control_characters_in_vendor_elements_become_blanks() -> None:
    device = _parse("<X_a b='1\x852'>3\x7f4\n5</X_a>")
    assert device.extensions == (ExtensionElement("urn:schemas-upnp-org:device-1-0", "X_a", "3 4\n5", {"b": "1 2"}),)


def test_a_second_dlna_or_pnpx_element_is_kept_as_a_vendor_element() -> None:
    pnpx = "http://schemas.microsoft.com/windows/pnpx/2005/11"
    dlna = "urn:schemas-dlna-org:device-1-0"
    device = _parse(
        f"<p:X_hardwareId xmlns:p='{pnpx}'>1</p:X_hardwareId><p:X_hardwareId xmlns:p='{pnpx}'>2</p:X_hardwareId>"
        f"<d:X_DLNACAP xmlns:d='{dlna}'>1</d:X_DLNACAP><d:X_DLNACAP xmlns:d='{dlna}'>2</d:X_DLNACAP>"
    )
    assert (device.pnpx, device.dlna_cap) == (PnpX(hardware_id="1"), "1")
    assert device.extensions == (ExtensionElement(pnpx, "X_hardwareId", "2"), ExtensionElement(dlna, "X_DLNACAP", "2"))
    assert parse_description(render_description(device)) == device


@pytest.mark.parametrize("name", ["größe", "名"])
def test_a_vendor_element_with_a_name_outside_ascii_is_skipped_with_its_content(name: str) -> None:
    device = _parse(f"<{name}><X_a>1</X_a></{name}><X_b {name}='1'/><X_c/>")
    assert [element.name for element in device.extensions] == ["X_c"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("48", 48), ("48px", 48), (" 48 ", 48), ("", 0), ("big", 0), ("-5", 0), ("9" * 30, 999_999_999)],
)
def test_the_leading_digits_of_a_number_are_read(text: str, number: int) -> None:
    icon = f"<iconList><icon><width>{text}</width></icon></iconList>"
    assert _parse(icon).icons[0].width == number


@pytest.mark.parametrize(
    ("text", "config_id"), [("7", 7), (" 7 ", 7), ("", None), ("-1", None), ("x", None), ("1" * 40, None), ("٣", None)]
)
def test_a_config_id_is_a_number_or_none(text: str, config_id: int | None) -> None:
    document = f"<root configId='{text}'><device/></root>".encode()
    assert parse_description(document).config_id == config_id
