"""The service descriptions that are served."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.strategies import OWN_SCPD
from upnp_trio.documents.served_scpd import render_scpd
from upnp_trio.errors import DescriptionError

SERVICE = "{urn:schemas-upnp-org:service-1-0}"


def test_the_white_space_of_a_text_survives_the_document() -> None:
    table = b"<serviceStateTable><stateVariable><defaultValue> a&#13;&#10;b </defaultValue></stateVariable>"
    document = render_scpd(b"<scpd>" + table + b"</serviceStateTable></scpd>", config_id=7, spec_version=(1, 1))
    assert ElementTree.fromstring(document)[0][0][0].text == " a\r\nb "


def _names(element: ElementTree.Element) -> list[str]:
    return [child.tag.removeprefix(SERVICE) for child in element]


@pytest.mark.parametrize("version", [(1, 0), (1, 1), (2, 0)])
def test_without_an_scpd_a_minimal_valid_one_is_served(version: tuple[int, int]) -> None:
    document = render_scpd(None, config_id=7, spec_version=version)
    assert document.startswith(
        b'<?xml version="1.0" encoding="utf-8"?>\n<scpd xmlns="urn:schemas-upnp-org:service-1-0"'
    )
    root = ElementTree.fromstring(document)
    assert root.tag == f"{SERVICE}scpd"
    assert root.attrib == {"configId": "7"}
    # UDA §2.5 forbids an actionList without actions, and demands a variable.
    assert _names(root) == ["specVersion", "serviceStateTable"]
    assert tuple(int(number.text or "") for number in root[0]) == version
    (variable,) = root[1]
    assert variable.get("sendEvents") == "no"
    assert _names(variable) == ["name", "dataType"]
    assert variable[0].text == "A_ARG_TYPE_Unused"
    assert variable[1].text == "string"


def test_a_given_scpd_is_served_unchanged_except_for_its_config_id() -> None:
    root = ElementTree.fromstring(render_scpd(OWN_SCPD, config_id=16_777_215, spec_version=(1, 1)))
    theirs = ElementTree.fromstring(OWN_SCPD)
    assert root.attrib == {"configId": "16777215"}
    assert [(element.tag, (element.text or "").strip()) for element in root.iter()] == [
        (element.tag, (element.text or "").strip()) for element in theirs.iter()
    ]


def test_the_config_id_of_a_given_scpd_is_replaced() -> None:
    scpd = OWN_SCPD.replace(b"<scpd ", b'<scpd configId="1" ')
    assert ElementTree.fromstring(render_scpd(scpd, config_id=2, spec_version=(1, 1))).get("configId") == "2"


@pytest.mark.parametrize("namespace", [b"", b' xmlns="urn:dslforum-org:service-1-0"'])
def test_an_scpd_with_another_namespace_or_none_gets_udas(namespace: bytes) -> None:
    scpd = OWN_SCPD.replace(b' xmlns="urn:schemas-upnp-org:service-1-0"', namespace)
    assert render_scpd(scpd, config_id=7, spec_version=(1, 1)) == render_scpd(
        OWN_SCPD, config_id=7, spec_version=(1, 1)
    )


def test_blanks_and_vendor_elements_of_an_scpd_are_kept() -> None:
    table = b'<serviceStateTable><x:a xmlns:x="urn:x" x:b="1"> two  blanks </x:a></serviceStateTable>'
    document = render_scpd(b"<scpd>" + table + b"</scpd>", config_id=7, spec_version=(1, 1))
    (element,) = ElementTree.fromstring(document)[0]
    assert (element.tag, element.attrib, element.text) == ("{urn:x}a", {"{urn:x}b": "1"}, " two  blanks ")


@pytest.mark.parametrize(
    ("scpd", "message"),
    [
        (b"", "not well-formed XML"),
        (b"<root><device/></root>", "<root> is not a service description: UDA §2.5 wants <scpd>"),
        (b"<scpd/>", "no <serviceStateTable>, which UDA §2.5 requires"),
        (b"<!DOCTYPE scpd><scpd><serviceStateTable/></scpd>", "DOCTYPE"),
    ],
)
def test_other_documents_are_refused(scpd: bytes, message: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        render_scpd(scpd, config_id=7, spec_version=(1, 1))
    assert message in str(caught.value)
