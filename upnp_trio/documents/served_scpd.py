"""Service description documents (SCPDs) as XML, and the one that is served for each service (UDA 2.0 §2.5)."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from upnp_trio.documents.xml import SERVICE_NAMESPACE, adopt_namespace, local_name, parse_xml, render_xml
from upnp_trio.errors import DescriptionError

__all__ = ["add_variable", "in_service", "new_document", "read_document", "render_scpd", "write_document"]

STATE_TABLE = "serviceStateTable"


def render_scpd(scpd: bytes | None, *, config_id: int, spec_version: tuple[int, int]) -> bytes:
    """The SCPD that is served: *scpd* with *config_id*, or a minimal valid one for ``None`` (UDA 2.0 §2.5).

    Raises `DescriptionError` if *scpd* is not a service description.
    """
    document = _minimal(spec_version) if scpd is None else read_document(scpd)
    if document.find(in_service(STATE_TABLE)) is None:
        raise DescriptionError("the service description has no <serviceStateTable>, which UDA §2.5 requires")
    return write_document(document, config_id)


def read_document(scpd: bytes, forgiven: list[str] | None = None) -> Element:
    """The tree of an SCPD, in UDA's namespace, without which control points cannot read it."""
    document = parse_xml(scpd, forgiven)
    if local_name(document.tag) != "scpd":
        raise DescriptionError(f"<{local_name(document.tag)}> is not a service description: UDA §2.5 wants <scpd>")
    adopt_namespace(document, SERVICE_NAMESPACE, forgiven)
    return document


def write_document(document: Element, config_id: int) -> bytes:
    """The bytes of an SCPD with *config_id*."""
    document.set("configId", str(config_id))
    return render_xml(document)


def new_document(spec_version: tuple[int, int]) -> Element:
    """An SCPD that has its version, but no actions and no table of state variables yet."""
    document = Element(in_service("scpd"))
    version = SubElement(document, in_service("specVersion"))
    for name, number in zip(("major", "minor"), spec_version, strict=True):
        SubElement(version, in_service(name)).text = str(number)
    return document


def add_variable(table: Element, name: str, data_type: str, *, evented: bool, multicast: bool) -> Element:
    """Add a state variable to *table*, both of its attributes written out."""
    # Some control points take a missing sendEvents for "no", although UDA's default is "yes".
    attributes = {"sendEvents": "yes" if evented else "no", "multicast": "yes" if multicast else "no"}
    variable = SubElement(table, in_service("stateVariable"), attributes)
    SubElement(variable, in_service("name")).text = name
    SubElement(variable, in_service("dataType")).text = data_type
    return variable


def add_unused_variable(document: Element) -> None:
    """Add the table of state variables of a service that has none: UDA demands one, and this sends no events."""
    table = SubElement(document, in_service(STATE_TABLE))
    add_variable(table, "A_ARG_TYPE_Unused", "string", evented=False, multicast=False)


def in_service(name: str) -> str:
    """The tag of UDA's element *name*."""
    return f"{{{SERVICE_NAMESPACE}}}{name}"


def _minimal(spec_version: tuple[int, int]) -> Element:
    document = new_document(spec_version)  # no actionList, which UDA forbids without actions
    add_unused_variable(document)
    return document
