"""Reading and writing device descriptions (UDA 2.0 §2.3)."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from upnp_trio.documents.xml import DEVICE_NAMESPACE, local_name, namespace, parse_xml, render_xml
from upnp_trio.errors import DescriptionError
from upnp_trio.model.device import Device, Icon, RootDevice, Service
from upnp_trio.model.extension import ExtensionElement, PnpX

__all__ = ["parse_description", "render_description"]

DLNA_NAMESPACE = "urn:schemas-dlna-org:device-1-0"
PNPX_NAMESPACE = "http://schemas.microsoft.com/windows/pnpx/2005/11"
DF_NAMESPACE = "http://schemas.microsoft.com/windows/2008/09/devicefoundation"

# From element to field, in the order of UDA's template. The lists stand between UPC and presentationURL.
_DEVICE_TEXTS = {
    "deviceType": "device_type",
    "friendlyName": "friendly_name",
    "manufacturer": "manufacturer",
    "manufacturerURL": "manufacturer_url",
    "modelDescription": "model_description",
    "modelName": "model_name",
    "modelNumber": "model_number",
    "modelURL": "model_url",
    "serialNumber": "serial_number",
    "UDN": "udn",
    "UPC": "upc",
}
_ICON_TEXTS = {"mimetype": "mimetype", "width": "width", "height": "height", "depth": "depth", "url": "url"}
_SERVICE_TEXTS = {
    "serviceType": "service_type",
    "serviceId": "service_id",
    "SCPDURL": "scpd_url",
    "controlURL": "control_url",
    "eventSubURL": "event_sub_url",
}
_PNPX_TEXTS = {
    f"{{{PNPX_NAMESPACE}}}X_deviceCategory": "device_category",
    f"{{{PNPX_NAMESPACE}}}X_hardwareId": "hardware_id",
    f"{{{PNPX_NAMESPACE}}}X_compatibleId": "compatible_id",
    f"{{{DF_NAMESPACE}}}X_containerId": "container_id",
    f"{{{DF_NAMESPACE}}}X_deviceCategory": "df_device_category",
}
_DLNA_DOC = f"{{{DLNA_NAMESPACE}}}X_DLNADOC"
_DLNA_CAP = f"{{{DLNA_NAMESPACE}}}X_DLNACAP"
_OPTIONAL_IN_XML = frozenset(_DEVICE_TEXTS) - {"deviceType", "friendlyName", "manufacturer", "modelName"}
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_BLOCK_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]+")


def render_description(root: RootDevice) -> bytes:
    """The description document of *root*: UTF-8, with the elements in the order of UDA's template."""
    document = Element(_in_device("root"))
    if root.config_id is not None:
        document.set("configId", str(root.config_id))
    spec_version = SubElement(document, _in_device("specVersion"))
    for name, number in zip(("major", "minor"), root.spec_version, strict=True):
        SubElement(spec_version, _in_device(name)).text = str(number)
    if root.url_base is not None:
        SubElement(document, _in_device("URLBase")).text = root.url_base
    document.append(_render_device(root))
    return render_xml(document)


def parse_description(data: bytes) -> RootDevice:
    """Read the description document of any vendor.

    The result holds every element that UDA names, and the vendor's own elements. Tolerated are another namespace or
    none, missing and empty elements, words in place of numbers, and line breaks and control characters. Raises
    `DescriptionError` if *data* is not XML or describes no device.
    """
    document = parse_xml(data)
    _adopt_namespace(document)
    device = _child(document, "device")
    if local_name(document.tag) != "root" or device is None:
        raise DescriptionError(f"<{local_name(document.tag)}> is not a UPnP description: UDA §2.3 wants <root><device>")
    spec_version = _child(document, "specVersion")
    major, minor = ("1", "0") if spec_version is None else (_text(spec_version, "major"), _text(spec_version, "minor"))
    config_id = document.get("configId", "").strip()
    return RootDevice(
        spec_version=(_number(major or "1"), _number(minor)),
        config_id=int(config_id) if config_id.isascii() and config_id.isdecimal() and len(config_id) < 11 else None,
        url_base=_text(document, "URLBase"),
        **_device_fields(device),
    )


def _in_device(name: str) -> str:
    return f"{{{DEVICE_NAMESPACE}}}{name}"


def _render_device(device: Device) -> Element:
    element = Element(_in_device("device"))
    for name, field in _DEVICE_TEXTS.items():
        value = getattr(device, field)
        if value is not None:
            SubElement(element, _in_device(name)).text = str(value)
    if device.icons:
        icons = SubElement(element, _in_device("iconList"))
        icons.extend([_render_fields("icon", _ICON_TEXTS, icon) for icon in device.icons])
    if device.services:
        services = SubElement(element, _in_device("serviceList"))
        for service in device.services:
            entry = _render_fields("service", _SERVICE_TEXTS, service)
            entry.extend([_render_extension(extension) for extension in service.extensions])
            services.append(entry)
    if device.devices:
        devices = SubElement(element, _in_device("deviceList"))
        devices.extend([_render_device(embedded) for embedded in device.devices])
    if device.presentation_url is not None:
        SubElement(element, _in_device("presentationURL")).text = device.presentation_url
    _render_vendor_elements(device, element)
    return element


