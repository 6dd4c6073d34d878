"""Reading and writing device descriptions (UDA 2.0 §2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from upnp_trio.documents.device_elements import (
    DEVICE_TEXTS,
    DLNA_CAP,
    DLNA_DOC,
    ICON_TEXTS,
    PNPX_TEXTS,
    SERVICE_TEXTS,
    in_device,
)
from upnp_trio.documents.xml import DEVICE_NAMESPACE, adopt_namespace, parse_xml, render_xml

if TYPE_CHECKING:
    from upnp_trio.model.device import Device, Icon, RootDevice, Service
    from upnp_trio.model.extension import ExtensionElement

__all__ = ["parse_description", "render_description"]


def render_description(root: RootDevice) -> bytes:
    """The description document of *root*: UTF-8, with the elements in the order of UDA's template."""
    document = Element(in_device("root"))
    if root.config_id is not None:
        document.set("configId", str(root.config_id))
    spec_version = SubElement(document, in_device("specVersion"))
    for name, number in zip(("major", "minor"), root.spec_version, strict=True):
        SubElement(spec_version, in_device(name)).text = str(number)
    if root.url_base is not None:
        SubElement(document, in_device("URLBase")).text = root.url_base
    document.append(_render_device(root))
    return render_xml(document)


def parse_description(data: bytes, forgiven: list[str] | None = None) -> RootDevice:
    """Read the description document of any vendor.

    The result holds every element that UDA names, and the vendor's own elements. Tolerated are another namespace or
    none, missing and empty elements, words in place of numbers, and line breaks and control characters. With
    *forgiven*, more is tolerated, such as text behind the document or a wrong encoding, and a sentence is added to it
    for each flaw; their number is bounded, and they can be shown on a terminal. Raises `DescriptionError` if *data* is
    not XML or describes no device.
    """
    from upnp_trio.documents.device_reader import DeviceReader  # imported here, as a device that is served reads none

    document = parse_xml(data, forgiven)
    adopt_namespace(document, DEVICE_NAMESPACE, forgiven)
    return DeviceReader(forgiven).root(document)


def _render_device(device: Device) -> Element:
    element = Element(in_device("device"))
    for name, field in DEVICE_TEXTS.items():
        value = getattr(device, field)
        if value is not None:
            SubElement(element, in_device(name)).text = str(value)
    if device.icons:
        icons = SubElement(element, in_device("iconList"))
        icons.extend([_render_fields("icon", ICON_TEXTS, icon) for icon in device.icons])
    if device.services:
        services = SubElement(element, in_device("serviceList"))
        for service in device.services:
            entry = _render_fields("service", SERVICE_TEXTS, service)
            entry.extend([_render_extension(extension) for extension in service.extensions])
            services.append(entry)
    if device.devices:
        devices = SubElement(element, in_device("deviceList"))
        devices.extend([_render_device(embedded) for embedded in device.devices])
    if device.presentation_url is not None:
        SubElement(element, in_device("presentationURL")).text = device.presentation_url
    _render_vendor_elements(device, element)
    return element


def _render_fields(name: str, texts: dict[str, str], value: Icon | Service) -> Element:
    element = Element(in_device(name))
    for child, field in texts.items():
        SubElement(element, in_device(child)).text = str(getattr(value, field))
    return element


def _render_vendor_elements(device: Device, element: Element) -> None:
    for text in device.dlna_docs:
        SubElement(element, DLNA_DOC).text = text
    if device.dlna_cap is not None:
        SubElement(element, DLNA_CAP).text = device.dlna_cap
    if device.pnpx is not None:
        for tag, field in PNPX_TEXTS.items():
            if (text := getattr(device.pnpx, field)) is not None:
                SubElement(element, tag).text = text
    element.extend([_render_extension(extension) for extension in device.extensions])


def _render_extension(extension: ExtensionElement) -> Element:
    element = Element(f"{{{extension.namespace}}}{extension.name}", dict(extension.attributes))
    element.text = extension.text or None
    element.extend([_render_extension(child) for child in extension.children])
    return element
