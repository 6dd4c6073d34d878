"""Service description documents, SCPDs (UDA 2.0 §2.5)."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from upnp_trio.documents.xml import SERVICE_NAMESPACE, local_name, namespace, parse_xml, render_xml
from upnp_trio.errors import DescriptionError

__all__ = ["render_scpd"]


def render_scpd(scpd: bytes | None, *, config_id: int, spec_version: tuple[int, int]) -> bytes:
    """The SCPD that is served: *scpd* with *config_id*, or a minimal valid one for ``None`` (UDA 2.0 §2.5).

    Raises `DescriptionError` if *scpd* is not a service description.
    """
    document = _minimal(spec_version) if scpd is None else _read(scpd)
    document.set("configId", str(config_id))
    return render_xml(document)


def _read(scpd: bytes) -> Element:
    document = parse_xml(scpd)
    if local_name(document.tag) != "scpd":
        raise DescriptionError(f"<{local_name(document.tag)}> is not a service description: UDA §2.5 wants <scpd>")
    for element in document.iter():  # many files lack the namespace, without which control points cannot read them
        if not namespace(element.tag):
            element.tag = _in_service(element.tag)
    if document.find(_in_service("serviceStateTable")) is None:
        raise DescriptionError("the service description has no <serviceStateTable>, which UDA §2.5 requires")
    return document


def _minimal(spec_version: tuple[int, int]) -> Element:
    # UDA forbids an actionList without actions and demands a variable. This one sends no events.
    document = Element(_in_service("scpd"))
    version = SubElement(document, _in_service("specVersion"))
    for name, number in zip(("major", "minor"), spec_version, strict=True):
        SubElement(version, _in_service(name)).text = str(number)
    table = SubElement(document, _in_service("serviceStateTable"))
    variable = SubElement(table, _in_service("stateVariable"), {"sendEvents": "no"})
    SubElement(variable, _in_service("name")).text = "A_ARG_TYPE_Unused"
    SubElement(variable, _in_service("dataType")).text = "string"
    return document


def _in_service(name: str) -> str:
    return f"{{{SERVICE_NAMESPACE}}}{name}"