def _render_fields(name: str, texts: dict[str, str], value: Icon | Service) -> Element:
    element = Element(_in_device(name))
    for child, field in texts.items():
        SubElement(element, _in_device(child)).text = str(getattr(value, field))
    return element


def _render_vendor_elements(device: Device, element: Element) -> None:
    for text in device.dlna_docs:
        SubElement(element, _DLNA_DOC).text = text
    if device.dlna_cap is not None:
        SubElement(element, _DLNA_CAP).text = device.dlna_cap
    if device.pnpx is not None:
        for tag, field in _PNPX_TEXTS.items():
            if (text := getattr(device.pnpx, field)) is not None:
                SubElement(element, tag).text = text
    element.extend([_render_extension(extension) for extension in device.extensions])


def _render_extension(extension: ExtensionElement) -> Element:
    element = Element(f"{{{extension.namespace}}}{extension.name}", dict(extension.attributes))
    element.text = extension.text or None
    element.extend([_render_extension(child) for child in extension.children])
    return element


def _device_fields(element: Element) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "icons": [_icon(entry) for entry in _entries(element, "iconList", "icon")],
        "services": [_service(entry) for entry in _entries(element, "serviceList", "service")],
        "devices": [Device(**_device_fields(entry)) for entry in _entries(element, "deviceList", "device")],
        "presentation_url": _text(element, "presentationURL"),
    }
    for name, field in _DEVICE_TEXTS.items():
        text = _text(element, name)
        fields[field] = (text or None) if name in _OPTIONAL_IN_XML else (text or "")
    if fields["udn"] is not None:
        fields["udn"] = _udn(fields["udn"])
    known = {*_DEVICE_TEXTS, "iconList", "serviceList", "deviceList", "presentationURL"}
    return fields | _vendor_fields(element, known)


def _udn(text: str) -> str | None:
    """The UDN in *text*: its first word. Some vendors add more words, or a blank after ``uuid:``."""
    first, *rest = text.split()
    if first.lower() == "uuid:":
        return f"{first}{rest[0]}" if rest else None
    return first


def _vendor_fields(element: Element, known: set[str]) -> dict[str, Any]:
    docs: list[str] = []
    pnpx: dict[str, str] = {}
    cap: str | None = None
    extensions: list[ExtensionElement] = []
    for child in _foreign(element, known):
        text = _line(child.text)
        if child.tag == _DLNA_DOC and text:
            docs.append(text)
        elif child.tag == _DLNA_CAP and text and cap is None:
            cap = text
        elif (field := _PNPX_TEXTS.get(child.tag)) and text and field not in pnpx:
            pnpx[field] = text
        else:
            extensions += _kept([child])
    return {
        "dlna_docs": docs,
        "dlna_cap": cap,
        "pnpx": PnpX(**pnpx) if pnpx else None,
        "extensions": extensions,
    }


def _icon(element: Element) -> Icon:
    texts = {field: _text(element, name) or "" for name, field in _ICON_TEXTS.items()}
    return Icon(
        mimetype=texts["mimetype"],
        width=_number(texts["width"]),
        height=_number(texts["height"]),
        depth=_number(texts["depth"]),
        url=texts["url"],
    )


def _service(element: Element) -> Service:
    texts: dict[str, Any] = {field: _text(element, name) or "" for name, field in _SERVICE_TEXTS.items()}
    return Service(**texts, extensions=_kept(_foreign(element, set(_SERVICE_TEXTS))))


def _kept(elements: list[Element]) -> list[ExtensionElement]:
    """*elements* without those that `ExtensionElement` refuses: readers skip unknown elements (UDA 2.0 §2.2)."""
    kept = []
    for element in elements:
        with suppress(DescriptionError):
            kept.append(_extension(element))
    return kept


def _extension(element: Element) -> ExtensionElement:
    return ExtensionElement(
        namespace=namespace(element.tag),
        name=local_name(element.tag),
        text=_BLOCK_CONTROLS.sub(" ", element.text or ""),
        attributes={name: _CONTROLS.sub(" ", value) for name, value in element.items()},
        children=[_extension(child) for child in element],
    )


def _adopt_namespace(document: Element) -> None:
    """Read the root's namespace as UDA's: WeMo plugs and the TR-064 descriptions of gateways use their own."""
    theirs = namespace(document.tag)
    for element in document.iter():
        if namespace(element.tag) in ("", theirs):
            element.tag = _in_device(local_name(element.tag))


def _is_ours(element: Element) -> bool:
    return namespace(element.tag) == DEVICE_NAMESPACE


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if _is_ours(child) and local_name(child.tag) == name), None)


def _entries(element: Element, list_name: str, name: str) -> list[Element]:
    parent = _child(element, list_name)
    return [] if parent is None else [child for child in parent if _is_ours(child) and local_name(child.tag) == name]


def _foreign(element: Element, known: set[str]) -> list[Element]:
    return [child for child in element if not (_is_ours(child) and local_name(child.tag) in known)]


def _text(element: Element, name: str) -> str | None:
    child = _child(element, name)
    return None if child is None else _line(child.text)


def _line(text: str | None) -> str:
    return _CONTROLS.sub(" ", text or "").strip()


def _number(text: str | None) -> int:
    digits = re.match(r"[0-9]{1,9}", text or "")
    return int(digits.group()) if digits else 0
